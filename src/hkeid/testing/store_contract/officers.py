"""What every store promises about officers, their credentials, sessions and accesses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hkeid.officers.reasons import AccessReason
from hkeid.officers.records import Officer, OfficerSession, OfficerStatus, RecordAccess
from hkeid.officers.roles import Permission, Role
from hkeid.residents.records import Credential, CredentialStatus
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    a_credential,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.refusals import reason_of


def an_officer() -> Officer:
    """A fresh officer with something in every member."""
    return Officer(
        id=f"officer:{fresh_id()}",
        user_handle=fresh_bytes(64),
        name=fresh_bytes(40),
        own_number=fresh_bytes(),
        roles=(Role.REGISTRATION_OFFICER, Role.SENIOR_OFFICER),
        created_at=NOW,
        updated_at=NOW,
    )


def an_officer_credential(officer_id: str, *, created_at: datetime = NOW) -> Credential:
    """A fresh credential of an officer; it has no label."""
    return replace(a_credential(officer_id, created_at=created_at), label=b"")


def an_officer_session(officer_id: str) -> OfficerSession:
    """A fresh session."""
    return OfficerSession(
        id=fresh_id(),
        digest=fresh_bytes(),
        browser=fresh_bytes(),
        officer_id=officer_id,
        credential_id=fresh_bytes(),
        authenticated_at=NOW,
        stepped_up_at=NOW,
        expires_at=LATER,
    )


def an_access(
    resident_id: str | None = None, *, case_id: str | None = None, at: datetime = NOW
) -> RecordAccess:
    """A fresh access."""
    return RecordAccess(
        id=fresh_id(),
        at=at,
        officer_id=f"officer:{fresh_id()}",
        role=Role.SENIOR_OFFICER,
        permission=Permission.RECORD_OPEN,
        reason=AccessReason.COMPLAINT,
        resident_id=resident_id,
        case_id=case_id,
        note=fresh_bytes(50),
    )


class OfficersContract:
    """``tx.officers``."""

    def test_an_officer_is_kept_as_added(self, store: AnyStore) -> None:
        """With and without a number; id and user handle are given once."""
        officer = an_officer()
        other = replace(an_officer(), own_number=None)
        with store.transaction() as tx:
            assert tx.officers.add(officer)
            assert tx.officers.add(other)
            assert not tx.officers.add(replace(an_officer(), id=officer.id))
            assert not tx.officers.add(replace(an_officer(), user_handle=officer.user_handle))
        with store.transaction() as tx:
            assert tx.officers.get(officer.id) == officer
            assert tx.officers.get(other.id) == other
            assert tx.officers.get("officer:nobody") is None
            ids = [one.id for one in tx.officers]
            assert {officer.id, other.id} <= set(ids)
            assert ids == sorted(ids)

    def test_an_officer_changes_by_compare_and_set(self, store: AnyStore) -> None:
        """Roles, state, name and number change; who comes too late changes nothing."""
        officer = an_officer()
        new = replace(
            officer,
            roles=(Role.AUDITOR,),
            status=OfficerStatus.SUSPENDED,
            name=fresh_bytes(),
            own_number=fresh_bytes(),
            updated_at=LATER,
        )
        with store.transaction() as tx:
            tx.officers.add(officer)
            assert tx.officers.change(officer, new)
            assert not tx.officers.change(officer, officer)
            assert tx.officers.get(officer.id) == replace(new, version=2)


class OfficerCredentialsContract:
    """``tx.officer_credentials``."""

    def test_credentials_of_officers_are_none_of_residents(self, store: AnyStore) -> None:
        """Each registry has its own."""
        officer_id = f"officer:{fresh_id()}"
        first = an_officer_credential(officer_id)
        second = an_officer_credential(officer_id, created_at=NOW + SECOND)
        with store.transaction() as tx:
            assert tx.officer_credentials.add(second)
            assert tx.officer_credentials.add(first)
            assert not tx.officer_credentials.add(first)
        with store.transaction() as tx:
            assert tx.officer_credentials.get(first.id) == first
            assert tx.officer_credentials.of_officer(officer_id) == (first, second)
            assert tx.credentials.get(first.id) is None
            assert tx.credentials.of_resident(officer_id) == ()

    def test_a_use_is_noted_once_per_counter(self, store: AnyStore) -> None:
        """And never for a credential that is not active."""
        credential = replace(an_officer_credential("officer:x"), sign_count=7)
        with store.transaction() as tx:
            tx.officer_credentials.add(credential)
            keep = tx.officer_credentials
            note = {"backed_up": False, "now": LATER}
            assert keep.record_use(credential.id, old_count=7, new_count=8, **note)  # type: ignore[arg-type]
            assert not keep.record_use(credential.id, old_count=7, new_count=9, **note)  # type: ignore[arg-type]
            assert keep.set_status(credential.id, CredentialStatus.SUSPENDED, LATER)
            assert not keep.record_use(credential.id, old_count=8, new_count=9, **note)  # type: ignore[arg-type]
            assert keep.set_status(credential.id, CredentialStatus.REVOKED, LATER)
            assert not keep.set_status(credential.id, CredentialStatus.ACTIVE, LATER)


class OfficerSessionsContract:
    """``tx.officer_sessions``."""

    def test_a_session_of_an_officer_is_kept_renewed_and_ended(self, store: AnyStore) -> None:
        """The old reference is worth nothing after a renewal."""
        session = an_officer_session(f"officer:{fresh_id()}")
        renewed = replace(
            session,
            digest=fresh_bytes(),
            credential_id=fresh_bytes(),
            stepped_up_at=LATER,
            expires_at=LATER + SECOND,
        )
        with store.transaction() as tx:
            tx.officer_sessions.add(session)
            assert tx.officer_sessions.by_digest(session.digest) == session
            assert not tx.officer_sessions.renew(renewed, old_digest=fresh_bytes())
            assert tx.officer_sessions.renew(renewed, old_digest=session.digest)
            assert not tx.officer_sessions.renew(renewed, old_digest=session.digest)
        with store.transaction() as tx:
            keep = tx.officer_sessions
            assert keep.by_digest(session.digest) is None
            assert keep.get(session.id) == renewed
            assert not keep.touch(session.id, digest=session.digest, expires_at=NOW)
            assert keep.touch(session.id, digest=renewed.digest, expires_at=LATER)
            assert keep.end(session.id, NOW)
            assert not keep.end(session.id, NOW)
            assert not keep.touch(session.id, digest=renewed.digest, expires_at=LATER)
            assert not keep.renew(session, old_digest=renewed.digest)
            assert keep.get(session.id) == replace(renewed, expires_at=LATER, ended_at=NOW)

    def test_references_of_officers_are_unique(self, store: AnyStore) -> None:
        """As those of residents."""
        session = an_officer_session("officer:x")
        with store.transaction() as tx:
            tx.officer_sessions.add(session)
        for twin in (replace(session, id=fresh_id()), replace(session, digest=fresh_bytes())):
            found = reason_of(store, lambda tx, twin=twin: tx.officer_sessions.add(twin))  # type: ignore[misc]
            assert found == "record_exists"

    def test_all_sessions_of_an_officer_end_together(self, store: AnyStore) -> None:
        """And nobody else's."""
        officer_id = f"officer:{fresh_id()}"
        mine = [an_officer_session(officer_id) for _ in range(3)]
        other = an_officer_session(f"officer:{fresh_id()}")
        with store.transaction() as tx:
            for session in (*mine, other):
                tx.officer_sessions.add(session)
            tx.officer_sessions.end(mine[0].id, NOW)
            assert tx.officer_sessions.end_of_officer(officer_id, LATER) == 2
            found = tx.officer_sessions.get(other.id)
            assert found is not None
            assert found.ended_at is None

    def test_expired_sessions_of_officers_are_purged(self, store: AnyStore) -> None:
        """In batches."""
        long_ago = NOW - timedelta(days=4000)
        old = [
            replace(an_officer_session("officer:x"), expires_at=long_ago + number * SECOND)
            for number in range(3)
        ]
        with store.transaction() as tx:
            for session in old:
                tx.officer_sessions.add(session)
            assert len(tx.officer_sessions.purge(long_ago + timedelta(days=1), limit=2)) == 2
            assert len(tx.officer_sessions.purge(long_ago + timedelta(days=1))) == 1
            assert tx.officer_sessions.get(old[2].id) is None


