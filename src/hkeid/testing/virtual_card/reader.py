"""A reader in this process: a virtual card without PC/SC in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hkeid.ports.cards import CardUnavailable, ReaderEvent
from hkeid.testing.virtual_card.card import VirtualCard
from hkeid.testing.virtual_card.points import CardGone, CardSilent


class CardInProcess:
    """A connection to a virtual card. Implements :class:`hkeid.ports.CardConnection`.

    :ivar log: every command and answer, in order.
    """

    def __init__(self, card: VirtualCard, *, extended_length: int = 65_536) -> None:
        self._card = card
        self._extended_length = extended_length
        self._gone = False
        self.log: list[tuple[bytes, bytes]] = []

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._card.atr

    @property
    def extended_length(self) -> int:
        """Most response bytes that the link carries at once."""
        return self._extended_length

    def transmit(self, command: bytes) -> bytes:
        """Exchange one APDU.

        :raises CardUnavailable: ``card_removed``, ``card_silent``.
        """
        if self._gone:
            raise CardUnavailable("card_removed")
        try:
            answer = self._card.transmit(command)
        except CardGone:
            self._gone = True
            raise CardUnavailable("card_removed") from None
        except CardSilent:
            raise CardUnavailable("card_silent") from None
        self.log.append((command, answer))
        return answer

    def reset(self) -> None:
        """Reset the card."""
        self._card.reset()


class ReaderInProcess:
    """A reader that holds one virtual card, or none. Implements :class:`hkeid.ports.CardReader`."""

    def __init__(
        self,
        card: VirtualCard | None,
        *,
        name: str = "virtual reader",
        extended_length: int = 65_536,
    ) -> None:
        self.card = card
        self._name = name
        self._extended_length = extended_length

    @property
    def name(self) -> str:
        """What the system calls it."""
        return self._name

    @contextmanager
    def connect(self, *, timeout: float = 10.0) -> Iterator[CardInProcess]:  # noqa: ARG002
        """Connect to the card in it; nobody else can have it, so that nothing is waited for.

        :raises CardUnavailable: ``card_absent``.
        """
        connection, card = self.connection(), self.card
        assert card is not None
        card.power(on=True)
        try:
            yield connection
        finally:
            card.power(on=False)

    def connection(self) -> CardInProcess:
        """A connection to a card that stays under power.

        :raises CardUnavailable: ``card_absent``.
        """
        if self.card is None:
            raise CardUnavailable("card_absent")
        return CardInProcess(self.card, extended_length=self._extended_length)

    def events(self, *, timeout: float) -> Iterator[ReaderEvent]:  # noqa: ARG002
        """The card that is there; none comes later."""
        if self.card is not None:
            yield ReaderEvent(reader=self._name, inserted=True)
