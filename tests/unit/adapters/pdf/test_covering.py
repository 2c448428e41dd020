"""What counts as something under a field, and what is only a place to sign."""

from __future__ import annotations

import pytest

from hkeid.adapters.pdf.validation.covering import place_on
from hkeid.testing.papers import paper

BOX = (300.0, 60.0, 500.0, 120.0)

PLACES_TO_SIGN = {
    "nothing": b"",
    "line": b"0.5 w 310 70 m 490 70 l S",
    "dashed": b"[3 3] 0 d 0.5 w 310 70 m 490 70 l S",
    "dotted": b"[1 2] 0 d 1 w 310 70 m 490 70 l S",
    "frame": b"3 w 300 60 200 60 re S",
    "tint": b"0.9 g 280 40 240 100 re f",
    "dark ground": b"0.2 0.3 0.6 rg 0 0 595 200 re f",
}
SOMETHING = {
    "text": b"BT /F1 12 Tf 320 80 Td (one million) Tj ET",
    "digits without a font": b"2 w 350 80 m 350 100 l 360 80 m 372 100 l 372 80 l S",
    "one cross": b"2 w 310 70 m 320 80 l 310 80 m 320 70 l S",
    "white on black": b"0 g 300 60 200 60 re f 1 G 3 w 350 80 m 370 100 l 380 80 l S",
    "letters over a line": b"0.5 w 310 70 m 490 70 l S 2 w 350 71 m 360 90 l 370 71 l S",
    "many lines": b"1 w " + b" ".join(b"300 %d m 500 %d l S" % (y, y) for y in range(64, 118, 3)),
}


def covers(content: bytes, *others) -> bool:
    def change(document) -> None:
        page = document.pages[0].obj
        page.Contents = document.make_stream(page.Contents.read_bytes() + b"\n" + content)

    (place,) = place_on(paper(change=change), [(0, BOX)], others)
    return place.covers_content


@pytest.mark.parametrize("name", PLACES_TO_SIGN)
def test_a_place_to_sign_is_free(name) -> None:
    assert not covers(PLACES_TO_SIGN[name])


@pytest.mark.parametrize("name", SOMETHING)
def test_something_is_under_the_field(name) -> None:
    assert covers(SOMETHING[name])


def test_another_field_counts_where_it_overlaps() -> None:
    assert covers(b"", (0, (490.0, 110.0, 550.0, 130.0)))
    assert not covers(b"", (0, (501.0, 60.0, 550.0, 120.0)), (1, BOX))
