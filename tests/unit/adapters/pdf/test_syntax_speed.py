"""Reading and writing pieces of syntax whole gives what pyHanko gives byte by byte."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, misc, reader

from hkeid.adapters.pdf import syntax_speed

_RAW = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet="AbcZ09#/+-. %<>[]()\n\x00\x7fé", max_size=150).map(str.encode),
    st.from_regex(rb"\A[A-Z#0-9a-f]{0,90}[ /<>\[\]()%\r\n]?[A-Z]{0,5}\Z"),
)


def _original_read(stream: Any) -> generic.NameObject:
    """As :meth:`NameObject.read_from_stream` has it, with the original parts."""
    if stream.read(1) != b"/":
        raise misc.PdfReadError("Name object should start with /")
    return syntax_speed._decode_name(misc.read_until_delimiter(stream))


def _outcome(function: Callable[[Any], Any], content: bytes) -> tuple[Any, ...]:
    stream = io.BytesIO(content)
    try:
        value = function(stream)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        return type(error), str(error), stream.tell()
    return type(value), bytes(value, "utf8") if isinstance(value, str) else value, stream.tell()


@given(_RAW)
@example(b"")
@example(b"Type")
@example(b"A#42C/")
@example(b"#")
@example(b"#4")
@example(b"#GG ")
@example(b"x" * 63 + b"/")
@example(b"x" * 64 + b"/")
@example(b"x" * 65 + b" y")
@example(b"x" * 128 + b"(")
def test_a_name_is_read_as_before(raw: bytes) -> None:
    """ISO 32000-2 §7.3.5."""
    for content in (b"/" + raw, raw):
        assert _outcome(syntax_speed.read_name, content) == _outcome(_original_read, content)


@given(_RAW)
def test_the_end_of_a_token_is_found_as_before(raw: bytes) -> None:
    """ISO 32000-2 §7.2.3."""
    assert _outcome(syntax_speed.read_until_delimiter, raw) == _outcome(
        misc.read_until_delimiter, raw
    )


@given(
    st.text(alphabet=" \n\r\t\f\x00%A<>(", max_size=12).map(str.encode),
    st.booleans(),
    st.booleans(),
)
@example(b"", False, False)
@example(b" ", False, True)
@example(b" %", True, False)
@example(b"%a\n x", True, False)
def test_what_stands_before_is_passed_by_as_before(
    raw: bytes, seek_back: bool, allow_eof: bool
) -> None:
    """ISO 32000-2 §7.2.3."""
    ours, theirs = (
        _outcome(lambda stream: read(stream, seek_back, allow_eof), raw)  # noqa: B023
        for read in (syntax_speed.read_non_whitespace, misc.read_non_whitespace)
    )
    assert ours == theirs


@given(st.one_of(st.text(max_size=120), st.text(max_size=120).map(lambda one: "/" + one)))
@example("/")
@example("/Sig#")
@example("")
def test_a_name_is_written_as_before(text: str) -> None:
    """ISO 32000-2 §7.3.5."""

    def written(write: Callable[..., None]) -> tuple[Any, ...]:
        stream = io.BytesIO()
        try:
            write(generic.NameObject(text), stream)
        except (misc.PdfWriteError, StopIteration, UnicodeEncodeError) as error:
            return type(error), str(error)
        return (stream.getvalue(),)

    assert written(syntax_speed.write_name) == written(syntax_speed._write_name)


@given(
    st.one_of(
        st.binary(max_size=40),
        st.from_regex(rb"\A<[0-9A-Fa-f]{0,300}[ >G%]?[0-9a-f]{0,4}>?[ >]?\Z"),
        st.from_regex(rb"\A<(feff|FFFE|efbbbf|)[0-9A-Fa-f]{0,40}>\Z"),
    )
)
@example(b"<>")
@example(b"<41>")
@example(b"<4>")
@example(b"<4 1>")
@example(b"<" + b"0" * 126 + b">")
@example(b"<" + b"0" * 128 + b">")
@example(b"<41")
def test_a_hexadecimal_string_is_read_as_before(raw: bytes) -> None:
    """ISO 32000-2 §7.3.4.3."""
    ours, theirs = (
        _outcome(read, raw)
        for read in (syntax_speed.read_hex_string, generic.read_hex_string_from_stream)
    )
    assert ours == theirs


@given(
    st.one_of(
        st.binary(max_size=30),
        st.from_regex(rb"\A *[0-9]{0,12}[ \n]{0,2}[0-9+-]{0,7}[ \n]{0,2}R?[ R0>]{0,3}\Z"),
    )
)
@example(b"1 0 R")
@example(b"01 0 R")
@example(b"0 0 R")
@example(b"1 65536 R/")
@example(b"1  0 R")
@example(b"123456789 12345 R")
@example(b"1 0 Rx")
@example(b"1 0 ")
def test_a_reference_is_read_as_before(raw: bytes) -> None:
    """ISO 32000-2 §7.3.10."""
    container = _Container()

    def read_by(read: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
        stream = io.BytesIO(raw)
        try:
            found = read(stream, container)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
            return type(error), str(error)
        return found.idnum, found.generation, found.get_pdf_handler(), stream.tell()

    assert read_by(syntax_speed.read_reference) == read_by(generic.IndirectObject.read_from_stream)


@given(
    st.one_of(
        st.text(alphabet="ab\n\r%1", max_size=24).map(str.encode),
        st.text(alphabet="ab%1 ", min_size=60, max_size=100).map(
            lambda line: b"x\n\n" + line.encode()
        ),
        st.sampled_from([b"xref\nstartxref\n1234\n%%EOF", b"startxref\r\n1234\r\n%%EOF\r\n"]),
    ),
    st.integers(min_value=0, max_value=110),
)
@example(b"abc\nd", 4)
@example(b"abcd\n", 4)
@example(b"abcd\ne", 5)
@example(b"abc\r\ne", 5)
@example(b"ab\n\ncd", 5)
@example(b"abcd\n" + b"x" * 79, 83)
def test_the_last_line_is_read_as_before(raw: bytes, place: int) -> None:
    """ISO 32000-2 §7.5.5: the end of a file is read backwards."""

    def read_by(read: Callable[[Any], bytes]) -> tuple[Any, ...]:
        stream = io.BytesIO(raw)
        stream.seek(min(place, len(raw)))
        try:
            return read(stream), stream.tell()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
            return type(error), str(error)

    assert read_by(syntax_speed.read_last_line) == read_by(reader.read_next_end_line)


def test_each_reading_gives_a_name_of_its_own() -> None:
    """The reader writes the place on it, which must not be another document's."""
    one, other = (syntax_speed.read_name(io.BytesIO(b"/Page ")) for _ in range(2))
    assert one == other
    assert one is not other


