"""From lines of text to the fields of a card's face."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hkeid.enrolment.card_face import CardFaceReading, TextLine, read_card_face
from hkeid.identity import BirthDate, HkicNumber
from hkeid.identity.hkic_number import check_character_of
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.documents import CardField, RetakeAdvice

TODAY = date(2026, 11, 28)

_PLACES = {  # key: left, top, right, bottom, in per mille of the card's width
    "heading": (270, 20, 730, 74),
    "heading_english": (168, 80, 832, 112),
    "chinese": (342, 136, 510, 208),
    "english": (342, 218, 540, 250),
    "code": (342, 260, 540, 290),
    "birth_label": (342, 305, 535, 327),
    "sex_label": (634, 305, 706, 327),
    "born": (342, 333, 540, 370),
    "sex": (634, 333, 700, 370),
    "symbols": (342, 385, 445, 420),
    "issue_label": (342, 437, 535, 459),
    "first": (342, 465, 470, 500),
    "issued": (342, 512, 500, 548),
    "number": (665, 530, 925, 586),
    "window": (840, 298, 940, 320),
    "specimen": (45, 500, 275, 535),
}
_TEXTS = {
    "heading": "香港永久性居民身份證",
    "heading_english": "HONG KONG PERMANENT IDENTITY CARD",
    "chinese": "何秀蘭",
    "english": "HO, Sau Lan",
    "code": "0149 4423 5695",
    "birth_label": "出生日期 Date of Birth",
    "sex_label": "性別 Sex",
    "born": "21-09-1968",
    "sex": "女 F",
    "symbols": "***AZ",
    "issue_label": "簽發日期 Date of Issue",
    "first": "(11-79)",
    "issued": "16-03-20",
    "number": "Q000131(3)",
    "window": "Q000131(3)",
    "specimen": "SPECIMEN 樣本",
}
RIGHT = {
    CardField.NAME_CHINESE: "何秀蘭",
    CardField.NAME_ENGLISH: "HO, Sau Lan",
    CardField.COMMERCIAL_CODE: "0149 4423 5695",
    CardField.BIRTH_DATE: "1968-09-21",
    CardField.SEX: "F",
    CardField.SYMBOLS: "***AZ",
    CardField.FIRST_REGISTRATION: "1979-11",
    CardField.ISSUED: "2020-03-16",
    CardField.HKIC_NUMBER: "Q000131(3)",
}


_CODES = {"何": "0149", "秀": "4423", "蘭": "5695", "兰": "5695", "黃": "7806", "黄": "7806",
          "峯": "1496", "峰": "1496"}  # fmt: skip
_TRADITIONAL = {"0149": "何", "4423": "秀", "5695": "蘭", "7806": "黃", "1496": "峯"}


class Tables:
    """Two characters and their codes."""

    def codes_of(self, character: str) -> frozenset[str]:
        return frozenset({_CODES[character]} if character in _CODES else ())

    def traditional_of(self, code: str) -> str | None:
        return _TRADITIONAL.get(code)


def lines(**changes: str | None) -> list[TextLine]:
    """The specimen's lines, with other texts or (None) without a line."""
    texts = _TEXTS | changes
    return [
        TextLine(text=text, confidence=0.97, left=box[0], top=box[1], right=box[2], bottom=box[3])
        for key, box in _PLACES.items()
        if (text := texts[key]) is not None
    ]


def read(today: date = TODAY, **changes: str | None) -> CardFaceReading:
    return read_card_face(lines(**changes), today=today, codes=Tables())


def value(field: CardField, **changes: str | None) -> str | None:
    found = read(**changes).fields.get(field)
    return None if found is None else found.value


def test_all_fields_of_a_clean_card() -> None:
    reading = read()
    assert {name: field.value for name, field in reading.fields.items()} == RIGHT
    assert (reading.advice, reading.missing, reading.warnings) == (None, (), ())
    assert (reading.identity_card, reading.generation) == (True, "hkic-2018")
    number = reading.fields[CardField.HKIC_NUMBER]
    assert (number.printed, number.confidence, number.box) == (
        "Q000131(3)", 0.97, (665, 530, 925, 586),
    )  # fmt: skip
    assert "Q000131" not in repr(reading) + repr(number) + repr(lines()[0])


