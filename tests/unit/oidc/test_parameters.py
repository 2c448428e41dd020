"""RFC 6749 §3.1: once each, empty is omitted, unknown is ignored."""

from __future__ import annotations

import pytest

from hkeid.kernel.http import Parameters
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.parameters import receive

LIMITS = {"state": 5, "claims": 20, "scope": 10}


def got(*pairs: tuple[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    found = receive(Parameters(pairs), LIMITS, white_space_allowed=("claims",))
    return dict(found.values), dict(found.faults)


def test_known_parameters_are_kept() -> None:
    assert got(("state", "12345"), ("scope", "openid")) == (
        {"state": "12345", "scope": "openid"},
        {},
    )


def test_unknown_parameters_are_ignored_repeated_or_not() -> None:
    assert got(("resource", "a"), ("resource", "b\x00"), ("x", "y" * 99999)) == ({}, {})


def test_empty_means_omitted() -> None:
    assert got(("state", "")) == ({}, {})


@pytest.mark.parametrize("values", [("a", "a"), ("a", ""), ("", "a"), ("", "")])
def test_a_repeated_parameter_has_no_value(values: tuple[str, str]) -> None:
    assert got(*(("state", value) for value in values)) == ({}, {"state": "parameter_repeated"})


def test_a_long_parameter_has_no_value() -> None:
    assert got(("state", "123456")) == ({}, {"state": "parameter_too_long"})


@pytest.mark.parametrize("bad", ["\x00", "\n", "\r", "\t", "\x7f", "\x85", "\u2028", "\ud800"])
def test_control_characters_are_a_fault(bad: str) -> None:
    assert got(("state", f"a{bad}b")) == ({}, {"state": "parameter_control_character"})


def test_json_may_have_line_ends_but_no_other_control_characters() -> None:
    assert got(("claims", "{\r\n\t}")) == ({"claims": "{\r\n\t}"}, {})
    assert got(("claims", "{\x0b}"))[1] == {"claims": "parameter_control_character"}


def test_faults_raise_in_the_order_of_the_request() -> None:
    found = receive(Parameters((("scope", "x" * 11), ("state", "\n"))), LIMITS)
    with pytest.raises(OAuthError) as caught:
        found.refuse_faults()
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.reason == "parameter_too_long"
    with pytest.raises(OAuthError, match="parameter_control_character"):
        found.refuse_faults(("state",))
    found.refuse_faults(("claims",))
