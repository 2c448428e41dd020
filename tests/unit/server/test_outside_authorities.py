"""Authorities outside instead of the embedded ones: ``openssl cmp`` certifies, another installation stamps."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.unit.adapters.certificate_authorities.peer import REFERENCE, SECRET, cmp_peer
from tests.unit.server.installation import Installation, free_port
from tests.unit.server.signing_town import ORIGIN, Network, Town, back_link, sign

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.identity.names import PersonName
from hkeid.ports.certificates import CertificateState, RevocationReason
from hkeid.rp import RelyingParty
from hkeid.signing.activation import SigningKey, SigningKeyState
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.certificates import build_request, read_certificate
from hkeid.signing.certificates.keys import load_public_key
from hkeid.signing.credentials_of_residents import certificate_subject
from hkeid.signing.retirement import retire_signing_keys
from hkeid.testing.certification import Certification
from hkeid_server.cli import main
from hkeid_server.config import load_config
from hkeid_server.journal import Journal
from hkeid_server.wiring import build_house, close_store
from hkeid_server.wiring.outside import GivenByEither, open_outside_timestamps
from hkeid_server.wiring.signing import finish_retirements
from hkeid_server.wiring.verification import trust_of
from hkeid_server.wsgi import serve_house


@dataclass
class World:
    """An authority outside: an installation of its own, of which ours knows the addresses alone."""

    outside: Installation
    pki: int
    cmp: int
    stamps: str

    def chain(self) -> bytes:
        folder = self.outside.folder / "ca"
        return (folder / "issuing.pem").read_bytes() + (folder / "root.pem").read_bytes()

    @property
    def root(self) -> Path:
        return self.outside.folder / "ca" / "root.pem"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    port = free_port()
    outside = Installation(tmp_path_factory.mktemp("outside"), address=f"http://127.0.0.1:{port}")
    outside.ca("init", *outside.root(), "--name", "SPECIMEN OUTSIDE")
    with outside.served(port), outside.time_stamps() as stamps:
        yield World(outside, port, free_port(), stamps)


@pytest.fixture
def service(world, tmp_path: Path) -> Path:
    """The configuration of ours, which has no authority of its own."""
    here = tmp_path / "service"
    place = "hko-suggestions=http://localhost:5001"
    words = ["init", "--sandbox", "--data", str(here), "--relying-party", place]
    assert CliRunner().invoke(main, words).exit_code == 0
    (here / "chain.pem").write_bytes(world.chain())
    (here / "tsa.pem").write_bytes(world.root.read_bytes())
    config = here / "hkeid.toml"
    config.write_text(
        config.read_text("utf-8")
        + f"""
[signing]
enabled = true

[outside_authority]
server = "127.0.0.1:{world.cmp}"
chain = "chain.pem"
reference = "{REFERENCE}"
secret = "{SECRET.reveal()}"
timeout_seconds = 5

