"""Killed at any step, nothing half-made is usable and the journey can be begun again.

Every call of a repository, every beginning and end of a transaction and every call of the vault is a
step. Each journey is run again and again, killed one step later each time, until it gets through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.broker import LoginRefused
from hkeid.enrolment import Actor, EnrolmentRefused
from hkeid.identity.state import EidState
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.webauthn import CeremonyRefused


@pytest.fixture
def make_hub(make_hub_on_each_store):
    return make_hub_on_each_store


class _Run:
    """A journey up to the step to be killed."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.phone = SoftwareAuthenticator()
        self.session: Any = None


def kill_at_every_step(
    make_hub: Callable[[], Any],
    killed: type[BaseException],
    *,
    prepare: Callable[[_Run], Any],
    act: Callable[[_Run, Any], Any],
    check: Callable[[_Run, Any, bool], None],
) -> int:
    """``check`` is given whether the journey got through, that is, was acknowledged."""
    kill_at = 0
    while True:
        kill_at += 1
        run = _Run(make_hub())
        prepared = prepare(run)
        run.hub.steps.count, run.hub.steps.kill_at = 0, kill_at
        try:
            run.session = act(run, prepared)
            through = True
        except killed:
            through = False
        run.hub.steps.kill_at = None
        check(run, prepared, through)
        assert run.hub.trail_is_sound()
        if through:
            return kill_at - 1


def resident(run: _Run, resident_id: str) -> Any:
    return run.hub.look("residents", "get", resident_id)


def sessions(run: _Run, resident_id: str) -> tuple[Any, ...]:
    return run.hub.look("sessions", "of_resident", resident_id)


def test_registration(make_hub, killed) -> None:
    def check(run: _Run, person: Any, through: bool) -> None:
        with run.hub.memory.transaction() as tx:
            kept = list(tx.residents)
        assert len(kept) <= 1
        if through:
            assert kept
        if kept:
            # All of it: the key, the particulars, the index.
            with run.hub.memory.transaction() as tx:
                assert run.hub.fields.read(tx, kept[0].id, ("name_english",))
            with pytest.raises(EnrolmentRefused):
                run.hub.activation.register_applicant(person)
            resident_id = kept[0].id
        else:
            resident_id = run.hub.activation.register_applicant(person)
        run.hub.activate(run.phone, run.hub.activation.issue_ticket(resident_id).reveal())

    steps = kill_at_every_step(
        make_hub,
        killed,
        prepare=lambda run: run.hub.person(),
        act=lambda run, person: run.hub.activation.register_applicant(person),
        check=check,
    )
    assert steps > 12


def test_issuing_a_ticket(make_hub, killed) -> None:
    def check(run: _Run, prepared: Any, through: bool) -> None:
        resident_id, old = prepared
        run.hub.activate(run.phone, run.hub.activation.issue_ticket(resident_id).reveal())
        with pytest.raises(EnrolmentRefused):
            run.hub.activation.start(old, browser="b1", network="n1")

    steps = kill_at_every_step(
        make_hub,
        killed,
        prepare=lambda run: run.hub.applicant(),
        act=lambda run, prepared: run.hub.activation.issue_ticket(prepared[0]),
        check=check,
    )
    assert steps >= 7


def test_activation(make_hub, killed, origin) -> None:
    outcomes = set()

    def act(run: _Run, prepared: Any) -> Any:
        start = run.hub.activation.start(prepared[1], browser="b1", network="n1")
        answer = run.phone.create(start.options, origin)
        return run.hub.activation.finish(start.id, answer, browser="b1", network="n1", agent="A")

    def check(run: _Run, prepared: Any, through: bool) -> None:
        resident_id, code = prepared
        state = resident(run, resident_id).state
        credentials = run.hub.look("credentials", "of_resident", resident_id)
        outcomes.add((state, through))
        if state is EidState.APPLICANT:
            assert not through
            assert credentials == ()
            assert sessions(run, resident_id) == ()
            if run.phone.credentials:
                with pytest.raises(LoginRefused) as caught:
                    run.hub.login(run.phone)
                assert caught.value.reason == "credential_unknown"
            # The same ticket still opens the door.
            run.phone = SoftwareAuthenticator()
            run.session = run.hub.activate(run.phone, code)
        else:
            assert state is EidState.ACTIVE
            assert len(credentials) == 1
            assert len(sessions(run, resident_id)) == 1
            with pytest.raises(EnrolmentRefused) as refused:
                run.hub.activation.start(code, browser="b1", network="n1")
            assert refused.value.reason == "ticket_used"
        if run.session is not None:
            assert run.hub.current(run.session)
        run.hub.login(run.phone)
        assert len(run.hub.bodies("enrolment:eid:activated")) == 1

    steps = kill_at_every_step(
        make_hub, killed, prepare=lambda run: run.hub.applicant(), act=act, check=check
    )
    assert steps > 30
    assert outcomes == {
        (EidState.APPLICANT, False),
        (EidState.ACTIVE, False),
        (EidState.ACTIVE, True),
    }


