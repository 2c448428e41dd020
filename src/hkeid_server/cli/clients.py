"""``hkeid clients``: relying parties, registered from the files that describe them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from hkeid.kernel.errors import NotFound
from hkeid.oidc.locales import SUPPORTED as LOCALES
from hkeid.op.clients import sandbox_only
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.profile import CLAIMS
from hkeid_server.cli.shared import config_option, read
from hkeid_server.house import House


def _house(config_path: Path) -> House:
    from hkeid_server.wiring import build_house

    return build_house(read(config_path))


@click.group("clients")
def clients_group() -> None:
    """Look after the relying parties."""


@clients_group.command("add")
@click.argument("description", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def add(config_path: Path, description: Path) -> None:
    """Register a client from its description (a TOML file), or replace it."""
    from hkeid_server.clients import read_client
    from hkeid_server.config import check_production

    client = read_client(description)
    house = _house(config_path)
    if house.config.production:
        check_production((client,))
    with house.store.transaction() as tx:
        tx.clients.put(client)
    click.echo(f"registered {client.id}")


@clients_group.command("list")
@config_option
def list_clients(config_path: Path) -> None:
    """Every client with its name and where its logins go."""
    with _house(config_path).store.transaction() as tx:
        found = tuple(tx.clients)
    if not found:
        click.echo("no client yet: hkeid clients add FILE", err=True)
    for client in found:
        state = "" if client.enabled else "  (disabled)"
        click.echo(f"{client.id:<24} {client.name.get('en', '')}{state}")
        for uri in client.redirect_uris:
            click.echo(f"{'':<24} {uri}")


@clients_group.command("test")
@click.argument("client_id")
@config_option
def test(config_path: Path, client_id: str) -> None:
    """Look a client over: what would go wrong at its first login."""
    house = _house(config_path)
    with house.store.transaction() as tx:
        client = tx.clients.get(client_id)
    if client is None:
        raise NotFound("client_unknown", detail=client_id)
    complaints = list(_complaints(client, production=house.config.production))
    for complaint in complaints:
        click.echo(f"✗ {complaint}")
    if complaints:
        raise SystemExit(1)
    click.echo(f"✓ {client_id}: nothing to complain about")


def _complaints(client: Client, *, production: bool) -> list[str]:
    found = []
    if not client.enabled:
        found.append("it is disabled")
    found += [f"it has no name in {tag}" for tag in LOCALES if not client.name.get(tag)]
    if not client.redirect_uris:
        found.append("it has no redirect URI")
    found += [f"{uri} has a fragment" for uri in client.redirect_uris if urlsplit(uri).fragment]
    if client.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT and not (client.jwks or {}).get(
        "keys"
    ):
        found.append("private_key_jwt without a public key")
    for claim, reasons in client.claims.items():
        if claim not in CLAIMS:
            found.append(f"claim {claim!r} does not exist")
        found += [
            f"claim {claim!r} has no reason in {tag}" for tag in LOCALES if not reasons.get(tag)
        ]
    found += [
        f"voluntary claim {claim!r} is not among its claims"
        for claim in client.voluntary_claims
        if claim not in client.claims
    ]
    reason = sandbox_only(client)
    if production and reason is not None:
        found.append(f"production refuses it: {reason}")
    if client.sender_constrained:
        found.append("tokens bound to a key are not made yet")
    return found
