"""``hkeid rp``: a relying party in the terminal."""

from __future__ import annotations

import json
import webbrowser
from datetime import datetime
from typing import Any, BinaryIO

import click

from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.rp import KnowYourCustomerRecord, RelyingParty, Resident, verify_record
from hkeid.rp.surroundings import SystemClock

TERMINAL_CLIENT = "hkeid-terminal"
"""The public client that a sandbox registers for this command (``http://127.0.0.1/eid/callback``)."""


@click.group("rp")
def rp_group() -> None:
    """Be a relying party, in the terminal."""


@rp_group.command("login")
@click.option("--issuer", required=True, help="The identity provider's issuer URL.")
@click.option("--client-id", default=TERMINAL_CLIENT, show_default=True)
@click.option(
    "--private-key",
    type=click.Path(exists=True, dir_okay=False),
    help="The client's key, PEM or JWK.",
)
@click.option(
    "--client-secret", envvar="HKEID_CLIENT_SECRET", help="Sandbox only; or by HKEID_CLIENT_SECRET."
)
@click.option("--acr", help="The lowest acr that will do.")
@click.option("--scope", default="openid", show_default=True)
@click.option("--claim", "claims", multiple=True, help="A personal claim to ask for; repeatable.")
@click.option("--prompt", help="login, consent, select_account or none.")
@click.option("--max-age", type=int, help="Greatest age of the authentication in seconds.")
@click.option("--ui-locales", default="", help="Languages for the pages, best first.")
@click.option("--port", default=0, help="Port of the listener; 0 takes a free one.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds to wait.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
@click.option("--show-tokens", is_flag=True, help="Print the tokens themselves: they are secrets.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def login(**options: Any) -> None:
    """Log in with a browser on this machine and print what was verified."""
    from hkeid.rp.terminal import login_in_terminal

    def show(url: str) -> None:
        click.echo("Open this address in a browser on this machine:\n", err=True)
        click.echo(f"  {url}\n", err=True)
        if options["open_browser"]:
            webbrowser.open(url)

    try:
        party = RelyingParty.discover(
            options["issuer"],
            client_id=options["client_id"],
            private_key=options["private_key"],
            client_secret=options["client_secret"],
        )
        resident = login_in_terminal(
            party,
            show,
            port=options["port"],
            seconds=options["timeout"],
            acr=options["acr"],
            scope=options["scope"],
            claims=options["claims"],
            prompt=options["prompt"],
            max_age=options["max_age"],
            ui_locales=tuple(options["ui_locales"].split()),
        )
    except ConfigurationError as error:
        raise click.ClickException(f"{error.reason}: {error.detail}") from None
    except HkeidError as error:
        detail = f" ({error.detail})" if error.detail else ""
        raise click.ClickException(f"{error.safe_text} [{error.reason}]{detail}") from None
    verified = describe(resident, show_tokens=options["show_tokens"])
    as_text = json.dumps(verified, ensure_ascii=False, indent=2) if options["as_json"] else None
    click.echo(as_text or _table(verified))


@rp_group.command("verify-record")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--keys",
    type=click.File("rb"),
    help="A JWK Set of the provider's from an archive; else the keys in the record count.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(file: BinaryIO, keys: BinaryIO | None, *, as_json: bool) -> None:
    """Verify a customer's record, without a network, and print what it proves."""
    from hkeid.kernel import canonical_json

    try:
        record = KnowYourCustomerRecord.from_json(file.read())
        archive = None if keys is None else canonical_json.loads_object(keys.read()).get("keys")
        if keys is not None and not (
            isinstance(archive, list) and all(isinstance(key, dict) for key in archive)
        ):
            raise click.ClickException("The file of keys is no JWK Set.")
        proved = verify_record(record, SystemClock().now(), keys=archive)
    except HkeidError as error:
        raise click.ClickException(f"{error.safe_text} [{error.reason}]") from None
    shown: dict[str, Any] = {
        "issuer": proved.issuer,
        "client": proved.client_id,
        "sub": proved.sub,
        "signed": proved.signed_at.isoformat(),
        "key": proved.key_thumbprint,
        "claims": dict(proved.claims),
        "verified": [
            {"verification": dict(one.verification), "claims": dict(one.claims)}
            for one in proved.verified_claims
        ],
    }
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for name, value in shown.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{name:<10}{text}")


def describe(resident: Resident, *, show_tokens: bool) -> dict[str, Any]:
    """What was verified, in the order in which a person reads it."""
    tokens = resident.tokens
    verified: dict[str, Any] = {
        "issuer": resident.issuer,
        "sub": resident.sub,
        "acr": resident.acr,
        "amr": list(resident.amr),
        "auth_time": _moment(resident.auth_time),
        "sid": resident.sid,
        "claims": dict(resident.claims),
    }
    if tokens is None:
        return verified
    held = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "id_token": tokens.id_token,
    }
    verified["tokens"] = {
        name: token.reveal() if show_tokens else f"{len(token.reveal())} characters (--show-tokens)"
        for name, token in held.items()
        if token is not None
    }
    verified["tokens"]["expires_at"] = _moment(tokens.expires_at)
    verified["tokens"]["scope"] = tokens.scope
    return verified


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _table(verified: dict[str, Any]) -> str:
    lines = ["Verified: issuer, audience, signature, times, nonce, at_hash, acr.", ""]
    for name, value in verified.items():
        if isinstance(value, dict):
            lines.append(f"  {name}")
            lines += [f"    {inner:<16}{_text(member)}" for inner, member in value.items()]
            if not value:
                lines.append("    (none)")
        else:
            lines.append(f"  {name:<18}{_text(value)}")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(str(member) for member in value) or "-"
    return str(value)
