"""Smart-card readers: bytes to a card and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from hkeid.kernel.errors import Unavailable


class CardUnavailable(Unavailable):
    """The card or reader does not answer: ``card_absent``, ``card_removed``, ``card_silent``,
    ``reader_absent``, ``reader_removed``, ``reader_in_use``.
    """

    default_safe_text = "The card cannot be read. Please hold it still and try again."


class Transceiver(Protocol):
    """Command APDU in, response APDU (status word included) out: all that the protocols need."""

    def transmit(self, command: bytes) -> bytes:
        """Exchange one APDU (ISO/IEC 7816-4).

        :raises CardUnavailable: ``card_removed``, ``card_silent``.
        """
        ...


class CardConnection(Transceiver, Protocol):
    """An exclusive connection to one card."""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        ...

    @property
    def extended_length(self) -> int:
        """Most response bytes (Ne) that reader and link say they carry at once; 65,536 where they say
        nothing: then whoever reads tries, and falls back.
        """
        ...

    def reset(self) -> None:
        """Reset the card; every session with it is over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEvent:
    """A card came (``inserted``) or went, or the reader did (``attached``)."""

    reader: str
    inserted: bool
    attached: bool = True


class CardReader(Protocol):
    """One reader."""

    @property
    def name(self) -> str:
        """What the system calls it."""
        ...

    def connect(self, *, timeout: float = 10.0) -> AbstractContextManager[CardConnection]:
        """Connect to the card in it, waiting for one up to ``timeout`` seconds; alone with it until the
        block ends.

        :raises CardUnavailable: ``card_absent``, ``reader_absent``, ``reader_in_use``.
        """
        ...

    def events(self, *, timeout: float) -> Iterator[ReaderEvent]:
        """Insertions and removals until ``timeout`` seconds pass without one."""
        ...
