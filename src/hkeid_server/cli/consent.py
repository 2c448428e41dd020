"""``hkeid consent``: receipts that residents took away, checked offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid.kernel.canonical_json import loads_object
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid_server.cli.main import EXIT_FAILED, explain
from hkeid_server.cli.shared import FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hkeid.profile import VerifiedReceipt

EXIT_NOT_VALID = 2


@click.group("consent")
def consent_group() -> None:
    """Check receipts of consent."""


@consent_group.command("verify")
@click.argument("file", type=FILE)
@click.option("--keys", "keys", type=FILE, required=True, help="The issuer's JWK Set (jwks_uri).")
@click.option("--issuer", help="Who must have issued it.")
@click.option("--json", "in_json", is_flag=True, help="Print the consent records as JSON.")
@click.pass_context
def verify_command(
    ctx: click.Context,
    file: Path,
    keys: Path,
    issuer: str | None,
    in_json: bool,  # noqa: FBT001 - a switch of the command line
) -> None:
    """Check the consent receipt in FILE with keys in a file; nothing is fetched.

    The exit status is 0 if it is genuine, 2 if it is not, and 1 if the command itself failed.
    """
    from hkeid.profile import verify_receipt

    try:
        jwks = loads_object(keys.read_bytes())
        text = file.read_text("utf-8", "replace")
    except MalformedInput:
        click.echo(f"hkeid: not a JWK Set: {keys}", err=True)
        ctx.exit(EXIT_FAILED)
    try:
        receipt = verify_receipt(text, jwks, issuer=issuer)
    except (Refused, MalformedInput) as error:
        click.echo(f"✗ {file}: {explain(error)}", err=True)
        ctx.exit(EXIT_NOT_VALID)
    if in_json:
        click.echo(json.dumps([dict(one) for one in receipt.records], indent=2, ensure_ascii=False))
        return
    _print(receipt)


def _print(receipt: VerifiedReceipt) -> None:
    click.echo(
        f"✓ genuine: issued by {receipt.issuer} at {receipt.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    for record in receipt.records:
        purpose = record["pii_processing"]["purposes"][0]
        controller = record["party_identification"][0]
        click.echo(f"{_english(controller['party_name'])}: {_english(purpose['purpose'])}")
        for item in purpose["pii_information"]:
            until = f", until {item['until']}" if item["until"] else ""
            click.echo(f"  {item['pii_type']:<32} {item['state']} {item['since']}{until}")


def _english(texts: str | Mapping[str, Any]) -> str:
    if isinstance(texts, str):
        return texts
    return str(texts.get("en") or next(iter(texts.values()), ""))
