"""Facts out of real certificates, through to the opinion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hkeid.kernel.errors import MalformedInput
from hkeid.signing.legal import (
    RevocationStatus,
    Verdict,
    certificate_facts,
    judge_cap553,
    key_hash,
)
from hkeid.signing.legal.trust_list import Issuer, TrustList
from hkeid.testing.cap553 import (
    GENERAL_POLICY,
    JUDGED,
    SIGNED,
    government_context,
    specimen_signature,
    specimen_trust_list,
)

_CA_KEY = ec.generate_private_key(ec.SECP256R1())
_OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def _name(common: str, *organizations: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in organizations]
    return x509.Name(attributes)


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name("Specimen CA one"))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(SIGNED - timedelta(days=9))
        .not_valid_after(SIGNED + timedelta(days=900))
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey = _CA_KEY) -> bytes:
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


CA = _signed(_builder(_name("Specimen CA one"), _CA_KEY))
IMPOSTOR = _signed(_builder(_name("Specimen CA one"), _OTHER_KEY), _OTHER_KEY)


def _leaf(*organizations: str, key: ec.EllipticCurvePrivateKey = _CA_KEY) -> bytes:
    usage = dict.fromkeys(
        ["digital_signature", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
         "crl_sign", "encipher_only", "decipher_only"], False,
    )  # fmt: skip
    policy = x509.PolicyInformation(x509.ObjectIdentifier(f"{GENERAL_POLICY}.3"), None)
    builder = _builder(_name("CHAN TAI MAN", *organizations), _OTHER_KEY)
    builder = builder.add_extension(x509.KeyUsage(content_commitment=True, **usage), critical=True)
    return _signed(builder.add_extension(x509.CertificatePolicies([policy]), critical=False), key)


def _pinned() -> TrustList:
    """The specimen list with the key of this authority."""
    listed = specimen_trust_list()
    issuer = Issuer(name="Specimen CA one", keys=frozenset({key_hash(CA)}))
    return replace(listed, authorities=(replace(listed.authorities[0], issuers=(issuer,)),))


def test_what_a_certificate_says() -> None:
    facts = certificate_facts(_leaf("Specimen Personal"), issuer=CA)
    assert facts.subject == "O=Specimen Personal,CN=CHAN TAI MAN"
    assert facts.issuer_name == "Specimen CA one"
    assert facts.issuer_key == key_hash(CA)
    assert facts.policies == {f"{GENERAL_POLICY}.3"}
    assert facts.subject_organization == "Specimen Personal"
    assert facts.key_usage == {"non_repudiation"}
    assert facts.not_before == datetime(2026, 2, 21, 4, tzinfo=UTC)
    assert facts.revocation is RevocationStatus.UNKNOWN
    assert not facts.embedded_authority


def test_what_it_does_not_say_is_not_guessed() -> None:
    facts = certificate_facts(_signed(_builder(_name("x", "one", "two"), _OTHER_KEY)))
    assert facts.issuer_key is None
    assert facts.subject_organization is None
    assert facts.policies == frozenset()
    assert facts.key_usage == frozenset()


def test_an_issuer_that_did_not_sign_is_refused() -> None:
    for leaf, issuer in [(_leaf(), IMPOSTOR), (_leaf(key=_OTHER_KEY), CA), (_leaf(), _leaf())]:
        with pytest.raises(MalformedInput, match="issuer_wrong"):
            certificate_facts(leaf, issuer=issuer)


@pytest.mark.parametrize("content", [b"", b"0\x00", CA[:-1], CA + b"x"])
def test_what_is_no_certificate_is_refused(content: bytes) -> None:
    for read in (lambda: certificate_facts(content), lambda: key_hash(content), lambda: certificate_facts(_leaf(), issuer=content)):  # fmt: skip
        with pytest.raises(MalformedInput, match="certificate_malformed"):
            read()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_damaged_certificates_are_refused_or_read() -> None:
    """Every byte in turn becomes another: an error of the tree, or facts; never another error."""
    leaf = _leaf("Specimen Personal")
    refused = 0
    for index in range(len(leaf)):
        for value in (0x00, 0xFF, leaf[index] ^ 0x20, 0x30):
            damaged = leaf[:index] + bytes([value]) + leaf[index + 1 :]
            try:
                certificate_facts(damaged)
                certificate_facts(leaf, issuer=damaged)
            except MalformedInput as error:
                assert error.reason in {
                    "certificate_malformed",
                    "issuer_wrong",
                    "facts_inconsistent",
                }
                refused += 1
    assert refused > len(leaf)


def test_from_the_bytes_to_the_opinion() -> None:
    good = certificate_facts(_leaf(), issuer=CA, revocation=RevocationStatus.GOOD)
    same_name = certificate_facts(
        _leaf(key=_OTHER_KEY), issuer=IMPOSTOR, revocation=RevocationStatus.GOOD
    )
    verdicts = [
        judge_cap553(
            specimen_signature(certificate=one), government_context(), _pinned(), JUDGED
        ).verdict
        for one in (good, same_name, replace(good, embedded_authority=True))
    ]
    assert verdicts == [Verdict.SATISFIED, Verdict.UNDETERMINED, Verdict.NOT_SATISFIED]
