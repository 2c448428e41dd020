"""What stands on the pages of a resident's own data."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hkeid.identity import Language
from hkeid.kernel.instants import Instant
from hkeid.profile.rights import CORRECTABLE, STAYS, OwnRequest, RequestKind, RequestState
from hkeid.profile.rights.fates import ERASURE_LIST
from hkeid_server.data_models import AskedField, DataPage, ErasePage, RequestCard
from hkeid_server.house import house
from hkeid_server.profile_content import spoken
from hkeid_server.shell import translate

_DONE = frozenset({"asked", "withdrawn"})


def particular_labels() -> dict[str, str]:
    """What the correctable particulars are called, in the page's language."""
    return {
        "name_english": translate("English name"),
        "name_chinese": translate("Chinese name"),
        "hkic_number": translate("Identity card number"),
        "birth_date": translate("Date of birth"),
        "sex": translate("Sex"),
    }


def data_page(resident_id: str, *, done: str | None = None, error: str | None = None) -> DataPage:
    """The whole page."""
    rooms = house().rights
    found = request_cards(rooms.requests.of_resident(resident_id), house().clock.now())
    return DataPage(
        requests=found,
        pdf=rooms.printer is not None,
        waiting=frozenset(one.kind for one in found if one.state == RequestState.RECEIVED),
        cooling_until=rooms.erasing.cooling(resident_id),
        done=done if done in _DONE else None,
        error=error,
    )


def request_cards(requests: Iterable[OwnRequest], now: Instant) -> tuple[RequestCard, ...]:
    """Requests as cards; orders to erase are none of them."""
    labels, script = particular_labels(), spoken()
    return tuple(
        RequestCard(
            id=one.id,
            kind=one.kind.value,
            labels=tuple(labels[name] for name in one.fields),
            wish=one.asked.wish,
            words=one.asked.words,
            received_at=one.received_at,
            due_at=one.due_at,
            overdue=one.state is RequestState.RECEIVED and now >= one.due_at,
            state=one.state.value,
            ground="" if one.ground is None else one.ground.words(script),
            answer=one.answer,
            closed_at=one.closed_at,
        )
        for one in requests
        if one.kind is not RequestKind.ERASURE
    )


def asked_fields(chosen: Collection[str] = ()) -> tuple[AskedField, ...]:
    """The particulars to choose from."""
    labels = particular_labels()
    return tuple(
        AskedField(name=name, label=labels[name], chosen=name in chosen) for name in CORRECTABLE
    )


def what_stays(script: Language) -> tuple[str, ...]:
    """What an erasure leaves, in words."""
    return (*(words[script] for words in STAYS.values()), ERASURE_LIST[script])


def erase_page(resident_id: str, *, error: str | None = None) -> ErasePage:
    """What goes, what stays."""
    rooms = house().rights
    return ErasePage(
        stays=what_stays(spoken()),
        pdf=rooms.printer is not None,
        cooling_until=rooms.erasing.cooling(resident_id),
        error=error,
    )
