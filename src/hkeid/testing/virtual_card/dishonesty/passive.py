"""Cards whose signed object, signer or country is not what it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.chip.domain_parameters import CURVES
from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.card_issuer import ICAO, CardDraft
from hkeid.testing.card_issuer.certificates import (
    CERT_SIGN,
    DIGITAL_SIGNATURE,
    Certified,
    constraints,
    extension,
    signed_data,
    usage,
)
from hkeid.testing.card_issuer.issuer import (
    LDS_SECURITY_OBJECT,
    CardIssuer,
    lds_content,
    wrap_security_object,
)
from hkeid.testing.card_issuer.keys import Signer, explicit_key, new_signer
from hkeid.testing.der import integer, octets, oid, sequence, set_of
from hkeid.testing.virtual_card.card import ChipImage
from hkeid.testing.virtual_card.dishonesty.mutation import (
    Layer,
    Mutation,
    file_edited,
    flipped,
)

_DAY = timedelta(days=1)
_ACTIVE = ICAO.but(active_authentication="brainpoolP256r1 sha256", chip_authentication=())

SignerMaker = Callable[[CardIssuer], Certified]


def _signed_by(make: SignerMaker) -> Callable[[CardDraft], None]:
    """Sealed by another document signer."""

    def draft(card: CardDraft) -> None:
        card.files["SOD"] = card.issuer.security_object(
            card.data_groups,
            digest=card.features.digest,
            signer=make(card.issuer),
            lds_version="0107",
        )

    return draft


def _sealed(**changes: Any) -> Callable[[CardDraft], None]:
    """Sealed with something about the message changed."""

    def draft(card: CardDraft) -> None:
        arguments: dict[str, Any] = {
            "content_type": LDS_SECURITY_OBJECT,
            "content": _content(card),
            "signer": card.issuer.signer,
            "certificates": [card.issuer.signer.der],
        }
        made = {name: value(card) if callable(value) else value for name, value in changes.items()}
        card.files["SOD"] = wrap_security_object(signed_data(**(arguments | made)))

    return draft


def _content(card: CardDraft, groups: Mapping[str, bytes] | None = None) -> bytes:
    return lds_content(groups or card.data_groups, digest=card.features.digest, lds_version="0107")


def _content_version(card: CardDraft) -> bytes:
    return _content(card).replace(b"\x02\x01\x00\x30", b"\x02\x01\x07\x30", 1)


def _content_twice(card: CardDraft) -> bytes:
    """The hash of DG2 called one of DG1."""
    return _content(card).replace(b"\x30\x25\x02\x01\x02\x04", b"\x30\x25\x02\x01\x01\x04", 1)


def _content_unknown_hash(card: CardDraft) -> bytes:
    """SHA-256 called MD5-like: an identifier of the same length that nobody assigned."""
    known = oid("2.16.840.1.101.3.4.2.1")
    return _content(card).replace(known, oid("2.16.840.1.101.3.4.2.99"), 1)


def _other_digest(_card: CardDraft) -> tuple[bytes, ...]:
    return (
        sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(LDS_SECURITY_OBJECT))),
        sequence(oid("1.2.840.113549.1.9.4"), set_of(octets(bytes(32)))),
    )


def _no_digest(_card: CardDraft) -> tuple[bytes, ...]:
    return (sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(LDS_SECURITY_OBJECT))),)


def _same_key(issuer: CardIssuer, **changes: Any) -> Certified:
    return issuer.document_signer(common_name="Document Signer 2", **changes)


def _old_hash_signer(issuer: CardIssuer) -> Certified:
    made = _same_key(issuer)
    return replace(made, signer=replace(made.signer, digest="sha1"))


def _stranger(issuer: CardIssuer) -> Certified:
    """A signer of a CSCA that nobody knows."""
    return CardIssuer(country=issuer.country, state=issuer.state, now=issuer.now).document_signer(
        issuer=issuer.new_root(common_name="CSCA of nobody")
    )


def _impostor(issuer: CardIssuer) -> Certified:
    """A signer of a CSCA with the known name and another key."""
    return issuer.document_signer(issuer=issuer.new_root())


def _own_curve(issuer: CardIssuer) -> Certified:
    """A key on explicit parameters that are P-256 in all but the generator (CVE-2020-0601)."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    domain = replace(CURVES["secp256r1"], gx=numbers.x, gy=numbers.y)
    key = Signer(private=private)
    return _same_key(issuer, key=key, public_key=explicit_key(domain, point))


def _other_key_in_certificate(issuer: CardIssuer) -> Certified:
    made = _same_key(issuer)
    return replace(made, signer=new_signer(issuer.signer_key))


def _root_itself(issuer: CardIssuer) -> Certified:
    return issuer.root


