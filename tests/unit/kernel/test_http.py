"""Parameters keep order and repetition; redirects are safe by construction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.kernel.http import Parameters, Response, redirect, with_query


def test_repetition_stays_visible() -> None:
    parameters = Parameters.parse("scope=openid&state=1&scope=email&state=2&scope=x&empty=")
    assert parameters.all("scope") == ("openid", "email", "x")
    assert parameters.get("scope") == "openid"
    assert parameters.repeated() == ("scope", "state")
    assert parameters.get("empty") == ""
    assert parameters.get("absent") is None
    assert "empty" in parameters
    assert "absent" not in parameters
    assert len(parameters) == 6


@pytest.mark.parametrize("encoded", ["a=%ff", "&".join(f"a{i}=1" for i in range(300)), b"a=\xff"])
def test_malformed(encoded: str | bytes) -> None:
    with pytest.raises(MalformedInput) as caught:
        Parameters.parse(encoded)
    assert caught.value.reason == "parameters_malformed"


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=8))
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    try:
        encoded = Parameters.of(pairs).encode()
    except UnicodeEncodeError:
        return
    assert list(Parameters.parse(encoded)) == pairs


@given(st.binary(max_size=200))
def test_only_our_errors(raw: bytes) -> None:
    try:
        Parameters.parse(raw)
    except HkeidError as error:
        assert error.reason == "parameters_malformed"


def test_redirect_is_never_cached_and_never_307() -> None:
    answer = redirect("https://rp.example/cb?code=1")
    assert answer.status == 303
    assert answer.header("location") == "https://rp.example/cb?code=1"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("referrer-policy") == "no-referrer"
    assert Response(status=200).header("location") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://rp.example/cb", "https://rp.example/cb?a=1&b=%26"),
        ("https://rp.example/cb?x=y", "https://rp.example/cb?x=y&a=1&b=%26"),
    ],
)
def test_with_query_keeps_what_the_url_had(url: str, expected: str) -> None:
    assert with_query(url, [("a", "1"), ("b", "&")]) == expected
    assert with_query(url, []) == url
