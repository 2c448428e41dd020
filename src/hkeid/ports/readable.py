"""Making a readable document of plain text, for people who take it home or print it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class BlockKind(StrEnum):
    """What a block is; assistive software is told so."""

    TITLE = "title"
    SECTION = "section"
    RECORD = "record"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading or a paragraph.

    :ivar language: BCP 47 tag where it is not the document's, or None.
    """

    kind: BlockKind
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableDocument:
    """What is to be printed.

    :ivar language: BCP 47 tag.
    :ivar page_words: of the foot of a page, with ``%(page)s`` and ``%(pages)s``.
    """

    title: str
    language: str
    blocks: tuple[Block, ...]
    page_words: str = "%(page)s / %(pages)s"


class DocumentPrinter(Protocol):
    """Prints documents as PDF."""

    def render(self, document: ReadableDocument) -> bytes:
        """The file: tagged, with its language and title, the text in an embedded font.

        :raises hkeid.kernel.errors.ConfigurationError: there is no font.
        """
        ...
