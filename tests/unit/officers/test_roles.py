"""The table of roles: every cell is said here once more, so that a change is a decision."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from hkeid.kernel.errors import Refused
from hkeid.officers import (
    GRANTS,
    PERMISSION_WORDS,
    REASON_WORDS,
    ROLE_WORDS,
    RULES,
    AccessReason,
    Permission,
    Role,
    matrix,
    permissions_of,
)
from hkeid.officers.roles import check_roles

R, S, C, P, A, O = Role  # registration, senior, counter, privacy, auditor, operator

MATRIX = {
    Permission.FIGURES_READ: {R, S, P, A, O},
    Permission.QUEUE_READ: {R, S},
    Permission.CASE_OPEN: {R, S},
    Permission.CASE_DECIDE: {R, S},
    Permission.CASE_SETTLE: {S},
    Permission.RECORD_OPEN: {R, S, P},
    Permission.RECORD_SUSPEND: {R, S, C},
    Permission.RECORD_RESUME: {S},
    Permission.ACCESSES_READ: {P, A},
    Permission.NOTE_READ: {P},
    Permission.AUDIT_SEARCH: {P, A},
    Permission.REQUESTS_READ: {P},
    Permission.REQUEST_OPEN: {P},
    Permission.REQUEST_ANSWER: {P},
    Permission.STATION_SERVE: {C},
    Permission.STATION_SIT: {C},
    Permission.STATION_READ: {C, O},
    Permission.OFFICERS_READ: {A, O},
}


@pytest.mark.parametrize(("permission", "role"), list(product(Permission, Role)))
def test_every_cell_of_the_matrix(permission: Permission, role: Role) -> None:
    assert (permission in GRANTS[role]) is (role in MATRIX[permission])


def test_every_permission_has_a_rule_and_somebody_who_holds_it() -> None:
    assert set(RULES) == set(Permission) == set(MATRIX)
    assert set().union(*GRANTS.values()) == set(Permission)


def test_what_touches_somebodys_data_needs_a_fresh_passkey_and_a_reason_and_is_shown() -> None:
    for permission, rule in RULES.items():
        if rule.shown or rule.reasons:
            assert rule.shown, permission
            assert rule.step_up, permission
            assert rule.reasons, permission
            assert rule.audited, permission


def test_the_operator_sees_nobodys_data() -> None:
    assert not any(RULES[permission].shown for permission in GRANTS[Role.OPERATOR])


def test_roles_add_up_and_nothing_else() -> None:
    assert permissions_of(()) == frozenset()
    both = permissions_of((Role.REGISTRATION_OFFICER, Role.SENIOR_OFFICER))
    assert both == GRANTS[Role.REGISTRATION_OFFICER] | GRANTS[Role.SENIOR_OFFICER]


@pytest.mark.parametrize(
    "roles",
    [
        (Role.AUDITOR, Role.SENIOR_OFFICER),
        (Role.PRIVACY_OFFICER, Role.STATION_OFFICER),
        (Role.OPERATOR, Role.REGISTRATION_OFFICER),
        (Role.OPERATOR, Role.AUDITOR),
    ],
)
def test_nobody_watches_over_their_own_decisions(roles: tuple[Role, ...]) -> None:
    with pytest.raises(Refused) as caught:
        check_roles(roles)
    assert caught.value.reason == "roles_incompatible"


def test_an_officer_has_a_role() -> None:
    with pytest.raises(Refused) as caught:
        check_roles(())
    assert caught.value.reason == "roles_missing"
    check_roles((Role.REGISTRATION_OFFICER, Role.SENIOR_OFFICER))
    check_roles((Role.AUDITOR, Role.PRIVACY_OFFICER))


def test_everything_a_resident_reads_is_there_in_three_languages() -> None:
    languages = {"en", "zh-Hant-HK", "zh-Hans"}
    assert set(ROLE_WORDS) == set(Role)
    assert set(REASON_WORDS) == set(AccessReason)
    assert set(PERMISSION_WORDS) == {p for p in Permission if RULES[p].shown}
    for words in (*ROLE_WORDS.values(), *REASON_WORDS.values(), *PERMISSION_WORDS.values()):
        assert set(words) == languages
        assert all(words.values())


def test_the_documentation_shows_this_table() -> None:
    document = Path(__file__).parents[3] / "docs/reference/officer-roles.md"
    again = "python -c \"from hkeid.officers import matrix; print(matrix(), end='')\""
    assert matrix() in document.read_text("utf-8"), f"paste the output of: {again}"
