"""A card reader at the other end of a TLS connection.

A tablet of a mobile team (with its station certificate) or a resident's phone holds the card; it
connects out to the server, and the server's chip reader talks to the card through it. The far end sees
what passes: it could keep a transcript of what it relays, as any reader could, but cannot read what
secure messaging protects, nor forge it.

* at the server: :class:`RelayListener`, whose readers are :class:`hkeid.ports.CardReader`;
* at the card: :func:`offer_reader`.
"""

from hkeid.adapters.card_relay.agent import offer_reader
from hkeid.adapters.card_relay.listener import RelayListener
from hkeid.adapters.card_relay.reader import RelayedReader, RelayPeer

__all__ = ["RelayListener", "RelayPeer", "RelayedReader", "offer_reader"]