[outside_timestamps]
url = "{world.stamps}"
trusted = "tsa.pem"
""",
        "utf-8",
    )
    return config


@pytest.fixture
def town(service, log) -> Iterator[Town]:
    journal = Journal(SystemClock(), sink=log, level="debug")
    house = build_house(load_config(service), journal=journal)
    front = serve_house(house)
    party = RelyingParty(
        ORIGIN,
        client_id="hko-suggestions",
        private_key=service.parent / "clients" / "hko-suggestions.pem",
        http=Network(front),
    )
    yield Town(house, front, party, log)
    close_store(house.store)


def test_a_resident_signs_with_certificate_and_time_stamps_from_outside(
    town, make_person, world, tmp_path
) -> None:
    person = town.resident(make_person(town.front), "chan-tai-man")
    asked = town.ask()
    # Nobody answers at first; the key that was made meanwhile is not lost.
    with pytest.raises(KeyError, match="Bad Request"):  # there is nowhere to go on
        sign(person, asked.url)
    assert person.page.status_code == 503
    refusals = {one.get("reason") for one in town.log.events()}
    assert "certificate_authority_unavailable" in refusals
    resident, key = _kept(town, person)
    certificate = _certified(world.outside, town, resident, key, tmp_path)
    with cmp_peer(tmp_path, certificate, port=world.cmp):
        page = sign(person, asked.url)
    assert 'data-kind="signed"' in page.text
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(town.party.finish_signature(asked.state, back_link(page.text)).pdf)
    done = CliRunner().invoke(main, ["pdf", "verify", str(signed), "--trust", str(world.root)])
    assert done.exit_code == 0, done.output
    assert "B-LTA" in done.stdout
    assert _kept(town, person)[1].certificates[0] == certificate
    assert not (town.house.config.folder / "ca").exists()
    _ends(town, resident, certificate, world, tmp_path)


def _ends(town: Town, resident: str, certificate: bytes, world: World, folder: Path) -> None:
    """The key's end reaches the authority outside, as soon as it is there."""
    house = town.house
    with house.store.transaction() as tx:
        retire_signing_keys(tx, resident, RevocationReason.KEY_COMPROMISE, house.clock.now())

    def finished() -> int:
        return finish_retirements(house.config, house.store, house.keys, house.clock, house.journal)

    assert finished() == 0
    with cmp_peer(folder, certificate, port=world.cmp):
        # This peer takes back only what it gave since it was started.
        subprocess.run(
            ["openssl", "cmp", "-config", "", "-cmd", "p10cr", "-server", f"127.0.0.1:{world.cmp}",
             "-path", "pkix/", "-ref", REFERENCE, "-secret", f"pass:{SECRET.reveal()}",
             "-csr", str(folder / "request.pem"), "-certout", "/dev/null", "-recipient", "/CN=x"],
            check=True, capture_output=True,
        )  # fmt: skip
        assert finished() == 1
    with house.store.transaction() as tx:
        (key,) = tx.signing_keys.of_resident(resident)
    assert (key.state, key.handle) == (SigningKeyState.REVOKED, b"")


def test_a_clients_nonce_travels_to_the_authority_outside(service) -> None:
    stamps = open_outside_timestamps(load_config(service), SystemClock(), SystemRandom())
    assert stamps.token(bytes(32), nonce=4711).info.nonce == 4711
    assert stamps.token(bytes(32)).info.nonce != stamps.token(bytes(32)).info.nonce


def test_what_either_authority_gave_is_taken_back_by_it() -> None:
    certification = Certification()
    given = read_certificate(certification.issue().certificate).serial

    class Outside:
        asked: ClassVar[list[int]] = []

        def revoke(self, serial: int, *_: Any) -> None:
            self.asked.append(serial)

        def status(self, serial: int) -> str:
            return f"of {serial}"

    both = GivenByEither(certification.authority, Outside())
    both.revoke(given, RevocationReason.SUPERSEDED)
    assert both.status(given).state is CertificateState.REVOKED
    both.revoke(given + 1, RevocationReason.SUPERSEDED)
    assert Outside.asked == [given + 1]
    assert both.status(given + 1) == f"of {given + 1}"


def test_the_page_that_checks_trusts_those_outside(service, world) -> None:
    config = load_config(service)
    root = world.outside.pem("root.pem")
    trust = trust_of(config, None, SystemClock().now())
    assert tuple(trust.anchors) == (root,)
    assert root in trust.timestamp_anchors


def _kept(town: Town, person: Any) -> tuple[str, SigningKey]:
    session = town.house.broker.current(
        person.cookie(town.house.pages.cookies.session), town.house.clock.now()
    )
    resident = session.authentication.resident_id
    with town.house.store.transaction() as tx:
        (key,) = tx.signing_keys.of_resident(resident)
    return resident, key


