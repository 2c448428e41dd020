"""Terminal authentication (TR-03110-2 §3.3): the terminal shows the card what it may read.

The key and its certificates are an integrator's and come through :class:`TerminalKeyPort`; nothing
here makes or holds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hkeid.chip import tlv
from hkeid.chip.apdu import Command
from hkeid.chip.cv_certificates import CvCertificate, parse_cv_certificate
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.object_identifiers import encode_oid
from hkeid.chip.session import CardSession

_CHALLENGE_BYTES = 8


class TerminalKeyPort(Protocol):
    """A terminal's signing key and authorisation certificates, kept by whoever is licensed to."""

    def certificates(self) -> Sequence[bytes]:
        """Card-verifiable certificates from below the card's anchor down to the terminal's own."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Sign ``data`` by the algorithm that the terminal's certificate names; ECDSA plain."""
        ...


def signed_message(document: bytes, challenge: bytes, terminal_key: bytes) -> bytes:
    """What the terminal signs: ``ID_PICC ‖ r_PICC ‖ Comp(PK_PCD)`` (§3.3.1).

    :param document: the card's compressed ephemeral key of PACE, or after BAC the document number
        with its check digit.
    :param terminal_key: the terminal's compressed ephemeral key of chip authentication.
    """
    return document + challenge + terminal_key


def run_terminal_authentication(
    session: CardSession,
    port: TerminalKeyPort,
    *,
    document: bytes,
    terminal_key: bytes,
    version: int = 1,
) -> None:
    """Present the chain, then sign the card's challenge.

    :param version: 1, after chip authentication, in which the card got the terminal's key already;
        2, before it, where the key is announced here (§B.3.4).
    :raises CardRefused: ``terminal_refused``; ``terminal_chain_wrong``: there is no certificate.
    :raises CardMalformed: ``terminal_chain_wrong``.
    """
    chain = [parse_cv_certificate(data) for data in port.certificates()]
    if not chain:
        raise CardRefused(FindingCode.TERMINAL_CHAIN_WRONG, detail="no certificate")
    for certificate in chain:
        _present(session, certificate)
    own = chain[-1]
    data = tlv.encode(0x83, own.holder)
    if version != 1:
        data = tlv.encode(0x80, encode_oid(own.oid)) + data + tlv.encode(0x91, terminal_key)
    session.demand(Command(ins=0x22, p1=0x81, p2=0xA4, data=data), FindingCode.TERMINAL_REFUSED)
    challenge = session.demand(
        Command(ins=0x84, expect=_CHALLENGE_BYTES), FindingCode.TERMINAL_REFUSED
    )
    if len(challenge) != _CHALLENGE_BYTES:
        raise CardMalformed(FindingCode.TERMINAL_REFUSED, detail="challenge")
    signature = port.sign(signed_message(document, challenge, terminal_key))
    session.demand(Command(ins=0x82, data=signature), FindingCode.TERMINAL_REFUSED)


def _present(session: CardSession, certificate: CvCertificate) -> None:
    """MSE:Set DST for the issuer, then PSO: Verify Certificate with body and signature."""
    name = tlv.encode(0x83, certificate.authority)
    session.demand(Command(ins=0x22, p1=0x81, p2=0xB6, data=name), FindingCode.TERMINAL_REFUSED)
    data = certificate.body + tlv.encode(0x5F37, certificate.signature)
    session.demand(Command(ins=0x2A, p2=0xBE, data=data), FindingCode.TERMINAL_REFUSED)
