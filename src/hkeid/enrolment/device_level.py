"""How well a resident must have logged in to bind a further device, or to let another one do so."""

from __future__ import annotations

from hkeid.broker.errors import StepUpRequired
from hkeid.broker.records import BrokerTransaction, Session
from hkeid.enrolment.errors import ResidentUnknown
from hkeid.identity.assurance import Acr, acr_reached
from hkeid.residents.records import Credential, CredentialStatus, Resident


def check_level(tx: BrokerTransaction, session: Session, credential: Credential) -> None:
    """Let a login pass that is as high as the resident's best, or as the new device will be, whichever
    is lower (NIST SP 800-63B-4 §4.1.2.1): a copied passkey never buys a better one.

    :raises hkeid.broker.StepUpRequired: ``authentication_too_low``.
    :raises ResidentUnknown: ``resident_unknown``.
    """
    resident = tx.residents.get(session.resident_id)
    if resident is None:
        raise ResidentUnknown("resident_unknown")
    held = tx.credentials.of_resident(resident.id)
    active = [one for one in held if one.status is CredentialStatus.ACTIVE]
    highest = max((_reach(resident, one).rung for one in active), default=0)
    if session.acr.rung < min(highest, _reach(resident, credential).rung):
        raise StepUpRequired("authentication_too_low")


def check_own_level(tx: BrokerTransaction, session: Session) -> None:
    """Let a login pass that is as high as its own passkey gives by now: one from before an upgrade is
    not, and using the passkey again makes it so.

    :raises hkeid.broker.StepUpRequired: ``authentication_too_low``.
    """
    resident = tx.residents.get(session.resident_id)
    credential = None
    if session.credential_id is not None:
        credential = tx.credentials.get(session.credential_id)
    if resident is None or credential is None:
        return
    if session.acr.rung < _reach(resident, credential).rung:
        raise StepUpRequired("authentication_too_low")


def _reach(resident: Resident, credential: Credential) -> Acr:
    """The rung a login with this credential reaches at best."""
    reached = acr_reached(
        resident.proofed,
        user_verified=True,
        backup_eligible=credential.backup_eligible,
        attestation_verified=credential.attestation == "verified",
    )
    return reached or Acr.EID
