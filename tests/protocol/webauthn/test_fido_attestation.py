"""Attestation statements and their chains, in the manner of the FIDO server tests: suites
AttestationResponse-Resp-3 (F-13…F-19), -5, -6, -7, -8. Every case is pinned to its reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_ca import (
    AAGUID,
    LEAF_NAME,
    AttestationAuthority,
    Batch,
    aaguid_extension,
    certificate,
    name,
    new_batch,
)
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty
from hkeid.testing.authenticator_keys import new_key, sign
from hkeid.webauthn import AttestationRules, CeremonyRefused

STATEMENT = "response.attestationObject.attStmt"
X5C = f"{STATEMENT}.x5c"
PAST = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
FUTURE = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def _required(authority: Any, **rules: Any) -> dict[str, Any]:
    return {
        "attestation": "direct",
        "attestation_required": True,
        "trust": authority,
        "attestation_rules": AttestationRules(**rules),
    }


def _statement(**changes: Any) -> Dishonesty:
    def rewrite(format_: str, statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        merged = {**statement, **changes}
        return format_, {key: value for key, value in merged.items() if value is not ...}

    return Dishonesty(statement=rewrite)


def _edited(rewrite: Callable[[Any], Any], member: str) -> Dishonesty:
    return Dishonesty(statement=lambda f, s: (f, {**s, member: rewrite(s[member])}))


def _bad_signature(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


STATEMENTS: dict[str, tuple[Dishonesty, str]] = {
    "Resp-5 P-1": (HONEST, "ok"),
    "Resp-3 F-13 empty": (
        Dishonesty(statement=lambda f, _: (f, {})),
        f"member_missing@{STATEMENT}.alg",
    ),
    "Resp-3 F-14 alg missing": (_statement(alg=...), f"member_missing@{STATEMENT}.alg"),
    "Resp-3 F-15 alg no number": (_statement(alg="ES256"), f"member_type@{STATEMENT}.alg"),
    "alg a boolean": (_statement(alg=True), f"member_type@{STATEMENT}.alg"),
    "alg another": (_statement(alg=-257), "attestation_signature_invalid"),
    "alg unknown": (_statement(alg=-9999), "attestation_algorithm_unsupported"),
    "alg RS1": (_statement(alg=-65535), "attestation_algorithm_unsupported"),
    "Resp-3 F-17 sig missing": (_statement(sig=...), f"member_missing@{STATEMENT}.sig"),
    "Resp-3 F-18 sig no bytes": (_statement(sig="x"), f"member_type@{STATEMENT}.sig"),
    "Resp-3 F-19 sig empty": (_statement(sig=b""), f"member_empty@{STATEMENT}.sig"),
    "member nobody knows": (_statement(ecdaaKeyId=b"x"), "attestation_member_unknown"),
    "Resp-5 F-2 sig wrong": (_edited(_bad_signature, "sig"), "attestation_signature_invalid"),
    "sig no DER": (_statement(sig=b"\x00" * 64), "attestation_signature_invalid"),
    "Resp-5 F-3 x5c missing": (_statement(x5c=...), "attestation_signature_invalid"),
    "Resp-5 F-4 x5c no array": (_edited(lambda c: c[0], "x5c"), f"member_type@{X5C}"),
    "Resp-5 F-5 x5c empty": (_statement(x5c=[]), f"member_empty@{X5C}"),
    "x5c false": (_statement(x5c=False), f"member_type@{X5C}"),
    "x5c of text": (_statement(x5c=["x"]), f"member_type@{X5C}"),
    "x5c of noise": (_statement(x5c=[b"noise"]), f"certificate_malformed@{X5C}"),
    "x5c with bytes after": (
        _edited(lambda c: [c[0] + b"\x00"], "x5c"),
        f"certificate_malformed@{X5C}",
    ),
    "x5c truncated": (_edited(lambda c: [c[0][:-9]], "x5c"), f"certificate_malformed@{X5C}"),
    "x5c of nine": (_edited(lambda c: c * 9, "x5c"), f"member_too_large@{X5C}"),
    "signed over other data": (
        Dishonesty(auth_data_after=lambda d: d[:33] + b"\x00\x00\x00\x07" + d[37:]),
        "attestation_signature_invalid",
    ),
    "signed over other client data": (
        Dishonesty(client_data_json_after=lambda raw: raw.replace(b"}", b',"x":1}')),
        "attestation_signature_invalid",
    ),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_packed_statement(case: str, bench: Any, expect: Any, authority: Any) -> None:
    dishonesty, expected = STATEMENTS[case]
    phone = SoftwareAuthenticator(attestation="packed", batch=new_batch(authority))
    answer = bench.create(phone, dishonesty)
    expect(expected, lambda: bench.register(answer, **_required(authority)))
    # A statement that is wrong in itself is refused whatever policy thinks of attestation.
    expect(expected, lambda: bench.register(answer))


def test_resp5_f14_signed_with_the_credential_key(bench: Any, expect: Any, authority: Any) -> None:
    class Swapped(SoftwareAuthenticator):
        def _statement(self, credential: Any, auth_data: Any, client_data: Any, **kw: Any) -> Any:
            chain = self.batch.chain if self.batch else ()
            self.batch = Batch(key=credential.key, chain=chain)
            return super()._statement(credential, auth_data, client_data, **kw)

    phone = Swapped(attestation="packed", batch=new_batch(authority))
    answer = bench.create(phone)
    expect("attestation_signature_invalid", lambda: bench.register(answer))


SELF: dict[str, tuple[Dishonesty, str]] = {
    "Resp-6 P-1": (HONEST, "ok"),
    "Resp-6 F-1 sig wrong": (_edited(_bad_signature, "sig"), "attestation_signature_invalid"),
    "alg another": (_statement(alg=-8), "attestation_algorithm_mismatch"),
    "sig of another key": (
        _statement(sig=b"0\x06\x02\x01\x01\x02\x01\x01"),
        "attestation_signature_invalid",
    ),
}


@pytest.mark.parametrize("case", SELF)
def test_self_attestation(case: str, bench: Any, expect: Any) -> None:
    dishonesty, expected = SELF[case]
    answer = bench.create(SoftwareAuthenticator(attestation="self"), dishonesty)
    expect(expected, lambda: bench.register(answer))


def test_self_attestation_is_never_trusted(bench: Any, expect: Any, authority: Any) -> None:
    """Whatever AAGUID it claims: there is no certificate that an anchor could vouch for."""
    answer = bench.create(SoftwareAuthenticator(attestation="self", aaguid=AAGUID))
    expect("attestation_self", lambda: bench.register(answer, **_required(authority)))
    assert bench.register(answer).attestation == "self"
    assert bench.register(answer, attestation="direct", trust=authority).attestation == "self"


def test_no_attestation_where_it_is_required(bench: Any, expect: Any, authority: Any) -> None:
    answer = bench.create(SoftwareAuthenticator())
    expect("attestation_none", lambda: bench.register(answer, **_required(authority)))


def test_resp7_p2_self_although_none_was_asked(bench: Any) -> None:
    options = {**bench.options(), "attestation": "none"}
    phone = SoftwareAuthenticator(attestation="self")
    answer = phone.create(
        options, "https://id.example.hk", dishonesty=Dishonesty(unasked_attestation=True)
    )
    assert bench.register(answer).attestation == "self"


def _subject(**changes: str | None) -> x509.Name:
    oids = {
        "C": NameOID.COUNTRY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "CN": NameOID.COMMON_NAME,
    }
    values = {"C": "HK", "O": "maker", "OU": "Authenticator Attestation", "CN": "x", **changes}
    return x509.Name(
        [x509.NameAttribute(oids[key], value) for key, value in values.items() if value]
    )


def _tagged(aaguid: bytes, *, critical: bool = False) -> dict[str, Any]:
    return {"extensions": [(aaguid_extension(aaguid), critical)]}


_LEAF_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "P without AAGUID extension": ({}, "ok"),
    "AAGUID of another model": (_tagged(bytes(16)), "attestation_aaguid_mismatch"),
    "AAGUID critical": (_tagged(AAGUID, critical=True), "attestation_aaguid_mismatch"),
    "AAGUID wrapped once": (
        {
            "extensions": [
                (
                    x509.UnrecognizedExtension(
                        x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4"), AAGUID
                    ),
                    False,
                )
            ]
        },
        "attestation_aaguid_mismatch",
    ),
    "a CA": ({"ca": True}, "attestation_certificate_is_ca"),
    "no Basic Constraints": ({"ca": None}, "attestation_certificate_is_ca"),
    "no country": ({"subject": _subject(C=None)}, "attestation_certificate_subject"),
    "no organisation": ({"subject": _subject(O=None)}, "attestation_certificate_subject"),
    "no unit": ({"subject": _subject(OU=None)}, "attestation_certificate_subject"),
    "unit another": ({"subject": _subject(OU="Attestation")}, "attestation_certificate_subject"),
    "no common name": ({"subject": _subject(CN=None)}, "attestation_certificate_subject"),
}


@pytest.mark.parametrize("case", _LEAF_FAULTS)
def test_packed_certificate(case: str, bench: Any, expect: Any, authority: Any) -> None:
    """§8.2.1; wrong in itself, so refused whatever policy says."""
    settings, expected = _LEAF_FAULTS[case]
    key = new_key(-7)
    leaf = authority.issue(key.public_key(), **settings)
    phone = _phone(key, [leaf])
    expect(expected, lambda: bench.register(bench.create(phone)))


def _phone(key: Any, chain: Sequence[x509.Certificate]) -> SoftwareAuthenticator:
    batch = Batch(key=key, chain=tuple(one.public_bytes(Encoding.DER) for one in chain))
    return SoftwareAuthenticator(attestation="packed", batch=batch)


class Chains:
    """Chains of every kind, over one attestation key."""

    def __init__(self) -> None:
        self.root = AttestationAuthority()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.between = AttestationAuthority(subject=name("intermediate"))

    def leaf(self, **settings: Any) -> x509.Certificate:
        return self.root.issue(self.key.public_key(), **settings)

    def lower(self, **settings: Any) -> x509.Certificate:
        """A leaf under the intermediate."""
        return self.between.issue(self.key.public_key(), **settings)

    def middle(self, **settings: Any) -> x509.Certificate:
        """The intermediate's certificate."""
        arguments = {"subject": self.between.subject, "ca": True, **settings}
        return self.root.issue(self.between.key.public_key(), **arguments)


