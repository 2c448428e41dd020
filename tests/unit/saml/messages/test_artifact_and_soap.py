"""Artifacts, envelopes, identifiers and instants."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import Reason, sign_element, verify_message
from hkeid.saml.messages import (
    Artifact,
    ArtifactResolve,
    MessageReason,
    is_identifier,
    new_identifier,
    read_instant,
    soap,
    source_id,
    write_instant,
)
from hkeid.saml.messages.identifiers import _BYTES
from hkeid.testing.saml_specimens import SpecimenPeer

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
RESOLVE = ArtifactResolve(id="_1", issued_at=NOW, issuer="https://sp.example", artifact="AAQ=")
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def refusal(octets: bytes) -> str:
    with pytest.raises(HkeidError) as caught:
        soap.take_off(octets)
    return caught.value.reason


def envelope(inside: str, attributes: str = "") -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"{attributes}>{inside}</s:Envelope>'.encode()


def test_a_signed_message_survives_its_envelope() -> None:
    """saml-bindings §3.2.2."""
    peer = SpecimenPeer()
    octets = soap.take_off(soap.put_on(sign_element(RESOLVE.write(), peer.signer)))
    assert ArtifactResolve.read(verify_message(octets, peer.keys)) == RESOLVE


def test_namespaces_of_the_envelope_stay_in_scope() -> None:
    """A peer may declare a prefix on the envelope and use it in a message that it signs as it stands there."""
    octets = envelope('<s:Body><a:x xmlns:a="urn:a"><b:y/></a:x></s:Body>', ' xmlns:b="urn:b"')
    assert b'xmlns:b="urn:b"' in soap.take_off(octets)


BODY = "<s:Body><a/></s:Body>"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"<a/>", MessageReason.SOAP_ENVELOPE),
        (envelope(""), MessageReason.SOAP_ENVELOPE),
        (envelope("<s:Body/>"), MessageReason.SOAP_ENVELOPE),
        (envelope("<s:Body><a/><a/></s:Body>"), MessageReason.SOAP_ENVELOPE),
        (envelope(BODY + BODY), MessageReason.SOAP_ENVELOPE),
        (envelope(BODY + "<s:Header/>"), MessageReason.SOAP_ENVELOPE),
        (envelope("<a/>" + BODY), MessageReason.SOAP_ENVELOPE),
        (envelope("text" + BODY), MessageReason.TEXT_UNEXPECTED),
        (envelope("<s:Body>text<a/></s:Body>"), MessageReason.TEXT_UNEXPECTED),
        (envelope(BODY, ' ID="_1"'), MessageReason.ATTRIBUTE_UNKNOWN),
        (envelope('<s:Header><b s:mustUnderstand="1"/></s:Header>' + BODY), MessageReason.SOAP_HEADER),
        (envelope("<s:Body><s:Fault/></s:Body>"), MessageReason.SOAP_FAULT),
        (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>', MessageReason.SOAP_ENVELOPE),
        (b"<!DOCTYPE a><a/>", Reason.DOCUMENT_TYPE),
        (b"<a", Reason.NOT_WELL_FORMED),
        (b"<a>" + b" " * 262_144 + b"</a>", Reason.TOO_LARGE),
        (soap.fault("Client", "unreadable"), MessageReason.SOAP_FAULT),
    ],
)  # fmt: skip
def test_what_is_no_envelope_around_one_message(octets: bytes, expected: str) -> None:
    """saml-bindings §3.2.2: "the body … MUST contain exactly one" message."""
    assert refusal(octets) == expected


def test_a_header_entry_that_need_not_be_understood_is_passed_over() -> None:
    """saml-bindings §3.2.2.1: headers must not be required."""
    assert soap.take_off(envelope("<s:Header><b/></s:Header>" + BODY)).endswith(b"/>")


def test_an_artifact_is_read_as_it_was_written() -> None:
    """saml-bindings §3.6.4."""
    artifact = Artifact.new("https://idp.example/metadata", 7, SystemRandom())
    assert Artifact.parse(artifact.encoded()) == artifact
    assert artifact.source == source_id("https://idp.example/metadata")
    assert len(artifact.handle) == 20
    other = Artifact.new("https://idp.example/metadata", 7, SystemRandom())
    assert other.handle != artifact.handle


@pytest.mark.parametrize(
    "value",
    ["", "é", "AAQ=", "AA Q=", b64encode(b"\x00\x01" + bytes(42)).decode(), b64encode(bytes(45)).decode()],
)  # fmt: skip
def test_what_is_no_artifact(value: str) -> None:
    with pytest.raises(HkeidError) as caught:
        Artifact.parse(value)
    assert caught.value.reason == MessageReason.ARTIFACT


def test_identifiers_have_160_bits_and_begin_with_a_letter() -> None:
    """saml-core §1.3.4."""
    assert _BYTES * 8 == 160
    made = {new_identifier(SystemRandom()) for _ in range(100)}
    assert len(made) == 100
    assert all(is_identifier(one) and len(one) == 41 for one in made)


@pytest.mark.parametrize("text", ["", "1a", "a:b", "a b", "a" * 257, "-a", "a\n"])
def test_what_is_no_identifier(text: str) -> None:
    assert not is_identifier(text)


def test_instants() -> None:
    """saml-core §1.3.3."""
    assert read_instant("2026-11-28T08:00:00Z") == NOW
    assert read_instant("2026-11-28T08:00:00.123456789Z") == NOW.replace(microsecond=123456)
    assert write_instant(NOW) == "2026-11-28T08:00:00Z"
    assert write_instant(NOW.replace(microsecond=5999)) == "2026-11-28T08:00:00.005Z"


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-28", "20261128T080000Z", "2026-W48-6T08:00:00Z", "2026-11-28 08:00:00Z",
     "2026-11-28T08:00:00+00:00", "2026-11-28T24:00:00Z", "2026-11-28T08:00:00.Z", "0000-01-01T00:00:00Z",
     "2026-11-28T08:00:00Z\n", "٢026-11-28T08:00:00Z"],
)  # fmt: skip
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(HkeidError) as caught:
        read_instant(text)
    assert caught.value.reason == MessageReason.INSTANT
