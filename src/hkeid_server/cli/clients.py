"""``hkeid clients``: relying parties, registered from the files that describe them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid.kernel.errors import NotFound
from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config

if TYPE_CHECKING:
    from hkeid.op.records import Client


def _store(config: Config) -> Any:
    """The store alone, with the clients that are described in files."""
    from hkeid_server.wiring import open_keys, open_store, register_clients, surroundings

    clock, random = surroundings()
    store = open_store(config, open_keys(config, clock, random), clock, random)
    register_clients(config, store)
    return store


@click.group("clients")
def clients_group() -> None:
    """Look after the relying parties."""


@clients_group.command("add")
@click.argument("description", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def add(config_path: Path, description: Path) -> None:
    """Register a client from its description (a TOML file), or replace it."""
    from hkeid_server.clients import read_client
    from hkeid_server.wiring import register_client

    config = read(config_path)
    client = read_client(description, profile=config.profile)
    register_client(config, _store(config), client)
    click.echo(f"registered {client.id}")


@clients_group.command("list")
@config_option
def list_clients(config_path: Path) -> None:
    """Every client with its name and where its logins go."""
    with _store(read(config_path)).transaction() as tx:
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
    config = read(config_path)
    with _store(config).transaction() as tx:
        client = tx.clients.get(client_id)
    if client is None:
        raise NotFound("client_unknown", detail=client_id)
    complaints = list(_complaints(client, production=config.production))
    for complaint in complaints:
        click.echo(f"✗ {complaint}")
    if complaints:
        raise SystemExit(1)
    click.echo(f"✓ {client_id}: nothing to complain about")


def _complaints(client: Client, *, production: bool) -> list[str]:
    """What registration could not see: what this release serves, and under which profile."""
    from hkeid.op.clients import sandbox_only
    from hkeid.profile import CLAIMS

    found = ["it is disabled"] if not client.enabled else []
    asked = [*client.claims, *(claim for form in client.forms for claim in form.claims)]
    if client.direct_marketing is not None:
        asked += client.direct_marketing.claims
    found += [f"claim {claim!r} does not exist" for claim in asked if claim not in CLAIMS]
    reason = sandbox_only(client)
    if production and reason is not None:
        found.append(f"production refuses it: {reason}")
    if client.sender_constrained:
        found.append("tokens bound to a key are not made yet")
    return found
