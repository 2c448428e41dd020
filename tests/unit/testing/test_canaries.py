"""The search for canaries finds what it must, and nothing else."""

from __future__ import annotations

import html
import json
import urllib.parse
from base64 import b64encode, urlsafe_b64encode

import pytest

from hkeid.testing.canaries import Canary, CanarySearch, spellings

TEXTS = ("QWXZ, Vkjh Plmr", "㐀䶵龘靐", "𠮷𠀋𡃁𪚥", "mX3-tok_en~value.123", "a+b/c=d&e f<g>")
KEY = bytes(range(3, 250, 8))


def _found(value: str | bytes, content: bytes) -> bool:
    sightings = CanarySearch([Canary(kind="it", value=value)]).find(content)
    assert {sighting.kind for sighting in sightings} <= {"it"}
    return bool(sightings)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "disguise",
    [
        str.encode,
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.lower().encode(),
        lambda text: text.upper().encode(),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode().hex().upper().encode(),
        lambda text: json.dumps({"name": text}).encode(),
        lambda text: urllib.parse.urlencode({"name": text}).encode(),
        lambda text: urllib.parse.quote(text).encode() if "/" not in text else text.encode(),
        lambda text: html.escape(text).encode(),
        lambda text: repr(text.encode()).encode(),
        lambda text: "".join(f"&#{ord(sign)};" for sign in text).encode(),
    ],
)
def test_a_text_is_found_in_disguise(text: str, disguise) -> None:
    assert _found(text, b"before " + disguise(text) + b" after")


@pytest.mark.parametrize("value", [*TEXTS, KEY])
@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_base64_is_found_at_each_alignment(value, before: int, after: int, encode) -> None:
    raw = value if isinstance(value, bytes) else value.encode()
    assert _found(value, b"{" + encode(b"\xa5" * before + raw + b"\x5a" * after) + b"}")


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        KEY.hex().encode(),
        KEY.hex(":").encode(),
        repr(KEY).encode(),
        b"%d" % int.from_bytes(KEY),
    ],
)
def test_a_key_is_found(written: bytes) -> None:
    assert _found(KEY, b"d = " + written + b".")


def test_others_are_not_found() -> None:
    search = CanarySearch(Canary(kind=text, value=text) for text in TEXTS)
    assert search.find(b"QWXZ, Vkjh Plm\nmX3-tok_en~value.12" * 3) == []
    assert search.find(b"") == []


def test_a_sighting_does_not_show_the_value() -> None:
    canary = Canary(kind="name", value="QWXZ, Vkjh Plmr")
    (sighting,) = CanarySearch([canary]).find(b"<QWXZ, Vkjh Plmr>")
    assert (sighting.kind, sighting.spelling, sighting.at) == ("name", "text", 1)
    assert "QWXZ" not in f"{canary!r}{sighting!r}"


def test_what_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        spellings("abc")