def test_it_can_be_put_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The original members come back after the test."""
    for name in ("read_from_stream", "write_to_stream"):
        monkeypatch.setattr(generic.NameObject, name, generic.NameObject.__dict__[name])
    monkeypatch.setattr(
        generic.IndirectObject,
        "read_from_stream",
        generic.IndirectObject.__dict__["read_from_stream"],
    )
    for name in ("read_until_delimiter", "read_non_whitespace", "read_hex_string_from_stream"):
        monkeypatch.setattr(generic, name, getattr(generic, name))
    monkeypatch.setattr(reader, "read_next_end_line", reader.read_next_end_line)
    before = _read_and_written(b"<</Type/Page#20x/A[/B 1 0 R]/ID<4142>>> ")
    syntax_speed.read_syntax_whole()
    assert _read_and_written(b"<</Type/Page#20x/A[/B 1 0 R]/ID<4142>>> ") == before
    assert b"/Page#20x" in before
    assert generic.NameObject.read_from_stream is syntax_speed.read_name


def _read_and_written(content: bytes) -> bytes:
    written = io.BytesIO()
    generic.read_object(io.BytesIO(content), _Container()).write_to_stream(written)
    return written.getvalue()


class _Container(generic.TrailerReference):
    """Where the object stands; nothing is looked up through it."""

    def __init__(self) -> None:
        pass

    def get_pdf_handler(self) -> Any:
        return None
