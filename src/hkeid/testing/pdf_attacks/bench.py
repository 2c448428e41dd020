"""What attacks are made from: a signer whom the victim trusts, and documents that were signed honestly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from hkeid.ports.pdf import Certification, PdfEngine, PlannedField
from hkeid.signing import InputPolicy, Signer, prepare_fields, sign_pdf, signature_stamp
from hkeid.signing.validation import FindingCode
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority, SpecimenTimestamps

ANYTHING = InputPolicy(refused=frozenset())
PLACE = (60.0, 60.0, 260.0, 120.0)
WHOLE_PAGE = (0.0, 0.0, 595.0, 842.0)


@dataclass(frozen=True, slots=True)
class Attack:
    """A file that must not be called valid.

    :ivar make: makes it.
    :ivar expected: codes of findings, each of which the report must have.
    """

    make: Callable[[Bench], bytes]
    expected: frozenset[FindingCode]


class Bench:
    """Authorities, and the documents that attacks start from, each made once."""

    def __init__(self, engine: PdfEngine, authority: SigningAuthority | None = None) -> None:
        self.engine = engine
        self.authority = authority or SigningAuthority()
        self.timestamps = SpecimenTimestamps(self.authority)

    def sign(
        self,
        pdf: bytes,
        *,
        authority: SigningAuthority | None = None,
        signer: Signer | None = None,
        **wishes: Any,
    ) -> bytes:
        """A signature by somebody whom the victim trusts, unless another authority or signer is given."""
        chosen = authority or self.authority
        by = signer or chosen.signer()
        wishes.setdefault("timestamp_authority", self.timestamps)
        return sign_pdf(pdf, by, revocation=chosen, engine=self.engine, policy=ANYTHING, **wishes)

    def stamp(self, box: tuple[float, float, float, float] | None = None) -> Any:
        """A visible signature."""
        return signature_stamp("SPECIMEN 樣本", self.authority.since, box=box)

    @cached_property
    def plain(self) -> bytes:
        """Two pages."""
        return paper(pages=2)

    @cached_property
    def signed(self) -> bytes:
        """Two pages with an approval signature."""
        return self.sign(self.plain)

    @cached_property
    def stamped(self) -> bytes:
        """The same at B-T."""
        return self.sign(self.plain, level="B-T")

    @cached_property
    def archived(self) -> bytes:
        """The same at B-LTA."""
        return self.sign(self.plain, level="B-LTA")

    @cached_property
    def final(self) -> bytes:
        """Certified; nothing may change."""
        return self.sign(self.plain, certify=Certification.NO_CHANGES)

    @cached_property
    def prepared(self) -> bytes:
        """Fields for two signers, the second one as large as the page too."""
        return prepare_fields(
            self.plain,
            [
                PlannedField(name="first", box=PLACE),
                PlannedField(name="second", box=(300.0, 60.0, 500.0, 120.0)),
                PlannedField(name="large", page=1, box=WHOLE_PAGE),
            ],
            engine=self.engine,
        )

    @cached_property
    def scanned(self) -> bytes:
        """Certified over a scanned sum, on which a second signer's field lies."""
        over = PlannedField(name="second", box=(300.0, 400.0, 500.0, 460.0))
        fields = [PlannedField(name="first", box=PLACE), over]
        form = prepare_fields(paper(change=_scan), fields, engine=self.engine)
        return self.sign(form, field="first", certify=Certification.FILL_IN)

    @cached_property
    def first_of_two(self) -> bytes:
        """Certified by the first signer; others may sign in the prepared fields."""
        return self.sign(self.prepared, field="first", certify=Certification.FILL_IN)

    @cached_property
    def form(self) -> bytes:
        """An approval signature over a page with a text field that says who is paid."""
        return self.sign(paper(change=_payee))

    @cached_property
    def certified_form(self) -> bytes:
        """The same certified, with forms still open."""
        return self.sign(paper(change=_payee), certify=Certification.FILL_IN)

    @cached_property
    def covered(self) -> bytes:
        """Signed with a picture that hides a sentence."""
        return self.sign(paper(change=_curtain))

    def misstamped(self, *, honest: int) -> WrongTimestamps:
        """An authority whose tokens, after so many honest ones, are about something else."""
        return WrongTimestamps(self.timestamps, honest)


class WrongTimestamps:
    """Hands out genuine tokens of other documents."""

    def __init__(self, genuine: SpecimenTimestamps, honest: int) -> None:
        self._genuine = genuine
        self._honest = honest

    def stamp(self, digest: bytes, *, hash_name: str = "sha256") -> bytes:
        """As :meth:`hkeid.ports.timestamps.TimestampAuthority.stamp`, but for what it is about."""
        self._honest -= 1
        about = digest if self._honest >= 0 else sha256(b"another document").digest()
        return self._genuine.stamp(about, hash_name=hash_name)


def _payee(document: Any) -> None:
    from pikepdf import Array, Dictionary, Name, String

    looks = document.make_stream(
        b"BT /F1 12 Tf 2 5 Td (Pay to: CHAN Tai Man) Tj ET",
        Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 240, 20]),
        Resources=document.pages[0].obj.Resources,
    )  # fmt: skip
    field = document.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("payee"),
            V=String("Pay to: CHAN Tai Man"), Rect=Array([60, 600, 300, 620]), F=4,
            AP=Dictionary(N=looks), P=document.pages[0].obj,
        )
    )  # fmt: skip
    document.pages[0].obj.Annots = Array([field])
    document.Root.AcroForm = Dictionary(Fields=Array([field]))


def _scan(document: Any) -> None:
    """A picture of words: text to people, and to no program."""
    from pikepdf import Name

    page, wide, high = document.pages[0].obj, 200, 60
    ink = (
        0 if 20 < x < 180 and 15 < y < 45 and (x // 7 + y // 9) % 2 else 255
        for y in range(high)
        for x in range(wide)
    )
    page.Resources.XObject[Name.Scan] = document.make_stream(
        bytes(ink),
        Type=Name.XObject, Subtype=Name.Image, Width=wide, Height=high,
        ColorSpace=Name.DeviceGray, BitsPerComponent=8,
    )  # fmt: skip
    drawn = b"\nq 200 0 0 60 300 400 cm /Scan Do Q"
    page.Contents = document.make_stream(page.Contents.read_bytes() + drawn)


def _curtain(document: Any) -> None:
    from pikepdf import Array, Name

    page = document.pages[0].obj
    page.Resources.XObject[Name.Curtain] = document.make_stream(
        b"1 g 0 0 400 60 re f",
        Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 400, 60]),
    )  # fmt: skip
    text = (
        b"BT /F1 18 Tf 60 500 Td (I owe you HKD 1,000,000) Tj ET q 1 0 0 1 50 480 cm /Curtain Do Q"
    )
    page.Contents = document.make_stream(page.Contents.read_bytes() + b"\n" + text)
