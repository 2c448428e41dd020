"""What a token must fulfil before anybody relies on it (RFC 3161 §2.4.2, RFC 5816, RFC 5652 §5.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing import der
from hkeid.signing.algorithms import SignatureAlgorithm, hash_identifier
from hkeid.signing.certificates.encoding import read_integer, read_oid
from hkeid.signing.certificates.profiles import TIME_STAMPING
from hkeid.signing.certificates.reading import ReadCertificate, chain_to, read_certificate
from hkeid.signing.cms.attributes import CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2
from hkeid.signing.cms.certificate_names import issuer_and_serial
from hkeid.signing.cms.content_info import SIGNED_DATA
from hkeid.signing.errors import CredentialRefused
from hkeid.signing.timestamping.errors import TimestampFault, TimestampWrong
from hkeid.signing.timestamping.issuing import TST_INFO
from hkeid.signing.timestamping.messages import HASH_SIZES, TimestampRequest, TstInfo, read_tst_info

_RSA = "1.2.840.113549.1.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRules:
    """What is accepted.

    :ivar anchors: certificates, DER, one of which the chain must reach: roots, or the unit's own.
    :ivar others: certificates, DER, that may stand between, beside those in the token.
    :ivar policies: OIDs of acceptable policies; empty: any.
    :ivar accuracy: the coarsest that is accepted; a token that does not say is accepted if this is None.
    """

    anchors: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()
    policies: frozenset[str] = frozenset()
    accuracy: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampToken:
    """A token that has passed the checks.

    :ivar chain: the unit's certificate first, the anchor last, DER.
    """

    info: TstInfo
    chain: tuple[bytes, ...]
    encoded: bytes = field(repr=False)

    @property
    def earliest(self) -> Instant:
        """The earliest moment that the token can mean."""
        return self.info.time - (self.info.accuracy or timedelta(0))

    @property
    def latest(self) -> Instant:
        """The latest moment that the token can mean."""
        return self.info.time + (self.info.accuracy or timedelta(0))


def check_token(token: bytes, request: TimestampRequest, rules: TimestampRules) -> TimestampToken:
    """Let a token pass that answers ``request`` and keeps the rules.

    :param token: ContentInfo, DER.
    :param request: what was asked; for a token from elsewhere, one with the digest that it must be about,
        whose nonce is then not compared where there is none.
    :raises TimestampWrong: ``timestamp_wrong``; ``fault`` says which check.
    """
    try:
        signed = _read_token(token)
        info = read_tst_info(signed.content)
    except MalformedInput as error:
        raise TimestampWrong(TimestampFault.MALFORMED, error.detail or error.reason) from None
    _check_info(info, request, rules)
    certificate = _signers_certificate(signed, rules)
    _check_attributes(signed, certificate)
    _check_signature(signed, certificate)
    _check_purpose(certificate)
    chain = _check_chain(signed, certificate, info.time, rules)
    return TimestampToken(info=info, chain=chain, encoded=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The parts of a SignedData with one signer."""

    content: bytes
    certificates: tuple[ReadCertificate, ...]
    named: bytes
    digest_identifier: bytes
    attributes: Mapping[str, tuple[bytes, ...]]
    attributes_encoded: bytes
    algorithm_identifier: bytes
    signature: bytes


def _read_token(token: bytes) -> _Signed:
    outer = _parts(token, der.SEQUENCE)
    if len(outer) != 2 or outer[0][2] != der.oid(SIGNED_DATA) or outer[1][0] != 0xA0:
        raise MalformedInput("der_malformed", detail="not SignedData")
    body = _parts(outer[1][1], der.SEQUENCE)
    tags = [one[0] for one in body]
    expected = [der.INTEGER, der.SET, der.SEQUENCE]
    if tags[:3] != expected or tags[3:] not in (
        [der.SET],
        [0xA0, der.SET],
        [0xA1, der.SET],
        [0xA0, 0xA1, der.SET],
    ):
        raise MalformedInput("der_malformed", detail="SignedData")
    signers = der.elements(body[-1][1])
    if len(signers) != 1:
        raise TimestampWrong(TimestampFault.SIGNERS_MANY, str(len(signers)))
    certificates = [
        whole
        for tag, content, _ in body
        if tag == 0xA0
        for kind, _, whole in der.elements(content)
        if kind == der.SEQUENCE
    ]
    return _read_signer(
        signers[0][1],
        _encapsulated(body[2][1]),
        tuple(read_certificate(one) for one in certificates),
    )