def test_login(make_hub, killed) -> None:
    def check(run: _Run, first: Any, through: bool) -> None:
        resident_id = first.view.authentication.resident_id
        (credential,) = run.hub.look("credentials", "of_resident", resident_id)
        started = run.hub.bodies("broker:session:renewed")
        # Counter, session and audit record are there together or not at all.
        assert (credential.last_used_at is not None) == bool(started)
        assert (run.hub.current(first) is None) == bool(started)
        if through:
            assert started
            assert run.hub.current(run.session)
        run.hub.login(run.phone)

    steps = kill_at_every_step(
        make_hub,
        killed,
        prepare=lambda run: run.hub.activate(run.phone),
        act=lambda run, first: run.hub.login(run.phone, session=first),
        check=check,
    )
    assert steps > 20


def test_a_refused_login(make_hub, killed) -> None:
    def act(run: _Run, first: Any) -> Any:
        try:
            return run.hub.login(run.phone, dishonesty=Dishonesty(sign_count=1))
        except CeremonyRefused as error:
            return error

    def prepare(run: _Run) -> Any:
        first = run.hub.activate(run.phone)
        run.hub.login(run.phone)
        run.hub.login(run.phone)
        return first

    def check(run: _Run, first: Any, through: bool) -> None:
        (credential,) = run.hub.look(
            "credentials", "of_resident", first.view.authentication.resident_id
        )
        suspended = credential.status is CredentialStatus.SUSPENDED
        assert suspended == bool(run.hub.bodies("broker:credential:suspended"))
        assert suspended == (run.hub.current(first) is None)
        assert suspended or not through

    assert kill_at_every_step(make_hub, killed, prepare=prepare, act=act, check=check) > 20


def test_adding_a_device(make_hub, killed) -> None:
    def act(run: _Run, first: Any) -> Any:
        run.spare = SoftwareAuthenticator()
        return run.hub.add_device(first, run.spare)

    def check(run: _Run, first: Any, through: bool) -> None:
        held = run.hub.devices.of_resident(first.view.authentication.resident_id)
        assert (len(held) == 2) == (len(run.hub.bodies("enrolment:credential:added")) == 2)
        if through:
            assert len(held) == 2
        if len(held) == 2:
            run.hub.login(run.spare)
        else:
            run.hub.add_device(first, SoftwareAuthenticator())

    steps = kill_at_every_step(
        make_hub, killed, prepare=lambda run: run.hub.activate(run.phone), act=act, check=check
    )
    assert steps > 25


def test_revoking_a_device(make_hub, killed) -> None:
    def prepare(run: _Run) -> Any:
        first = run.hub.activate(run.phone)
        run.hub.add_device(first, SoftwareAuthenticator())
        run.grant = run.hub.grant(first)
        return first

    def act(run: _Run, first: Any) -> Any:
        return run.hub.devices.revoke(
            first.view.authentication.resident_id, run.phone.credentials[0].id
        )

    def check(run: _Run, first: Any, through: bool) -> None:
        revoked = bool(run.hub.bodies("enrolment:credential:revoked"))
        assert revoked or not through
        assert (run.hub.current(first) is None) == revoked
        assert (run.hub.look("grants", "get", run.grant).revoked_at is not None) == revoked

    assert kill_at_every_step(make_hub, killed, prepare=prepare, act=act, check=check) > 10


def test_freezing(make_hub, killed) -> None:
    def prepare(run: _Run) -> Any:
        first = run.hub.activate(run.phone)
        run.grant = run.hub.grant(first, "hko", "offline_access")
        return first

    def check(run: _Run, first: Any, through: bool) -> None:
        frozen = resident(run, first.view.authentication.resident_id).state is EidState.SUSPENDED
        assert frozen or not through
        assert (run.hub.current(first) is None) == frozen
        assert bool(sessions(run, first.view.authentication.resident_id)) != frozen
        assert (run.hub.look("grants", "get", run.grant).revoked_at is not None) == frozen
        assert bool(run.hub.bodies("enrolment:eid:standing-changed")) == frozen

    steps = kill_at_every_step(
        make_hub,
        killed,
        prepare=prepare,
        act=lambda run, first: run.hub.standing.freeze(first.view),
        check=check,
    )
    assert steps > 8


def test_logging_out(make_hub, killed) -> None:
    def prepare(run: _Run) -> Any:
        first = run.hub.activate(run.phone)
        run.grant = run.hub.grant(first)
        return first

    def check(run: _Run, first: Any, through: bool) -> None:
        out = run.hub.current(first) is None
        assert out or not through
        assert (run.hub.look("grants", "get", run.grant).revoked_at is not None) == out
        run.hub.broker.logout(first.reference.reveal())
        assert run.hub.current(first) is None

    kill_at_every_step(
        make_hub,
        killed,
        prepare=prepare,
        act=lambda run, first: run.hub.broker.logout(first.reference.reveal()),
        check=check,
    )


def test_revoking_an_eid(make_hub, killed) -> None:
    def check(run: _Run, first: Any, through: bool) -> None:
        resident_id = first.view.authentication.resident_id
        gone = resident(run, resident_id).state is EidState.REVOKED
        assert gone or not through
        (credential,) = run.hub.look("credentials", "of_resident", resident_id)
        assert (credential.status is CredentialStatus.REVOKED) == gone
        assert bool(sessions(run, resident_id)) != gone

    kill_at_every_step(
        make_hub,
        killed,
        prepare=lambda run: run.hub.activate(run.phone),
        act=lambda run, first: run.hub.standing.revoke(
            first.view.authentication.resident_id, by=Actor.OPERATOR, reason="test"
        ),
        check=check,
    )
