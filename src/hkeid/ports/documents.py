"""Reading an identity card from photographs: a typing aid, never evidence of authenticity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.errors import Refused


class CardField(StrEnum):
    """What the face of the identity card prints (form ROP133)."""

    NAME_CHINESE = "name_chinese"
    NAME_ENGLISH = "name_english"
    COMMERCIAL_CODE = "name_commercial_code"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    SYMBOLS = "symbols"
    FIRST_REGISTRATION = "first_registration"
    ISSUED = "issued"
    HKIC_NUMBER = "hkic_number"


class RetakeAdvice(StrEnum):
    """Why a photograph should be taken again; the page says it in plain words."""

    TOO_DARK = "too_dark"
    GLARE = "glare"
    BLURRED = "blurred"
    TOO_SMALL = "too_small"
    NO_CARD = "no_card"
    NOT_AN_IDENTITY_CARD = "not_an_identity_card"
    BLACK_AND_WHITE = "black_and_white"
    NUMBER_UNREADABLE = "number_unreadable"
    FIELDS_UNREADABLE = "fields_unreadable"
    DATES_IMPOSSIBLE = "dates_impossible"
    NO_PORTRAIT = "no_portrait"


class ImageRefused(Refused):
    """An image that is not looked at: ``image_empty``, ``image_too_large``, ``image_too_many_pixels``,
    ``image_malformed``, ``image_kind_unknown``, ``image_animated``.
    """

    default_safe_text = "This picture cannot be used."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadField:
    """One field as the machine read it.

    :ivar value: in the form that :mod:`hkeid.identity` parses (dates ISO 8601: ``1985-04-12``,
        ``2003-09`` for the month of first registration; number ``A123456(3)``; sex ``F`` or ``M``).
    :ivar printed: the characters as they stand on the card.
    :ivar confidence: the reader's own, 0 to 1; no probability.
    :ivar box: left, top, right, bottom on the rectified card, in per mille of its width; None if unknown.
    """

    value: str
    printed: str
    confidence: float
    box: tuple[int, int, int, int] | None = None

    def __repr__(self) -> str:
        return f"ReadField(…, confidence={self.confidence:.2f})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DocumentReading:
    """What a reader made of a photograph.

    :ivar fields: what could be read; a field that fails its own rule (check character, date) is left out.
    :ivar advice: at most one reason to take the photograph again, the most helpful; None: good enough.
    :ivar warnings: reasons in ``snake_case`` that do not need a retake (``code_disagrees_with_name`` …).
    :ivar card: the card cut out and straightened (JPEG); None when none was found.
    :ivar portrait: the portrait on it (PNG), with a margin; None when there is none.
    :ivar generation: ``hkic-2018``, ``hkic-2003`` or ``unknown``.
    :ivar reader: name and version of what read it.
    """

    fields: Mapping[CardField, ReadField] = field(default_factory=dict)
    advice: RetakeAdvice | None = None
    warnings: tuple[str, ...] = ()
    card: bytes | None = None
    portrait: bytes | None = None
    generation: str = "unknown"
    reader: str

    def __repr__(self) -> str:
        return f"DocumentReading({len(self.fields)} fields, advice={self.advice})"


class DocumentReader(Protocol):
    """Reads a photograph of the front of an identity card."""

    def read(self, image: bytes) -> DocumentReading:
        """Read an encoded picture (JPEG, PNG or WebP).

        :raises ImageRefused: the picture breaks a limit or does not decode.
        :raises hkeid.kernel.errors.Unavailable: ``document_reader_busy``, ``document_reader_failed``.
        """
        ...


class Authenticity(StrEnum):
    """Whether a document is genuine. Without an assessor: ``not_assessed``, and never ``passed``."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASSESSED = "not_assessed"


class DocumentAuthenticator(Protocol):
    """Judges whether the thing photographed is a genuine card; hkeid ships none (law 7)."""

    def assess(self, image: bytes, reading: DocumentReading) -> Authenticity:
        """Assess one photograph."""
        ...
