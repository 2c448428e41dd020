"""The privacy officer's desk: who may, on which grounds, once, and the resident sees it."""

from __future__ import annotations

import pytest

from hkeid.enrolment.notices.texts import MESSAGES
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.officers import AccessDenied, AccessReason, OfficerStepUpRequired, Permission, Role
from hkeid.profile.rights import GROUNDS, RefusalGround, RequestKind, RequestState, remind

WHY = AccessReason.DATA_SUBJECT_REQUEST
ANSWER = "Your certificate of registration says 12 April 1985."


@pytest.fixture
def request_id(rights) -> str:
    asked = rights.requests.ask_for_correction(
        rights.view, ("hkic_number", "name_english"), wish="CHAN, Tai-man", words="A hyphen."
    )
    return asked.id


def opened(rights, request_id, view=None):
    view = view or rights.privacy_officer()
    return view, rights.desk.open(view, request_id, reason=WHY)


def test_the_queue_leads_with_what_is_due_first_and_names_nobody(rights, request_id) -> None:
    rights.clock.pass_(days=34)
    rights.login()
    later = rights.requests.ask_for_access(rights.view).id
    view = rights.privacy_officer()
    first, second = rights.desk.queue(view)
    assert (first.id, first.days_left, first.soon, first.overdue) == (request_id, 6, True, False)
    assert (second.id, second.days_left, second.soon) == (later, 40, False)
    assert rights.resident_id not in repr(first)
    rights.clock.pass_(days=6)
    view = rights.privacy_officer(name="SZE, Yan")
    assert rights.desk.queue(view)[0].overdue
    found = rights.desk.figures(view)
    assert (found.waiting, found.soon, found.overdue) == (2, 0, 1)


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.PRIVACY_OFFICER])
def test_nobody_else_sees_requests(rights, request_id, reason_of, role) -> None:
    view = rights.office.at_work(role)
    for act in (
        lambda: rights.desk.queue(view),
        lambda: rights.desk.open(view, request_id, reason=WHY),
    ):
        assert reason_of(act, AccessDenied) == "permission_missing"


def test_opening_wants_a_reason_and_a_fresh_passkey(rights, request_id, reason_of) -> None:
    view = rights.privacy_officer()
    act = lambda reason: rights.desk.open(view, request_id, reason=reason)  # noqa: E731
    assert reason_of(lambda: act(None), AccessDenied) == "reason_missing"
    called = AccessReason.RESIDENT_CALLED
    assert reason_of(lambda: act(called), AccessDenied) == "reason_not_allowed"
    rights.clock.pass_(minutes=5)
    assert reason_of(lambda: act(WHY), OfficerStepUpRequired) == "step_up_required"


def test_an_opened_request_shows_what_it_is_about(rights, request_id) -> None:
    view, access = opened(rights, request_id)
    file = rights.desk.look(view, request_id, access)
    assert (file.asked.wish, file.asked.words) == ("CHAN, Tai-man", "A hyphen.")
    assert file.held["name_english"] == "CHAN, Tai Man"
    assert set(file.held) == {"hkic_number", "name_english"}, "nothing but what it is about"
    assert "*" in file.held["hkic_number"]
    assert file.grounds == GROUNDS[RequestKind.CORRECTION]
    seen = rights.office.officers.accesses_of_resident(rights.resident_id)
    assert [(one.what, one.why) for one in seen] == [(Permission.REQUEST_OPEN, WHY)]


def test_a_request_is_answered_once(rights, request_id, reason_of) -> None:
    view, access = opened(rights, request_id)
    rights.desk.answer(view, request_id, access, text=ANSWER)
    (own,) = rights.requests.of_resident(rights.resident_id)
    assert (own.state, own.answer, own.ground) == (RequestState.ANSWERED, ANSWER, None)
    assert own.closed_at == rights.clock.now()
    act = lambda: rights.desk.answer(view, request_id, access, text="Again")  # noqa: E731
    assert reason_of(act, Refused) == "request_closed"
    look = lambda: rights.desk.look(view, request_id, access)  # noqa: E731
    assert reason_of(look, Refused) == "request_closed"
    assert rights.desk.queue(view) == ()
    (event,) = rights.hub.bodies("profile:data-request:answered")
    assert event["late"] is False
    assert {"data_request_answered", "data_request_refused"} <= set(MESSAGES)
    told = rights.hub.look("notices", "of_resident", rights.resident_id)
    assert "data_request_answered" in [one.about for one in told]
    assert not [one for one in rights.hub.records() if b"certificate of reg" in one.body]
    seen = rights.office.officers.accesses_of_resident(rights.resident_id)
    assert {one.what for one in seen} == {Permission.REQUEST_OPEN, Permission.REQUEST_ANSWER}