def _expired(issuer: CardIssuer) -> Certified:
    return _same_key(issuer, valid=(issuer.now - 90 * _DAY, issuer.now - _DAY))


def _not_yet(issuer: CardIssuer) -> Certified:
    return _same_key(issuer, valid=(issuer.now + 30 * _DAY, issuer.now + 90 * _DAY))


def _before_its_root(issuer: CardIssuer) -> Certified:
    return _same_key(issuer, valid=(issuer.now - 4000 * _DAY, issuer.now + 90 * _DAY))


def _cannot_sign(issuer: CardIssuer) -> Certified:
    return _same_key(issuer, extensions=(usage(CERT_SIGN),))


def _is_a_ca(issuer: CardIssuer) -> Certified:
    return _same_key(issuer, extensions=(usage(DIGITAL_SIGNATURE), constraints(ca=True)))


def _odd_extension(issuer: CardIssuer) -> Certified:
    odd = extension("1.3.6.1.4.1.99999.1", integer(1), critical=True)
    return _same_key(issuer, extensions=(usage(DIGITAL_SIGNATURE), odd))


def _reseal_after(change: Callable[[dict[str, bytes]], None]) -> Callable[[CardDraft], None]:
    """Sealed first, changed afterwards: EF.SOD no longer fits."""

    def draft(card: CardDraft) -> None:
        card.files["SOD"] = card.issuer.security_object(card.data_groups, lds_version="0107")
        change(card.files)

    return draft


def _other_groups_in_com(image: ChipImage, _card: CardDraft) -> ChipImage:
    from hkeid.testing.card_issuer.groups import com

    return replace(image, files={**image.files, "COM": com(["DG1", "DG2"])})


def _bad_certificate(card: CardDraft) -> list[bytes]:
    der = card.issuer.signer.der
    return [der[:4] + b"\x30\x03\x02\x01\x01" + der[9:]]


