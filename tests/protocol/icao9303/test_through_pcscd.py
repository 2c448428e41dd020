"""Cards in virtual readers of the real ``pcscd``, and behind the relay: honest ones are accepted,
dishonest ones end in their own finding as they do in process.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hkeid.adapters.card_relay import RelayListener, offer_reader
from hkeid.adapters.pcsc import PcscReader
from hkeid.adapters.system import SystemRandom
from hkeid.chip import (
    AccessKey,
    AccessProtocol,
    CardAccessNumber,
    ChipGenuine,
    Finding,
    MrzKey,
    finding_of,
    hkic_specimen,
    icao,
    read_document,
)
from hkeid.kernel.errors import HkeidError
from hkeid.ports.cards import CardReader
from hkeid.testing.card_issuer import HKIC, ICAO, CardFeatures, CardIssuer, draft_card
from hkeid.testing.card_issuer.groups import zone_birth
from hkeid.testing.pcscd import VirtualReaders, virtual_readers
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_card.dishonesty import MUTATIONS, MutatedCard, mutated_card, reader_trust

pytestmark = [pytest.mark.pcscd, pytest.mark.xdist_group("pcscd")]

_WHO = PERSONAS["chan-tai-man"]
_SLOTS = 4
_TURN = count()

BAC = ICAO.but(pace=())
_PLAIN = ICAO.but(chip_authentication=())

HONEST: dict[str, tuple[CardFeatures, bool, AccessProtocol, ChipGenuine]] = {
    "BAC": (BAC, True, AccessProtocol.BAC, ChipGenuine.CHIP),
    "PACE, zone": (ICAO, True, AccessProtocol.PACE_GM, ChipGenuine.CHIP),
    "PACE, number": (ICAO, False, AccessProtocol.PACE_GM, ChipGenuine.CHIP),
    "PACE with a NIST curve": (
        ICAO.but(pace=("gm aes-256 secp256r1",), chip_authentication=("aes-256 secp256r1",)),
        False,
        AccessProtocol.PACE_GM,
        ChipGenuine.CHIP,
    ),
    "integrated mapping": (
        ICAO.but(pace=("im aes-128 brainpoolP256r1",)),
        False,
        AccessProtocol.PACE_IM,
        ChipGenuine.CHIP,
    ),
    "chip authentication mapping": (
        ICAO.but(pace=("cam aes-128 brainpoolP256r1",), chip_authentication=()),
        False,
        AccessProtocol.PACE_CAM,
        ChipGenuine.CAM,
    ),
    "chip authentication, 3DES": (
        BAC.but(chip_authentication=("3des secp256r1",)),
        True,
        AccessProtocol.BAC,
        ChipGenuine.CHIP,
    ),
    "active authentication, RSA": (
        _PLAIN.but(active_authentication="rsa-2048 sha256"),
        True,
        AccessProtocol.PACE_GM,
        ChipGenuine.ACTIVE,
    ),
    "active authentication, EC": (
        _PLAIN.but(active_authentication="brainpoolP256r1 sha256"),
        True,
        AccessProtocol.PACE_GM,
        ChipGenuine.ACTIVE,
    ),
    "without extended length": (
        ICAO.but(extended_length=False),
        False,
        AccessProtocol.PACE_GM,
        ChipGenuine.CHIP,
    ),
    "large portrait": (
        BAC.but(portrait_size=50_000),
        True,
        AccessProtocol.BAC,
        ChipGenuine.CHIP,
    ),
}

SAMPLE = (
    "can-wrong",
    "pace-token-wrong",
    "pace-key-off-curve",
    "pace-hidden",
    "card-access-weaker",
    "bac-mac-wrong",
    "mapping-proof-cloned",
    "mac-wrong",
    "mac-missing",
    "messaging-lost",
    "answer-one-byte",
    "portrait-truncated",
    "length-huge",
    "crumbs",
    "sod-missing",
    "portrait-exchanged",
    "sod-signature-wrong",
    "signer-expired",
    "signer-unknown",
    "signer-revoked",
    "document-expired",
    "nothing-to-prove",
    "clone-without-chip-key",
    "chip-downgraded",
    "clone-without-active-key",
    "active-recorded-rsa",
    *(name for name in MUTATIONS if name.startswith(("removed-at-", "silent-at-"))),
)
"""Dishonest cards of every layer; in process all of them are tried."""


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture(scope="module")
def readers() -> Iterator[VirtualReaders]:
    with virtual_readers(_SLOTS) as running:
        yield running


@contextmanager
def reader_with(
    card: VirtualCard, readers: VirtualReaders, **settings: Any
) -> Iterator[PcscReader]:
    """A reader with this card in it; the slots take turns, since ``pcscd`` needs a moment after each."""
    number = next(_TURN) % _SLOTS
    with readers.slot(number).holding(card):
        yield readers.reader(number, **settings)


def read(
    reader: CardReader, key: AccessKey, issuer: CardIssuer, trust: Any, profile: Any = None
) -> tuple[set[Finding], Any, Any]:
    """What reading and verifying come to: findings, document, evidence."""
    try:
        with reader.connect() as connection:
            document = read_document(
                connection,
                key,
                profile=profile or icao(),
                random=SystemRandom(),
                read_at=issuer.now,
            )
    except HkeidError as error:
        return {finding_of(error)}, None, None
    evidence = document.verify(trust=trust)
    return set(evidence.findings), document, evidence


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_card_is_read_and_accepted(
    name: str, readers: VirtualReaders, issuer: CardIssuer
) -> None:
    features, with_zone, protocol, genuine = HONEST[name]
    draft = draft_card(_WHO, features=features, issuer=issuer)
    born = zone_birth(draft.person.birth_date)
    key = (
        MrzKey(draft.document_number, born, draft.expires)
        if with_zone
        else CardAccessNumber(draft.can)
    )
    card = VirtualCard(draft.image())
    with reader_with(card, readers) as reader:
        findings, document, evidence = read(reader, key, issuer, issuer.trust())
    assert evidence is not None, findings
    assert evidence.accepted, findings
    assert (document.access, evidence.genuine) == (protocol, genuine)
    assert document.files["DG2"] == card.image.files["DG2"]
    assert evidence.holder.person.name.english == _WHO.person.name.english
    assert document.apdus == card.commands


def test_the_specimen_identity_card(readers: VirtualReaders, issuer: CardIssuer) -> None:
    draft = draft_card(_WHO, features=HKIC, issuer=issuer)
    key = CardAccessNumber(draft.can)
    with reader_with(VirtualCard(draft.image()), readers) as reader:
        findings, document, evidence = read(
            reader, key, issuer, issuer.trust(), profile=hkic_specimen()
        )
    assert evidence is not None, findings
    assert evidence.accepted, findings
    assert document.profile == "hkic-specimen"
    assert "specimen_profile" in {one.code.value for one in findings}
    assert evidence.holder.person.hkic_number == _WHO.person.hkic_number


def judge(name: str, found: set[Finding], evidence: Any, mutated: MutatedCard) -> None:
    codes = {one.code for one in found}
    assert MUTATIONS[name].findings & set(codes), codes
    assert evidence is None or not evidence.accepted
    assert mutated.card.commands < 2_000


@pytest.mark.parametrize("name", SAMPLE)
def test_a_dishonest_card_is_not(name: str, readers: VirtualReaders, issuer: CardIssuer) -> None:
    mutated = mutated_card(name, who=_WHO, issuer=issuer)
    patience = 0.6 if name.startswith("silent") else 10.0
    with reader_with(mutated.card, readers, patience=patience) as reader:
        found, _, evidence = read(reader, mutated.access, issuer, reader_trust(issuer))
    judge(name, found, evidence, mutated)


def test_after_all_of_them_the_readers_still_work(
    readers: VirtualReaders, issuer: CardIssuer
) -> None:
    for _ in range(_SLOTS):
        draft = draft_card(_WHO, issuer=issuer)
        with reader_with(VirtualCard(draft.image()), readers) as reader:
            _, _, evidence = read(reader, CardAccessNumber(draft.can), issuer, issuer.trust())
        assert evidence.accepted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One certificate for both ends of the relay, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("relay") / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@contextmanager
def relayed(near: PcscReader, certificate: Path) -> Iterator[CardReader]:
    """The same reader, lent over TLS."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    server.load_verify_locations(certificate)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(certificate))
    client.load_cert_chain(certificate)
    listener = RelayListener("127.0.0.1", 0, tls=server, admit=lambda _: None)
    with ThreadPoolExecutor(1) as pool:
        lent = pool.submit(
            offer_reader, near, ("127.0.0.1", listener.port), tls=client, ticket="only"
        )
        try:
            with listener.accept(timeout=20) as far:
                yield far
        finally:
            listener.close()
            lent.exception(20)


def test_an_honest_card_behind_the_relay(
    readers: VirtualReaders, issuer: CardIssuer, certificate: Path
) -> None:
    draft = draft_card(_WHO, issuer=issuer)
    card = VirtualCard(draft.image())
    with reader_with(card, readers) as near, relayed(near, certificate) as far:
        found, document, evidence = read(far, CardAccessNumber(draft.can), issuer, issuer.trust())
    assert evidence is not None, found
    assert evidence.accepted, found
    assert document.apdus == card.commands


@pytest.mark.parametrize("name", ["portrait-exchanged", "mac-wrong", "removed-at-portrait"])
def test_a_dishonest_card_behind_the_relay(
    name: str, readers: VirtualReaders, issuer: CardIssuer, certificate: Path
) -> None:
    mutated = mutated_card(name, who=_WHO, issuer=issuer)
    with reader_with(mutated.card, readers) as near, relayed(near, certificate) as far:
        found, _, evidence = read(far, mutated.access, issuer, reader_trust(issuer))
    judge(name, found, evidence, mutated)
