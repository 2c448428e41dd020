"""Which officers served a person at a station: they do not decide the case, and serve nobody's own card.

Whoever holds the seat while a case is at the station counts, whatever they press: an officer who lets the
camera compare has served the person as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.parts import UpgradeParts
from hkeid.enrolment.upgrade.records import SERVED, TEAM, Upgrade, UpgradeTransaction
from hkeid.officers import AccessReason, Permission
from hkeid.officers.access import is_own_record
from hkeid.officers.events import AccessWasDenied
from hkeid.residents import blind_digest

LOOKED = "looked"
"""Fact of an upgrade: the officers who were shown the chip's portrait."""

_DECISIVE = (SERVED, LOOKED, TEAM, "compared_by")


def servers_of(upgrade: Upgrade) -> frozenset[str]:
    """Every officer who served the person, on the road too."""
    found = {upgrade.officer} if upgrade.officer else set()
    for name in _DECISIVE:
        found |= set(words_of(upgrade.facts, name))
    return frozenset(found)


def words_of(facts: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A fact that is a word or a list of words."""
    kept = facts.get(name)
    several: Iterable[Any] = kept if isinstance(kept, list | tuple) else (kept,)
    return tuple(one for one in several if isinstance(one, str))


def serves_own_record(
    tx: UpgradeTransaction,
    officers: Iterable[str],
    *,
    resident_id: str | None,
    number_digest: bytes | None,
) -> bool:
    """Whether the person whose card or eID it is, is one of these officers."""
    known = (tx.officers.get(one) for one in officers)
    return any(
        officer is not None
        and is_own_record(tx, officer, resident_id=resident_id, number_digest=number_digest)
        for officer in known
    )


def refuse_own_record(parts: UpgradeParts, upgrade: Upgrade, officer: str) -> None:
    """No officer serves themselves: as at the console's gate, and recorded alike.

    :raises UpgradeRefused: ``own_record``.
    """
    digest = None
    if upgrade.resident_id is None:
        number = parts.holder(upgrade).person.hkic_number
        digest = None if number is None else blind_digest(parts.keys, number)
    with parts.store.transaction() as tx:
        own = serves_own_record(
            tx, (officer,), resident_id=upgrade.resident_id, number_digest=digest
        )
        if own:
            tx.audit.append(denied_own_record(upgrade, officer))
    if own:
        raise UpgradeRefused("own_record")


def denied_own_record(upgrade: Upgrade, officer: str) -> AccessWasDenied:
    """What the trail says of the attempt."""
    return AccessWasDenied(
        officer_id=officer,
        permission=Permission.STATION_SERVE.value,
        denied="own_record",
        reason=AccessReason.RESIDENT_AT_COUNTER.value,
        resident_id=upgrade.resident_id,
        case_id=upgrade.case_id,
    )