def test_a_request_is_refused_on_a_ground_of_the_law(rights, request_id, reason_of) -> None:
    view, access = opened(rights, request_id)

    def refuse(ground, text=ANSWER):
        rights.desk.refuse(view, request_id, access, ground=ground, text=text)

    assert reason_of(lambda: refuse(None), MalformedInput) == "refusal_ground_missing"
    repeated = lambda: refuse(RefusalGround.REPEATED)  # noqa: E731 - a ground of s.20, not of s.24
    assert reason_of(repeated, MalformedInput) == "refusal_ground_not_allowed"
    unnamed = lambda: refuse(RefusalGround.OTHER_CONTROLLER, "")  # noqa: E731
    assert reason_of(unnamed, MalformedInput) == "answer_missing"
    assert rights.desk.queue(view), "none of these refused it"
    refuse(RefusalGround.NOT_INACCURATE)
    (own,) = rights.requests.of_resident(rights.resident_id)
    assert (own.state, own.ground) == (RequestState.REFUSED, RefusalGround.NOT_INACCURATE)
    (event,) = rights.hub.bodies("profile:data-request:refused")
    assert event["ground"] == "not_inaccurate"


def test_an_answer_without_words_is_none(rights, request_id, reason_of) -> None:
    view, access = opened(rights, request_id)
    act = lambda: rights.desk.answer(view, request_id, access, text=" \n")  # noqa: E731
    assert reason_of(act, MalformedInput) == "answer_missing"
    long = lambda: rights.desk.answer(view, request_id, access, text="x" * 2001)  # noqa: E731
    assert reason_of(long, MalformedInput) == "request_words_malformed"


def test_an_access_opens_one_persons_request_for_one_officer(
    rights, request_id, reason_of, make_rights
) -> None:
    view, access = opened(rights, request_id)
    other = rights.privacy_officer(name="SZE, Yan")
    look = lambda: rights.desk.look(other, request_id, access)  # noqa: E731
    assert reason_of(look, NotFound) == "access_unknown"
    neighbour = make_rights(rights.hub)
    theirs = neighbour.requests.ask_for_access(neighbour.view).id
    for act in (
        lambda: rights.desk.look(view, theirs, access),
        lambda: rights.desk.answer(view, theirs, access, text=ANSWER),
    ):
        assert reason_of(act, NotFound) == "access_unknown"
    record = rights.office.officers.require(
        view, Permission.RECORD_OPEN, reason=WHY, resident_id=rights.resident_id
    )
    look = lambda: rights.desk.look(view, request_id, record.id)  # noqa: E731
    assert reason_of(look, NotFound) == "access_unknown"
    rights.clock.pass_(minutes=10)
    look = lambda: rights.desk.look(view, request_id, access)  # noqa: E731
    assert reason_of(look, NotFound) == "access_unknown"


def test_nobody_answers_their_own_request(rights, request_id, reason_of) -> None:
    with rights.hub.memory.transaction() as tx:
        kept = rights.hub.fields.read(tx, rights.resident_id, ("hkic_number",))
    view = rights.privacy_officer(own_number=HkicNumber.parse(kept["hkic_number"]))
    act = lambda: rights.desk.open(view, request_id, reason=WHY)  # noqa: E731
    assert reason_of(act, AccessDenied) == "own_record"


def test_an_answer_that_is_late_says_so(rights, request_id) -> None:
    rights.clock.pass_(days=40)
    view, access = opened(rights, request_id)
    rights.desk.answer(view, request_id, access, text=ANSWER)
    assert rights.hub.bodies("profile:data-request:answered")[0]["late"] is True


def test_each_date_is_noticed_once(rights, request_id) -> None:
    def notice() -> list[str]:
        remind(rights.hub.store, rights.clock)
        return [one["reminder"] for one in rights.hub.bodies("profile:data-request:reminded")]

    assert notice() == []
    rights.clock.pass_(days=33, seconds=-1)
    assert notice() == []
    rights.clock.pass_(seconds=1)
    assert notice() == ["soon"]
    assert notice() == ["soon"]
    rights.clock.pass_(days=7)
    assert notice() == ["soon", "overdue"]
    rights.clock.pass_(days=40)
    assert notice() == ["soon", "overdue"]
    view, access = opened(rights, request_id)
    rights.desk.answer(view, request_id, access, text=ANSWER)
    assert remind(rights.hub.store, rights.clock) == 0
