"""From an upgrade to what a page says about it."""

from __future__ import annotations

from typing import Any

from hkeid.enrolment.stations import Station, StationMode, StationPermission
from hkeid.enrolment.upgrade import OnDuty, Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.returning import awaits_comparison
from hkeid.identity.state import EidState
from hkeid.officers import ROLE_WORDS
from hkeid_server.house import House
from hkeid_server.kiosk_models import KioskPage, StationBadge
from hkeid_server.shell import language, translate

LOOK_AGAIN = 2
READ_FIRST = 8
BACK_TO_START = 25
IDLE = 90

_GROUPS = {
    "document_expired": "card-expired",
    "signer_expired": "card-expired",
    "chip_other_person": "other-person",
    "chip_name_different": "other-name",
    "face_no_match": "face",
    "face_not_live": "face",
    "face_tries_spent": "face",
    "officer_says_other_person": "face",
    "review_refused": "review",
    "registry_no_match": "registry",
    "register_face_unclear": "registry",
    "cannot_register_here": "registry",
    "registry_deceased": "registry",
    "registry_reported_lost": "lost",
    "upgraded_already": "upgraded",
    "eid_not_active": "eid",
    "eid_unknown": "no-eid",
    "eid_revoked": "no-eid",
    "registers_adults_only": "minor",
    "upgrade_expired": "time",
    "cancelled_at_station": "stopped",
    "cancelled_by_resident": "stopped",
    "station_left": "stopped",
    "station_revoked": "station",
    "own_record": "own",
}
_TROUBLE = {
    "card_absent": "absent",
    "card_removed": "moved",
    "card_silent": "moved",
    "messaging_lost": "moved",
    "reader_absent": "reader",
    "reader_removed": "reader",
    "reader_in_use": "reader",
    "access_key_wrong": "digits",
    "access_key_blocked": "blocked",
}


def problem_group(reason: str | None) -> str:
    """The words for a reason: several reasons share a way out; the card itself is the rest."""
    return _GROUPS.get(reason or "", "card")


def badge(house: House, station: Station) -> StationBadge:
    """The station as its pages name it."""
    assert house.stations is not None
    duty = house.stations.officers.who(station.id, house.clock.now())
    return StationBadge(
        name=station.name,
        mode=station.mode.value,
        officer=duty is not None,
        office="" if duty is None else office_of(duty),
    )


def office_of(duty: OnDuty) -> str:
    """The office of whoever sits at a station, in words."""
    if duty.role is None:
        return translate("Test officer")
    return ROLE_WORDS[duty.role][language().content]


def start_page(house: House, station: Station, problem: str | None = None) -> KioskPage:
    """Where everybody begins."""
    found = badge(house, station)
    return KioskPage(
        station=found,
        step="start",
        problem=problem,
        can_begin_with_card=station.mode is not StationMode.KIOSK and found.officer,
        can_recover=station.may(StationPermission.RECOVER) and found.officer,
    )


def upgrade_page(
    house: House, station: Station, upgrade: Upgrade, problem: str | None = None
) -> KioskPage:
    """An upgrade at the step where it is."""
    found = badge(house, station)
    step = _step(upgrade, station, machine=_machine(house))
    if step == "bind" and _comes_back(house, station, upgrade):
        step = "returned"
    facts, address = upgrade.facts, f"/kiosk/u/{upgrade.id}"
    second_officer = step == "review" and upgrade.recovers
    waiting = step in {"card", "phone"} or second_officer
    over = step in {"done", "recovered", "ended", "review"} and not second_officer
    look_again = LOOK_AGAIN if problem is None else READ_FIRST
    trouble = facts.get("trouble")
    if step in {"card", "digits"} and problem is None and isinstance(trouble, str):
        problem = _TROUBLE.get(trouble, "unreadable")
    if step == "ended":
        problem = problem_group(upgrade.reason)
    if step == "face" and problem is None:
        problem = facts.get("face_advice")
    return KioskPage(
        station=found,
        step=step,
        address=address,
        upgrade_id=upgrade.id,
        receipt=upgrade.receipt,
        problem=problem,
        refresh=look_again if waiting else BACK_TO_START if over else 0,
        # By name: the page may answer a POST, whose address shows nothing.
        then="/kiosk" if over else address if waiting else "",
        idle=0 if over or second_officer else IDLE,
        until=upgrade.expires_at,
        at=upgrade.updated_at,
        registers=upgrade.registers,
        confirmed_anywhere=upgrade.confirmed_anywhere,
        recovers=upgrade.recovers,
        accepted=upgrade.accepted_in_review,
        **(_recovered(house, upgrade) if step == "recovered" else {}),
    )


def _recovered(house: House, upgrade: Upgrade) -> dict[str, Any]:
    """What the eID is worth after its recovery."""
    with house.store.transaction() as tx:
        resident = tx.residents.get(upgrade.resident_id or "")
    if resident is None:
        return {}
    return {
        "plus": resident.state is EidState.UPGRADED,
        "cooling_until": resident.cooling_until,
    }


def _comes_back(house: House, station: Station, upgrade: Upgrade) -> bool:
    """Whether the officer who sits there has yet to look at a person who was accepted."""
    assert house.stations is not None
    now = house.clock.now()
    return awaits_comparison(upgrade, house.stations.officers.at(station.id, now), now)


def _machine(house: House) -> bool:
    assert house.stations is not None
    return house.stations.upgrades.faces.by_machine


def _step(upgrade: Upgrade, station: Station, *, machine: bool) -> str:
    match upgrade.step:
        case UpgradeStep.CHIP:
            return "card" if upgrade.facts.get("access") == "typed" else "digits"
        case UpgradeStep.FACE if upgrade.facts.get("face") == "match":
            return "registry"
        case UpgradeStep.FACE if station.mode is not StationMode.KIOSK:
            return "compare"
        case UpgradeStep.FACE:
            return "face" if machine else "unassisted"
        case UpgradeStep.BIND:
            return "bind"
        case UpgradeStep.CONFIRM:
            return "phone"
        case UpgradeStep.REVIEW:
            return "review"
        case UpgradeStep.DONE:
            return "recovered" if upgrade.recovers else "done"
        case _:
            return "ended"
