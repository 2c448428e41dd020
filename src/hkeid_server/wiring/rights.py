"""Puts residents' rights to their own data together."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Any

from hkeid.enrolment import Standing
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.own_records import RECORD_SECTIONS
from hkeid.enrolment.standing import Actor
from hkeid.kernel.instants import Instant
from hkeid.officers import Officers
from hkeid.ports import Clock, KeyStore, Random
from hkeid.ports.readable import DocumentPrinter, ReadableDocument
from hkeid.profile.rights import (
    OWN_SECTIONS,
    DataRequests,
    Erasing,
    OwnCopy,
    RequestDesk,
    remind,
)
from hkeid.residents import PersonalFields
from hkeid_server.config import Config
from hkeid_server.house import House
from hkeid_server.rights.parts import RightsRooms
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.opening import open_vault, surroundings

_ERASED = "erased_by_resident"


def open_rights(base: Foundation) -> RightsRooms:
    """What the pages of a resident's own data work with."""
    store, fields, clock, random = base.store, base.fields, base.clock, base.random
    return RightsRooms(
        requests=DataRequests(store, fields, clock, random),
        copy=OwnCopy(
            store, fields, (*OWN_SECTIONS, *RECORD_SECTIONS), clock, issuer=base.config.issuer
        ),
        erasing=open_erasing(store, fields, clock, random),
        printer=open_printer(),
    )


def open_erasing(store: Any, fields: PersonalFields, clock: Clock, random: Random) -> Erasing:
    """Erasing at the resident's own word."""
    end = partial(Standing(store, clock, random).revoke, by=Actor.RESIDENT, reason=_ERASED)
    return Erasing(store, fields, end, clock, random)


def open_printer() -> DocumentPrinter | None:
    """What prints PDF; None where the packages of ``hkeid[signing]`` are not installed."""
    if any(find_spec(module) is None for module in ("pyhanko", "fontTools")):
        return None
    return _PrinterOnDemand()


class _PrinterOnDemand:
    """Loads the packages with the first document, and keeps the font from then on."""

    def __init__(self) -> None:
        self._printer: DocumentPrinter | None = None

    def render(self, document: ReadableDocument) -> bytes:
        """As :meth:`hkeid.ports.readable.DocumentPrinter.render`."""
        if self._printer is None:
            from hkeid.adapters.pdf.readable import PdfPrinter

            self._printer = PdfPrinter()
        return self._printer.render(document)


def open_request_desk(house: House, officers: Officers[Any]) -> RequestDesk:
    """The privacy officers' desk of a house."""

    def told(tx: Any, resident_id: str, about: str, now: Instant) -> None:
        tell(tx, resident_id, about, now=now, random=house.random)

    return RequestDesk(house.store, officers, house.fields, house.clock, told)


def finish_erasures(config: Config, store: Any, keys: KeyStore, clock: Clock) -> int:
    """Carry out orders to erase that were cut off; returns how many."""
    _, random = surroundings()
    fields = PersonalFields(keys, open_vault(config), random)
    return open_erasing(store, fields, clock, random).finish()


def remind_of_requests(store: Any, clock: Clock) -> int:
    """Note which requests are due soon or overdue; returns how many were noted now."""
    return remind(store, clock)