def _encapsulated(content: bytes) -> bytes:
    """TSTInfo in EncapsulatedContentInfo."""
    parts = der.elements(content)
    if len(parts) != 2 or parts[0][2] != der.oid(TST_INFO) or parts[1][0] != 0xA0:
        raise MalformedInput("der_malformed", detail="not TSTInfo")
    tag, octets = der.only_element(parts[1][1])
    if tag != der.OCTET_STRING:
        raise MalformedInput("der_malformed", detail="not TSTInfo")
    return octets


def _read_signer(
    signer: bytes, content: bytes, certificates: tuple[ReadCertificate, ...]
) -> _Signed:
    fields = der.elements(signer)
    tags = [one[0] for one in fields]
    needed = [der.INTEGER, der.SEQUENCE, der.SEQUENCE, 0xA0, der.SEQUENCE, der.OCTET_STRING]
    # [1]: unsigned attributes, which prove nothing here. Version 1 names by issuer and number.
    if tags not in (needed, [*needed, 0xA1]) or read_integer(fields[0][1]) != 1:
        raise MalformedInput("der_malformed", detail="SignerInfo")
    attributes: dict[str, tuple[bytes, ...]] = {}
    for _, inner, _ in der.elements(fields[3][1]):
        parts = der.elements(inner)
        if [one[0] for one in parts] != [der.OBJECT_IDENTIFIER, der.SET]:
            raise MalformedInput("der_malformed", detail="Attribute")
        dotted = read_oid(parts[0][1])
        if dotted in attributes:
            raise TimestampWrong(TimestampFault.ATTRIBUTES_WRONG, f"{dotted} twice")
        attributes[dotted] = tuple(whole for _, _, whole in der.elements(parts[1][1]))
    return _Signed(
        content=content,
        certificates=certificates,
        named=fields[1][2],
        digest_identifier=fields[2][2],
        attributes=attributes,
        # RFC 5652 §5.4: signed as a SET OF, whatever the tag in the message.
        attributes_encoded=bytes((der.SET,)) + fields[3][2][1:],
        algorithm_identifier=fields[4][2],
        signature=fields[5][1],
    )


def _parts(encoded: bytes, expected: int) -> list[tuple[int, bytes, bytes]]:
    tag, content = der.only_element(encoded)
    if tag != expected:
        raise MalformedInput("der_malformed", detail=f"tag {tag:#x}")
    return der.elements(content)


def _check_info(info: TstInfo, request: TimestampRequest, rules: TimestampRules) -> None:
    if (info.hash_name, info.digest) != (request.hash_name, request.digest):
        raise TimestampWrong(TimestampFault.IMPRINT_DIFFERS)
    if request.nonce is not None and info.nonce != request.nonce:
        raise TimestampWrong(TimestampFault.NONCE_DIFFERS)
    wanted = rules.policies | ({request.policy} if request.policy else frozenset())
    if (request.policy and info.policy != request.policy) or (wanted and info.policy not in wanted):
        raise TimestampWrong(TimestampFault.POLICY_DIFFERS, info.policy)
    if rules.accuracy is not None and (info.accuracy is None or info.accuracy > rules.accuracy):
        raise TimestampWrong(TimestampFault.ACCURACY_COARSE, str(info.accuracy))


def _signers_certificate(signed: _Signed, rules: TimestampRules) -> ReadCertificate:
    """The certificate that the signature names, from the token or from what we hold."""
    known = (*signed.certificates, *map(read_certificate, (*rules.others, *rules.anchors)))
    for one in known:
        if issuer_and_serial(one.encoded).encoded() == signed.named:
            return one
    raise TimestampWrong(TimestampFault.CERTIFICATE_ABSENT)


def _check_attributes(signed: _Signed, certificate: ReadCertificate) -> None:
    """content-type and message-digest (RFC 5652 §11.1, §11.2); ESSCertIDv2 (RFC 5816 §2.2.1), so that no other
    certificate of the same key can be put in its place.
    """
    hash_name = _hash_of(signed.digest_identifier)
    digest = der.octet_string(hashlib.new(hash_name, signed.content).digest())
    if signed.attributes.get(CONTENT_TYPE) != (der.oid(TST_INFO),) or signed.attributes.get(
        MESSAGE_DIGEST
    ) != (digest,):
        raise TimestampWrong(TimestampFault.ATTRIBUTES_WRONG)
    named = signed.attributes.get(SIGNING_CERTIFICATE_V2, ())
    if len(named) != 1 or not _names(named[0], certificate):
        raise TimestampWrong(TimestampFault.CERTIFICATE_NOT_NAMED)


