"""Addresses, telephone numbers and e-mail addresses: what is written is read back, and hostile input
ends in our own errors.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hkeid.identity import (
    Address,
    AddressScript,
    District,
    FreeFormatAddress,
    PostOfficeBox,
    Premises,
    PremisesAddress,
    Region,
    TelephoneNumber,
    address_as_json,
    address_claim,
    address_in_lines,
    parse_address,
    parse_address_text,
    parse_email,
)
from hkeid.identity.address import PREMISES_PARTS
from hkeid.kernel.errors import MalformedInput

WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Po")), min_size=1, max_size=20)
DISTRICTS = st.sampled_from(list(District))


@st.composite
def premises(draw: st.DrawFn, district: District) -> Premises:
    parts = draw(st.dictionaries(st.sampled_from(PREMISES_PARTS), WORDS))
    parts.setdefault("building", draw(WORDS))
    for number, name in (("street_number", "street"), ("village_number", "village")):
        if number in parts:
            parts.setdefault(name, draw(WORDS))
    return Premises(district=district, **parts)


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    kind = draw(st.sampled_from(("premises", "box", "free")))
    which = draw(st.sampled_from(("english", "chinese", "both")))
    english, chinese = which != "chinese", which != "english"
    if kind == "premises":
        district = draw(DISTRICTS)
        return PremisesAddress(
            english=draw(premises(district)) if english else None,
            chinese=draw(premises(district)) if chinese else None,
        )
    if kind == "box":
        return PostOfficeBox(
            number=draw(WORDS),
            region=draw(st.sampled_from(list(Region))),
            english=draw(WORDS) if english else None,
            chinese=draw(WORDS) if chinese else None,
        )
    lines = st.lists(WORDS, min_size=1, max_size=3).map(tuple)
    return FreeFormatAddress(
        english=draw(lines) if english else (),
        chinese=draw(lines) if chinese else (),
        district=draw(st.none() | DISTRICTS),
    )


@given(addresses())
def test_an_address_comes_back_from_json(address: Address) -> None:
    assert parse_address(address_as_json(address)) == address
    assert parse_address_text(json.dumps(address_as_json(address))) == address


@given(addresses())
def test_every_part_stands_in_the_lines_once_they_are_written(address: Address) -> None:
    for script in AddressScript:
        lines, claim = address_in_lines(address, script), address_claim(address, script)
        assert bool(lines) == (claim is not None)
        assert all(line and "\n" not in line for line in lines)
        written = address.written_in(script) if isinstance(address, PremisesAddress) else None
        if written is None:
            continue
        whole = "\n".join(lines)
        for part in ("building", "estate", "street", "street_number", "village", "sub_district"):
            text = getattr(written, part)
            assert text is None or text in whole, part


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            (
                "EngPremisesAddress", "ChiPremisesAddress", "FreeFormatAddress", "PostBoxAddress",
                "EngStreet", "StreetName", "EngDistrict", "DcDistrict", "Region", "LanguageCode",
                "AddressLine1", "EngPostBox", "PoBoxNo", "Eng3dAddress", "EngFloor", "Eng", "~Street",
            )
        )
        | st.text(max_size=8),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_json_is_an_address_or_refused(value: Any) -> None:
    try:
        address = parse_address(value)
    except MalformedInput:
        return
    assert parse_address(address_as_json(address)) == address


@given(st.text() | st.text(alphabet='{}[]":,\\u0123456789abcEngStreet'))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with contextlib.suppress(MalformedInput):
        parse_address_text(text)


@given(st.text() | st.text(alphabet="+0123456789 -()０１２９"))
def test_any_text_is_a_telephone_number_or_refused(text: str) -> None:
    try:
        number = TelephoneNumber.parse(text)
    except MalformedInput:
        return
    assert number.e164 == f"+{number.country_code}{number.subscriber_number}"
    assert TelephoneNumber.parse(number.e164) == number
    assert TelephoneNumber.parse(number.shown()) == number


@given(st.text() | st.emails())
def test_any_text_is_an_email_address_or_refused(text: str) -> None:
    try:
        address = parse_email(text)
    except MalformedInput:
        return
    assert parse_email(address) == address
