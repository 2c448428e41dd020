"""What a resident's own pages show about them."""

from __future__ import annotations

from hkeid.identity.state import EidState
from hkeid.kernel.errors import NotFound
from hkeid.residents.records import Resident
from hkeid_server.house import house
from hkeid_server.models import EidCard, Text


def resident_entry(resident_id: str) -> Resident:
    """The registry's entry.

    :raises hkeid.kernel.errors.NotFound: ``resident_unknown``.
    """
    with house().store.transaction() as tx:
        resident: Resident | None = tx.residents.get(resident_id)
    if resident is None:
        raise NotFound("resident_unknown")
    return resident


def own_names(resident_id: str) -> tuple[Text, ...]:
    """The resident's names, English first."""
    parts = house()
    with parts.store.transaction() as tx:
        names = parts.fields.read(tx, resident_id, ("name_english", "name_chinese"))
    found = (("name_english", "en"), ("name_chinese", "zh-Hant-HK"))
    return tuple(Text(text=names[field], lang=tag) for field, tag in found if names.get(field))


def eid_card(resident: Resident) -> EidCard:
    """The eID as a card."""
    return EidCard(
        names=own_names(resident.id),
        state=EidState(resident.state).value,
        since=resident.created_at,
    )
