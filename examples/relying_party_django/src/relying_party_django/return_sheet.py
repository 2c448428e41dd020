"""The tax return as a PDF of one page, and the ones that were signed."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from relying_party_django.figures import BASIC_ALLOWANCE, YEAR, TaxReturn

_MOST = 1_000


class SignedReturns:
    """Signed returns by resident; in memory, as long as the demonstration runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, bytes] = {}

    def add(self, sub: str, pdf: bytes) -> None:
        """Keep a signed return; a later one replaces it."""
        with self._lock:
            if sub not in self._kept and len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[sub] = pdf

    def of(self, sub: str) -> bytes | None:
        """The resident's, or None."""
        return self._kept.get(sub)


def return_sheet(figures: TaxReturn) -> bytes:
    """The return as a PDF. The same figures give the same bytes."""
    rows = (
        ("Salary for the year", figures.income),
        ("less: mandatory provident fund", -figures.pension),
        ("less: courses", -figures.training),
        ("less: basic allowance", -BASIC_ALLOWANCE),
        ("What is taxed", figures.chargeable),
        ("Tax to pay", figures.tax),
    )
    lines = [
        "TAX RETURN FOR INDIVIDUALS",
        "Fictional: made to show how a service uses eID.",
        "",
        f"Year of assessment: {YEAR}",
        f"Tax file: {figures.file_number}",
        "",
        *(f"{label:<40}HK$ {amount:>12,}" for label, amount in rows),
        "",
        "I declare that this return is true, correct and complete.",
    ]
    text = ["BT /F1 11 Tf 60 780 Td 17 TL"]
    for line in lines:
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        text.append(f"({escaped}) Tj T*")
    content = "\n".join((*text, "ET")).encode("latin-1", "replace")
    return _file(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                b"/Resources << /Font << /F1 5 0 R >> >> >>"
            ),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        )
    )


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
