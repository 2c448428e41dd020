"""Terminal authentication against a card that checks the worked example's chain and our signature."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hkeid.adapters.system import SystemRandom
from hkeid.chip import tlv
from hkeid.chip.apdu import parse_command
from hkeid.chip.cv_certificates import (
    parse_cv_certificate,
    verify_chain,
    verify_terminal_signature,
)
from hkeid.chip.errors import CardRefused
from hkeid.chip.groups import named_curve
from hkeid.chip.object_identifiers import encode_oid
from hkeid.chip.session import CardSession
from hkeid.chip.terminal_authentication import run_terminal_authentication, signed_message

ECDSA = "0.4.0.127.0.7.2.2.2.2.3"
ROLE = "0.4.0.127.0.7.3.1.2.1"
WIDTH = 32


def _sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(WIDTH, "big") + s.to_bytes(WIDTH, "big")


def _certificate(
    authority: str,
    holder: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    root: bool,
) -> bytes:
    group = named_curve("brainpoolP256r1")
    assert group is not None
    curve = group.parameters
    point = group.public(key.private_numbers().private_value)
    domain = b""
    if root:
        numbers = {0x81: curve.p, 0x82: curve.a, 0x83: curve.b}
        domain = b"".join(tlv.encode(t, n.to_bytes(WIDTH, "big")) for t, n in numbers.items())
        domain += tlv.encode(0x84, group.generator_bytes()) + tlv.encode(
            0x85, curve.n.to_bytes(WIDTH, "big")
        )
    public = tlv.encode(
        0x7F49, tlv.encode(0x06, encode_oid(ECDSA)), domain, tlv.encode(0x86, point)
    )
    body = tlv.encode(
        0x7F4E,
        tlv.encode(0x5F29, b"\0"),
        tlv.encode(0x42, authority.encode()),
        public,
        tlv.encode(0x5F20, holder.encode()),
        tlv.encode(0x7F4C, tlv.encode(0x06, encode_oid(ROLE)), tlv.encode(0x53, b"\x03")),
        tlv.encode(0x5F25, bytes((2, 6, 0, 1, 0, 1))),
        tlv.encode(0x5F24, bytes((2, 9, 0, 1, 0, 1))),
    )
    return tlv.encode(0x7F21, body, tlv.encode(0x5F37, _sign(by, body)))


class Terminal:
    """Keys made on the spot."""

    def __init__(self) -> None:
        keys = [ec.generate_private_key(ec.BrainpoolP256R1()) for _ in range(3)]
        self.root = _certificate("CVCA", "CVCA", keys[0], keys[0], root=True)
        verifier = _certificate("CVCA", "DV", keys[1], keys[0], root=False)
        own = _certificate("DV", "TERMINAL", keys[2], keys[1], root=False)
        self.chain, self.key = [verifier, own], keys[2]

    def certificates(self) -> list[bytes]:
        return self.chain

    def sign(self, data: bytes) -> bytes:
        return _sign(self.key, data)


class Checker:
    """A card that verifies the chain and the signature."""

    def __init__(self, root: bytes, document: bytes) -> None:
        self.anchor, self.document = parse_cv_certificate(root), document
        self.seen: list[Any] = []
        self.terminal_key = b""
        self.challenge = SystemRandom().token_bytes(8)
        self.open = False

    def transmit(self, wire: bytes) -> bytes:
        command = parse_command(wire)
        if command.ins == 0x2A:
            whole = tlv.encode(0x7F21, command.data)
            self.seen.append(parse_cv_certificate(whole))
            verify_chain(self.anchor, self.seen)
        elif command.ins == 0x22 and command.p2 == 0xA4:
            announced = {one.tag: one.value for one in tlv.parse_all(command.data)}
            assert announced[0x83] == self.seen[-1].holder
            self.terminal_key = announced.get(0x91, self.terminal_key)
        elif command.ins == 0x84:
            return self.challenge + b"\x90\0"
        elif command.ins == 0x82:
            key = verify_chain(self.anchor, self.seen, on=date(2027, 1, 1))
            message = signed_message(self.document, self.challenge, self.terminal_key)
            if not verify_terminal_signature(ECDSA, key, message, command.data):
                return b"\x63\x00"
            self.open = True
        return b"\x90\0"


@pytest.mark.parametrize("version", [1, 2])
def test_a_licensed_terminal_gets_in(version: int) -> None:
    terminal = Terminal()
    card = Checker(terminal.root, b"document")
    card.terminal_key = b"ephemeral" if version == 1 else b""
    run_terminal_authentication(
        CardSession(card),
        terminal,
        document=b"document",
        terminal_key=b"ephemeral",
        version=version,
    )
    assert card.open
    assert [one.holder for one in card.seen] == [b"DV", b"TERMINAL"]


def test_another_document_or_key_does_not() -> None:
    terminal = Terminal()
    card = Checker(terminal.root, b"another document")
    with pytest.raises(CardRefused) as caught:
        run_terminal_authentication(
            CardSession(card), terminal, document=b"document", terminal_key=b"ephemeral"
        )
    assert (caught.value.reason, caught.value.detail) == ("terminal_refused", "6300")
    assert not card.open


def test_a_terminal_without_certificates() -> None:
    terminal = Terminal()
    terminal.chain = []
    with pytest.raises(CardRefused) as caught:
        run_terminal_authentication(
            CardSession(Checker(terminal.root, b"")), terminal, document=b"", terminal_key=b""
        )
    assert caught.value.reason == "terminal_chain_wrong"


def test_reading_with_a_terminal_key_that_the_card_refuses(desk: Any) -> None:
    """The virtual card knows no terminal authentication: a finding, and the rest is read."""
    from hkeid.chip import icao

    on_desk = desk()
    document = on_desk.read(profile=icao(terminal_key=Terminal()))
    assert [one.code.value for one in document.findings] == ["terminal_refused"]
    assert [proof.kind.value for proof in document.proofs] == ["chip"]
    assert not document.verify(trust=on_desk.trust).accepted