def _edit(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = flipped(files[name])

    return change


def _passive(name: str, description: str, finding: Code, **changes: Any) -> Mutation:
    return Mutation(
        name=name, layer=Layer.PASSIVE, description=description, finding=finding, **changes
    )


PASSIVE = (
    _passive("portrait-exchanged", "The portrait is not the one that was signed",
             Code.GROUP_HASH_WRONG, chip=file_edited("DG2", flipped)),
    _passive("zone-exchanged", "The machine-readable zone is not the one that was signed",
             Code.GROUP_HASH_WRONG, chip=file_edited("DG1", lambda one: one.replace(b"CHAN", b"CHEN").replace(b"O<", b"P<"))),
    _passive("details-exchanged", "DG11 is not the one that was signed", Code.GROUP_HASH_WRONG,
             chip=file_edited("DG11", flipped)),
    _passive("dg14-exchanged", "DG14 is not the one that was signed", Code.DG14_HASH_WRONG,
             features=_ACTIVE, draft=_reseal_after(_edit("DG14"))),
    _passive("dg15-exchanged", "DG15 is not the one that was signed", Code.DG15_HASH_WRONG,
             features=_ACTIVE, draft=_reseal_after(_edit("DG15"))),
    _passive("com-different", "EF.COM lists fewer groups than EF.SOD", Code.COM_SOD_DIFFERENT,
             chip=_other_groups_in_com),
    _passive("sod-malformed", "EF.SOD holds no CMS", Code.SOD_MALFORMED,
             chip=file_edited("SOD", lambda one: one[:4] + bytes(len(one) - 4))),
    _passive("sod-wrong-content", "EF.SOD signs content of another type",
             Code.SOD_CONTENT_TYPE_WRONG, draft=_sealed(content_type="1.2.840.113549.1.7.1")),
    _passive("sod-claims-other-content", "The content-type attribute differs from the content",
             Code.SOD_SIGNED_ATTRIBUTES_WRONG, draft=_sealed(signed_type="1.2.840.113549.1.7.1")),
    _passive("sod-without-digest", "There is no message-digest attribute",
             Code.SOD_SIGNED_ATTRIBUTES_WRONG, draft=_sealed(attributes=_no_digest)),
    _passive("sod-digest-wrong", "The message digest is not that of the content",
             Code.SOD_MESSAGE_DIGEST_WRONG, draft=_sealed(attributes=_other_digest)),
    _passive("sod-signature-wrong", "The signature is not the signer's", Code.SOD_SIGNATURE_WRONG,
             draft=_signed_by(_other_key_in_certificate)),
    _passive("sod-signature-empty", "The signature is empty", Code.SOD_SIGNATURE_WRONG,
             draft=_sealed(signature=b"")),
    _passive("sod-two-signers", "EF.SOD has two signers", Code.SOD_SIGNERS_NOT_ONE,
             draft=_sealed(copies=2)),
    _passive("sod-no-signer", "EF.SOD has no signer", Code.SOD_SIGNERS_NOT_ONE,
             draft=_sealed(copies=0)),
    _passive("sod-without-certificate", "The signer's certificate is left out",
             Code.SOD_CERTIFICATE_MISSING, draft=_sealed(certificates=())),
    _passive("sod-other-certificate", "Another certificate than the signer's",
             Code.SOD_CERTIFICATE_MISSING,
             draft=_sealed(certificates=lambda card: [card.issuer.root.der])),
    _passive("sod-certificate-malformed", "The signer's certificate does not parse",
             Code.SIGNER_CERTIFICATE_MALFORMED, draft=_sealed(certificates=_bad_certificate)),
    _passive("sod-version", "The signed object is of an unknown version",
             Code.SOD_VERSION_UNSUPPORTED, draft=_sealed(content=_content_version)),
    _passive("sod-group-twice", "Two hashes for one data group", Code.SOD_GROUPS_REPEATED,
             draft=_sealed(content=_content_twice)),
    _passive("sod-unknown-hash", "Hashes of an unknown kind", Code.SOD_DIGEST_ALGORITHM_REFUSED,
             draft=_sealed(content=_content_unknown_hash)),
    _passive("sod-sha1", "Hashes of SHA-1", Code.SOD_DIGEST_ALGORITHM_REFUSED,
             features=ICAO.but(digest="sha1")),
    _passive("sod-signed-with-sha1", "A signature over SHA-1", Code.SOD_SIGNATURE_ALGORITHM_REFUSED,
             draft=_sealed(signer=lambda card: _old_hash_signer(card.issuer), digest="sha256",
                           certificates=lambda card: [card.issuer.signer.der], identifier=lambda card: sequence(card.issuer.signer.issuer, integer(card.issuer.signer.serial)))),
    _passive("signer-expired", "The document signer has expired", Code.SIGNER_EXPIRED,
             draft=_signed_by(_expired)),
    _passive("signer-not-yet-valid", "The document signer is not valid yet",
             Code.SIGNER_NOT_YET_VALID, draft=_signed_by(_not_yet)),
    _passive("signer-revoked", "The document signer is on the revocation list",
             Code.SIGNER_REVOKED, draft=_signed_by(lambda issuer: issuer.revoked_signer)),
    _passive("signer-unknown", "The country signer is unknown", Code.SIGNER_UNKNOWN,
             draft=_signed_by(_stranger)),
    _passive("signer-impostor", "A country signer with a known name and another key",
             Code.SIGNER_CHAIN_WRONG, draft=_signed_by(_impostor)),
    _passive("signer-older-than-country", "A document signer from before its country signer",
             Code.SIGNER_CHAIN_WRONG, draft=_signed_by(_before_its_root)),
    _passive("signer-of-neighbour", "Another trusted country signed this country's document",
             Code.SIGNER_COUNTRY_DIFFERENT,
             draft=_signed_by(lambda issuer: issuer.neighbour.signer)),
    _passive("signer-claims-neighbour", "A document signer of another country than its CSCA",
             Code.SIGNER_COUNTRY_DIFFERENT,
             draft=_signed_by(lambda issuer: _same_key(issuer, country="XX"))),
    _passive("signer-is-country", "The country signer signed the document itself",
             Code.SIGNER_USAGE_WRONG, draft=_signed_by(_root_itself)),
    _passive("signer-cannot-sign", "The document signer may not sign", Code.SIGNER_USAGE_WRONG,
             draft=_signed_by(_cannot_sign)),
    _passive("signer-is-a-ca", "The document signer is a CA", Code.SIGNER_USAGE_WRONG,
             draft=_signed_by(_is_a_ca)),
    _passive("signer-of-visas", "The document signer may only sign visas",
             Code.SIGNER_DOCUMENT_TYPE_WRONG,
             draft=_signed_by(lambda issuer: _same_key(issuer, types=("V",)))),
    _passive("signer-odd-extension", "A critical extension that nobody knows",
             Code.SIGNER_EXTENSION_UNKNOWN, draft=_signed_by(_odd_extension)),
    _passive("signer-small-rsa", "A document signer with 1,024 bits of RSA",
             Code.SIGNER_KEY_REFUSED,
             draft=_signed_by(lambda issuer: _same_key(issuer, key=new_signer("rsa-1024")))),
    _passive("signer-own-curve", "A document signer on P-256 with a generator of its own",
             Code.SIGNER_CURVE_REFUSED, draft=_signed_by(_own_curve)),
)  # fmt: skip
"""Mutations of passive authentication."""
