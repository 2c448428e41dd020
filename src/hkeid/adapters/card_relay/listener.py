"""The server's end: readers that come over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from hkeid.adapters.card_relay.frames import Hello, Kind, decode_hello, gone_reason, receive, send
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
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


class RelayListener:
    """Accepts readers. One at a time; run several for several.

    :param tls: the server's context, with ``verify_mode`` as the deployment wants it: ``CERT_REQUIRED``
        for stations.
    :param admit: decides about a peer, using up its ticket; raises :class:`~hkeid.kernel.errors.Refused`.
    :param patience: seconds for one exchange with the card, the network included.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext,
        admit: Callable[[RelayPeer], None],
        patience: float = 10.0,
    ) -> None:
        self._listener = socket.create_server((host, port))
        self._tls = tls
        self._admit = admit
        self._patience = patience
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.close()

    @contextmanager
    def accept(self, *, timeout: float) -> Iterator[RelayedReader]:
        """The next admitted reader, for the length of the block; those refused do not count.

        :raises CardUnavailable: ``reader_absent``: none within ``timeout`` seconds.
        """
        self._listener.settimeout(timeout)
        while True:
            try:
                plain, (address, *_) = self._listener.accept()
            except OSError:
                raise CardUnavailable("reader_absent", detail="nobody offers one") from None
            with plain:
                reader = self._greet(plain, str(address))
                if reader is None:
                    continue
                try:
                    yield reader
                finally:
                    reader.close()
                return

    def _greet(self, plain: socket.socket, address: str) -> RelayedReader | None:
        plain.settimeout(self._patience)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            link = self._tls.wrap_socket(plain, server_side=True)
        except OSError:
            return None
        try:
            kind, body = receive(link)
            if kind is not Kind.HELLO:
                raise MalformedInput("relay_message_malformed")
            hello = decode_hello(body)
            peer = RelayPeer(
                certificate=link.getpeercert(binary_form=True),
                ticket=hello.ticket,
                address=address,
            )
            self._admit(peer)
            send(link, Kind.WELCOME)
        except HkeidError as error:
            if isinstance(error, Refused | MalformedInput):
                with suppress(CardUnavailable):
                    send(link, Kind.REFUSED)
            link.close()
            return None
        return RelayedReader(link, hello, peer)


class RelayedReader:
    """A :class:`hkeid.ports.CardReader` far away; there is a card in it, once.

    :ivar peer: who offers it.
    """

    def __init__(self, link: socket.socket, hello: Hello, peer: RelayPeer) -> None:
        self._link = link
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
