"""The person registry: strict reading, mutual TLS, and the description that both sides keep."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hkeid.adapters.registry import HttpPersonRegistry, MutualTls
from hkeid.adapters.registry.wire import PATH, read_answer, write_query
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, Unavailable
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryQuery, RegistryStatus
from hkeid.testing.fakes_proofing import FakeFaceMatcher, fake_face
from hkeid.testing.personas import PERSONAS
from hkeid.testing.registry_simulator import (
    RegistryFault,
    RegistrySimulator,
    read_question,
    write_finding,
)

DESCRIPTION = yaml.safe_load(
    Path(__file__)
    .parents[4]
    .joinpath("docs/reference/person-registry-openapi.yaml")
    .read_text("utf-8")
)
SCHEMAS = DESCRIPTION["components"]["schemas"]


def query(key: str = "ho-sau-lan", **more: Any) -> RegistryQuery:
    persona = PERSONAS[key]
    return RegistryQuery(
        **{
            "person": persona.person,
            "issued": persona.card.issued,
            "purpose": "registration",
            **more,
        }
    )


def follows(value: Any, schema: dict[str, Any]) -> bool:
    """As much of JSON Schema as the description uses."""
    if schema["type"] == "object":
        properties = schema["properties"]
        return (
            isinstance(value, dict)
            and set(schema["required"]) <= set(value) <= set(properties)
            and all(follows(one, properties[name]) for name, one in value.items())
        )
    if schema["type"] == "array":
        return len(set(value)) == len(value) and all(follows(v, schema["items"]) for v in value)
    return (
        isinstance(value, str)
        and value in schema.get("enum", [value])
        and len(value) <= schema.get("maxLength", len(value))
        and re.search(schema.get("pattern", ""), value) is not None
    )


@pytest.fixture
def simulator():
    with RegistrySimulator(compare=FakeFaceMatcher().compare, portrait=fake_face) as running:
        yield running


@pytest.fixture
def registry(simulator: RegistrySimulator) -> HttpPersonRegistry:
    return HttpPersonRegistry(simulator.url, timeout=2)


@pytest.mark.parametrize(
    ("key", "more", "status", "differing"),
    [
        ("ho-sau-lan", {}, RegistryStatus.MATCH, ()),
        ("ho-sau-lan", {"issued": None}, RegistryStatus.MATCH, ()),
        ("ho-sau-lan", {"issued": date(2004, 1, 1)}, RegistryStatus.REPORTED_LOST, ()),
        ("tang-yi-ming", {}, RegistryStatus.NO_MATCH, ("name_english",)),
        ("lau-kwu-yan", {}, RegistryStatus.DECEASED, ()),
        ("ko-shat-ka", {}, RegistryStatus.REPORTED_LOST, ()),
    ],
)
def test_the_register_knows_the_personas(
    registry: HttpPersonRegistry, key: str, more: Any, status: Any, differing: Any
) -> None:
    found = registry.check(query(key, **more))
    assert (found.status, found.differing) == (status, differing)
    assert found.face is FaceBand.NOT_ASSESSED
    assert PERSONAS[key].hkic_number.number not in found.reference


def test_it_compares_faces_and_gives_a_band(registry: HttpPersonRegistry) -> None:
    for face, band in (
        ("ho-sau-lan", FaceBand.MATCH),
        ("kwok-lai-king", FaceBand.NO_MATCH),
    ):
        assert registry.check(query(portrait=fake_face(face))).face is band
    assert registry.check(query(portrait=b"no picture")).face is FaceBand.NOT_ASSESSED


@pytest.mark.parametrize("fault", list(RegistryFault))
def test_what_is_no_answer_is_unavailable(
    simulator: RegistrySimulator, registry: HttpPersonRegistry, fault: RegistryFault
) -> None:
    simulator.fault = fault
    with pytest.raises(Unavailable) as caught:
        registry.check(query())
    assert caught.value.reason == "registry_unavailable"


def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://localhost:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable, match="registry_unavailable"):
            HttpPersonRegistry(url, timeout=1).check(query())


def test_a_question_needs_a_number_and_a_purpose(registry: HttpPersonRegistry) -> None:
    person = PERSONAS["ho-sau-lan"].person
    nobody = type(person)(name=person.name)
    for wrong in ({"person": nobody}, {"purpose": "curiosity"}, {"portrait": b"x" * 9_000_000}):
        with pytest.raises(MalformedInput, match="registry_query_incomplete"):
            registry.check(query(**wrong))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_malformed(body: bytes) -> None:
    try:
        read_answer(body)
    except MalformedInput as error:
        assert error.reason == "registry_answer_malformed"


@given(
    st.dictionaries(
        st.sampled_from(["status", "differing", "face", "reference", "x"]),
        st.one_of(
            st.none(),
            st.integers(),
            st.sampled_from(["match", "no_match", "deceased", "SIM-1", "", "sex"]),
            st.lists(st.sampled_from(["sex", "issued", "x", "sex"]), max_size=3),
            st.lists(st.lists(st.integers(), max_size=1), max_size=1),
        ),
    )
)
def test_any_json_is_an_answer_or_malformed(said: dict[str, Any]) -> None:
    try:
        finding = read_answer(canonical_json.dumps(said))
    except MalformedInput as error:
        assert error.reason == "registry_answer_malformed"
    else:
        assert follows(said, SCHEMAS["Answer"])
        assert canonical_json.loads(write_finding(finding)) == said


@given(st.binary(max_size=120))
def test_any_bytes_are_a_question_or_malformed(body: bytes) -> None:
    with pytest.raises(HkeidError):
        read_question(body)


# --- the description -------------------------------------------------------------------------------


def test_the_description_is_what_the_adapter_speaks() -> None:
    (path,) = DESCRIPTION["paths"]
    assert path == PATH
    for key in PERSONAS:
        for portrait in (None, b"picture"):
            body = canonical_json.loads(write_query(query(key, portrait=portrait)))
            assert follows(body, SCHEMAS["Question"]), key
            assert read_question(canonical_json.dumps(body)).portrait == portrait
    statuses = SCHEMAS["Answer"]["properties"]["status"]["enum"]
    assert set(statuses) == {status.value for status in RegistryStatus}
    assert set(SCHEMAS["Answer"]["properties"]["face"]["enum"]) == {b.value for b in FaceBand}


def test_the_examples_of_the_description_are_true(simulator: RegistrySimulator) -> None:
    post = DESCRIPTION["paths"][PATH]["post"]
    question = post["requestBody"]["content"]["application/json"]["examples"]["registration"]
    answers = post["responses"]["200"]["content"]["application/json"]["examples"]
    body = canonical_json.dumps(question["value"])
    assert follows(question["value"], SCHEMAS["Question"])
    said = canonical_json.loads(write_finding(simulator.answer(body)))
    assert said == answers["match"]["value"]
    said = canonical_json.loads(write_finding(simulator.answer(write_query(query("tang-yi-ming")))))
    assert said == answers["differing"]["value"]
    for answer in answers.values():
        assert follows(answer["value"], SCHEMAS["Answer"])


# --- mutual TLS ------------------------------------------------------------------------------------


class Authority:
    """A certificate authority made on the spot."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = folder / f"{name}.pem"
        self.certificate.write_bytes(
            self._sign(self._name, self._key, ca=True, days=1).public_bytes(Encoding.PEM)
        )

    def issue(self, name: str, *, days: int = 1) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        chain, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        certificate = self._sign(subject, key, ca=False, days=days, host=name)
        chain.write_bytes(certificate.public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return chain, private

    def _sign(self, subject: Any, key: Any, *, ca: bool, days: int, host: str = "") -> Any:
        now = datetime.now(UTC)
        end = now + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, end) - timedelta(days=2))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
            if host != "localhost":
                names = names[:1]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "registry-ca")


