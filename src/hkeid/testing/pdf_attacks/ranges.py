"""Attacks on what is covered: universal forgery, wrapping, bytes around the file, copies."""

from __future__ import annotations

from collections.abc import Mapping

from pikepdf import Name, String

from hkeid.signing.validation import FindingCode
from hkeid.testing.pdf_attacks.bench import Attack, Bench
from hkeid.testing.pdf_attacks.updates import (
    Update,
    byte_range,
    contents,
    last_table,
    overwritten,
    stream,
    with_contents,
    with_range,
)

_NO_RANGE = frozenset({FindingCode.SIGNATURE_UNREADABLE})
_BAD_RANGE = frozenset({FindingCode.RANGE_MALFORMED})
_PARTIAL = frozenset({FindingCode.COVERAGE_PARTIAL})


def _range(value: bytes) -> Attack:
    return Attack(lambda bench: with_range(bench.signed, value), _BAD_RANGE)


def _overlap(bench: Bench) -> bytes:
    _, first, second, rest = byte_range(bench.signed)
    return with_range(bench.signed, b"[0 %d %d %d]" % (first, second - 40, rest))


def _beyond(bench: Bench) -> bytes:
    _, first, second, _ = byte_range(bench.signed)
    return with_range(bench.signed, b"[0 %d %d 999]" % (first, second))


def _gap_elsewhere(bench: Bench) -> bytes:
    """The lengths add up to the file, but the gap is not where the signature is."""
    _, first, second, rest = byte_range(bench.signed)
    return with_range(bench.signed, b"[0 %d %d %d]" % (first - 9, second - 9, rest + 9))


def _wrapping(bench: Bench) -> bytes:
    """Signature wrapping: the gap is made larger, and where the signed part says that the table is, there is
    now another one in the gap.
    """
    signed = bench.signed
    _, first, second, rest = byte_range(signed)
    table = last_table(signed)
    entries, trailer = _table(signed, table)
    update = Update(signed)
    signature = update.root.AcroForm.Fields[0].V
    content = update.page().Contents
    objects = {content.objgen[0]: stream(b"BT /F1 40 Tf 60 700 Td (ANOTHER TEXT) Tj ET")}
    written = b"/ByteRange [ 0 %d %d %d ]" % (first, second, rest)
    dictionary = signature.unparse(resolved=True)
    assert written in dictionary
    objects[signature.objgen[0]] = dictionary.replace(
        written, b"/ByteRange [ 0 %d %010d %d ]" % (first, 0, rest)
    )
    numbers = sorted(entries.keys() | objects)
    begin = table + len(b"xref\n") + sum(len(b"%d 1\n" % one) + 20 for one in numbers)
    begin += len(trailer) + 1
    places, body = {}, bytearray()
    for number, one in objects.items():
        places[number] = begin + len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    moved = begin + len(body)
    body = body.replace(b"%010d" % 0, b"%010d" % moved, 1)
    for number, place in entries.items():
        places.setdefault(number, place if place < second else place + moved - second)
    lines = b"".join(b"%d 1\n%010d 00000 n \n" % (one, places[one]) for one in numbers)
    gap = signed[:second].ljust(table) + b"xref\n" + lines + trailer + b"\n" + bytes(body)
    assert len(gap) == moved
    return gap + signed[second:]


def _table(pdf: bytes, place: int) -> tuple[dict[int, int], bytes]:
    """Offsets in a cross-reference table, and its trailer."""
    head, trailer = pdf[place:].split(b"trailer", 1)
    offsets = {}
    number = 0
    for line in head.splitlines()[1:]:
        words = line.split()
        if len(words) == 2:
            number = int(words[0])
        elif len(words) == 3:
            if words[2] == b"n":
                offsets[number] = int(words[0])
            number += 1
    return offsets, b"trailer" + trailer.split(b"startxref", 1)[0].rstrip()


def _hidden_between(bench: Bench) -> bytes:
    """An update that no table leads to, behind it the old end once more."""
    update = Update(bench.signed)
    update.replace(update.page().Contents.objgen[0], stream(b"ANOTHER TEXT"))
    return update.bytes() + b"startxref\n%d\n%%%%EOF\n" % last_table(bench.signed)


def _empty_contents(bench: Bench) -> bytes:
    return with_contents(bench.signed, b"")


def _flip_in_page(bench: Bench) -> bytes:
    return overwritten(bench.signed, b"595 842", b"595 402")


def _flip_in_signature(bench: Bench) -> bytes:
    value = bytearray(contents(bench.signed).rstrip(b"\x00"))
    value[-3] ^= 1
    return with_contents(bench.signed, bytes(value))


def _leading(bench: Bench) -> bytes:
    return b"% something before\n" + bench.signed