def _weak_middle(chains: Chains) -> list[x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    middle = chains.root.issue(key.public_key(), subject=name("weak"), ca=True)
    leaf = certificate(
        subject=LEAF_NAME,
        public_key=chains.key.public_key(),
        issuer=name("weak"),
        issuer_key=key,
        ca=False,
    )
    return [leaf, middle]


def _long(chains: Chains) -> list[x509.Certificate]:
    """Leaf, two intermediates; the upper one allows none below it."""
    upper = AttestationAuthority(subject=name("upper"))
    middle = upper.issue(chains.between.key.public_key(), subject=name("intermediate"), ca=True)
    top = chains.root.issue(upper.key.public_key(), subject=name("upper"), ca=True, path_length=0)
    return [chains.lower(), middle, top]


def _critical(oid: str) -> dict[str, Any]:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")
    return {"extensions": [(unknown, True)]}


def _usage(*, may_sign: bool) -> dict[str, Any]:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=may_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return {"extensions": [(usage, True)]}


def _non_ca_issuer(chains: Chains) -> list[x509.Certificate]:
    return [chains.lower(), chains.middle(ca=False)]


CHAINS: dict[str, tuple[Callable[[Chains], list[x509.Certificate]], str]] = {
    "P-2 leaf under the root": (lambda c: [c.leaf()], "ok"),
    "P with an intermediate": (lambda c: [c.lower(), c.middle()], "ok"),
    "P key usage": (lambda c: [c.lower(), c.middle(**_usage(may_sign=True))], "ok"),
    "F-6 leaf expired": (lambda c: [c.leaf(not_after=PAST)], "attestation_expired"),
    "F-7 leaf not yet valid": (lambda c: [c.leaf(not_before=FUTURE)], "attestation_not_yet_valid"),
    "F-9 root unknown": (
        lambda c: [AttestationAuthority(subject=name("other")).issue(c.key.public_key())],
        "attestation_untrusted",
    ),
    "F-9 signed by a namesake": (
        lambda c: [AttestationAuthority().issue(c.key.public_key())],
        "attestation_chain_signature",
    ),
    "F-9 intermediate's key another": (
        lambda c: [
            AttestationAuthority(subject=name("intermediate")).issue(c.key.public_key()),
            c.middle(),
        ],
        "attestation_chain_signature",
    ),
    "F-10 root in x5c": (lambda c: [c.leaf(), c.root.root], "attestation_root_in_chain"),
    "F-11 wrong order": (
        lambda c: [c.lower(), c.root.root, c.middle()],
        "attestation_chain_broken",
    ),
    "F-12 intermediate expired": (
        lambda c: [c.lower(), c.middle(not_after=PAST)],
        "attestation_expired",
    ),
    "intermediate not yet valid": (
        lambda c: [c.lower(), c.middle(not_before=FUTURE)],
        "attestation_not_yet_valid",
    ),
    "intermediate missing": (lambda c: [c.lower()], "attestation_untrusted"),
    "issuer no CA": (_non_ca_issuer, "attestation_issuer_not_ca"),
    "issuer without Basic Constraints": (
        lambda c: [c.lower(), c.middle(ca=None)],
        "attestation_issuer_not_ca",
    ),
    "issuer may not sign": (
        lambda c: [c.lower(), c.middle(**_usage(may_sign=False))],
        "attestation_issuer_not_ca",
    ),
    "issuer's name another": (
        lambda c: [c.lower(issuer=name("elsewhere")), c.middle()],
        "attestation_chain_broken",
    ),
    "path too long": (_long, "attestation_path_too_long"),
    "critical extension unknown, leaf": (
        lambda c: [c.leaf(**_critical("1.2.3.4.5"))],
        "attestation_critical_extension",
    ),
    "critical extension unknown, intermediate": (
        lambda c: [c.lower(), c.middle(**_critical("1.2.3.4.5"))],
        "attestation_critical_extension",
    ),
    "name constraints, critical and not processed": (
        lambda c: [
            c.lower(),
            c.middle(extensions=[(x509.NameConstraints([x509.DNSName("a.test")], None), True)]),
        ],
        "attestation_critical_extension",
    ),
    "RSA of 1024 bits": (_weak_middle, "attestation_chain_weak"),
}


@pytest.mark.parametrize("case", CHAINS)
def test_chain(case: str, bench: Any, expect: Any) -> None:
    """Required attestation refuses with the reason; otherwise the reason is the finding."""
    build, expected = CHAINS[case]
    chains = Chains()
    answer = bench.create(_phone(chains.key, build(chains)))
    expect(expected, lambda: bench.register(answer, **_required(chains.root)))
    new = bench.register(answer, attestation="direct", trust=chains.root)
    if expected == "ok":
        assert (new.attestation, new.attestation_finding) == ("verified", None)
        assert new.trust_chain[-1] == chains.root.root.fingerprint(hashes.SHA256())
    else:
        assert (new.attestation, new.attestation_finding) == ("unverified", expected)
        assert new.trust_chain == ()


def test_p3_the_batch_certificate_is_the_anchor(bench: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject()
    leaf = certificate(
        subject=subject, public_key=key.public_key(), issuer=subject, issuer_key=key, ca=False
    )

    class Pinned:
        def anchors_for(self, aaguid: str, trust_path: Any) -> Sequence[x509.Certificate]:
            return (leaf,)

    new = bench.register(bench.create(_phone(key, [leaf])), **_required(Pinned()))
    assert new.trust_chain == (leaf.fingerprint(hashes.SHA256()),)


def test_sha1_is_no_signature(bench: Any, expect: Any) -> None:
    """sha1WithRSAEncryption in place of sha256WithRSAEncryption (nobody makes one any more)."""
    chains = Chains()
    chains.root = AttestationAuthority(
        key=rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    good = chains.leaf().public_bytes(Encoding.DER)
    sha256, sha1 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    assert good.count(sha256) == 2
    weak = x509.load_der_x509_certificate(good.replace(sha256, sha1))
    answer = bench.create(_phone(chains.key, [weak]))
    expect("attestation_chain_weak", lambda: bench.register(answer, **_required(chains.root)))


def test_a_certificate_for_a_key_that_cannot_sign(bench: Any, expect: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import x25519

    chains = Chains()
    leaf = chains.root.issue(x25519.X25519PrivateKey.generate().public_key())
    answer = bench.create(_phone(chains.key, [leaf]))
    expect(f"certificate_malformed@{X5C}", lambda: bench.register(answer))


def test_a_certificate_of_version_1(bench: Any, expect: Any, authority: Any) -> None:
    """By hand, because nobody makes them any more: no version, no extensions."""
    from hkeid.testing.authenticator_formats import der

    key = new_key(-7)
    good = authority.issue(key.public_key())
    tbs = good.tbs_certificate_bytes[4:]  # its header is of the long form
    version = bytes.fromhex("a003020102")
    extensions = der(0xA3, der(0x30, bytes.fromhex("300c0603551d130101ff04023000")))
    assert tbs.startswith(version)
    assert tbs.endswith(extensions)
    tbs = der(0x30, tbs[len(version) : -len(extensions)])
    sha256_ecdsa = bytes.fromhex("300a06082a8648ce3d040302")
    signature = authority.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    raw = der(0x30, tbs + sha256_ecdsa + der(0x03, b"\x00" + signature))
    leaf = x509.load_der_x509_certificate(raw)
    assert leaf.version is x509.Version.v1
    answer = bench.create(_phone(key, [leaf]))
    expect("attestation_certificate_version", lambda: bench.register(answer))


@pytest.mark.parametrize("algorithm", [-7, -8, -257, -35])
@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA", "Ed25519"])
def test_statement_and_certificate_disagree_about_the_algorithm(
    kind: str, algorithm: int, bench: Any, expect: Any, authority: Any
) -> None:
    """The statement names the algorithm, the certificate brings the key: all pairs but the right
    ones are refused, and none is a crash.
    """
    keys: dict[str, Any] = {
        "P-256": new_key(-7),
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "RSA": new_key(-257),
        "Ed25519": new_key(-8),
    }
    key = keys[kind]
    leaf = authority.issue(key.public_key()).public_bytes(Encoding.DER)

    def attestor(_: Any, auth_data: bytes, digest: bytes) -> tuple[str, dict[str, Any]]:
        signature = sign(key, auth_data + digest)
        return "packed", {"alg": algorithm, "sig": signature, "x5c": [leaf]}

    answer = bench.create(SoftwareAuthenticator(attestation=attestor))
    fits = (kind, algorithm) in {("P-256", -7), ("RSA", -257), ("Ed25519", -8)}
    expected = "ok" if fits else "attestation_signature_invalid"
    expect(expected, lambda: bench.register(answer))


def test_roots_may_share_a_name(bench: Any) -> None:
    """A root is renewed under its old name: the one whose key fits is taken."""
    chains = Chains()
    old = AttestationAuthority()

    class Both:
        def anchors_for(self, aaguid: str, trust_path: Any) -> Sequence[x509.Certificate]:
            return (old.root, chains.root.root)

    answer = bench.create(_phone(chains.key, [chains.leaf()]))
    new = bench.register(answer, **_required(Both()))
    assert new.trust_chain[-1] == chains.root.root.fingerprint(hashes.SHA256())


def test_root_expired(bench: Any, expect: Any) -> None:
    chains = Chains()
    chains.root = AttestationAuthority(not_after=PAST)
    answer = bench.create(_phone(chains.key, [chains.leaf()]))
    expect("attestation_expired", lambda: bench.register(answer, **_required(chains.root)))


def test_root_in_chain_can_be_tolerated(bench: Any) -> None:
    chains = Chains()
    answer = bench.create(_phone(chains.key, [chains.leaf(), chains.root.root]))
    policy = _required(chains.root, anchor_in_chain=True)
    assert len(bench.register(answer, **policy).trust_chain) == 2


def test_a_model_nobody_vouches_for(bench: Any, expect: Any, authority: Any) -> None:
    stranger = AttestationAuthority(aaguids=frozenset())
    phone = SoftwareAuthenticator(attestation="packed", batch=new_batch(stranger))
    answer = bench.create(phone)
    expect("attestation_untrusted", lambda: bench.register(answer, **_required(stranger)))
    assert bench.register(answer).attestation_finding == "attestation_untrusted"


def test_the_trust_source_may_turn_a_model_down(bench: Any, expect: Any, authority: Any) -> None:
    class Recalled:
        def anchors_for(self, aaguid: str, trust_path: Any) -> Sequence[x509.Certificate]:
            raise CeremonyRefused("authenticator_compromised")

    phone = SoftwareAuthenticator(attestation="packed", batch=new_batch(authority))
    answer = bench.create(phone)
    for required in (True, False):
        policy = {**_required(Recalled()), "attestation_required": required}
        expect("authenticator_compromised", lambda p=policy: bench.register(answer, **p))


def test_dates_are_judged_at_the_moment_given(bench: Any) -> None:
    from hkeid.webauthn import CeremonyKind, WebAuthnPolicy, verify_registration

    chains = Chains()
    answer = bench.create(_phone(chains.key, [chains.leaf(not_after=PAST)]))
    policy = WebAuthnPolicy(
        rp_id="id.example.hk",
        rp_name="eID",
        origins=frozenset({"https://id.example.hk"}),
        **_required(chains.root),
    )
    ceremony = bench.ceremony(CeremonyKind.ACTIVATE)
    earlier = PAST - dt.timedelta(days=1)
    assert verify_registration(answer, ceremony, policy, now=earlier).attestation == "verified"
