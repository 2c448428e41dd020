"""The gate: permission, fresh passkey, reason; recorded together; shown to the person concerned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound
from hkeid.officers import (
    GRANTS,
    RULES,
    AccessDenied,
    AccessReason,
    OfficerStepUpRequired,
    Permission,
    Role,
    search_trail,
)
from hkeid.officers.reasons import parse_note, parse_reason


def reason_of(act: Callable[[], Any], kind: type[HkeidError] = HkeidError) -> str:
    with pytest.raises(kind) as caught:
        act()
    return caught.value.reason


def a_reason(permission: Permission) -> AccessReason | None:
    return min(RULES[permission].reasons, default=None)


def holder_of(permission: Permission) -> Role:
    return next(role for role in Role if permission in GRANTS[role])


def stranger_to(permission: Permission) -> Role:
    return next(role for role in Role if permission not in GRANTS[role])


@pytest.mark.parametrize("permission", Permission)
def test_without_the_permission_the_verb_refuses_and_records(
    desk: Any, permission: Permission
) -> None:
    view = desk.at_work(stranger_to(permission))
    act = lambda: desk.officers.require(  # noqa: E731
        view, permission, reason=a_reason(permission), resident_id="r1"
    )
    assert reason_of(act, AccessDenied) == "permission_missing"
    denied = desk.bodies("officers:access:denied")
    assert [(one["permission"], one["denied"]) for one in denied] == [
        (permission.value, "permission_missing")
    ]
    assert desk.bodies("officers:access:made") == []
    assert desk.officers.accesses_of_resident("r1") == ()


@pytest.mark.parametrize("permission", Permission)
def test_with_the_permission_it_passes_and_is_recorded_once(
    desk: Any, permission: Permission
) -> None:
    view = desk.at_work(holder_of(permission))
    access = desk.officers.require(view, permission, reason=a_reason(permission), resident_id="r1")
    made = desk.bodies("officers:access:made")
    assert len(made) == RULES[permission].audited
    seen = desk.officers.accesses_of_resident("r1")
    if RULES[permission].shown:
        assert access is not None
        assert [(one.what, one.why, one.role) for one in seen] == [
            (permission, a_reason(permission), holder_of(permission))
        ]
        assert seen[0].at == desk.clock.now()
        assert not hasattr(seen[0], "officer_id"), "the resident sees the office, not the person"
    else:
        assert access is None
        assert seen == ()


@pytest.mark.parametrize("permission", [p for p in Permission if RULES[p].needs_reason])
def test_no_access_without_a_reason(desk: Any, permission: Permission) -> None:
    view = desk.at_work(holder_of(permission))
    act = lambda: desk.officers.require(view, permission, resident_id="r1")  # noqa: E731
    assert reason_of(act, AccessDenied) == "reason_missing"
    wrong = next(one for one in AccessReason if one not in RULES[permission].reasons)
    act = lambda: desk.officers.require(view, permission, reason=wrong)  # noqa: E731
    assert reason_of(act, AccessDenied) == "reason_not_allowed"
    assert desk.officers.accesses_of_resident("r1") == ()
    assert len(desk.bodies("officers:access:denied")) == 2


@pytest.mark.parametrize("permission", [p for p in Permission if RULES[p].step_up])
def test_a_stale_step_up_does_not_pass(desk: Any, permission: Permission) -> None:
    view = desk.at_work(holder_of(permission))
    desk.clock.pass_(minutes=5)
    act = lambda: desk.officers.require(  # noqa: E731
        view, permission, reason=a_reason(permission), resident_id="r1"
    )
    assert reason_of(act, OfficerStepUpRequired) == "step_up_required"
    assert desk.bodies("officers:access:denied")[-1]["denied"] == "step_up_required"


def test_a_view_that_claims_to_be_fresh_is_not_believed(desk: Any) -> None:
    from dataclasses import replace
    from datetime import timedelta

    view = desk.at_work(Role.SENIOR_OFFICER)
    desk.clock.pass_(minutes=6)
    forged = replace(view, fresh_until=desk.clock.now() + timedelta(hours=1), roles=tuple(Role))
    act = lambda: desk.officers.require(  # noqa: E731
        forged, Permission.RECORD_OPEN, reason=AccessReason.COMPLAINT
    )
    assert reason_of(act) == "step_up_required"
    act = lambda: desk.officers.require(forged, Permission.AUDIT_SEARCH)  # noqa: E731
    assert reason_of(act) == "permission_missing"


def test_roles_hold_from_the_next_request_on(desk: Any) -> None:
    view = desk.at_work(Role.SENIOR_OFFICER)
    desk.officers.staff.set_roles(view.officer_id, (Role.AUDITOR,))
    act = lambda: desk.officers.require(view, Permission.QUEUE_READ)  # noqa: E731
    assert reason_of(act) == "permission_missing"
    desk.officers.require(view, Permission.AUDIT_SEARCH)


def test_an_ended_session_does_nothing(desk: Any) -> None:
    session = desk.login(desk.hire(Role.AUDITOR))
    desk.officers.login.logout(session.reference.reveal())
    act = lambda: desk.officers.require(session.view, Permission.AUDIT_SEARCH)  # noqa: E731
    assert reason_of(act) == "officer_session_ended"
    view = desk.at_work(Role.AUDITOR, name="YU, Hat")
    desk.officers.staff.suspend(view.officer_id)
    act = lambda: desk.officers.require(view, Permission.AUDIT_SEARCH)  # noqa: E731
    assert reason_of(act) == "officer_session_ended"


def test_access_and_deed_are_kept_together_or_not_at_all(desk: Any) -> None:
    view = desk.at_work(Role.SENIOR_OFFICER)

    def fail() -> None:
        with desk.officers.acting(
            view, Permission.RECORD_OPEN, reason=AccessReason.COMPLAINT, resident_id="r1"
        ):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert desk.officers.accesses_of_resident("r1") == ()
    assert desk.bodies("officers:access:made") == []


def test_nobody_opens_their_own_record(hub: Any, desk: Any) -> None:
    person = hub.person()
    own = hub.activation.register_applicant(person)
    view = desk.at_work(Role.SENIOR_OFFICER, own_number=person.hkic_number)
    act = lambda: desk.officers.require(  # noqa: E731
        view, Permission.RECORD_OPEN, reason=AccessReason.COMPLAINT, resident_id=own
    )
    assert reason_of(act, AccessDenied) == "own_record"
    assert desk.bodies("officers:access:denied")[-1]["denied"] == "own_record"


def test_the_note_is_sealed_and_a_privacy_officer_alone_reads_it(hub: Any, desk: Any) -> None:
    resident_id = hub.activation.register_applicant(hub.person())
    view = desk.at_work(Role.SENIOR_OFFICER)
    access = desk.officers.require(
        view,
        Permission.RECORD_OPEN,
        reason=AccessReason.COMPLAINT,
        note="Letter of 3 November",
        resident_id=resident_id,
    )
    assert b"Letter" not in access.note
    privacy = desk.at_work(Role.PRIVACY_OFFICER, name="SZE, Yan")
    why = AccessReason.COMPLAINT
    assert desk.officers.read_note(privacy, access.id, reason=why) == "Letter of 3 November"
    refused = lambda: desk.officers.read_note(view, access.id, reason=why)  # noqa: E731
    assert reason_of(refused) == "permission_missing"
    hub.fields.erase(desk.store, resident_id, desk.clock.now())
    gone = lambda: desk.officers.read_note(privacy, access.id, reason=why)  # noqa: E731
    assert reason_of(gone) == "data_key_missing", "the note goes with the eID"


def test_overseers_see_which_officer_it_was_and_are_seen_themselves(desk: Any) -> None:
    view = desk.at_work(Role.SENIOR_OFFICER)
    desk.officers.require(
        view, Permission.RECORD_OPEN, reason=AccessReason.COMPLAINT, resident_id="r1"
    )
    auditor = desk.at_work(Role.AUDITOR, name="YU, Hat")
    desk.clock.pass_(seconds=1)
    traced = desk.officers.traced_accesses(auditor, "r1", reason=AccessReason.SUSPECTED_MISUSE)
    assert traced[-1].officer_id == view.officer_id
    seen = desk.officers.accesses_of_resident("r1")
    assert [one.what for one in seen] == [Permission.ACCESSES_READ, Permission.RECORD_OPEN]


def test_an_opening_is_ones_own_and_lasts_ten_minutes(desk: Any) -> None:
    view = desk.at_work(Role.SENIOR_OFFICER)
    access = desk.officers.require(
        view, Permission.RECORD_OPEN, reason=AccessReason.COMPLAINT, resident_id="r1"
    )
    assert desk.officers.opening(view, access.id) == access
    other = desk.at_work(Role.SENIOR_OFFICER, name="SUI, Ling")
    assert reason_of(lambda: desk.officers.opening(other, access.id), NotFound) == "access_unknown"
    desk.clock.pass_(minutes=10)
    assert reason_of(lambda: desk.officers.opening(view, access.id), NotFound) == "access_unknown"


def test_what_was_looked_at_before_there_was_an_eid_is_seen_as_well(desk: Any) -> None:
    view = desk.at_work(Role.SENIOR_OFFICER)
    why = AccessReason.REVIEW_OF_REGISTRATION
    desk.officers.require(view, Permission.CASE_OPEN, reason=why, case_id="case-1")
    assert desk.officers.accesses_of_resident("r1") == ()
    assert len(desk.officers.accesses_of_resident("r1", cases=("case-1",))) == 1
    with desk.store.transaction() as tx:
        assert tx.record_accesses.bind_case("case-1", "r1") == 1
        assert tx.record_accesses.bind_case("case-1", "r2") == 0
    assert len(desk.officers.accesses_of_resident("r1")) == 1


def test_the_trail_is_searched_by_those_who_may(desk: Any) -> None:
    from datetime import timedelta

    auditor = desk.at_work(Role.AUDITOR)
    now = desk.clock.now()
    span = {"since": now - timedelta(hours=1), "until": now + timedelta(seconds=1)}
    found = search_trail(desk.officers, auditor, name="officers:", about=auditor.officer_id, **span)
    names = {line.name for line in found.lines}
    assert "officers:officer:enrolled" in names
    assert found.complete
    assert not any("KO" in text for line in found.lines for _, text in line.members)
    short = search_trail(desk.officers, auditor, limit=2, **span)
    assert len(short.lines) == 2
    assert not short.complete
    other = desk.at_work(Role.REGISTRATION_OFFICER, name="SUI, Ling")
    assert reason_of(lambda: search_trail(desk.officers, other, **span)) == "permission_missing"
    for bad in ({"name": "x" * 81}, {"about": "a b"}, {"name": "'; --"}):
        act = lambda bad=bad: search_trail(desk.officers, auditor, **span, **bad)  # noqa: E731
        assert reason_of(act, MalformedInput) == "trail_search_malformed"


def test_reasons_and_notes_come_from_forms() -> None:
    assert parse_reason("") is None
    assert parse_reason("complaint") is AccessReason.COMPLAINT
    assert reason_of(lambda: parse_reason("curiosity"), MalformedInput) == "access_reason_unknown"
    assert parse_note("  two \n words ") == "two words"
    for note in ("x" * 201, "a\x00b", "\u202eabc"):
        assert reason_of(lambda note=note: parse_note(note)) == "access_note_malformed"
