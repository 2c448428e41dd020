"""Country signers: which certificates are believed, and what they say of a document signer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.chip.asn1 import read_certificate
from hkeid.chip.signatures import TrustPolicy
from hkeid.chip.structures import MalformedStructure
from hkeid.chip.trust import CountrySigners, MasterListRefused
from hkeid.testing.card_issuer import CardIssuer
from hkeid.testing.card_issuer.certificates import Certified, usage
from hkeid.testing.card_issuer.keys import explicit_key, new_signer

KINDS = (
    "secp256r1",
    "secp384r1-explicit",
    "secp521r1-explicit",
    "brainpoolP256r1",
    "brainpoolP384r1-explicit",
    "brainpoolP512r1-explicit",
    "rsa-2048",
    "rsa-2048-pss",
)
_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


def codes(trust: CountrySigners, signer: Certified, issuer: CardIssuer, **when: int) -> list[str]:
    at = issuer.now + timedelta(days=when.get("days", 0))
    judgement = trust.judge(read_certificate(signer.der), at=at)
    assert judgement.trusted is not any(one.fatal for one in judgement.findings)
    return [one.code.value for one in judgement.findings]


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind_are_usable(kind: str) -> None:
    """Named curves, explicit parameters, RSA PKCS #1 and PSS: as country signers use them."""
    made = CardIssuer(root_key=kind, signer_key=kind)
    trust = made.trust()
    assert trust.rejected == ()
    assert trust.countries == {"UT"}
    assert codes(trust, made.signer, made) == []


@pytest.mark.parametrize("digest", ["sha224", "sha384", "sha512"])
def test_hashes_of_every_length(digest: str) -> None:
    made = CardIssuer(digest=digest)
    assert codes(made.trust(), made.signer, made) == []


def test_sha1_only_by_policy() -> None:
    made = CardIssuer(digest="sha1")
    assert codes(CountrySigners.of([made.root.der]), made.signer, made) == [
        "sod_signature_algorithm_refused"
    ]
    old = TrustPolicy(allow_sha1=True)
    trust = CountrySigners.of([made.root.der], crls=[made.crl()], policy=old)
    assert codes(trust, made.signer, made) == []


def test_pem_and_der_are_the_same(issuer: CardIssuer) -> None:
    pem = x509.load_der_x509_certificate(issuer.root.der).public_bytes(Encoding.PEM)
    other = CardIssuer(country="XX", state="ZZZ")
    both = pem + x509.load_der_x509_certificate(other.root.der).public_bytes(Encoding.PEM)
    assert CountrySigners.of([both]).countries == {"UT", "XX"}


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("p", 2), ("a", 1), ("b", 1), ("gx", 1), ("gy", 1), ("n", 2), ("h", 1),
    ],
)  # fmt: skip
def test_explicit_parameters_are_compared_in_every_number(
    number: str, change: int, issuer: CardIssuer
) -> None:
    """CVE-2020-0601: a curve that differs from P-256 in one number is not P-256."""
    from hkeid.chip.domain_parameters import CURVES

    key = new_signer("secp256r1-explicit")
    point = key.public_key[-65:]
    honest = explicit_key(CURVES["secp256r1"], point)
    assert honest == key.public_key
    domain = CURVES["secp256r1"]
    other = replace(domain, **{number: getattr(domain, number) + change})
    root = issuer.new_root(key=key)
    forged = issuer.document_signer(issuer=root, key=key, public_key=explicit_key(other, point))
    trust = CountrySigners.of([root.der])
    # The signer's own key is looked at when it verifies something.
    from hkeid.chip.signatures import Verdict, verify_signature

    certificate = read_certificate(forged.der)
    verdict = verify_signature(
        certificate.key,
        certificate.algorithm,
        key.sign(b"message"),
        b"message",
        policy=trust.policy,
    )
    assert verdict is Verdict.CURVE_REFUSED


def test_a_forged_root_on_its_own_curve_is_no_anchor(issuer: CardIssuer) -> None:
    from hkeid.chip.domain_parameters import CURVES

    key = new_signer("secp256r1")
    domain = replace(CURVES["secp256r1"], gx=1, gy=1)
    signer = issuer.document_signer(key=key, public_key=explicit_key(domain, key.public_key[-65:]))
    trust = CountrySigners.of([signer.der])
    assert trust.anchors == ()
    assert [one.reason for one in trust.rejected] == ["link_signer_unknown"]


def test_bytes_that_are_no_certificate_are_left_out_and_listed() -> None:
    trust = CountrySigners.of([b"", b"\x30\x03\x02\x01\x01", b"-----BEGIN CERTIFICATE-----"])
    assert trust.anchors == ()
    assert {one.reason for one in trust.rejected} == {"structure_malformed"}