def _names(attribute: bytes, certificate: ReadCertificate) -> bool:
    """Whether the first ESSCertIDv2 of SigningCertificateV2 (RFC 5035 §3) is the certificate's."""
    try:
        listed = der.elements(_parts(attribute, der.SEQUENCE)[0][1])
        first = der.elements(listed[0][1])
        hash_name = _hash_of(first.pop(0)[2]) if first[0][0] == der.SEQUENCE else "sha256"
        if first[0][0] != der.OCTET_STRING:
            return False
    except (MalformedInput, IndexError):
        return False
    if first[0][1] != hashlib.new(hash_name, certificate.encoded).digest():
        return False
    named = issuer_and_serial(certificate.encoded).as_issuer_serial()
    return len(first) == 1 or first[1][2] == named


def _hash_of(identifier: bytes) -> str:
    """Name of a hash's AlgorithmIdentifier, with parameters NULL or without (RFC 5754 §2)."""
    for name in HASH_SIZES:
        plain = hash_identifier(name)
        with_null = der.sequence(plain[2:], der.null())
        if identifier in {plain, with_null}:
            return name
    raise TimestampWrong(TimestampFault.ALGORITHM_WEAK, "hash")


def _check_signature(signed: _Signed, certificate: ReadCertificate) -> None:
    try:
        algorithm = _algorithm(signed, certificate)
        algorithm.verify(certificate.key, signed.signature, signed.attributes_encoded)
    except CredentialRefused as error:
        if error.reason == "signature_wrong":
            raise TimestampWrong(TimestampFault.SIGNATURE_WRONG) from None
        raise TimestampWrong(TimestampFault.ALGORITHM_WEAK, error.reason) from None


def _algorithm(signed: _Signed, certificate: ReadCertificate) -> SignatureAlgorithm:
    """The signature algorithm, which must be one of the key's.

    Many units write rsaEncryption and mean the digest algorithm (RFC 3370 §3.2).

    :raises CredentialRefused: ``key_unsupported``, ``key_too_short``, ``hash_unknown``.
    """
    for name in HASH_SIZES:
        try:
            candidate = SignatureAlgorithm.of_key(certificate.key, name)
        except CredentialRefused as error:
            if error.reason != "hash_not_for_key":
                raise
            continue
        if candidate.identifier == signed.algorithm_identifier:
            return candidate
    plain_rsa = {der.algorithm(_RSA, der.null()), der.algorithm(_RSA)}
    if signed.algorithm_identifier in plain_rsa:
        return SignatureAlgorithm.of_key(certificate.key, _hash_of(signed.digest_identifier))
    raise CredentialRefused("hash_unknown", detail="signature algorithm")


def _check_purpose(certificate: ReadCertificate) -> None:
    """RFC 3161 §2.3: timeStamping, nothing else, critical."""
    if certificate.purposes != frozenset({TIME_STAMPING}):
        raise TimestampWrong(TimestampFault.PURPOSE_NOT_SOLE)
    if not certificate.purposes_critical:
        raise TimestampWrong(TimestampFault.PURPOSE_NOT_CRITICAL)


def _check_chain(
    signed: _Signed, certificate: ReadCertificate, at: Instant, rules: TimestampRules
) -> tuple[bytes, ...]:
    if not certificate.valid_at(at):
        raise TimestampWrong(TimestampFault.CERTIFICATE_NOT_VALID)
    between = (*signed.certificates, *map(read_certificate, rules.others))
    chain = chain_to(certificate, between, rules.anchors, at)
    if chain is None:
        raise TimestampWrong(TimestampFault.CHAIN_UNTRUSTED)
    return tuple(one.encoded for one in chain)


def check_time(
    token: TimestampToken, *, sent: Instant, received: Instant, tolerance: timedelta
) -> None:
    """Let a token pass whose time lies between our question and our reading of the answer, as far as clocks
    agree.

    :raises TimestampWrong: ``timestamp_wrong`` (``TIME_FAR``).
    """
    if token.latest < sent - tolerance or token.earliest > received + tolerance:
        raise TimestampWrong(TimestampFault.TIME_FAR, str(token.info.time))
