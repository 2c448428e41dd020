"""Requests for signatures as the store keeps them: no document, no name, no text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.op.records import ClientRepository
from hkeid.ports.storage import Expiring
from hkeid.residents.records import SealedFieldRepository
from hkeid.signing.activation.records import SigningTransaction


class RequestState(StrEnum):
    """Life of a request: waiting, then one of signed, refused and expired; a signed one is collected."""

    WAITING = "waiting"
    SIGNED = "signed"
    REFUSED = "refused"
    EXPIRED = "expired"
    COLLECTED = "collected"

    @property
    def made(self) -> bool:
        """Whether signatures were made."""
        return self in {RequestState.SIGNED, RequestState.COLLECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """A relying party's wish for signatures of one resident.

    Documents, their names, the purpose and the code lie in the evidence vault under ``id``.

    :ivar id: random, opaque (22 characters base64url); also the vault's session.
    :ivar client_state: what the relying party wants back with the browser.
    :ivar resident_id: who opened it; nobody else can from then on.
    :ivar expires_at: of what comes next: the decision while it waits, collection once it is signed.
    :ivar signature_id: of :class:`hkeid.signing.activation.MadeSignature`.
    :ivar record: what was displayed, sealed under the resident's key; b"" until signed.
    """

    id: str
    client_id: str
    state: RequestState = RequestState.WAITING
    documents: int
    redirect_uri: str
    client_state: str = field(default="", repr=False)
    resident_id: str | None = None
    signature_id: str | None = None
    record: bytes = field(default=b"", repr=False)
    created_at: Instant
    expires_at: Instant
    decided_at: Instant | None = None
    version: int = 1


class SignatureRequestRepository(Expiring, Protocol):
    """Requests inside a transaction."""

    def add(self, request: SignatureRequest) -> bool:
        """Keep a new request; False when its id is taken."""
        ...

    def get(self, request_id: str) -> SignatureRequest | None:
        """By id."""
        ...

    def change(self, old: SignatureRequest, new: SignatureRequest) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored version
        becomes ``old.version + 1``. Id, client, address and time of making never change.
        """
        ...

    def open_of_client(self, client_id: str, now: Instant) -> int:
        """How many of a client wait, or are signed and wait to be collected."""
        ...

    def signed_by(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident signed, newest first."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident opened, signed or not, newest first."""
        ...

    def overdue(self, now: Instant, *, limit: int = 500) -> tuple[SignatureRequest, ...]:
        """Those that wait although their time is over, oldest first."""
        ...


class RequestTransaction(SigningTransaction, Protocol):
    """What requests need of a transaction."""

    @property
    def clients(self) -> ClientRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def signature_requests(self) -> SignatureRequestRepository: ...
