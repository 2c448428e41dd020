"""Who may sign: keys, certificates, and what is refused before anything is signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs12,
)

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.secret import Secret
from hkeid.signing import CredentialRefused, SignatureAlgorithm, Signer, SignerIdentity, sign_pdf
from hkeid.testing.signing_authority import SigningAuthority, new_key


def _refused(call) -> str:
    with pytest.raises(CredentialRefused) as refused:
        call()
    return refused.value.reason


def test_a_short_rsa_key_is_refused(authority) -> None:
    key = new_key("rsa1024")
    assert _refused(lambda: Signer.from_key(key, authority.issue(key))) == "key_too_short"


@pytest.mark.parametrize("name", ["sha1", "md5", "sha224"])
@pytest.mark.parametrize("kind", ["p256", "rsa2048", "ed25519"])
def test_weak_hashes_are_refused(name, kind, authority) -> None:
    key = new_key(kind)
    made = authority.issue(key)
    assert _refused(lambda: Signer.from_key(key, made, hash_name=name)) == "hash_too_weak"


def test_unknown_and_unfitting_hashes_are_refused(authority) -> None:
    key = new_key("ed25519")
    made = authority.issue(key)
    assert _refused(lambda: Signer.from_key(key, made, hash_name="sha256")) == "hash_not_for_key"
    assert _refused(lambda: Signer.from_key(key, made, hash_name="blake2b")) == "hash_unknown"


@pytest.mark.parametrize("hash_name", ["sha384", "sha512"])
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_a_longer_hash_may_be_chosen(kind, hash_name, authority, engine, plain, judge) -> None:
    key = new_key(kind)
    signer = Signer.from_key(
        key, authority.issue(key), [authority.certificate], hash_name=hash_name
    )
    signed = sign_pdf(plain, signer, engine=engine)
    assert judge.require_good(signed).md_algorithm == hash_name
    assert judge.openssl(signed).returncode == 0


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        dsa.generate_private_key(2048),
    ],
    ids=["p521", "k256", "ed448", "dsa"],
)
def test_other_keys_are_refused(key) -> None:
    assert _refused(lambda: SignatureAlgorithm.of_key(key.public_key())) == "key_unsupported"


def test_key_and_certificate_belong_together(authority) -> None:
    made = authority.issue(new_key("p256"))
    assert _refused(lambda: Signer.from_key(new_key("p256"), made)) == "key_not_of_certificate"


def _with_sha1(authority: SigningAuthority, key) -> x509.Certificate:
    """A certificate that says it was signed with SHA-1; nobody makes real ones any more."""
    made = authority.issue(key).public_bytes(Encoding.DER)
    ecdsa_sha256, ecdsa_sha1 = (
        bytes.fromhex("06082a8648ce3d040302"),
        bytes.fromhex("06072a8648ce3d0401"),
    )
    assert made.count(ecdsa_sha256) == 2
    from asn1crypto import x509 as asn1_x509

    read = asn1_x509.Certificate.load(made)
    for part in (read, read["tbs_certificate"]):
        name = "signature_algorithm" if part is read else "signature"
        part[name] = {"algorithm": "sha1_ecdsa"}
    changed = read.dump(force=True)
    assert ecdsa_sha1 in changed
    return x509.load_der_x509_certificate(changed)


def test_certificates_signed_with_sha1_are_refused(authority) -> None:
    key = new_key("p256")
    weak = _with_sha1(authority, key)
    assert _refused(lambda: SignerIdentity.of(weak)) == "certificate_hash_too_weak"
    good = authority.issue(key)
    assert _refused(lambda: SignerIdentity.of(good, [weak])) == "certificate_hash_too_weak"


def test_a_certificate_for_other_uses_is_refused(authority) -> None:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    usage = x509.KeyUsage(**dict.fromkeys(every, False) | {"key_encipherment": True})
    key = new_key("rsa2048")
    made = authority.issue(key, usage=usage)
    assert _refused(lambda: SignerIdentity.of(made)) == "certificate_not_for_signing"


def test_the_certificate_must_be_valid_then(authority, engine, plain) -> None:
    signer = authority.signer(days=3)
    now = datetime.now(UTC)
    early, late = now - timedelta(days=5), now + timedelta(days=5)
    assert (
        _refused(lambda: sign_pdf(plain, signer, at=early, engine=engine))
        == "certificate_not_yet_valid"
    )
    assert (
        _refused(lambda: sign_pdf(plain, signer, at=late, engine=engine)) == "certificate_expired"
    )


def test_the_root_stays_out_of_the_chain(authority) -> None:
    key = new_key("p256")
    signer = Signer.from_key(
        key, authority.issue(key), [authority.root, authority.certificate, authority.root]
    )
    assert signer.identity.chain == (authority.certificate.public_bytes(Encoding.DER),)


def _file(authority, *, encryption, key=None) -> bytes:
    key = key or new_key("p256")
    return pkcs12.serialize_key_and_certificates(
        b"specimen", key, authority.issue(key), [authority.certificate], encryption
    )


def test_pkcs12_brings_key_certificate_and_chain(authority, engine, plain, judge) -> None:
    content = _file(authority, encryption=BestAvailableEncryption("通關密語 pass".encode()))
    signer = Signer.from_pkcs12(content, Secret("通關密語 pass"))
    judge.require_good(sign_pdf(plain, signer, engine=engine))


def test_pkcs12_without_a_passphrase(authority, engine, plain, judge) -> None:
    content = _file(authority, encryption=NoEncryption())
    judge.require_good(sign_pdf(plain, Signer.from_pkcs12(content, None), engine=engine))


def test_pkcs12_refusals(authority) -> None:
    content = _file(authority, encryption=BestAvailableEncryption(b"right"))
    assert _refused(lambda: Signer.from_pkcs12(content, Secret("wrong"))) == "passphrase_wrong"
    without = pkcs12.serialize_key_and_certificates(
        None, None, None, [authority.certificate], BestAvailableEncryption(b"right")
    )
    assert _refused(lambda: Signer.from_pkcs12(without, Secret("right"))) == "key_absent"
    for broken in (b"", b"hello", content[:100], b"\x30" * 2_000_000):
        with pytest.raises(MalformedInput) as refused:
            Signer.from_pkcs12(broken, Secret("right"))
        assert refused.value.reason == "pkcs12_malformed"


@pytest.mark.parametrize("broken", [b"", b"hello", b"\x30\x03\x02\x01\x01"])
def test_a_broken_certificate_is_malformed(broken) -> None:
    with pytest.raises(MalformedInput) as refused:
        SignerIdentity.of(broken)
    assert refused.value.reason == "certificate_malformed"


def test_a_key_that_signs_wrongly_spoils_nothing(authority, engine, plain) -> None:
    good = authority.signer()
    other = new_key("p256")
    faulty = Signer(
        identity=good.identity, _sign=lambda message: other.sign(message, ec.ECDSA(hashes.SHA256()))
    )
    assert _refused(lambda: sign_pdf(plain, faulty, engine=engine)) == "signature_wrong"


def test_signers_do_not_show_their_keys(authority) -> None:
    shown = repr(authority.signer())
    assert "_sign" not in shown
    assert "private" not in shown.lower()
