"""The register of persons (the Immigration Department's, by the paper's plan), as a port (S2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from hkeid.identity.person import Person
from hkeid.ports.faces import FaceBand


class RegistryStatus(StrEnum):
    """What the register says about a person with these particulars."""

    MATCH = "match"
    NO_MATCH = "no_match"
    DECEASED = "deceased"
    REPORTED_LOST = "reported_lost"
    """The person is known; this card was reported lost or is no longer the current one."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RegistryQuery:
    """What is asked. A register answers about one person only and gives no search.

    :ivar person: particulars as the card or chip gives them; the number must be there.
    :ivar issued: the card's date of issue, where known.
    :ivar portrait: encoded picture that the register compares with its own, which never leaves it.
    :ivar purpose: ``registration``, ``upgrade``, ``recovery`` or ``recheck``.
    """

    person: Person
    issued: date | None = None
    portrait: bytes | None = None
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryFinding:
    """The register's answer.

    :ivar differing: names of fields (:class:`hkeid.ports.documents.CardField` values) that differ.
    :ivar face: how the portrait compares with the register's; ``not_assessed`` if none was sent or held.
    :ivar reference: the register's own receipt for this enquiry; no personal data.
    """

    status: RegistryStatus
    differing: tuple[str, ...] = ()
    face: FaceBand = FaceBand.NOT_ASSESSED
    reference: str = field(default="", repr=False)


class PersonRegistry(Protocol):
    """Asks the register."""

    def check(self, query: RegistryQuery) -> RegistryFinding:
        """Ask about one person.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``; nothing follows from it.
        """
        ...
