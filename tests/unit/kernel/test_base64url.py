"""RFC 7515 §2: base64url without padding, and only one text for one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, MalformedInput


@given(st.binary(max_size=200))
def test_round_trip(value: bytes) -> None:
    assert base64url.decode(base64url.encode(value)) == value


@pytest.mark.parametrize(
    "text", ["QQ==", "Q", "QR", "Q+", "Q/", "QQ\n", " QQ", "QQ QQ", "Ä", "Q=Q"]
)
def test_refused(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        base64url.decode(text, field="challenge")
    assert caught.value.reason == "base64url_malformed"
    assert caught.value.field == "challenge"


@given(st.text(max_size=40))
def test_only_our_errors_and_only_canonical_text(text: str) -> None:
    try:
        value = base64url.decode(text)
    except HkeidError:
        return
    assert base64url.encode(value) == text
