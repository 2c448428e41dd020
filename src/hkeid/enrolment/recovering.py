"""What a recovery ends, on a phone and at a counter alike: everything that was there before it."""

from __future__ import annotations

from hkeid.broker.ending import end_sessions, revoke_grants
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.registration.events import EidRecovered
from hkeid.enrolment.tickets import ticket_family
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.residents.records import CredentialStatus
from hkeid.signing.retirement import retire_signing_keys


def end_former(tx: EnrolmentTransaction, resident_id: str, now: Instant) -> None:
    """Revoke every device of somebody who lost them all, forget every other way in, and end what was given
    with them.
    """
    revoked = sum(
        tx.credentials.set_status(credential.id, CredentialStatus.REVOKED, now)
        for credential in tx.credentials.of_resident(resident_id)
    )
    ended = end_sessions(tx, resident_id, now, reason="eid_recovered")
    grants = revoke_grants(tx, resident_id, now)
    # What proves the card's number leads back by itself; any other link is made anew, by the owner.
    links = tx.links.delete(resident_id)
    tx.single_use.revoke_family(ticket_family(resident_id), now)
    # Whoever lost every device cannot say who may have activated the key: control of it counts as lost.
    retire_signing_keys(tx, resident_id, RevocationReason.KEY_COMPROMISE, now)
    tx.audit.append(
        EidRecovered(
            resident_id=resident_id,
            credentials_revoked=revoked,
            sessions_ended=len(ended),
            grants_revoked=grants,
            links_removed=links,
        )
    )