def test_a_link_carries_trust_to_the_next_country_signer(issuer: CardIssuer) -> None:
    """Doc 9303-12 §3.2: the old key signs the new one."""
    new = issuer.new_root(common_name="CSCA 2")
    signer = issuer.document_signer(issuer=new)
    link = issuer.link(new)
    assert codes(CountrySigners.of([issuer.root.der]), signer, issuer) == ["signer_unknown"]
    trust = CountrySigners.of([link.der, issuer.root.der])
    assert codes(trust, signer, issuer) == ["revocation_unknown"]
    again = issuer.new_root(common_name="CSCA 3")
    second = replace(issuer, root_key="secp256r1")
    second.root = new
    chain = CountrySigners.of([second.link(again).der, link.der, issuer.root.der])
    assert codes(chain, issuer.document_signer(issuer=again), issuer) == ["revocation_unknown"]


def test_a_link_of_a_stranger_carries_nothing(issuer: CardIssuer) -> None:
    stranger = CardIssuer()
    link = stranger.link(issuer.new_root(common_name="CSCA 2"))
    trust = CountrySigners.of([issuer.root.der, link.der])
    assert len(trust.anchors) == 1
    assert [one.reason for one in trust.rejected] == ["link_signer_unknown"]


def test_a_document_signer_is_no_link(issuer: CardIssuer) -> None:
    """It becomes an anchor that may certify nothing."""
    trust = CountrySigners.of([issuer.root.der, issuer.signer.der])
    below = issuer.document_signer(issuer=issuer.signer, common_name="below")
    assert "country_signer_not_a_ca" in codes(trust, below, issuer)


def test_two_country_signers_of_one_name_are_both_tried(issuer: CardIssuer) -> None:
    other = issuer.new_root()
    trust = CountrySigners.of([other.der, issuer.root.der], crls=[issuer.crl()])
    assert codes(trust, issuer.signer, issuer) == []
    assert codes(trust, issuer.document_signer(issuer=other), issuer) == []


def test_validity_is_judged_at_the_moment_given(issuer: CardIssuer) -> None:
    trust = CountrySigners.of([issuer.root.der])
    signer = issuer.document_signer(valid=(issuer.now, issuer.now + 10 * _DAY))
    assert "signer_not_yet_valid" in codes(trust, signer, issuer, days=-1)
    assert codes(trust, signer, issuer, days=1) == ["revocation_unknown"]
    assert "signer_expired" in codes(trust, signer, issuer, days=11)


def test_when_it_was_signed_matters_too(issuer: CardIssuer) -> None:
    trust = CountrySigners.of([issuer.root.der])
    certificate = read_certificate(issuer.signer.der)
    early = trust.judge(certificate, at=issuer.now, signed_at=issuer.now - 60 * _DAY)
    late = trust.judge(certificate, at=issuer.now, signed_at=issuer.now + 9000 * _DAY)
    assert [(one.code.value, one.detail) for one in early.findings[:1]] == [
        ("signer_not_yet_valid", "when signed")
    ]
    assert late.findings[0].detail == "when signed"


def test_an_expired_country_signer_is_a_warning_for_documents_signed_before(
    issuer: CardIssuer,
) -> None:
    """Doc 9303-12 §7.1: documents outlive the key that signed them, and even its CSCA."""
    long = (issuer.now, issuer.now + 9000 * _DAY)
    signer = issuer.document_signer(valid=long)
    trust = CountrySigners.of([issuer.root.der])
    assert codes(trust, signer, issuer, days=16 * 365) == [
        "country_signer_expired",
        "revocation_unknown",
    ]


def test_a_root_that_is_no_ca(issuer: CardIssuer) -> None:
    key = new_signer()
    root = issuer.document_signer(key=key, issuer=None, extensions=(usage(0),))
    own = replace(root, issuer=root.subject)
    from hkeid.testing.card_issuer.certificates import certify

    self_signed = certify(
        subject=own.subject,
        signer=key,
        issuer=own.subject,
        issuer_signer=key,
        valid=(own.not_before, own.not_after),
        extensions=(usage(0),),
    )
    below = issuer.document_signer(issuer=self_signed)
    trust = CountrySigners.of([self_signed.der])
    assert "country_signer_not_a_ca" in codes(trust, below, issuer)


def test_revocation_lists(issuer: CardIssuer) -> None:
    trust = issuer.trust()
    assert codes(trust, issuer.signer, issuer) == []
    assert codes(trust, issuer.revoked_signer, issuer) == ["signer_revoked"]
    (found,) = trust.lists
    assert found.next_update is not None
    left = (found.next_update - issuer.now).days
    assert codes(trust, issuer.signer, issuer, days=left + 10) == ["revocation_stale"]
    assert codes(trust, issuer.signer, issuer, days=left + 20) == [
        "revocation_stale",
        "revocation_unknown",
    ]
    without = CountrySigners.of([issuer.root.der])
    assert codes(without, issuer.revoked_signer, issuer) == ["revocation_unknown"]


