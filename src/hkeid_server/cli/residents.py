"""``hkeid residents``: what an operator does to an eID on somebody's word; always on the record."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid.enrolment.recheck import Recheck
from hkeid.enrolment.standing import Actor
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import NotFound, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.residents import find_by_hkic
from hkeid_server.cli.shared import config_option, read
from hkeid_server.house import House

_REASON = click.option(
    "--reason",
    required=True,
    help="A short word in snake_case: card_reported_lost, deceased, court_order …",
)


def _house(config_path: Path) -> House:
    from hkeid_server.wiring import build_house

    return build_house(read(config_path))


def _find(house: House) -> str:
    """The resident whose number is typed; an argument would stay in the shell's history.

    :raises hkeid.kernel.errors.NotFound: ``resident_unknown``.
    """
    typed = Secret(click.prompt("Identity-card number", hide_input=True, err=True))
    number = HkicNumber.parse(typed.reveal())
    with house.store.transaction() as tx:
        found = find_by_hkic(tx, house.keys, number)
    if found is None:
        raise NotFound("resident_unknown", "Nobody here has this number.")
    return found


@click.group("residents")
def residents_group() -> None:
    """Suspend, resume or end an eID; ask the register again."""


@residents_group.command("suspend")
@_REASON
@config_option
def suspend(config_path: Path, reason: str) -> None:
    """Nobody logs in with this eID until it is resumed (a lost card, a report of misuse)."""
    house = _house(config_path)
    ended = house.standing.suspend(_find(house), by=Actor.OPERATOR, reason=reason)
    click.echo(f"suspended; {len(ended)} sessions ended")


@residents_group.command("resume")
@_REASON
@config_option
def resume(config_path: Path, reason: str) -> None:
    """Lift a suspension."""
    house = _house(config_path)
    house.standing.resume(_find(house), by=Actor.OPERATOR, reason=reason)
    click.echo("resumed")


@residents_group.command("revoke")
@_REASON
@click.confirmation_option(prompt="This cannot be taken back. End this eID?")
@config_option
def revoke(config_path: Path, reason: str) -> None:
    """End an eID for good; its owner may register anew."""
    house = _house(config_path)
    ended = house.standing.revoke(_find(house), by=Actor.OPERATOR, reason=reason)
    click.echo(f"revoked; {len(ended)} sessions ended")


@residents_group.command("recheck")
@click.option("--all", "everybody", is_flag=True, help="Ask about everybody, not one person.")
@config_option
def recheck(config_path: Path, *, everybody: bool) -> None:
    """Ask the register of persons again, and do what follows."""
    house = _house(config_path)
    if house.proofing.registry is None:
        raise Unavailable("registry_unavailable", detail="no [registry] is configured")
    again = Recheck(house.store, house.fields, house.proofing.registry, house.standing)
    if everybody:
        with house.store.transaction() as tx:
            asked = [resident.id for resident in tx.residents]
    else:
        asked = [_find(house)]
    counts = again.residents(asked)
    click.echo(", ".join(f"{outcome.value} {number}" for outcome, number in counts.items()))
