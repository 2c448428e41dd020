"""Sessions: how long they live, what ends them, what their resident sees of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hkeid.broker import BrokerSettings
from hkeid.kernel.errors import ConfigurationError, NotFound
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator


def stored(hub, session):
    return hub.look("sessions", "get", session.view.session_id)


class TestLifetime:
    def test_an_idle_session_ends_within_the_hour(self, hub, phone) -> None:
        session = hub.activate(phone)
        hub.clock.pass_(minutes=59, seconds=59)
        assert hub.current(session)
        hub.clock.pass_(hours=1)
        assert hub.current(session) is None
        assert not hub.broker.is_live(session.view.session_id, hub.clock.now())

    def test_use_keeps_it_until_the_absolute_limit(self, hub, phone) -> None:
        """NIST SP 800-63B-4 §2.2.3: 24 hours whatever happens, 1 hour without use."""
        session = hub.activate(phone)
        for _ in range(47):
            hub.clock.pass_(minutes=30)
            assert hub.current(session)
        hub.clock.pass_(minutes=30)
        assert hub.current(session) is None
        assert session.expires_at == hub.clock.now()

    def test_authenticating_again_begins_anew(self, hub, phone) -> None:
        session = hub.activate(phone)
        for _ in range(20):
            hub.clock.pass_(minutes=50)
            session = hub.login(phone, session=session)
        hub.clock.pass_(minutes=50)
        assert hub.current(session)

    def test_use_is_noted_now_and_then_only(self, hub, phone) -> None:
        session = hub.activate(phone)
        first = stored(hub, session).expires_at
        hub.clock.pass_(minutes=4)
        hub.current(session)
        assert stored(hub, session).expires_at == first
        hub.clock.pass_(minutes=1)
        hub.current(session)
        assert stored(hub, session).expires_at == first + timedelta(minutes=5)

    def test_looking_by_id_is_no_use(self, hub, phone) -> None:
        session = hub.activate(phone)
        first = stored(hub, session).expires_at
        hub.clock.pass_(minutes=30)
        assert hub.broker.is_live(session.view.session_id, hub.clock.now())
        assert stored(hub, session).expires_at == first

    def test_a_page_view_never_undoes_a_logins_new_reference(self, hub, phone) -> None:
        """The page view read the session before the login and writes after it."""
        session = hub.activate(phone)
        old = stored(hub, session)
        hub.clock.pass_(minutes=30)
        renewed = hub.login(phone, session=session)
        with hub.memory.transaction() as tx:
            late = hub.clock.now() + timedelta(hours=1)
            assert not tx.sessions.touch(old.id, digest=old.digest, expires_at=late)
        assert hub.current(session) is None
        assert hub.current(renewed)


class TestWhatMakesASessionDead:
    def test_no_reference(self, hub) -> None:
        assert hub.broker.current(None, hub.clock.now()) is None
        assert hub.broker.current("", hub.clock.now()) is None
        assert hub.broker.current("x" * 10_000, hub.clock.now()) is None
        assert not hub.broker.is_live("nobody", hub.clock.now())

    @pytest.mark.parametrize("status", [CredentialStatus.SUSPENDED, CredentialStatus.REVOKED])
    def test_its_credential_is_out_of_use(self, hub, phone, status) -> None:
        session = hub.activate(phone)
        with hub.memory.transaction() as tx:
            tx.credentials.set_status(stored_credential(tx, session), status, hub.clock.now())
        assert hub.current(session) is None
        assert hub.broker.sessions_of(session.view.authentication.resident_id) == ()

    def test_its_resident_may_not_log_in(self, hub, phone) -> None:
        from hkeid.enrolment import Actor

        session = hub.activate(phone)
        resident_id = session.view.authentication.resident_id
        hub.standing.suspend(resident_id, by=Actor.OPERATOR, reason="test")
        assert hub.current(session) is None


def stored_credential(tx, session) -> bytes:
    return tx.sessions.get(session.view.session_id).credential_id


class TestLogout:
    def test_ends_the_session_and_names_the_clients(self, hub, phone) -> None:
        session = hub.activate(phone)
        hub.grant(session, "hko")
        hub.grant(session, "hko")
        hub.grant(session, "etax", "offline_access")
        ended = hub.broker.logout(session.reference.reveal())
        assert ended.session_id == session.view.session_id
        assert ended.clients == ("etax", "hko")
        assert hub.current(session) is None
        body = hub.bodies("broker:session:ended")[0]
        assert (body["reason"], body["grants_revoked"]) == ("logout", 2)

    def test_revokes_what_was_not_for_offline_use(self, hub, phone) -> None:
        session = hub.activate(phone)
        online = hub.grant(session, "hko")
        offline = hub.grant(session, "etax", "offline_access")
        elsewhere = hub.grant(hub.login(phone, browser="b2"), "hko")
        hub.broker.logout(session.reference.reveal())
        assert hub.look("grants", "get", online).revoked_at
        assert not hub.look("grants", "get", offline).revoked_at
        assert not hub.look("grants", "get", elsewhere).revoked_at

    def test_revokes_unused_codes_with_the_grant(self, hub, phone) -> None:
        from hkeid.ports import SingleUseRecord, Vanished

        session = hub.activate(phone)
        grant = hub.grant(session)
        now = hub.clock.now()
        record = SingleUseRecord(
            kind="authorization_code",
            digest=b"c" * 32,
            family=grant,
            created_at=now,
            expires_at=now + timedelta(minutes=1),
        )
        with hub.memory.transaction() as tx:
            tx.single_use.put(record)
        hub.broker.logout(session.reference.reveal())
        outcome = hub.look("single_use", "use_up", "authorization_code", b"c" * 32, now)
        assert isinstance(outcome, Vanished)

    def test_may_be_repeated(self, hub, phone) -> None:
        session = hub.activate(phone)
        assert hub.broker.logout(session.reference.reveal())
        assert hub.broker.logout(session.reference.reveal()) is None
        assert hub.broker.logout(None) is None
        assert hub.broker.logout("never was") is None
        assert len(hub.bodies("broker:session:ended")) == 1

    def test_of_an_expired_session_still_revokes_its_grants(self, hub, phone) -> None:
        session = hub.activate(phone)
        grant = hub.grant(session)
        hub.clock.pass_(hours=3)
        assert hub.broker.logout(session.reference.reveal()).clients == ("hko",)
        assert hub.look("grants", "get", grant).revoked_at


class TestTheResidentsOwnList:
    def test_shows_live_sessions_with_their_browsers(self, hub, phone) -> None:
        one = hub.activate(phone)
        hub.clock.pass_(minutes=1)
        other = hub.login(phone, browser="b2")
        resident_id = one.view.authentication.resident_id
        listed = hub.broker.sessions_of(resident_id, current=other.view.session_id)
        assert [(entry.agent, entry.current) for entry in listed] == [
            ("Firefox, Linux", True),
            ("Chromium, Android", False),
        ]
        assert listed[0].authenticated_at == hub.clock.now()

    def test_keeps_the_browsers_words_sealed(self, hub, phone) -> None:
        session = hub.activate(phone)
        assert b"Chromium" not in stored(hub, session).agent
        hub.clock.pass_(minutes=1)
        renewed = hub.login(phone, session=session)
        (entry,) = hub.broker.sessions_of(renewed.view.authentication.resident_id)
        assert entry.agent == "Chromium, Android"

    def test_leaves_out_what_expired_or_ended(self, hub, phone) -> None:
        session = hub.activate(phone)
        resident_id = session.view.authentication.resident_id
        hub.clock.pass_(hours=2)
        assert hub.broker.sessions_of(resident_id) == ()

    def test_ends_one(self, hub, phone) -> None:
        session = hub.activate(phone)
        other = hub.login(phone, browser="b2")
        resident_id = session.view.authentication.resident_id
        ended = hub.broker.end_session(resident_id, other.view.session_id)
        assert ended.session_id == other.view.session_id
        assert hub.broker.end_session(resident_id, other.view.session_id) is None
        assert hub.current(other) is None
        assert hub.current(session)

    def test_ends_nobody_elses(self, hub, phone) -> None:
        mine = hub.activate(phone)
        theirs = hub.activate(SoftwareAuthenticator())
        for session_id in (theirs.view.session_id, "never was"):
            with pytest.raises(NotFound) as caught:
                hub.broker.end_session(mine.view.authentication.resident_id, session_id)
            assert caught.value.reason == "session_unknown"
        assert hub.current(theirs)

    def test_ends_all_others(self, hub, phone) -> None:
        sessions = [hub.activate(phone), *(hub.login(phone, browser=b) for b in ("b2", "b3"))]
        keep = sessions[1]
        ended = hub.broker.end_other_sessions(
            keep.view.authentication.resident_id, keep.view.session_id
        )
        assert len(ended) == 2
        assert [bool(hub.current(session)) for session in sessions] == [False, True, False]


def test_nothing_shows_a_reference(hub, phone) -> None:
    session = hub.activate(phone)
    assert session.reference.reveal() not in repr(session)
    assert len(session.reference.reveal()) == 43


@pytest.mark.parametrize(
    "wrong",
    [
        {"session_lifetime": timedelta(hours=25)},
        {"session_lifetime": timedelta(0)},
        {"session_idle": timedelta(hours=2)},
        {"touch_every": timedelta(hours=1)},
        {"failed_logins": 0},
        {"unknown_logins": 0},
        {"failed_login_window": timedelta(0)},
    ],
)
def test_settings_that_would_not_protect_are_refused(wrong) -> None:
    with pytest.raises(ConfigurationError) as caught:
        BrokerSettings(**wrong)
    assert caught.value.reason == "broker_settings_invalid"
    assert caught.value.detail in wrong
