"""How high a resident's passkeys reach."""

from __future__ import annotations

from hkeid.broker.records import BrokerTransaction
from hkeid.identity.assurance import Acr, acr_reached
from hkeid.residents.records import Credential, CredentialStatus, Resident


def reach(resident: Resident, credential: Credential) -> Acr:
    """The rung a login with this credential reaches at best."""
    reached = acr_reached(
        resident.proofed,
        user_verified=True,
        backup_eligible=credential.backup_eligible,
        attestation_verified=credential.attestation == "verified",
    )
    return reached or Acr.EID


def highest_rung(tx: BrokerTransaction, resident: Resident) -> int:
    """The highest rung that a login with one of the resident's active passkeys reaches; 0: there is none."""
    held = tx.credentials.of_resident(resident.id)
    active = [one for one in held if one.status is CredentialStatus.ACTIVE]
    return max((reach(resident, one).rung for one in active), default=0)