def test_the_order_of_the_lines_does_not_matter() -> None:
    assert read_card_face(lines()[::-1], today=TODAY, codes=Tables()) == read()


class TestNumber:
    @pytest.mark.parametrize(
        "text",
        ["Q000131(3)", "Q 000131 (3)", "Ｑ０００１３１（３）", "q000131[3]", "Q000131(3", "QOOO131(3)",
         "QO00I3l(3)", "Q00013I(3)"],
    )  # fmt: skip
    def test_read_in_spite_of_ordinary_confusions(self, text: str) -> None:
        assert value(CardField.HKIC_NUMBER, number=text, window=None) == "Q000131(3)"

    @pytest.mark.parametrize(
        "text", ["Q000131(4)", "Q000132(3)", "Q0001313", "Q000131", "Q00131(3)", "(3)", "000131(3)", ""]
    )  # fmt: skip
    def test_never_without_its_check_character(self, text: str) -> None:
        reading = read(number=text, window=None)
        assert CardField.HKIC_NUMBER not in reading.fields
        assert reading.advice is RetakeAdvice.NUMBER_UNREADABLE

    def test_the_window_does_not_mend_a_number_that_was_read_whole_and_is_wrong(self) -> None:
        assert value(CardField.HKIC_NUMBER, number="Q000132(3)") is None
        assert value(CardField.HKIC_NUMBER, number=None) == "Q000131(3)"
        assert value(CardField.HKIC_NUMBER, number="Q0▒▒131(3)") == "Q000131(3)"

    def test_two_numbers_are_none(self) -> None:
        reading = read(window="Q000132(1)")
        assert CardField.HKIC_NUMBER not in reading.fields
        assert (reading.warnings, reading.advice) == (
            ("numbers_disagree",), RetakeAdvice.NUMBER_UNREADABLE,
        )  # fmt: skip

    def test_a_digit_is_never_read_as_another_digit(self) -> None:
        """Of all misreadings of one digit none passes; a letter for a letter passes 1 in 11."""
        for place in range(1, 7):
            for digit in set(string.digits) - {"Q000131"[place]}:
                text = f"{'Q000131'[:place]}{digit}{'Q000131'[place + 1 :]}(3)"
                assert value(CardField.HKIC_NUMBER, number=text, window=None) is None

    def test_a_corrected_number_is_less_sure_and_an_unsure_one_needs_a_second_print(self) -> None:
        sure = read(number="Q000131(3)").fields[CardField.HKIC_NUMBER].confidence
        assert read(number="QO00131(3)", window=None).fields[
            CardField.HKIC_NUMBER
        ].confidence == pytest.approx(sure - 0.1)
        unsure = [replace(line, confidence=0.6) for line in lines()]
        alone = [line for line in unsure if line.top != _PLACES["window"][1]]
        assert CardField.HKIC_NUMBER in read_card_face(unsure, today=TODAY).fields
        assert CardField.HKIC_NUMBER not in read_card_face(alone, today=TODAY).fields

    @given(st.text("QX01OIl23458SBZ()[]| ", min_size=8, max_size=14))
    @settings(max_examples=150)
    def test_what_is_accepted_has_its_check_character(self, text: str) -> None:
        found = value(CardField.HKIC_NUMBER, number=text, window=None)
        if found is not None:
            number, check = found[:-3], found[-2]
            assert check_character_of(number) == check
            HkicNumber.parse(found)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "born"),
        [
            ("21-09-1968", "1968-09-21"),
            ("2l-O9-1968", "1968-09-21"),
            ("21–09—1968", "1968-09-21"),
            ("21-091968", "1968-09-21"),
            ("2109-1968", "1968-09-21"),
            ("21一09一1968", "1968-09-21"),
            ("00-09-1968", "1968-09"),
            ("00-00-1968", "1968"),
            ("09-1968", "1968-09"),
            ("--1968", "1968"),
            ("1968", "1968"),
            ("29-02-2000", "2000-02-29"),
        ],
    )
    def test_birth_date(self, text: str, born: str) -> None:
        changes = {"first": "(11-13)", "symbols": None} if born > "1980" else {}
        assert value(CardField.BIRTH_DATE, born=text, **changes) == born

    @pytest.mark.parametrize("text", ["", "21.09.1968?", "21-09-19", "2-9-1968", "21091968", "?"])
    def test_unreadable_birth_date(self, text: str) -> None:
        reading = read(born=text)
        assert CardField.BIRTH_DATE not in reading.fields
        assert reading.advice is RetakeAdvice.FIELDS_UNREADABLE

    @pytest.mark.parametrize("text", ["31-02-1968", "21-13-1968", "21-09-2027", "21-09-0968"])
    def test_impossible_birth_date(self, text: str) -> None:
        reading = read(born=text)
        assert CardField.BIRTH_DATE not in reading.fields
        assert reading.advice is RetakeAdvice.DATES_IMPOSSIBLE

    @pytest.mark.parametrize(
        ("born", "first", "issued", "years"),
        [
            ("21-09-1968", "(11-79)", "16-03-20", ("1979-11", "2020-03-16")),
            ("01-01-1940", "(05-51)", "16-03-19", ("1951-05", "2019-03-16")),
            ("01-01-2008", "(02-19)", "01-02-19", ("2019-02", "2019-02-01")),
            ("01-01-1999", "(12-99)", "28-11-26", ("1999-12", "2026-11-28")),
            ("1938", "(07-49)", "16-03-20", ("1949-07", "2020-03-16")),
        ],
    )
    def test_two_digit_years_follow_the_order_of_dates(
        self, born: str, first: str, issued: str, years: tuple[str, str]
    ) -> None:
        fields = read(born=born, first=first, issued=issued, symbols=None).fields
        assert (fields[CardField.FIRST_REGISTRATION].value, fields[CardField.ISSUED].value) == years

    def test_today_is_an_argument(self) -> None:
        """The same print means another year for who reads it later."""
        for today, year in ((date(2026, 11, 28), "2020"), (date(2120, 3, 16), "2120")):
            assert read(today=today).fields[CardField.ISSUED].value == f"{year}-03-16"

    @pytest.mark.parametrize(
        "changes",
        [
            {"born": "21-09-2005", "first": "(11-79)"},  # registered before birth
            {"first": "(11-22)"},  # registered after the issue, or in 1922 before the birth
            {
                "issued": "29-11-26",
                "born": "21-09-1968",
            },  # issued tomorrow, or in 1926 before birth
            {"issued": "31-04-20"},
        ],
    )
    def test_an_order_that_cannot_be(self, changes: dict[str, str]) -> None:
        reading = read(**changes)
        assert reading.advice is RetakeAdvice.DATES_IMPOSSIBLE
        assert CardField.BIRTH_DATE not in reading.fields

    @pytest.mark.parametrize("text", ["(11-79)", "(11-79", "11-79)", "[l1-79]", "（11－79）"])
    def test_first_registration(self, text: str) -> None:
        assert value(CardField.FIRST_REGISTRATION, first=text) == "1979-11"

    @pytest.mark.parametrize("text", ["11-79", "(13-79)", "(1179)", "(11-79-1)"])
    def test_unreadable_first_registration_needs_no_retake(self, text: str) -> None:
        reading = read(first=text)
        assert reading.missing == (CardField.FIRST_REGISTRATION,)
        assert reading.advice is None

    def test_older_cards_are_told_apart_by_their_day_of_issue(self) -> None:
        assert read(issued="25-11-18").generation == "hkic-2003"
        assert read(issued="26-11-18").generation == "hkic-2018"
        assert read(issued=None).generation == "unknown"

    def test_a_child_below_eleven_is_warned_of(self) -> None:
        changes = {"born": "01-12-2015", "first": "(11-26)", "issued": "27-11-26", "symbols": "*AZ"}
        assert read(**changes).warnings == ("holder_below_eleven",)


