"""The card's end: lends a reader to the server for one session."""

from __future__ import annotations

import socket
import ssl

from hkeid.adapters.card_relay.frames import Hello, Kind, receive, send
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.ports.cards import CardConnection, CardReader, CardUnavailable


def offer_reader(
    reader: CardReader,
    address: tuple[str, int],
    *,
    tls: ssl.SSLContext,
    ticket: str,
    server_name: str | None = None,
    wait_for_card: float = 30.0,
    silence: float = 30.0,
) -> int:
    """Wait for a card, connect to the server, do what it asks until it is done.

    :param tls: verifies the server; carries the station's certificate, where there is one.
    :param ticket: what the server gave out for this session.
    :param server_name: the server's name in its certificate; the address's host if None.
    :param silence: seconds to wait for the server's next command.
    :returns: how many APDUs were exchanged.
    :raises CardUnavailable: ``card_absent`` before, anything of the card during the session.
    :raises hkeid.kernel.errors.Refused: ``relay_refused``: the server does not want this card.
    :raises hkeid.kernel.errors.MalformedInput: the server speaks something else.
    """
    if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
        raise Refused("relay_tls_unverified", detail="the server must be verified")
    with reader.connect(timeout=wait_for_card) as card:
        try:
            plain = socket.create_connection(address, timeout=silence)
        except OSError as error:
            raise CardUnavailable("reader_absent", detail=type(error).__name__) from None
        with plain, _secured(plain, tls, server_name or address[0]) as link:
            hello = Hello(
                ticket=ticket, reader=reader.name, atr=card.atr, extended=card.extended_length
            )
            send(link, Kind.HELLO, hello.encode())
            if receive(link)[0] is not Kind.WELCOME:
                raise Refused("relay_refused")
            return _serve(link, card)


def _secured(plain: socket.socket, tls: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return tls.wrap_socket(plain, server_hostname=name)
    except OSError as error:
        raise CardUnavailable("reader_absent", detail=type(error).__name__) from None


def _serve(link: socket.socket, card: CardConnection) -> int:
    exchanged = 0
    while True:
        kind, body = receive(link)
        try:
            match kind:
                case Kind.COMMAND:
                    answer = card.transmit(body)
                    exchanged += 1
                case Kind.RESET:
                    card.reset()
                    answer = b""
                case Kind.BYE:
                    return exchanged
                case _:
                    raise MalformedInput("relay_message_malformed")
        except CardUnavailable as gone:
            send(link, Kind.GONE, gone.reason.encode("ascii"))
            raise
        send(link, Kind.ANSWER, answer)
