"""Declarations on suggestions, signed with eID: the sheet itself, and who has signed it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from textwrap import wrap

from relying_party_flask.suggestions import Suggestion

DECLARANT, WITNESS = "declarant", "witness"
"""Names of the signature fields, in the order in which they are signed."""
_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A sheet on its way.

    :ivar token: known to whom the declarant gives the link for a witness.
    :ivar signed: the fields that are signed.
    """

    reference: str
    sub: str
    token: str
    pdf: bytes
    signed: tuple[str, ...] = ()


class Declarations:
    """Sheets by reference, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Declaration] = {}

    def of(self, sub: str, suggestion: Suggestion) -> Declaration:
        """The resident's declaration on a suggestion, made now if there is none."""
        with self._lock:
            found = self._kept.get(suggestion.reference)
            if found is None:
                if len(self._kept) >= _MOST:
                    del self._kept[next(iter(self._kept))]
                found = Declaration(
                    reference=suggestion.reference,
                    sub=sub,
                    token=secrets.token_urlsafe(16),
                    pdf=sheet(suggestion),
                )
                self._kept[suggestion.reference] = found
            return found

    def find(self, reference: str) -> Declaration | None:
        """By reference."""
        with self._lock:
            return self._kept.get(reference)

    def by_token(self, token: str) -> Declaration | None:
        """The one that a witness was given the link of."""
        with self._lock:
            return next((one for one in self._kept.values() if one.token == token), None)

    def sign(self, reference: str, field: str, pdf: bytes) -> Declaration | None:
        """Keep the sheet with one signature more."""
        with self._lock:
            found = self._kept.get(reference)
            # Each signature stands on the one before: a sheet from elsewhere does not count.
            if found is None or field in found.signed or not pdf.startswith(found.pdf):
                return None
            signed = replace(found, pdf=pdf, signed=(*found.signed, field))
            self._kept[reference] = signed
            return signed


def sheet(suggestion: Suggestion) -> bytes:
    """The declaration as a PDF of one page, with an empty signature field for each signer."""
    message = suggestion.message
    if not message.isascii():
        message = (
            f"(not in Latin letters; SHA-256 of the text: {sha256(message.encode()).hexdigest()})"
        )
    lines = [
        "DECLARATION ON A WEATHER SUGGESTION",
        "Fictional: made to show how a service uses eID.",
        "",
        f"Reference: {suggestion.reference}",
        f"Sent: {suggestion.sent_at:%Y-%m-%d %H:%M} UTC",
        f"Topic: {suggestion.topic}",
        "",
        *(part for line in message.splitlines() for part in wrap(line, 80) or [""]),
        "",
        "I declare that I made this suggestion myself, and that what it says is true.",
    ]
    return _pdf(lines[:40])


def _pdf(lines: Sequence[str]) -> bytes:
    text = ["BT /F1 16 Tf 60 780 Td 20 TL"]
    for number, line in enumerate(lines):
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        text.append(f"({escaped}) Tj T* {'/F1 11 Tf 16 TL' if number == 0 else ''}")
    text.append("ET 0.4 w 60 120 210 48 re S 325 120 210 48 re S")
    text.append(
        "BT /F1 9 Tf 60 106 Td (Declarant, signed with eID) Tj 265 0 Td (Witness, signed with eID) Tj ET"
    )
    content = "\n".join(text).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 7 0 R] >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> /Annots [6 0 R 7 0 R] >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _field(DECLARANT, 60),
        _field(WITNESS, 325),
    ]
    return _file(objects)


def _field(name: str, left: int) -> bytes:
    """An empty signature field with its widget (ISO 32000-2 §12.7.5.5)."""
    box = f"{left} 120 {left + 210} 168"
    return (
        f"<< /Type /Annot /Subtype /Widget /FT /Sig /T ({name}) /F 132 /P 3 0 R /Rect [{box}] >>"
    ).encode()


def _file(objects: Sequence[bytes]) -> bytes:
    """Objects, cross-reference table and trailer (ISO 32000-2 §7.5)."""
    made, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, count = len(made), len(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n" % count
    made += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(made)