@pytest.fixture
def secured(authority: Authority):
    """A simulator that wants a client certificate."""
    certificate, key = authority.issue("localhost")
    with RegistrySimulator(tls=(certificate, key, authority.certificate)) as running:
        yield running


def mutual(certificates: tuple[Path, Path], authority: Authority) -> MutualTls:
    return MutualTls(
        certificate=certificates[0], key=certificates[1], authority=authority.certificate
    )


def test_both_sides_prove_who_they_are(secured: RegistrySimulator, authority: Authority) -> None:
    tls = mutual(authority.issue("eid"), authority)
    found = HttpPersonRegistry(secured.url, tls, timeout=5).check(query())
    assert found.status is RegistryStatus.MATCH


def test_a_stranger_at_either_end_is_no_answer(
    secured: RegistrySimulator, authority: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Authority(folder, "other-ca")
    strangers = {
        "our certificate is another authority's": mutual(other.issue("eid"), authority),
        "theirs is": mutual(authority.issue("eid"), other),
        "ours has expired": mutual(authority.issue("late", days=-1), authority),
    }
    for what, tls in strangers.items():
        with pytest.raises(Unavailable) as caught:
            HttpPersonRegistry(secured.url, tls, timeout=5).check(query())
        assert caught.value.reason == "registry_unavailable", what
    assert secured.questions == 0


def test_another_hosts_certificate_is_no_answer(authority: Authority) -> None:
    certificate, key = authority.issue("elsewhere.example")
    tls = mutual(authority.issue("eid"), authority)
    with (
        RegistrySimulator(tls=(certificate, key, authority.certificate)) as running,
        pytest.raises(Unavailable, match="registry_unavailable"),
    ):
        HttpPersonRegistry(running.url, tls, timeout=5).check(query())


def test_without_certificates_there_is_no_https(authority: Authority, tmp_path: Path) -> None:
    tls = mutual(authority.issue("eid"), authority)
    broken = MutualTls(
        certificate=tmp_path / "none", key=tmp_path / "none", authority=authority.certificate
    )
    for url, shown, reason in (
        ("https://registry.example.hk", None, "registry_certificates_missing"),
        ("http://localhost:8010", tls, "registry_certificates_missing"),
        ("https://registry.example.hk", broken, "registry_certificates_unusable"),
        ("http://registry.example.hk", None, "registry_url_invalid"),
        ("ftp://localhost", None, "registry_url_invalid"),
        ("https://a@registry.example.hk", tls, "registry_url_invalid"),
        ("https://registry.example.hk?x=y", tls, "registry_url_invalid"),
        ("https://registry.example.hk:99999", tls, "registry_url_invalid"),
        ("https://", tls, "registry_url_invalid"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            HttpPersonRegistry(url, shown)
        assert caught.value.reason == reason, url


def test_verification_is_on(authority: Authority) -> None:
    context = mutual(authority.issue("eid"), authority).context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
