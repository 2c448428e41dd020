"""``hkeid init``: a folder from which a server can run."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config import Config, load_config

_PRODUCTION = """\
# hkeid, for residents. All keys: docs/reference/configuration.md
profile = "production"
issuer = "{issuer}"

[server]
host = "127.0.0.1"           # behind a reverse proxy that ends TLS and takes in whole requests first
port = 8000
workers = 2
trusted_proxies = ["127.0.0.1"]

[store]
url = "sqlite:///hkeid.sqlite"    # or postgresql+psycopg://hkeid@host/hkeid with password_file

[vault]
url = "sqlite:///vault.sqlite"    # wrapped data keys: elsewhere, and backed up elsewhere
"""
_SANDBOX = """\
# hkeid, to try things out. Never with real people's data. All keys: docs/reference/configuration.md
profile = "sandbox"
issuer = "{issuer}"

[server]
port = {port}

[admin]
port = {admin_port}

[store]
url = "sqlite:///hkeid.sqlite"

[vault]
url = "sqlite:///vault.sqlite"
"""
_SEED = """
[officers]
enabled = true

[sandbox]
seed = true

[registry]
url = "personas"
"""


@click.command("init")
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="this folder",
    help="Where to put configuration, keys and databases.",
)
@click.option("--issuer", help="https address of the provider; without it: http://localhost:PORT.")
@click.option("--sandbox", is_flag=True, help="With test persons and example relying parties.")
@click.option("--port", default=8000, show_default=True, help="Port of the public listener.")
@click.option(
    "--relying-party",
    "relying_parties",
    multiple=True,
    metavar="ID=URL",
    help="Sandbox: where an example relying party runs; repeatable.",
)
@click.option("--admin-port", type=int, help="Port of the admin listener.  [default: PORT + 1]")
def init(
    folder: Path,
    issuer: str | None,
    port: int,
    admin_port: int | None,
    relying_parties: tuple[str, ...],
    *,
    sandbox: bool,
) -> None:
    """Make configuration, keys and databases.

    What is there already stays as it is: a second run completes an interrupted first one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    addresses = dict(_address(text) for text in relying_parties)
    path = folder / "hkeid.toml"
    if not path.exists():
        text = _text(issuer, sandbox=sandbox, port=port, admin_port=admin_port)
        path.write_text(text + _relying_parties(addresses), "utf-8")
        click.echo(f"wrote {path}")
    config = load_config(path)
    if sandbox and config.production:
        raise ConfigurationError("sandbox_only", detail=f"{path} is for production")
    prepare(config)
    if sandbox:
        _fill_sandbox(config, addresses)
    click.echo(f"ready. Start it with: hkeid serve --config {path}")


def prepare(config: Config) -> None:
    """Make keys and databases where they are missing."""
    from hkeid_server.cli.db import upgrade_databases
    from hkeid_server.wiring import make_keys, make_station_authority, station_authority_wanted

    if make_keys(config):
        click.echo(f"made keys in {config.path(config.keys.directory)}")
    if station_authority_wanted(config):
        click.echo(f"made {make_station_authority(config, 'hkeid sandbox stations')}")
    upgrade_databases(config)
    if not config.production and _authority_wanted(config):
        from hkeid_server.wiring.certificates import make_sandbox_authority

        if make_sandbox_authority(config):
            click.echo(
                f"made a certification authority in {config.path(config.certificates.folder)}"
            )


def _authority_wanted(config: Config) -> bool:
    section = config.certificates
    return section.enabled or section.timestamps or config.signing.enabled


def _text(issuer: str | None, *, sandbox: bool, port: int, admin_port: int | None) -> str:
    if issuer is not None and issuer.startswith("https://") and not sandbox:
        return _PRODUCTION.format(issuer=issuer)
    text = _SANDBOX.format(
        issuer=issuer or f"http://localhost:{port}",
        port=port,
        admin_port=port + 1 if admin_port is None else admin_port,
    )
    return text + _SEED if sandbox else text


def _address(text: str) -> tuple[str, str]:
    client_id, separator, url = text.partition("=")
    if not separator or not url.startswith("http://localhost:"):
        raise ConfigurationError(
            "relying_party_malformed", detail=f"{text!r}: ID=http://localhost:PORT"
        )
    return client_id, url.rstrip("/")


def _relying_parties(addresses: dict[str, str]) -> str:
    if not addresses:
        return ""
    lines = "".join(f'{client_id} = "{url}"\n' for client_id, url in addresses.items())
    return f"\n[sandbox.relying_parties]\n{lines}"


def _fill_sandbox(config: Config, addresses: dict[str, str]) -> None:
    from hkeid_server.sandbox import seed_officers, seed_sandbox, write_example_clients
    from hkeid_server.wiring import build_house, build_officers, close_store

    for path in write_example_clients(config.path(config.clients), addresses):
        click.echo(f"made client {path.stem}, private key beside {path.name}")
    house = build_house(config)
    click.echo(f"registered {seed_sandbox(house)} test persons")
    if config.officers.enabled:
        click.echo(f"entered {seed_officers(house, build_officers(house))} test officers")
    close_store(house.store)
