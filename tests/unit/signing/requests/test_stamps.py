"""Visible stamps: where they may stand, and whose name they bear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hkeid.ports.pdf import Box
from hkeid.signing import DocumentRefused
from hkeid.signing.requests import approving
from hkeid.signing.requests.errors import SignatureRequestMalformed
from hkeid.signing.requests.particulars import Particulars, RequestedDocument, StampPlace
from hkeid.signing.requests.stamps import read_place, stamp_of

BOX: Box = (60.25, 60.0, 300.5, 130.0)
DOCUMENT = RequestedDocument(name="Paper", digest=b"d" * 32, size=9, pages=3, reason="I agree")


def test_a_place_is_read() -> None:
    assert read_place({}) is None
    assert read_place({"stamp": {"box": list(BOX)}}) == StampPlace(page=1, box=BOX)
    assert read_place({"stamp": {"page": 3, "box": [0, 0, 60, 24]}}) == StampPlace(
        page=3, box=(0, 0, 60, 24)
    )
    assert read_place({"field": "witness", "stamp": {}}) == StampPlace()


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        True,
        {},
        {"page": 1},
        {"box": [0, 0, 100]},
        {"box": [0, 0, 100, "50"]},
        {"box": [0, 0, 100, True]},
        {"box": [0, 0, 100, float("nan")]},
        {"box": [0, 0, 100, float("inf")]},
        {"box": [-1, 0, 100, 50]},
        {"box": [100, 50, 0, 0]},
        {"box": [0, 0, 59, 50]},
        {"box": [0, 0, 100, 23]},
        {"box": [0, 0, 100, 50], "page": 0},
        {"box": [0, 0, 100, 50], "page": True},
        {"box": [0, 0, 100, 50], "page": 1.5},
        {"box": [0, 0, 100, 50], "colour": "red"},
    ],
)
def test_what_is_no_place_is_refused(stamp: Any) -> None:
    with pytest.raises(SignatureRequestMalformed, match="stamp_malformed"):
        read_place({"stamp": stamp})


def test_a_prepared_field_has_its_place() -> None:
    with pytest.raises(SignatureRequestMalformed, match="stamp_malformed"):
        read_place({"field": "witness", "stamp": {"box": [0, 0, 100, 50]}})


@pytest.mark.parametrize("stamp", [None, StampPlace(), StampPlace(page=2, box=BOX)])
def test_the_place_is_kept_with_the_particulars(stamp: StampPlace | None) -> None:
    kept = Particulars(purpose="", code="K7WM", documents=(replace(DOCUMENT, stamp=stamp),))
    assert Particulars.loads(kept.dumps()) == kept


def test_the_stamp_says_who_why_and_where_to_check(hub) -> None:
    place = StampPlace(page=2, box=BOX)
    made = stamp_of(
        replace(DOCUMENT, stamp=place), hub.clock.now(), name="陳大文", url="https://x.hk/verify"
    )
    assert (made.page, made.box, made.link) == (1, BOX, "https://x.hk/verify")
    assert {"陳大文", "I agree"} <= {one.text for one in made.lines}
    assert stamp_of(DOCUMENT, hub.clock.now(), url=None) is None


def test_a_name_that_the_font_lacks_stands_in_latin(hub, monkeypatch) -> None:
    """A rare character keeps nobody from signing."""
    tried: list[str] = []

    def prepare(*_: Any, stamp: Any, **__: Any) -> str:
        tried.append(stamp.lines[1].text)
        if not tried[-1].isascii():
            raise DocumentRefused("stamp_character_missing")
        return "prepared"

    monkeypatch.setattr(approving, "prepare_pdf", prepare)
    monkeypatch.setattr(approving, "common_name", lambda _: "CHAN Tai Man 陳\U00030000文")
    monkeypatch.setattr(approving, "signer_identity", lambda key: key)

    class Anything:
        certificates = (b"",)

        def __getattr__(self, _: str) -> Any:
            return Anything()

        def __call__(self, *_: Any) -> Any:
            return b""

    parts: Any = Anything()
    asked = replace(DOCUMENT, stamp=StampPlace(box=BOX))
    work: Any = approving.Approving(parts, parts)
    assert work._prepare(parts, 1, asked, parts, hub.clock.now()) == "prepared"
    assert tried == ["CHAN Tai Man 陳\U00030000文", "CHAN Tai Man"]