def _rolled_back(bench: Bench) -> bytes:
    """The end points at the table of before the signature: readers see what nobody signed."""
    return bench.signed + b"startxref\n%d\n%%%%EOF\n" % last_table(bench.plain)


def _end_moved(bench: Bench) -> bytes:
    """The signature claims to end before the table of its own revision."""
    _, first, second, rest = byte_range(bench.signed)
    return with_range(bench.signed, b"[0 %d %d %d]" % (first, second, rest - 30))


def _signature(update: Update) -> tuple[object, object]:
    field = update.root.AcroForm.Fields[0]
    return field, field.V


def _spoofed_reason(bench: Bench) -> bytes:
    """The signature dictionary is written anew with another reason; its bytes stay signed below."""
    update = Update(bench.signed)
    _, signature = _signature(update)
    signature.Reason = String("I approve of everything")  # type: ignore[attr-defined]
    update.change(signature)
    return update.bytes()


def _copied_field(bench: Bench) -> bytes:
    """A second field with a copy of the signature, under another name."""
    update = Update(bench.signed)
    field, signature = _signature(update)
    copy = update.add(signature.unparse(resolved=True))  # type: ignore[attr-defined]
    second = update.add(
        b"<< /FT /Sig /T (Director) /V %d 0 R /Type /Annot /Subtype /Widget /Rect [0 0 0 0] >>"
        % copy
    )
    _append_field(update, second)
    assert field is not None
    return update.bytes()


def _two_fields(bench: Bench) -> bytes:
    """A second field with the same signature object."""
    update = Update(bench.signed)
    _, signature = _signature(update)
    number = signature.objgen[0]  # type: ignore[attr-defined]
    second = update.add(
        b"<< /FT /Sig /T (Director) /V %d 0 R /Type /Annot /Subtype /Widget /Rect [0 0 0 0] >>"
        % number
    )
    _append_field(update, second)
    return update.bytes()


def _append_field(update: Update, number: int) -> None:
    form = update.root.AcroForm
    text = form.unparse(resolved=True)
    fields = form.Fields.unparse(resolved=True)
    changed = fields.rstrip().removesuffix(b"]") + b" %d 0 R ]" % number
    if form.is_indirect:
        if form.Fields.is_indirect:
            update.replace(form.Fields.objgen[0], changed)
        else:
            update.replace(form.objgen[0], text.replace(fields, changed))
    else:
        del update.root[Name.AcroForm]
        root = update.root.unparse(resolved=True).rstrip().removesuffix(b">>")
        root += b"/AcroForm " + text.replace(fields, changed) + b" >>"
        update.replace(update.root.objgen[0], root)


RANGES: Mapping[str, Attack] = {
    "usf_range_missing": Attack(
        lambda bench: overwritten(bench.signed, b"/ByteRange", b"/ByteRangX"), _NO_RANGE
    ),
    "usf_range_null": Attack(lambda bench: with_range(bench.signed, b"null"), _NO_RANGE),
    "usf_range_negative": _range(b"[0 -1 -1 -1]"),
    "usf_range_zeros": _range(b"[0 0 0 0]"),
    "usf_range_of_one": _range(b"[0]"),
    "usf_contents_empty": Attack(_empty_contents, _NO_RANGE),
    "usf_contents_missing": Attack(
        lambda bench: overwritten(bench.signed, b"/Contents <", b"/ContentX <"), _NO_RANGE
    ),
    "range_overlaps": Attack(_overlap, _BAD_RANGE),
    "range_beyond_the_end": Attack(_beyond, _BAD_RANGE),
    "gap_elsewhere": Attack(_gap_elsewhere, _BAD_RANGE),
    "end_moved": Attack(_end_moved, frozenset({FindingCode.DIGEST_MISMATCH})),
    "wrapping": Attack(_wrapping, _BAD_RANGE),
    "flip_in_page": Attack(_flip_in_page, frozenset({FindingCode.DIGEST_MISMATCH})),
    "flip_in_signature": Attack(_flip_in_signature, frozenset({FindingCode.SIGNATURE_VALUE_WRONG})),
    "trailing_bytes": Attack(
        lambda bench: bench.signed + b"\x00\x01 something after",
        frozenset({FindingCode.TRAILING_BYTES}),
    ),
    "leading_bytes": Attack(_leading, frozenset({FindingCode.DOCUMENT_UNREADABLE})),
    "hidden_between": Attack(_hidden_between, frozenset({FindingCode.CHANGE_UNEXPLAINED})),
    "rolled_back": Attack(_rolled_back, frozenset({FindingCode.SIGNATURE_ABSENT})),
    "spoofed_reason": Attack(_spoofed_reason, _PARTIAL),
    "copied_signature": Attack(_copied_field, _PARTIAL),
    "two_fields": Attack(_two_fields, frozenset({FindingCode.SIGNATURE_IN_TWO_FIELDS})),
}
"""By name."""