class TestNames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("HO, Sau Lan", "HO, Sau Lan"),
            ("HO,Sau Lan", "HO, Sau Lan"),
            ("HO , SauLan", "HO, Sau Lan"),
            ("HO. Sau Lan", "HO, Sau Lan"),
            ("H0, Sau Lan", "HO, Sau Lan"),
            ("WlLSON, Ann-Mary", "WILSON, Ann-Mary"),
            ("KHAN, Misaal O’Sample-Noor", "KHAN, Misaal O'Sample-Noor"),
            ("TO, Ian McDonald", "TO, Ian McDonald"),
            ("CONTOHWATI", "CONTOHWATI"),
        ],
    )
    def test_english_name(self, text: str, name: str) -> None:
        assert value(CardField.NAME_ENGLISH, english=text) == name

    def test_a_long_name_on_several_lines(self) -> None:
        more = TextLine(
            text="STONEHAUGH DE LA EXEMPLAR, Max", confidence=0.9,
            left=342, top=252, right=700, bottom=275,
        )  # fmt: skip
        first = lines(english="WOLFESCHLEGELSTEIN-FEATHER-", code=None, chinese=None)
        found = read_card_face([*first, more], today=TODAY).fields[CardField.NAME_ENGLISH]
        assert found.value == "WOLFESCHLEGELSTEIN-FEATHER-STONEHAUGH DE LA EXEMPLAR, Max"
        assert (found.confidence, found.box) == (0.9, (342, 218, 700, 275))

    def test_no_name_is_made_of_a_number(self) -> None:
        reading = read(english=None)
        assert CardField.NAME_ENGLISH not in reading.fields
        assert reading.advice is RetakeAdvice.FIELDS_UNREADABLE

    def test_who_has_no_chinese_name_has_no_code_either(self) -> None:
        reading = read(chinese=None, code=None)
        assert reading.missing == ()
        assert reading.advice is None

    def test_a_name_with_the_character_for_one_keeps_it(self) -> None:
        assert value(CardField.NAME_CHINESE, chinese="吳九一", code=None) == "吳九一"

    @pytest.mark.parametrize(
        "text", ["0149 4423 5695", "014944235695", "O149 4423 S695", "0149-4423-5695"]
    )
    def test_commercial_code(self, text: str) -> None:
        assert value(CardField.COMMERCIAL_CODE, code=text) == "0149 4423 5695"

    @pytest.mark.parametrize("text", ["0149 4423 569", "01494423569512345"])
    def test_broken_commercial_code(self, text: str) -> None:
        reading = read(code=text)
        assert CardField.COMMERCIAL_CODE not in reading.fields
        assert reading.missing == (CardField.COMMERCIAL_CODE,)
        assert "commercial_code_unreadable" in reading.warnings
        assert reading.advice is None


