"""``hkeid saml``: our SAML metadata, and the services that come in by SAML."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid_server.cli.shared import config_option, read


@click.group("saml")
def saml_group() -> None:
    """SAML: our metadata, and the services that come in."""


@saml_group.command("metadata")
@click.option(
    "--upstream",
    metavar="ID",
    help="As the service provider that logs in at this upstream; else as the identity provider of services.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output."
)
@config_option
def metadata(config_path: Path, upstream: str | None, output: Path | None) -> None:
    """Our metadata as XML, signed, for a peer that does not fetch it.

    It is good for a week: a peer that can read the address again had better do so.
    """
    from hkeid_server.wiring.saml_publishing import own_metadata

    octets = own_metadata(read(config_path), upstream)
    with click.open_file(str(output) if output else "-", "wb") as sink:
        sink.write(octets)


@saml_group.command("services")
@config_option
def services(config_path: Path) -> None:
    """Every service that is described, where its logins go by its metadata, and what is in the way.

    Nothing is fetched. Status 1: nobody could log in to one of them.
    """
    from hkeid_server.wiring.saml_publishing import services_let_in

    config = read(config_path)
    found = list(services_let_in(config))
    if not found:
        click.echo(f"no service: describe one in {config.path(config.saml.services)}", err=True)
    if not config.saml.enabled:
        click.echo("the door is closed: set saml.enabled = true", err=True)
    for one in found:
        client, place = one.service.client, one.service.place
        state = f"  ({one.trouble})" if one.trouble == "disabled" else ""
        click.echo(f"{client.id:<24} {client.name.get('en', '')}{state}")
        click.echo(f"{'':<24} {one.service.service.entity_id}")
        click.echo(f"{'':<24} metadata: {place if isinstance(place, Path) else place[0]}")
        for address in one.addresses:
            click.echo(f"{'':<24} → {address}")
        if one.trouble is not None and not state:
            click.echo(f"{'':<24} ✗ {one.trouble}")
    if any(one.trouble not in {None, "disabled"} for one in found):
        raise SystemExit(1)
