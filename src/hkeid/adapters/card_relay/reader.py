"""A reader that came over TLS, for the length of one session."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from hkeid.adapters.card_relay.frames import Hello, Kind, gone_reason, receive, send
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.cards import CardUnavailable, ReaderEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPeer:
    """Who offers a reader.

    :ivar certificate: the client's certificate (DER), verified by TLS; None where none was asked for.
    :ivar ticket: what it says which session it is for; whoever accepts uses it up.
    """

    certificate: bytes | None
    ticket: str = field(repr=False)
    address: str


class RelayedReader:
    """A :class:`hkeid.ports.CardReader` far away; there is a card in it, once.

    :ivar peer: who offers it.
    :param patience: seconds for one exchange.
    :param session: seconds in all; then the far end counts as silent.
    """

    def __init__(
        self,
        link: socket.socket,
        hello: Hello,
        peer: RelayPeer,
        *,
        patience: float,
        session: float,
    ) -> None:
        self._link = link
        self._patience = patience
        self._ends = monotonic() + session
        self._hello = hello
        self._used = False
        self._over: str | None = None
        self.peer = peer

    @property
    def name(self) -> str:
        """What the far system calls it."""
        return self._hello.reader

    @contextmanager
    def connect(self, *, timeout: float = 10.0) -> Iterator[RelayedReader]:  # noqa: ARG002 - it is there already
        """The card that is in it; a second time there is none.

        :raises CardUnavailable: ``card_absent``.
        """
        if self._used:
            raise CardUnavailable("card_absent", detail="a relayed card is there once")
        self._used = True
        yield self

    def events(self, *, timeout: float) -> Iterator[ReaderEvent]:  # noqa: ARG002 - nothing changes
        """That there is a card, or was."""
        yield ReaderEvent(reader=self.name, inserted=not self._used, attached=self._over is None)

    @property
    def atr(self) -> bytes:
        """Answer to reset, as the far end says."""
        return self._hello.atr

    @property
    def extended_length(self) -> int:
        """Most response bytes at once, as the far end says."""
        return self._hello.extended

    def transmit(self, command: bytes) -> bytes:
        """Exchange one APDU.

        :raises CardUnavailable: what the far end met, or that it is gone.
        """
        answer = self._ask(Kind.COMMAND, command)
        if len(answer) < 2:
            self._over = "card_removed"
            raise CardUnavailable("card_removed", detail="answer without a status word")
        return answer

    def reset(self) -> None:
        """Reset the card.

        :raises CardUnavailable: as :meth:`transmit`.
        """
        self._ask(Kind.RESET)

    def close(self) -> None:
        """Say that we are done; never raises."""
        with suppress(CardUnavailable):
            send(self._link, Kind.BYE)
        self._over = self._over or "reader_removed"
        self._link.close()

    def _ask(self, kind: Kind, body: bytes = b"") -> bytes:
        if self._over is not None:
            raise CardUnavailable(self._over, detail="the connection is over")
        left = self._ends - monotonic()
        if left <= 0:
            self._over = "card_silent"
            raise CardUnavailable("card_silent", detail="the session lasted too long")
        self._link.settimeout(min(self._patience, left))
        try:
            send(self._link, kind, body)
            said, answer = receive(self._link)
        except CardUnavailable as error:
            self._over = error.reason
            raise
        except MalformedInput as error:
            self._over = "reader_removed"
            raise CardUnavailable("reader_removed", detail=error.reason) from None
        if said is Kind.ANSWER:
            return answer
        self._over = gone_reason(answer) if said is Kind.GONE else "reader_removed"
        raise CardUnavailable(self._over, detail="said by the far end")