class TestCodeAgainstName:
    def test_a_form_that_is_not_traditional_is_repaired_and_told(self) -> None:
        reading = read(chinese="黄秀兰", code="7806 4423 5695")
        name = reading.fields[CardField.NAME_CHINESE]
        assert (name.value, name.printed) == ("黃秀蘭", "黄秀兰")
        assert reading.warnings == ("name_form_repaired_by_code",)

    def test_of_two_traditional_forms_the_one_that_was_read_stands(self) -> None:
        reading = read(chinese="何秀峰", code="0149 4423 1496")
        assert reading.fields[CardField.NAME_CHINESE].value == "何秀峰"
        assert reading.warnings == ()

    def test_another_character_is_warned_of_and_kept(self) -> None:
        reading = read(chinese="何季蘭")
        assert reading.fields[CardField.NAME_CHINESE].value == "何季蘭"
        assert (reading.warnings, reading.advice) == (("code_disagrees_with_name",), None)

    def test_a_code_that_no_table_knows_is_no_reason(self) -> None:
        assert read(chinese="何秀蘭", code="0149 4423 9998").warnings == ()

    def test_another_number_of_groups(self) -> None:
        assert read(chinese="何蘭").warnings == ("code_count_differs_from_name",)

    def test_without_tables_only_the_count(self) -> None:
        reading = read_card_face(lines(chinese="何季蘭"), today=TODAY)
        assert reading.warnings == ()


