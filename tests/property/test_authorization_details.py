"""Whatever stands in ``authorization_details``, it parses strictly or is refused (RFC 9396 §5)."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel import canonical_json
from hkeid.oidc.authorization_details import MOST_DETAILS, narrowed, parse_details
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.testing.detail_types import TicketType

TYPES = {one.name: one for one in (TicketType(), TicketType(name="p", approval=True))}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "count", "x"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)
TICKET = st.fixed_dictionaries(
    {"type": st.sampled_from([*TYPES, "z"]), "count": st.integers(-1, 120)},
    optional={"more": JSON},
)
TEXT = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=60),
    JSON.map(json.dumps),
    st.lists(st.one_of(TICKET, JSON), max_size=12).map(json.dumps),
)


@given(text=TEXT, allowed=st.sets(st.sampled_from([*TYPES, "z"])))
def test_it_parses_or_is_refused_by_the_right_error(text: str, allowed: set[str]) -> None:
    try:
        details = parse_details(text, TYPES, allowed)
    except OAuthError as error:
        assert error.code is ErrorCode.INVALID_AUTHORIZATION_DETAILS
        assert error.reason.startswith("details_")
        assert error.description.isascii()
        return
    assert 1 <= len(details) <= MOST_DETAILS
    assert sum(TYPES[one["type"]].approval for one in details) <= 1
    for one in details:
        assert one["type"] in allowed
        assert set(one) == {"type", "count"}
        assert 0 < one["count"] < 100
    kept = canonical_json.loads(canonical_json.dumps([dict(one) for one in details]))
    assert kept == [dict(one) for one in details]
    assert kept == json.loads(text), "nothing is added, nothing lost"
    assert narrowed(details, details, TYPES) == details


@given(
    granted=st.lists(TICKET, min_size=1, max_size=3), asked=st.lists(TICKET, min_size=1, max_size=3)
)
def test_narrowing_never_widens(granted: list[dict], asked: list[dict]) -> None:
    with suppress(OAuthError):
        have = parse_details(json.dumps(granted), TYPES, TYPES)
        want = parse_details(json.dumps(asked), TYPES, TYPES)
        given_ = narrowed(have, want, TYPES)
        for one in given_:
            most = max(own["count"] for own in have if own["type"] == one["type"])
            assert one["count"] <= most
