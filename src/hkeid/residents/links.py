"""Whom an upstream identity provider calls what: links between its subjects and our residents.

A subject is kept as a keyed digest only, so that the registry does not become a list of what people are
called elsewhere (law 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyStore

_SUBJECT = b"hkeid-upstream-subject-1:"
_SESSION = b"hkeid-upstream-session-1:"


class LinkOrigin(StrEnum):
    """How a link came about."""

    RESIDENT = "resident"
    """The resident, logged in here, logged in there as well and agreed."""
    HKIC = "hkic"
    """The upstream proved the identity-card number of an eID."""
    CREATED = "created"
    """Nobody was known, and an account was made for this subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One subject of one upstream, and which resident that is.

    :ivar provider: id of the upstream in the configuration.
    :ivar subject: :func:`subject_digest`, 32 bytes.
    """

    provider: str
    subject: bytes
    resident_id: str
    origin: LinkOrigin
    linked_at: Instant
    used_at: Instant


class LinkRepository(Protocol):
    """Links inside a transaction."""

    def add(self, link: Link) -> bool:
        """Keep a new link; False where the subject has one already, to anyone."""
        ...

    def find(self, provider: str, subject: bytes) -> Link | None:
        """The link of a subject."""
        ...

    def of_resident(self, resident_id: str) -> tuple[Link, ...]:
        """A resident's links, oldest first."""
        ...

    def move(self, old: Link, new: Link) -> bool:
        """Replace ``old`` by ``new``, of the same subject, if it still belongs to the same resident."""
        ...

    def note_use(self, provider: str, subject: bytes, now: Instant) -> bool:
        """Note a login; False where there is no such link."""
        ...

    def remove(self, resident_id: str, provider: str, subject: bytes) -> bool:
        """Forget one link of a resident; False where there is none."""
        ...

    def delete(self, resident_id: str) -> int:
        """Forget all links of a resident; returns how many."""
        ...


def subject_digest(keys: KeyStore, provider: str, subject: str) -> bytes:
    """The digest (32 bytes) that stands for what ``provider`` calls somebody."""
    return keys.mac(KeyPurpose.BLIND_INDEX, _SUBJECT + _framed(provider, subject))


def upstream_session_digest(keys: KeyStore, provider: str, session: str) -> bytes:
    """The digest (32 bytes) that stands for what ``provider`` calls a session."""
    return keys.mac(KeyPurpose.BLIND_INDEX, _SESSION + _framed(provider, session))


def _framed(provider: str, name: str) -> bytes:
    # A provider's id has no colon, so that no two pairs give one text.
    return provider.encode("ascii") + b":" + name.encode("utf-8", "surrogatepass")
