"""Reading and changing PDF files, as the core asks for it.

A file travels as *parts*: buffers that make it up one after another, so that a large one is never copied to
get an update. What comes back is an update alone: the bytes that go after the file (ISO 32000-2 §7.5.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import ValidationMaterial

PdfParts = Sequence[bytes | memoryview]
"""The buffers of which a file consists."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points (1/72 inch), from the lower left corner of the page."""


class PdfTrait(StrEnum):
    """What can make a document look different to the next reader. The value is the reason of a refusal;
    the order is that in which reasons are given.
    """

    ENCRYPTED = "pdf_encrypted"
    """Whoever lacks the password sees nothing, and the permissions are others."""
    HYBRID_CROSS_REFERENCE = "pdf_hybrid_cross_reference"
    """``/XRefStm`` beside a table (ISO 32000-2 §7.5.8.4): old and new readers see different objects."""
    DAMAGED = "pdf_damaged"
    """What does not parse strictly; readers repair it, each in its own way."""
    TRAILING_BYTES = "pdf_trailing_bytes"
    """Something before the header or after the last ``%%EOF``."""
    JAVASCRIPT = "pdf_javascript"
    """A script: as action, in the name tree, on fields."""
    LAUNCH_ACTION = "pdf_launch_action"
    """An action that does more than go somewhere: starts programs, sends or imports data, shows and hides,
    plays."""
    OPEN_ACTION = "pdf_open_action"
    """``/OpenAction`` that does more than go to a page, or actions by themselves (``/AA``)."""
    XFA = "pdf_xfa"
    """A form in XML beside the pages."""
    OPTIONAL_CONTENT = "pdf_optional_content"
    """Layers that can be shown and hidden (ISO 32000-2 §8.11)."""
    OVERLAY = "pdf_overlay"
    """An annotation over the page that can be closed, moved or changed: everything but links and the
    widgets of forms; looks that change under the pointer, or are others on paper than on the screen; and
    frames, widgets and blend modes that readers draw each in its own way."""
    HIDDEN_FIELD = "pdf_hidden_field"
    """A form field with a value that nobody sees."""
    NEED_APPEARANCES = "pdf_need_appearances"
    """``/NeedAppearances``: each reader draws the form anew."""
    HIDDEN_CONTENT = "pdf_hidden_content"
    """Pages or catalogues that cannot be reached, or page templates: prepared for a later exchange."""
    EXTERNAL_CONTENT = "pdf_external_content"
    """Content that is fetched from elsewhere: reference XObjects, external streams, OPI."""
    UNDEFINED_RESOURCE = "pdf_undefined_resource"
    """Content that names a font, an image or another resource which is not there: readers draw something
    else, or nothing."""
    ALTERNATE_IMAGES = "pdf_alternate_images"
    """``/Alternates``: another image on paper than on the screen."""
    COLLECTION = "pdf_collection"
    """A portfolio: readers show its attachments in the place of the pages."""


class Certification(IntEnum):
    """What may still happen after a certifying first signature: ``/P`` of DocMDP (ISO 32000-2 §12.8.2.2)."""

    NO_CHANGES = 1
    FILL_IN = 2
    """Forms may be filled in and prepared fields signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampLine:
    """One line of a stamp. ``size`` in points; ``heading`` lines stand above a rule."""

    text: str
    size: float = 8.0
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a visible signature shows.

    :ivar page: counted from 0; negative ones from the end.
    :ivar box: where on the page; without it the field must be there already and have one.
    :ivar lines: from top to bottom; they are made smaller together where they do not fit.
    :ivar link: shown as a QR code (ISO/IEC 18004).
    """

    lines: tuple[StampLine, ...]
    page: int = 0
    box: Box | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedField:
    """A signature field to be made before the first signature.

    :ivar box: None for an invisible one.
    :ivar open_after: names of the fields that may still be filled in once this one is signed; all others
        are locked (FieldMDP, ISO 32000-2 §12.8.2.4). None leaves all open.
    """

    name: str
    page: int = 0
    box: Box | None = None
    open_after: tuple[str, ...] | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """What a signature in a document shall be like.

    :ivar refused: where the document has one of these traits, nothing is prepared.
    :ivar room: bytes that are kept free for the CMS.
    :ivar signed_at: the claimed time (``/M``).
    :ivar field: its name; without it the first prepared field that is empty, or else a new one.
    :ivar edwards: signed with Ed25519, which makes the file PDF 2.0 (ISO/TS 32002).
    """

    refused: frozenset[PdfTrait]
    room: int
    signed_at: Instant
    field: str | None = None
    reason: str | None = None
    location: str | None = None
    certification: Certification | None = None
    stamp: Stamp | None = None
    edwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GapUpdate:
    """An update with a gap for DER, which is written in hexadecimal.

    :ivar before: from the end of the file to the gap.
    :ivar room: bytes of DER that fit.
    :ivar after: from the gap to the new end.
    """

    before: bytes
    room: int
    after: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedUpdate:
    """What :meth:`PdfEngine.prepare_signature` found and made.

    :ivar traits: what was found, in the order of :class:`PdfTrait`.
    :ivar update: None where a refused trait was found.
    :ivar field: the name of the signature field.
    """

    traits: tuple[PdfTrait, ...]
    update: GapUpdate | None = None
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFields:
    """What :meth:`PdfEngine.prepare_fields` found and made; ``update`` is None where a refused trait was
    found.
    """

    traits: tuple[PdfTrait, ...]
    update: bytes | None = None


class PdfEngine(Protocol):
    """Who knows PDF. Each method takes the parts of a file that may be hostile.

    All raise :class:`hkeid.kernel.errors.MalformedInput` (``pdf_malformed``) and
    :class:`hkeid.kernel.errors.Unavailable` (``pdf_engine_busy``; ``pdf_engine_failed``: too slow, too
    large in memory, or crashed).
    """

    def prepare_signature(self, parts: PdfParts, request: SignatureRequest) -> PreparedUpdate:
        """An update with an empty signature.

        :raises hkeid.kernel.errors.Refused: ``field_absent``, ``field_signed``, ``field_locked``,
            ``field_not_a_signature``, ``field_named_badly``, ``field_invisible``, ``page_absent``,
            ``pdf_certified_final``, ``pdf_signed_already``.
        """
        ...

    def prepare_timestamp(
        self, parts: PdfParts, material: ValidationMaterial, room: int
    ) -> GapUpdate:
        """An update with validation material and an empty document time-stamp that covers it
        (ETSI EN 319 142-1 §5.4, §5.5).
        """
        ...

    def add_material(self, parts: PdfParts, material: ValidationMaterial) -> bytes:
        """An update with validation material in the document security store (ETSI EN 319 142-1 §5.4)."""
        ...

    def prepare_fields(
        self, parts: PdfParts, fields: Sequence[PlannedField], refused: frozenset[PdfTrait]
    ) -> PreparedFields:
        """An update with empty signature fields.

        :raises hkeid.kernel.errors.Refused: ``field_exists``, ``field_named_badly``, ``page_absent``,
            ``pdf_signed_already``.
        """
        ...
