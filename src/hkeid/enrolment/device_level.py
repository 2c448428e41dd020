"""Who may bind a further device, or let another one do so: how well they must have logged in."""

from __future__ import annotations

from hkeid.broker.errors import StepUpRequired
from hkeid.broker.level import highest_rung, reach
from hkeid.broker.records import BrokerTransaction, Session
from hkeid.broker.standing import is_account_only
from hkeid.enrolment.errors import EnrolmentRefused, ResidentUnknown
from hkeid.residents.records import Credential


def check_level(tx: BrokerTransaction, session: Session, credential: Credential) -> None:
    """Let a login pass that is as high as the resident's best, or as the new device will be, whichever
    is lower (NIST SP 800-63B-4 §4.1.2.1): a copied passkey never buys a better one. A login elsewhere has
    no device of ours beside it and is always as high as the new one will be.

    :raises hkeid.broker.StepUpRequired: ``authentication_too_low``.
    :raises ResidentUnknown: ``resident_unknown``.
    """
    resident = tx.residents.get(session.resident_id)
    if resident is None:
        raise ResidentUnknown("resident_unknown")
    needed = reach(resident, credential).rung
    if session.credential_id is not None:
        needed = min(needed, highest_rung(tx, resident))
    if session.acr.rung < needed:
        raise StepUpRequired("authentication_too_low")


def check_has_eid(tx: BrokerTransaction, resident_id: str) -> None:
    """Let an eID pass. An account that another provider's login opened is none: nobody looked at a card, so no
    passkey of ours says who its owner is.

    :raises EnrolmentRefused: ``account_without_eid``.
    """
    if is_account_only(tx, resident_id):
        raise EnrolmentRefused(
            "account_without_eid",
            "You have no eID yet. Register for one first, then add devices to it.",
        )


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
    if session.acr.rung < reach(resident, credential).rung:
        raise StepUpRequired("authentication_too_low")
