"""What both sides of an activation work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from hkeid.identity.state import EidState
from hkeid.kernel import base64url
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import Resident
from hkeid.signing.activation.errors import SignatureActivationRefused
from hkeid.signing.activation.records import SigningKey, SigningKeyState, SigningTransaction
from hkeid.signing.activation.statement import (
    LONGEST_LIFETIME,
    ActivationStatement,
    DocumentHashes,
)
from hkeid.webauthn import WebAuthnPolicy

AUTHORISATION: Final = "signature_authorisation"
"""``SingleUseRecord.kind`` of authorisations (CSC "signature activation data")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationSettings:
    """Rules of an installation.

    :ivar lifetime: from the question to the last moment at which the approval may be used, an hour at
        most; CSC ``expiresIn``.
    :ivar synced_passkeys: whether a passkey that leaves its device may approve. Off: sole control is
        not shown by a key that a cloud account can copy.
    """

    lifetime: timedelta = timedelta(minutes=5)
    synced_passkeys: bool = False

    def __post_init__(self) -> None:
        if not timedelta(0) < self.lifetime <= LONGEST_LIFETIME:
            raise ValueError(f"lifetime of activations: {self.lifetime}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """What a resident is asked to approve.

    :ivar documents: in the order in which they are signed.
    :ivar display: the display record (canonical JSON): all that the page showed, labels too.
    """

    resident_id: str
    client_id: str
    key_id: str
    documents: tuple[DocumentHashes, ...]
    display: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationParts:
    """What an activation needs.

    :ivar policy: of the residents' passkeys; user verification is always required.
    """

    store: Store[SigningTransaction]
    policy: WebAuthnPolicy
    clock: Clock
    random: Random
    settings: ActivationSettings


def check_usable(key: SigningKey, resident: Resident | None, now: Instant) -> None:
    """Let a key pass that may sign at this moment.

    :raises SignatureActivationRefused: ``key_not_usable``, ``eid_not_upgraded``, ``eid_cooling``.
    """
    if key.state is not SigningKeyState.ACTIVE or not key.certificates:
        raise SignatureActivationRefused("key_not_usable", detail=key.state.value)
    check_standing(resident, now)


def check_standing(resident: Resident | None, now: Instant) -> None:
    """Let a resident pass who may sign at this moment.

    :raises SignatureActivationRefused: ``eid_not_upgraded``, ``eid_cooling``.
    """
    if resident is None or resident.state is not EidState.UPGRADED:
        raise SignatureActivationRefused("eid_not_upgraded")
    if resident.cools(now):
        raise SignatureActivationRefused("eid_cooling")


def reference_of(statement: ActivationStatement) -> str:
    """What stands for a statement in the audit trail: its challenge as text."""
    return base64url.encode(statement.challenge())
