"""``hkeid officers``: enter officers, invite them, suspend them, give them roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import ConfigurationError, NotFound, Refused
from hkeid.officers import OfficerEntry, Officers, Role
from hkeid_server.cli.shared import config_option, read

_LINE = "{:<32} {:<10} {:>8}  {:<24} {}"
_ROLES = click.Choice([role.value for role in Role])


def _officers(config_path: Path) -> Officers[Any]:
    from hkeid_server.wiring import MEMORY, build_house, build_officers

    config = read(config_path)
    if config.store.url == MEMORY:
        raise ConfigurationError("store_in_memory", detail="officers need a store that lasts")
    return build_officers(build_house(config))


def _find(officers: Officers[Any], wanted: str) -> OfficerEntry:
    """By internal id, or by a name that one officer alone has.

    :raises NotFound: ``officer_unknown``.
    :raises Refused: ``officer_ambiguous``: the name does not say which officer.
    """
    found = [one for one in officers.staff.entries() if wanted in (one.id, one.name)]
    if not found:
        raise NotFound("officer_unknown", detail=f"{wanted!r}; see: hkeid officers list")
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise Refused("officer_ambiguous", detail=f"{wanted!r}; say which one by its id: {ids}")
    return found[0]


def _tell_code(officers: Officers[Any], officer_id: str, name: str) -> None:
    code = officers.staff.issue_code(officer_id).reveal()
    click.echo(f"officer  {officer_id}  {name}")
    click.echo(f"code     {code}")


@click.group("officers")
def officers_group() -> None:
    """Look after the officers of the console."""


@officers_group.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLES, help="Repeatable.")
@click.option(
    "--number/--no-number",
    default=None,
    help="Ask for the officer's own identity-card number, so that nobody decides on themselves."
    " Production asks unless told not to, for somebody who has none.",
)
@config_option
def add(config_path: Path, name: str, roles: tuple[str, ...], *, number: bool | None) -> None:
    """Enter an officer, and print the code with which they enrol their passkey."""
    officers = _officers(config_path)
    asks = read(config_path).production if number is None else number
    own = HkicNumber.parse(_ask_number()) if asks else None
    officer = officers.staff.add(name, [Role(role) for role in roles], own_number=own)
    _tell_code(officers, officer.id, officers.staff.name(officer))


def _ask_number() -> str:
    """Asked for, or from a pipe: arguments are seen by others and kept by the shell."""
    prompt = "The officer's own identity-card number"
    return str(click.prompt(prompt, hide_input=True, err=True))


@officers_group.command("number")
@click.argument("officer")
@config_option
def number(config_path: Path, officer: str) -> None:
    """Ask for the own identity-card number of an officer (id or name) who was entered without it."""
    officers = _officers(config_path)
    found = _find(officers, officer)
    officers.staff.set_number(found.id, HkicNumber.parse(_ask_number()))
    click.echo(f"{found.id}  {found.name}  number kept, as a digest")


@officers_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@config_option
def list_officers(config_path: Path, *, as_json: bool) -> None:
    """Every officer with state, roles and number of passkeys."""
    entries = _officers(config_path).staff.entries()
    if as_json:
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "roles": [role.value for role in one.roles],
                "status": one.status.value,
                "passkeys": one.passkeys,
                "numbered": one.numbered,
            }
            for one in entries
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    click.echo(_LINE.format("ID", "STATE", "PASSKEYS", "NAME", "ROLES"))
    for one in entries:
        words = ",".join(one.roles)
        click.echo(_LINE.format(one.id, one.status.value, one.passkeys, one.name, words))


@officers_group.command("code")
@click.argument("officer")
@config_option
def code(config_path: Path, officer: str) -> None:
    """Print a new enrolment code for an officer (id or name); earlier ones lose their force."""
    officers = _officers(config_path)
    found = _find(officers, officer)
    _tell_code(officers, found.id, found.name)


@officers_group.command("roles")
@click.argument("officer")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLES, help="Repeatable.")
@config_option
def set_roles(config_path: Path, officer: str, roles: tuple[str, ...]) -> None:
    """Give an officer these roles in place of those before; they hold at once."""
    officers = _officers(config_path)
    changed = officers.staff.set_roles(_find(officers, officer).id, [Role(one) for one in roles])
    click.echo(f"{changed.id}  {','.join(changed.roles)}")


@officers_group.command("suspend")
@click.argument("officer")
@click.option("--resume", is_flag=True, help="Let a suspended officer work again.")
@config_option
def suspend(config_path: Path, officer: str, *, resume: bool) -> None:
    """Stop an officer at once: sessions end, codes lose their force."""
    officers = _officers(config_path)
    officer_id = _find(officers, officer).id
    act = officers.staff.resume if resume else officers.staff.suspend
    click.echo(f"{officer_id}  {act(officer_id).status.value}")
