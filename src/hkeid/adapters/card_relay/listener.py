"""The server's end: takes readers in that come over TLS, several at once.

Whoever can reach the port can open connections and say nothing, or one byte in a minute. So each peer
greets in a thread of its own and within one deadline, the number of peers that were not taken yet is
bounded, and when it is reached, the address that holds most of the places loses its oldest one.
"""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from time import monotonic, sleep

from hkeid.adapters.card_relay.frames import Hello, Kind, decode_hello, receive, send
from hkeid.adapters.card_relay.reader import RelayedReader, RelayPeer
from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, Refused
from hkeid.ports.cards import CardUnavailable

_REAP_EVERY = 0.5
_BREATH = 0.05


@dataclass(slots=True, kw_only=True, eq=False)
class _Caller:
    """A peer that was not taken yet.

    :ivar until: when its time to greet, and then its time to wait, is over (monotonic).
    :ivar hello: what it said; None while it greets.
    """

    link: ssl.SSLSocket
    address: str
    until: float
    hello: Hello | None = field(default=None, repr=False)

    def drop(self) -> None:
        """End its connection, whatever another thread does with it just now."""
        with suppress(OSError):
            # Not SSLSocket's own: that one would pull the session away under the other thread.
            socket.socket.shutdown(self.link, socket.SHUT_RDWR)


class RelayListener:
    """Takes readers in. :meth:`accept` may be called by as many threads as readers are to be served at
    once; a peer that is slow, silent or gone holds up none of them.

    :param tls: the server's context, with ``verify_mode`` as the deployment wants it: ``CERT_REQUIRED``
        for stations.
    :param admit: decides about a peer, using up its ticket; raises :class:`~hkeid.kernel.errors.Refused`.
        It is asked when somebody takes the reader, not before.
    :param patience: seconds for a whole greeting (handshake included), and for one exchange with the
        card, the network included.
    :param waiting: seconds that a peer which greeted waits to be taken.
    :param session: seconds that one reader may be used in all.
    :param callers: most peers that greet or wait at the same time.
    :raises ConfigurationError: ``relay_limits_invalid``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext,
        admit: Callable[[RelayPeer], None],
        patience: float = 10.0,
        waiting: float = 30.0,
        session: float = 300.0,
        callers: int = 32,
    ) -> None:
        if min(patience, waiting, session) <= 0 or callers < 1:
            raise ConfigurationError("relay_limits_invalid")
        self._listener = socket.create_server((host, port))
        self._tls = tls
        self._admit = admit
        self._patience = patience
        self._waiting = waiting
        self._session = session
        self._most = callers
        self._callers: list[_Caller] = []
        self._changed = Condition()
        self._closed = Event()
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._listen, name="card-relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Accept nobody any more; who waits is sent away. Readers in use go on."""
        with self._changed:
            self._closed.set()
            for caller in self._callers:
                caller.drop()
            self._changed.notify_all()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(5)
        self._listener.close()

    @contextmanager
    def accept(self, *, timeout: float) -> Iterator[RelayedReader]:
        """The next admitted reader, for the length of the block; those refused do not count.

        :raises CardUnavailable: ``reader_absent``: none within ``timeout`` seconds, or closed.
        """
        ends = monotonic() + timeout
        while True:
            caller = self._next(ends)
            reader = self._welcome(caller)
            if reader is None:
                continue
            try:
                yield reader
            finally:
                reader.close()
            return

    # --- who calls -------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._listener.settimeout(_REAP_EVERY)
        while not self._closed.is_set():
            try:
                plain, (address, *_) = self._listener.accept()
            except TimeoutError:
                self._reap()
                continue
            except OSError:
                if self._closed.is_set():
                    return
                # A peer that was gone before we looked, or no descriptor left: no haste then.
                self._reap()
                sleep(_BREATH)
                continue
            self._reap()
            self._take_call(plain, str(address))

    def _take_call(self, plain: socket.socket, address: str) -> None:
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(self._patience)
            link = self._tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        except OSError:
            plain.close()
            return
        caller = _Caller(link=link, address=address, until=monotonic() + self._patience)
        with self._changed:
            if len(self._callers) >= self._most:
                self._make_room()
            self._callers.append(caller)
        Thread(target=self._greet, args=(caller,), name="card-relay-greeting", daemon=True).start()

    def _make_room(self) -> None:
        """Drop the oldest caller of the address that has most of them: nobody crowds others out."""
        often = Counter(one.address for one in self._callers)
        greedy = max(often.values())
        oldest = next(one for one in self._callers if often[one.address] == greedy)
        self._callers.remove(oldest)
        oldest.drop()

    def _reap(self) -> None:
        """Drop whose time is over."""
        now = monotonic()
        with self._changed:
            for caller in [one for one in self._callers if now >= one.until]:
                self._callers.remove(caller)
                caller.drop()
                if caller.hello is not None:
                    caller.link.close()  # no thread of its own any more

    def _greet(self, caller: _Caller) -> None:
        """Handshake and greeting of one peer, in its own thread."""
        try:
            caller.link.do_handshake()
            caller.link.settimeout(max(0.001, caller.until - monotonic()))
            kind, body = receive(caller.link)
            if kind is not Kind.HELLO:
                raise MalformedInput("relay_message_malformed")
            hello = decode_hello(body)
        except (HkeidError, OSError, ValueError) as error:
            if isinstance(error, MalformedInput):
                _refuse(caller.link)
            with self._changed:
                if caller in self._callers:
                    self._callers.remove(caller)
            caller.link.close()
            return
        with self._changed:
            if self._closed.is_set() or caller not in self._callers:
                caller.link.close()
                return
            caller.hello, caller.until = hello, monotonic() + self._waiting
            self._changed.notify()

    # --- who is taken ----------------------------------------------------------------------------

    def _next(self, ends: float) -> _Caller:
        """The peer that greeted first, taken off the list."""
        with self._changed:
            while True:
                ready = next((one for one in self._callers if one.hello is not None), None)
                if ready is not None:
                    self._callers.remove(ready)
                    return ready
                left = ends - monotonic()
                if left <= 0 or self._closed.is_set():
                    raise CardUnavailable("reader_absent", detail="nobody offers one")
                self._changed.wait(left)

    def _welcome(self, caller: _Caller) -> RelayedReader | None:
        link, hello = caller.link, caller.hello
        assert hello is not None
        link.settimeout(self._patience)
        try:
            certificate = link.getpeercert(binary_form=True)
            peer = RelayPeer(certificate=certificate, ticket=hello.ticket, address=caller.address)
            self._admit(peer)
            send(link, Kind.WELCOME)
        except (Refused, MalformedInput):
            _refuse(link)
            link.close()
            return None
        except (HkeidError, OSError, ValueError):
            link.close()
            return None
        except BaseException:
            link.close()
            raise
        return RelayedReader(link, hello, peer, patience=self._patience, session=self._session)


def _refuse(link: socket.socket) -> None:
    with suppress(CardUnavailable):
        send(link, Kind.REFUSED)