class TestMarks:
    @pytest.mark.parametrize(
        ("text", "sex"),
        [("女 F", "F"), ("男M", "M"), ("女", "F"), ("M", "M"), ("女E", "F"), ("女 M", None),
         ("男F", None), ("X", None), ("", None)],
    )  # fmt: skip
    def test_sex(self, text: str, sex: str | None) -> None:
        assert value(CardField.SEX, sex=text) == sex

    def test_sex_on_the_line_of_the_birth_date(self) -> None:
        fields = read(born="21-09-1968 女 F", sex=None).fields
        assert (fields[CardField.SEX].value, fields[CardField.BIRTH_DATE].value) == (
            "F", "1968-09-21",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "symbols"),
        [("***AZ", "***AZ"), ("＊＊＊AZ", "***AZ"), ("★★★AZN", "***AZN"), ("***A2", "***AZ"),
         ("***4Z", "***AZ"), ("**AZ", "***AZ"), ("****AZ", "***AZ"), ("*AZ", "***AZ"),
         ("AZ", None), ("***", None), ("***QZ", None)],
    )  # fmt: skip
    def test_symbols(self, text: str, symbols: str | None) -> None:
        assert value(CardField.SYMBOLS, symbols=text) == symbols

    def test_stars_decided_by_age_are_told(self) -> None:
        assert read(symbols="*AZ").warnings == ("symbols_decided_by_age",)
        assert read(symbols="***AZ").warnings == ()

    def test_who_is_no_permanent_resident_has_no_stars(self) -> None:
        changes = {"heading": "香港居民身份證", "heading_english": "HONG KONG IDENTITY CARD"}
        assert value(CardField.SYMBOLS, symbols="CO", **changes) == "CO"
        assert value(CardField.SYMBOLS, symbols="C0", **changes) == "CO"

    def test_a_young_person_has_one_star(self) -> None:
        changes = {"born": "18-06-2013", "first": "(07-24)", "issued": "15-07-24"}
        assert value(CardField.SYMBOLS, symbols="*AZ", **changes) == "*AZ"
        assert value(CardField.SYMBOLS, symbols="**AZ", **changes) == "*AZ"


class TestHeading:
    @pytest.mark.parametrize(
        ("chinese", "english"),
        [("香港永久性居民身份證", None), (None, "HONG KONG PERMANENT IDENTITY CARD"),
         ("香港居民身份証", None), (None, "H0NGKONGIDENTITYCARD")],
    )  # fmt: skip
    def test_either_heading_will_do(self, chinese: str | None, english: str | None) -> None:
        assert read(heading=chinese, heading_english=english).identity_card

    @pytest.mark.parametrize(
        "heading", [None, "LIBRARY 圖書證", "中華人民共和國居民身份證", "香港"]
    )
    def test_another_document(self, heading: str | None) -> None:
        reading = read(heading=heading, heading_english=None)
        assert not reading.identity_card
        assert reading.advice is RetakeAdvice.NOT_AN_IDENTITY_CARD

    def test_nothing_at_all(self) -> None:
        reading = read_card_face([], today=TODAY)
        assert (dict(reading.fields), reading.advice) == ({}, RetakeAdvice.NOT_AN_IDENTITY_CARD)


_TEXT = st.one_of(
    st.text(max_size=40),
    st.text("0123456789-()OIlZ*AZFM女男 一", max_size=16),
    st.sampled_from(list(_TEXTS.values())),
)
_LINES = st.builds(
    TextLine,
    text=_TEXT,
    confidence=st.floats(0, 1),
    left=st.floats(-50, 1050),
    top=st.floats(-50, 700),
    right=st.floats(-50, 1050),
    bottom=st.floats(-50, 700),
)


@given(st.lists(_LINES, max_size=25), st.dates(date(2000, 1, 1), date(2300, 1, 1)))
@settings(max_examples=150, deadline=None)
def test_any_lines_give_fields_that_parse_or_none(found: list[TextLine], today: date) -> None:
    reading = read_card_face(found, today=today, codes=Tables())
    fields = reading.fields
    if CardField.HKIC_NUMBER in fields:
        HkicNumber.parse(fields[CardField.HKIC_NUMBER].value)
    if CardField.BIRTH_DATE in fields:
        BirthDate.parse(fields[CardField.BIRTH_DATE].value)
    issued = fields.get(CardField.ISSUED)
    if issued is not None:
        assert date.fromisoformat(issued.value) <= today
    if CardField.FIRST_REGISTRATION in fields and issued is not None:
        assert fields[CardField.FIRST_REGISTRATION].value <= issued.value[:7]
    assert (reading.advice is None) <= (CardField.HKIC_NUMBER in fields)


@given(st.text(max_size=60))
def test_names_of_any_text(text: str) -> None:
    try:
        found = value(CardField.NAME_ENGLISH, english=text)
    except MalformedInput:  # pragma: no cover - the parser keeps its errors
        pytest.fail("a field that fails its rule is left out")
    assert found is None or found.isprintable()
