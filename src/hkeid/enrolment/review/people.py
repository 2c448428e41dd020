"""Four eyes are two people: two entries of one person are one pair."""

from __future__ import annotations

from collections.abc import Collection

from hkeid.officers.records import OfficersTransaction


def same_person(tx: OfficersTransaction, officer_id: str, others: Collection[str]) -> bool:
    """Whether an officer is one of ``others``, by id or by their own identity-card number's digest."""
    if officer_id in others:
        return True
    officer = tx.officers.get(officer_id)
    if officer is None or officer.own_number is None:
        return False
    known = (tx.officers.get(one) for one in others)
    return any(one is not None and one.own_number == officer.own_number for one in known)
