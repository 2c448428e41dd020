"""Whether a resident may log in, whatever proved who it is; and whether there is an eID."""

from __future__ import annotations

from hkeid.broker.errors import LoginRefused
from hkeid.broker.records import BrokerTransaction
from hkeid.identity.state import EidState
from hkeid.residents.records import Resident


def require_may_log_in(resident: Resident) -> None:
    """Let a resident pass whose eID is in use.

    :raises LoginRefused: ``eid_not_active``, ``eid_suspended``, ``eid_revoked``.
    """
    if resident.state.may_log_in:
        return
    if resident.state is EidState.APPLICANT:
        raise LoginRefused("eid_not_active")
    raise LoginRefused(f"eid_{resident.state.value}")


def is_account_only(tx: BrokerTransaction, resident_id: str) -> bool:
    """Whether a resident is known from an upstream alone: an eID is activated by its first passkey, and passkeys
    stay on record when they are revoked.
    """
    return not tx.credentials.of_resident(resident_id)
