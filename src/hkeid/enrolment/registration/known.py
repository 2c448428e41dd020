"""What is known here of an identity-card number, for a decision: an eID, and earlier registrations."""

from __future__ import annotations

from typing import Protocol

from hkeid.enrolment.registration.particulars import number_digest
from hkeid.enrolment.registration.records import RegistrationRepository
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.residents import find_by_hkic
from hkeid.residents.records import BlindIndexRepository, ResidentRepository


class KnownTransaction(Protocol):
    """What looking needs of a transaction."""

    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def registrations(self) -> RegistrationRepository: ...


def existing_eid(tx: KnownTransaction, keys: KeyStore, number: HkicNumber) -> str:
    """The value of ``Findings.existing``."""
    resident_id = find_by_hkic(tx, keys, number)
    resident = None if resident_id is None else tx.residents.get(resident_id)
    state = "none" if resident is None else resident.state.value
    return "active" if state == "upgraded" else state


def registered_often(
    tx: KnownTransaction,
    keys: KeyStore,
    number: HkicNumber,
    settings: RegistrationSettings,
    now: Instant,
    *,
    but: str = "",
) -> str:
    """The value of ``Findings.repeated``.

    Only who showed a face tried to pass for somebody: knowing a number is not enough to make officers
    look at its owner.

    :param but: id of a registration that does not count.
    """
    since = now - settings.repeats_window
    digest = number_digest(keys, number)
    earlier = tx.registrations.count_faces_with_number(digest, since=since, but=but)
    return "yes" if earlier >= settings.repeats else "no"