class RecordAccessesContract:
    """``tx.record_accesses``."""

    def test_accesses_are_kept_and_listed_newest_first(self, store: AnyStore) -> None:
        """By resident, by case and by time."""
        resident_id, case_id = fresh_id(), fresh_id()
        old = an_access(resident_id, case_id=case_id)
        new = an_access(resident_id, at=NOW + SECOND)
        loose = an_access(case_id=case_id, at=LATER)
        with store.transaction() as tx:
            for access in (old, new, loose):
                tx.record_accesses.add(access)
        with store.transaction() as tx:
            keep = tx.record_accesses
            assert keep.get(old.id) == old
            assert keep.get(fresh_id()) is None
            assert keep.of_resident(resident_id) == (new, old)
            assert keep.of_resident(resident_id, limit=1) == (new,)
            assert keep.of_case(case_id) == (loose, old)
            assert loose in keep.since(LATER)
            assert old not in keep.since(NOW + SECOND)
        found = reason_of(store, lambda tx: tx.record_accesses.add(old))
        assert found == "record_exists"

    def test_a_case_is_bound_to_its_resident_once(self, store: AnyStore) -> None:
        """Where nothing said so before."""
        case_id, resident_id, at = fresh_id(), fresh_id(), NOW + timedelta(days=5000)
        with store.transaction() as tx:
            keep = tx.record_accesses
            keep.add(an_access(case_id=case_id, at=at))
            keep.add(an_access("somebody", case_id=case_id, at=at))
            assert keep.unbound_cases(at) == (case_id,)
            assert keep.bind_case(case_id, resident_id) == 1
            assert keep.bind_case(case_id, "another") == 0
            assert keep.unbound_cases(at) == ()
            assert len(keep.of_resident(resident_id)) == 1
