"""Asking: forty days to the second, one of a kind waits, a fresh login, words sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hkeid.broker import StepUpRequired
from hkeid.kernel.errors import MalformedInput, NotFound, Refused, TooManyAttempts
from hkeid.profile.rights import RequestKind, RequestState
from hkeid.profile.rights.records import TERM, DataRequest

WORDS = "The clerk read 陳大文 wrongly in 1985."


def correction(rights, **more):
    said = {"wish": "12 April 1986", "words": WORDS, "language": "zh-Hans", **more}
    return rights.requests.ask_for_correction(rights.view, ("birth_date",), **said)


def test_a_request_is_due_in_forty_days(rights) -> None:
    assert timedelta(days=40) == TERM
    made = correction(rights)
    assert made.received_at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert made.due_at == datetime(2026, 12, 13, 9, 0, tzinfo=UTC)
    assert rights.hub.bodies("profile:data-request:received") == [
        {
            "request_id": made.id,
            "resident_id": rights.resident_id,
            "kind": "correction",
            "fields": ["birth_date"],
        }
    ]


def a_waiting(due: datetime) -> DataRequest:
    return DataRequest(
        id="7F3K-9Q2M-XA4D",
        resident_id="r",
        kind=RequestKind.ACCESS,
        language="en",
        received_at=due - TERM,
        due_at=due,
    )


@pytest.mark.parametrize(
    ("after", "left", "overdue"),
    [
        (timedelta(0), 40, False),
        (timedelta(seconds=1), 40, False),
        (timedelta(days=1), 39, False),
        (timedelta(days=39, hours=23, minutes=59, seconds=59), 1, False),
        (timedelta(days=40), 0, True),
        (timedelta(days=40, seconds=1), -1, True),
        (timedelta(days=42), -2, True),
    ],
)
def test_days_are_counted_from_receipt(after, left, overdue) -> None:
    due = datetime(2027, 3, 15, 1, 2, 3, tzinfo=UTC)
    request = a_waiting(due)
    assert request.days_left(request.received_at + after) == left
    assert request.overdue(request.received_at + after) is overdue


def test_what_was_written_is_read_by_its_owner_and_sealed(rights) -> None:
    made = correction(rights)
    (own,) = rights.requests.of_resident(rights.resident_id)
    assert own == made
    assert (own.asked.wish, own.asked.words) == ("12 April 1986", WORDS)
    kept = rights.hub.look("data_requests", "get", made.id)
    assert b"1986" not in kept.asked
    assert "1986" not in repr(kept)
    assert "1986" not in repr(own)
    assert not [one for one in rights.hub.records() if b"1986" in one.body]


def test_one_of_a_kind_waits(rights, reason_of) -> None:
    correction(rights)
    assert reason_of(lambda: correction(rights), Refused) == "request_open"
    other = rights.requests.ask_for_access(rights.view)
    assert other.kind is RequestKind.ACCESS
    rights.requests.withdraw(rights.resident_id, other.id)
    assert rights.requests.ask_for_access(rights.view).id != other.id
    assert len(rights.hub.bodies("profile:data-request:received")) == 3


def test_a_request_is_withdrawn_by_its_owner_once(rights, reason_of) -> None:
    made = correction(rights)
    withdraw = rights.requests.withdraw
    assert reason_of(lambda: withdraw("somebody", made.id), NotFound) == "request_unknown"
    assert reason_of(lambda: withdraw(rights.resident_id, "none"), NotFound) == "request_unknown"
    withdraw(rights.resident_id, made.id)
    assert rights.requests.of_resident(rights.resident_id)[0].state is RequestState.WITHDRAWN
    again = lambda: withdraw(rights.resident_id, made.id)  # noqa: E731
    assert reason_of(again, Refused) == "request_closed"
    assert len(rights.hub.bodies("profile:data-request:withdrawn")) == 1


def test_asking_wants_a_fresh_login(rights, reason_of) -> None:
    rights.clock.pass_(minutes=30)
    correction(rights)
    rights.clock.pass_(seconds=1)
    act = lambda: rights.requests.ask_for_access(rights.view)  # noqa: E731
    assert reason_of(act, StepUpRequired) == "authentication_too_old"
    rights.login()
    assert rights.requests.ask_for_access(rights.view).state is RequestState.RECEIVED


@pytest.mark.parametrize(
    ("names", "wish", "words", "reason", "field"),
    [
        ((), "x", "", "request_fields_missing", "fields"),
        (("address",), "x", "", "request_field_unknown", "fields"),
        (("birth_date", "contact_email"), "x", "", "request_field_unknown", "fields"),
        (("sex",), "", "", "request_wish_malformed", "wish"),
        (("sex",), "x" * 301, "", "request_wish_malformed", "wish"),
        (("sex",), "a\u202eb", "", "request_wish_malformed", "wish"),
        (("sex",), "x", "y" * 2001, "request_words_malformed", "words"),
        (("sex",), "x", "\x00", "request_words_malformed", "words"),
    ],
)
def test_what_is_wrong_is_said(rights, names, wish, words, reason, field) -> None:
    with pytest.raises(MalformedInput) as caught:
        rights.requests.ask_for_correction(rights.view, names, wish=wish, words=words)
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert rights.requests.of_resident(rights.resident_id) == ()


def test_requests_have_a_limit_a_year(rights, reason_of) -> None:
    for _ in range(24):
        made = rights.requests.ask_for_access(rights.view)
        rights.requests.withdraw(rights.resident_id, made.id)
    act = lambda: rights.requests.ask_for_access(rights.view)  # noqa: E731
    assert reason_of(act, TooManyAttempts) == "requests_exhausted"
    rights.clock.pass_(days=365, seconds=1)
    rights.login()
    assert rights.requests.ask_for_access(rights.view).state is RequestState.RECEIVED


def test_lines_stay_lines(rights) -> None:
    made = rights.requests.ask_for_access(rights.view, words="  one  \r\n two\t\n")
    assert made.asked.words == "one\n two"