def test_of_two_revocation_lists_the_newer_counts(issuer: CardIssuer) -> None:
    other = CardIssuer()
    old = other.crl(this_update=other.now - 10 * _DAY)
    other.revoke(other.signer)
    for order in ([old, other.crl()], [other.crl(), old]):
        trust = CountrySigners.of([other.root.der], crls=order)
        assert codes(trust, other.signer, other) == ["signer_revoked"]


def test_a_country_signer_may_revoke_itself(issuer: CardIssuer) -> None:
    other = CardIssuer()
    other.revoke(other.root)
    assert codes(other.trust(), other.signer, other) == ["signer_revoked"]


def test_a_revocation_list_of_a_stranger_counts_for_nothing(issuer: CardIssuer) -> None:
    stranger = CardIssuer()
    trust = CountrySigners.of([issuer.root.der], crls=[stranger.crl(), b"rubbish"])
    assert trust.lists == ()
    assert [one.reason for one in trust.rejected] == [
        "revocation_list_signer_unknown",
        "structure_malformed",
    ]


def test_master_list_by_a_given_signer(issuer: CardIssuer) -> None:
    others = [CardIssuer(country=two, state="ZZZ") for two in ("XA", "XB")]
    made, signer = issuer.master_list([one.root.der for one in others])
    trust = CountrySigners.of([]).with_master_list(made, signers=[signer.der])
    assert trust.countries == {"XA", "XB"}
    assert codes(trust, others[0].signer, others[0]) == ["revocation_unknown"]


def test_master_list_under_a_country_signer_known_already(issuer: CardIssuer) -> None:
    made, _ = issuer.master_list([issuer.neighbour.root.der, issuer.root.der])
    assert issuer.trust().with_master_list(made).countries == {"UT", "XX"}


def test_who_signs_a_master_list_vouches_for_its_links_too(issuer: CardIssuer) -> None:
    link = issuer.link(issuer.new_root(common_name="CSCA 2"))
    made, signer = issuer.master_list([link.der])
    trust = CountrySigners.of([]).with_master_list(made, signers=[signer.der])
    assert len(trust.anchors) == 1


@pytest.mark.parametrize("given", ["nothing", "another"])
def test_a_master_list_of_a_stranger(given: str, issuer: CardIssuer) -> None:
    made, _ = CardIssuer().master_list([issuer.root.der])
    signers = [issuer.signer.der] if given == "another" else []
    with pytest.raises(MasterListRefused) as caught:
        issuer.trust().with_master_list(made, signers=signers)
    assert caught.value.reason == "master_list_signer_unknown"


def test_a_master_list_by_a_document_signer(issuer: CardIssuer) -> None:
    """Only a signer with the purpose of Doc 9303-12 table 6 may, unless it was named."""
    from hkeid.testing.card_issuer.certificates import signed_data
    from hkeid.testing.der import integer, sequence, set_of

    content = sequence(integer(0), set_of(issuer.neighbour.root.der))
    made = signed_data(
        content_type="2.23.136.1.1.2",
        content=content,
        signer=issuer.signer,
        certificates=[issuer.signer.der],
    )
    with pytest.raises(MasterListRefused) as caught:
        issuer.trust().with_master_list(made)
    assert caught.value.reason == "master_list_signer_unknown"
    assert issuer.trust().with_master_list(made, signers=[issuer.signer.der]).countries


def test_a_master_list_that_was_changed(issuer: CardIssuer) -> None:
    made, signer = issuer.master_list([issuer.root.der, issuer.neighbour.root.der])
    place = made.index(issuer.neighbour.root.der) + len(issuer.neighbour.root.der) - 1
    changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
    with pytest.raises(MasterListRefused) as caught:
        issuer.trust().with_master_list(changed, signers=[signer.der])
    assert caught.value.reason == "master_list_signature_wrong"


def test_a_security_object_is_no_master_list(issuer: CardIssuer) -> None:
    sod = issuer.security_object({"DG1": b"a"})
    with pytest.raises(MasterListRefused) as caught:
        issuer.trust().with_master_list(sod[4:])
    assert caught.value.reason == "master_list_content_wrong"
    with pytest.raises(MalformedStructure):
        issuer.trust().with_master_list(b"rubbish")


def test_only_one_module_of_the_room_knows_asn1crypto() -> None:
    source = Path(__file__).resolve().parents[3] / "src"
    knowing = [
        str(path.relative_to(source))
        for path in (source / "hkeid/chip").rglob("*.py")
        if "asn1crypto import" in path.read_text("utf-8")
        or "import asn1crypto" in path.read_text("utf-8")
    ]
    assert knowing == ["hkeid/chip/asn1.py"]


def test_a_country_signers_name_is_shown_without_tricks(issuer: CardIssuer) -> None:
    odd = issuer.new_root(common_name="CSCA\u202e\n" + "x" * 500)
    label = read_certificate(odd.der).label
    assert label.isprintable()
    assert len(label) < 200
