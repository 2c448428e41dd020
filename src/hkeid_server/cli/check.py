"""``hkeid check``: the sanity page in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.ports import KeyPurpose, KeyState
from hkeid_server.cli import check_services
from hkeid_server.cli.check_certificates import certificates
from hkeid_server.cli.check_faces import faces
from hkeid_server.cli.check_outside import outside_authority, outside_timestamps
from hkeid_server.cli.check_resident_keys import resident_keys
from hkeid_server.cli.check_services import Doubtful, NotThere
from hkeid_server.cli.check_signing import signing
from hkeid_server.cli.main import explain
from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config

Check = Callable[[Config], str]
_GOOD, _NOT_THERE, _DOUBTFUL, _WRONG = "✓", "–", "!", "✗"


@click.group("check", invoke_without_command=True)
@config_option
@click.pass_context
def check(context: click.Context, config_path: Path) -> None:
    """Say whether the server could serve, and what to change if not."""
    if context.invoked_subcommand is None:
        _check_server(config_path)


check.add_command(faces)


def _check_server(config_path: Path) -> None:
    config = read(config_path)
    click.echo(f"✓ configuration: {config_path}, profile {config.profile.value}")
    failed = False
    for name, outcome, mark in _run(config):
        click.echo(f"{mark} {name}: {outcome}")
        failed = failed or mark == _WRONG
    if failed:
        raise SystemExit(1)


def _run(config: Config) -> Iterator[tuple[str, str, str]]:
    for name, one in _CHECKS.items():
        try:
            yield name, one(config), _GOOD
        except NotThere as absence:
            yield name, str(absence), _NOT_THERE
        except Doubtful as doubt:
            yield name, str(doubt), _DOUBTFUL
        except HkeidError as error:
            yield name, explain(error), _WRONG


def _keys(config: Config) -> str:
    from hkeid_server.wiring import open_keys, surroundings

    clock, random = surroundings()
    keys = open_keys(config, clock, random).signing_keys(KeyPurpose.TOKEN_SIGNING)
    active = [key for key in keys if key.state is KeyState.ACTIVE]
    if not active:
        raise ConfigurationError(
            "signing_key_missing", detail="run: hkeid keys rotate token-signing"
        )
    ages = ", ".join(f"{key.algorithm} {(clock.now() - key.since).days} days" for key in active)
    return f"active token-signing keys: {ages}"


def _store(config: Config) -> str:
    from hkeid_server.wiring import build_house

    house = build_house(config)
    with house.store.transaction() as tx:
        clients = sum(1 for client in tx.clients if client.enabled)
    return f"reachable, schema current, {clients} clients"


def _vault(config: Config) -> str:
    from hkeid_server.wiring import open_vault

    erased = sum(1 for _ in open_vault(config).erased())
    return f"reachable, {erased} residents erased"


def _passkeys(config: Config) -> str:
    from hkeid_server.wiring import passkey_policy

    policy = passkey_policy(config)
    return f"belong to {policy.rp_id}, used at {', '.join(sorted(policy.origins))}"


def _languages(config: Config) -> str:
    from hkeid_server.languages import languages

    del config
    return ", ".join(language.name for language in languages())


_CHECKS: dict[str, Check] = {
    "keys": _keys,
    "store": _store,
    "vault": _vault,
    "passkeys": _passkeys,
    "languages": _languages,
    "officers": check_services.officers,
    "register of persons": check_services.registry,
    "documents": check_services.documents,
    "faces": check_services.faces,
    "liveness": check_services.liveness,
    "stations": check_services.stations,
    "country signers": check_services.country_signers,
    "notices": check_services.notices,
    "certificates": certificates,
    "authority outside": outside_authority,
    "time-stamps outside": outside_timestamps,
    "signing": signing,
    "signing keys of residents": resident_keys,
}
