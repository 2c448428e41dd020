"""HTTP connections with one deadline over everything, and with a say in where they lead.

A time-out of the standard library is for one read: a peer that sends a byte now and then holds a thread
for days, in the TLS handshake as well. Here a timer shuts the socket.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TimedConnection(http.client.HTTPConnection):
    """One exchange, over by ``seconds`` after :meth:`connect` began, whatever the peer does.

    :param context: for TLS; None: plain HTTP.
    :param public_only: refuse addresses of our own networks, under whatever name or wrapping.
    """

    def __init__(
        self,
        host: str,
        port: int | None,
        *,
        seconds: float,
        context: ssl.SSLContext | None,
        public_only: bool = False,
    ) -> None:
        super().__init__(host, port, timeout=seconds)
        self._seconds = seconds
        self._context = context
        self._public_only = public_only
        self._over = False
        self._timer: threading.Timer | None = None

    def connect(self) -> None:
        """Resolve, connect, shake hands.

        :raises OSError: no way there, or none that is allowed.
        """
        ends = time.monotonic() + self._seconds
        plain = self._connected(ends)
        self.sock = plain
        self._timer = threading.Timer(max(ends - time.monotonic(), 0.001), self._shut)
        self._timer.daemon = True
        self._timer.start()
        plain.settimeout(self._seconds)
        if self._context is not None:
            # Known to the timer before the first byte of the handshake.
            tls = self._context.wrap_socket(
                plain, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = tls
            tls.do_handshake()
        if self._over:
            raise TimeoutError

    def close(self) -> None:
        """Close, and stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        super().close()

    def _connected(self, ends: float) -> socket.socket:
        failure: OSError = OSError("no address")
        for family, kind, protocol, _, where in self._addresses():
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            one = socket.socket(family, kind, protocol)
            try:
                one.settimeout(left)
                one.connect(where)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                one.close()
                failure = error
            else:
                return one
        raise failure

    def _addresses(self) -> Iterator[tuple[int, int, int, str, tuple[str, int]]]:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for family, kind, protocol, name, where in found:
            text = str(where[0]).partition("%")[0]
            if not self._public_only or is_public(ipaddress.ip_address(text)):
                yield family, kind, protocol, name, where  # type: ignore[misc]

    def _shut(self) -> None:
        self._over = True
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


def is_public(address: Address) -> bool:
    """Whether an address leads to the public internet: global, to one host, and with no other kind of
    address wrapped in it (IPv4-mapped, NAT64, 6to4, Teredo, IPv4-compatible).
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in _NAT64 or address in _COMPATIBLE):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast
