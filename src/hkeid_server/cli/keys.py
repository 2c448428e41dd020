"""``hkeid keys``: list and rotate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hkeid.ports import KeyPurpose
from hkeid_server.cli.shared import config_option, read

_ALGORITHMS = {
    KeyPurpose.TOKEN_SIGNING: "ES256",
    KeyPurpose.AUDIT_CHECKPOINT: "Ed25519",
    KeyPurpose.UPSTREAM_CLIENT: "ES256",
    KeyPurpose.UPSTREAM_DPOP: "ES256",
    KeyPurpose.SAML_SIGNING: "RS256",
    KeyPurpose.SAML_DECRYPTION: "RSA-OAEP",
}


def _open(config_path: Path) -> Any:
    from hkeid_server.wiring import open_keys, surroundings

    return open_keys(read(config_path), *surroundings())


@click.group("keys")
def keys_group() -> None:
    """Look after the keys. Private halves are never shown."""


@keys_group.command("list")
@config_option
def list_keys(config_path: Path) -> None:
    """Every key with purpose, algorithm, state and age."""
    for key in _open(config_path).held():
        since = key.since.date().isoformat()
        click.echo(
            f"{key.purpose.value:<18} {key.algorithm:<9} {key.state.value:<8} {since}  {key.kid}"
        )


@keys_group.command("rotate")
@click.argument(
    "purpose",
    type=click.Choice(
        [
            KeyPurpose.TOKEN_SIGNING.value,
            KeyPurpose.AUDIT_CHECKPOINT.value,
            KeyPurpose.UPSTREAM_CLIENT.value,
            KeyPurpose.UPSTREAM_DPOP.value,
            KeyPurpose.SAML_SIGNING.value,
            KeyPurpose.SAML_DECRYPTION.value,
            KeyPurpose.RESIDENT_DATA.value,
            KeyPurpose.EVIDENCE.value,
            KeyPurpose.RESIDENT_SIGNING.value,
        ]
    ),
)
@click.option("--algorithm", help="ES256, Ed25519 or RS256; of signing keys.")
@config_option
def rotate(config_path: Path, purpose: str, algorithm: str | None) -> None:
    """One step of rotation: publish a next key, or let a published one take over.

    Run it once a day; it does nothing before its time, and no login fails by it.
    """
    wanted = KeyPurpose(purpose)
    if algorithm is None:
        algorithm = _ALGORITHMS.get(wanted)
    plan = _open(config_path).rotate(wanted, algorithm)
    if plan.create is not None:
        click.echo(f"made a key: {plan.create.value}")
    for step in plan.transitions:
        click.echo(f"{step.kid}: {step.state.value}")
    if plan.create is None and not plan.transitions:
        click.echo("nothing to do yet")