def _certified(
    authority: Installation, town: Town, resident: str, key: SigningKey, folder: Path
) -> bytes:
    """What the authority outside makes of the request that it gets."""

    class Requester:
        public_key = key.public_key

        def sign(self, message: bytes) -> bytes:
            digest = SignatureAlgorithm.of_key(load_public_key(key.public_key)).digest(message)
            keys = WrappedResidentKeys(town.house.keys, SystemRandom())
            return keys.sign(key.id, key.kind, key.handle, digest)

    name = PersonName(english="CHAN, Tai Man", chinese="陳大文")
    request = build_request(Requester())
    (folder / "request.der").write_bytes(request)
    pem = x509.load_der_x509_csr(request).public_bytes(Encoding.PEM)
    (folder / "request.pem").write_bytes(pem)
    authority.ca(
        *("issue", str(folder / "request.der"), "--name", "SPECIMEN CHAN Tai Man"),
        *("--reference", certificate_subject(resident, name).reference),
        *("--out", str(folder / "issued.pem")),
    )
    first = x509.load_pem_x509_certificates((folder / "issued.pem").read_bytes())[0]
    return first.public_bytes(Encoding.DER)


def _check(service: Path) -> Result:
    return CliRunner().invoke(main, ["check", "--config", str(service)])


def _changed(service: Path, old: str, new: str) -> None:
    text = service.read_text("utf-8")
    assert old in text
    service.write_text(text.replace(old, new), "utf-8")


def test_check_asks_both(service, world, tmp_path) -> None:
    with cmp_peer(tmp_path, world.outside.pem("root.pem"), port=world.cmp):
        done = _check(service)
        assert done.exit_code == 0, done.output
        assert f"✓ authority outside: 127.0.0.1:{world.cmp} answers and knows us" in done.output
        assert f"✓ time-stamps outside: {world.stamps} stamps under policy 2.999.1.4" in done.output
        assert "– certificates: no certification authority here" in done.output
        _changed(service, SECRET.reveal(), "what somebody has mistyped")
        _changed(service, world.stamps, world.stamps.replace("/tsa", "/elsewhere"))
        done = _check(service)
    assert done.exit_code == 1
    assert "✗ authority outside: certificate authority unavailable: CMP error" in done.output
    assert "✗ time-stamps outside: timestamp unavailable: status 404" in done.output
    assert "mistyped" not in done.output


def test_check_when_nobody_is_there(service) -> None:
    (service.parent / "tsa.pem").write_bytes(_stranger(service.parent))
    done = _check(service)
    assert done.exit_code == 1
    assert "✗ authority outside: certificate authority unavailable: " in done.output
    assert "✗ time-stamps outside: timestamp wrong: chain_untrusted" in done.output


def _stranger(folder: Path) -> bytes:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", "/dev/null", "-out", str(folder / "stranger.pem"), "-subj", "/CN=SPECIMEN",
         "-days", "2"], check=True, capture_output=True,
    )  # fmt: skip
    return (folder / "stranger.pem").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("chain.pem", None, "outside_authority.chain: {folder}/chain.pem: No such file"),
        ("chain.pem", "no certificate", "outside_authority.chain: no certificates (PEM) in"),
        ("chain.pem", "backwards", "each certificate must be followed by that of its issuer"),
        ("tsa.pem", None, "outside_timestamps.trusted: {folder}/tsa.pem: No such file"),
        ("tsa.pem", "", "outside_timestamps.trusted: no certificates (PEM) in"),
    ],
)
def test_files_that_cannot_be_used(service, world, name, content, said) -> None:
    file = service.parent / name
    if content is None:
        file.unlink()
    elif content == "backwards":
        folder = world.outside.folder / "ca"
        file.write_bytes(world.root.read_bytes() + (folder / "issuing.pem").read_bytes())
    else:
        file.write_text(content)
    done = CliRunner().invoke(main, ["check", "--config", str(service)])
    assert done.exit_code == 1
    assert said.format(folder=service.parent) in done.output
