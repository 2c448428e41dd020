"""What may be signed: nothing that can look different to the next reader.

A signature covers bytes; a person signs what is seen. A document whose look can change without a byte
changing is refused, each kind with a reason of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hkeid.ports.pdf import PdfTrait
from hkeid.signing.errors import DocumentRefused

LARGEST = 64 << 20
"""Bytes of a document, unless a policy says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPolicy:
    """Which documents may be signed.

    :ivar refused: traits that keep a document from being signed, all by default; leave one out only where
        documents come from a source that you would sign blindly.
    :ivar largest: most bytes.
    """

    refused: frozenset[PdfTrait] = frozenset(PdfTrait)
    largest: int = LARGEST

    def require_size(self, size: int) -> None:
        """Let a document of ``size`` bytes pass.

        :raises DocumentRefused: ``pdf_too_large``.
        """
        if size > self.largest:
            raise DocumentRefused("pdf_too_large", detail=f"{size} bytes, at most {self.largest}")

    def require(self, traits: Collection[PdfTrait]) -> None:
        """Let a document pass that has none of the refused traits.

        :param traits: what was found.
        :raises DocumentRefused: the reason is the first such trait in the order of
            :class:`hkeid.ports.pdf.PdfTrait`; the detail lists all.
        """
        found = [one for one in PdfTrait if one in traits and one in self.refused] if traits else ()
        if found:
            raise DocumentRefused(found[0].value, detail=", ".join(found))
