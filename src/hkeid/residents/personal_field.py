"""What is said about a personal field: purpose, retention, protection, viewers, places."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Protection(StrEnum):
    """How a field is protected at rest."""

    SEALED = "AES-256-GCM under the resident's own data key"
    SEALED_SESSION = "AES-256-GCM under a key of the proofing session, destroyed with it"
    KEYED_DIGEST = "only its HMAC-SHA-256, under a key that stays in the key store"
    PSEUDONYM = "in the clear, but under the resident's random internal id only"


class Ending(StrEnum):
    """What makes a kind of personal data go; the type says which of them a clock can carry out."""

    CLOCK = "clock"
    """A time that is stated: the purge sees to it, and ``hkeid retention`` shows it."""
    ACT = "act"
    """Something that somebody does: removing, giving up, deciding, erasing. No clock waits for it."""
    RULE = "operator's rule"
    """The operator decides; nothing here deletes it."""


class Viewer(StrEnum):
    """Who may see a field in the clear."""

    RESIDENT = "the resident"
    CONSENTED_CLIENT = "relying parties to which the resident agreed"
    AUDITOR = "auditors"
    OPERATOR = "operators"
    PRIVACY_OFFICER = "privacy officers"
    OFFICER = "registration officers, with a reason that the resident sees"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalField:
    """One kind of personal data.

    :ivar name: its name among the sealed fields, or in ``Column.info["personal"]`` of its column.
    :ivar purpose: what it is kept for (Cap. 486 DPP1 and DPP3).
    :ivar retention: when it goes (DPP2).
    :ivar ends: what makes it go, as ``retention`` says in words.
    :ivar protection: how it is kept (DPP4).
    :ivar visible_to: who may see it in the clear.
    :ivar places: ``table.column`` of each place where it is kept; for what is kept under a
        pseudonym, the tables.
    """

    name: str
    purpose: str
    retention: str
    ends: tuple[Ending, ...]
    protection: Protection
    visible_to: tuple[Viewer, ...]
    places: tuple[str, ...]


SEALED_PLACE = "sealed_fields.sealed"
"""Where the fields that :class:`~hkeid.residents.PersonalFields` keeps by name are."""

CLAIMS_VIEWERS = (Viewer.RESIDENT, Viewer.CONSENTED_CLIENT)
"""Who sees what claims are made of."""
