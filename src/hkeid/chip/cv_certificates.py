"""Card-verifiable certificates (TR-03110-3 §C): what a card checks before it tells a terminal more.

A chain goes from the country's verifying authority (CVCA) over a document verifier to a terminal.
Curve parameters stand in the CVCA's certificate only and are inherited below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hkeid.chip import tlv
from hkeid.chip.domain_parameters import CURVES
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ec_public_key, group_of
from hkeid.chip.object_identifiers import decode_oid
from hkeid.chip.public_keys import AgreementKey, RsaKey

_TA = "0.4.0.127.0.7.2.2.2."
_LONGEST_CHAIN = 8

# Identifier: (RSA-PSS or PKCS #1 or ECDSA, hash). The SHA-1 ones are in the worked example's protocol.
_SCHEMES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    _TA + "1.1": ("pkcs1", hashes.SHA1()),  # noqa: S303
    _TA + "1.2": ("pkcs1", hashes.SHA256()),
    _TA + "1.3": ("pss", hashes.SHA1()),  # noqa: S303
    _TA + "1.4": ("pss", hashes.SHA256()),
    _TA + "1.5": ("pkcs1", hashes.SHA512()),
    _TA + "1.6": ("pss", hashes.SHA512()),
    _TA + "2.1": ("ecdsa", hashes.SHA1()),  # noqa: S303
    _TA + "2.2": ("ecdsa", hashes.SHA224()),
    _TA + "2.3": ("ecdsa", hashes.SHA256()),
    _TA + "2.4": ("ecdsa", hashes.SHA384()),
    _TA + "2.5": ("ecdsa", hashes.SHA512()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CvCertificate:
    """One card-verifiable certificate.

    :ivar body: the signed bytes, tag and length included.
    :ivar group: curve parameters, where the certificate has them.
    :ivar point: public point, or None for RSA.
    :ivar rights: the authorisation bits of the holder (7F4C/53).
    """

    authority: bytes
    holder: bytes
    oid: str
    rsa: RsaKey | None
    group: CurveGroup | None
    point: bytes | None
    role: str
    rights: bytes
    effective: date
    expires: date
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse_cv_certificate(data: bytes) -> CvCertificate:
    """Read a certificate, tag ``7F21``.

    :raises CardMalformed: ``terminal_chain_wrong``: it does not parse.
    """
    try:
        return _certificate(data)
    except CardMalformed as error:
        raise _wrong(error.detail or error.reason) from None


def _wrong(detail: str) -> CardMalformed:
    return CardMalformed(FindingCode.TERMINAL_CHAIN_WRONG, detail=detail)


def _certificate(data: bytes) -> CvCertificate:
    body, signature = _children(tlv.parse_one(data, 0x7F21), 0x7F4E, 0x5F37)
    parts = {child.tag: child for child in body.children()}
    wanted = {0x5F29, 0x42, 0x7F49, 0x5F20, 0x7F4C, 0x5F25, 0x5F24}
    if not wanted <= set(parts) or parts[0x5F29].value != b"\0":
        raise _wrong("body of certificate")
    role, rights = _children(parts[0x7F4C], 0x06, 0x53)
    oid, rsa_key, group, point = _public_key(parts[0x7F49])
    return CvCertificate(
        authority=parts[0x42].value,
        holder=parts[0x5F20].value,
        oid=oid,
        rsa=rsa_key,
        group=group,
        point=point,
        role=decode_oid(role.value),
        rights=rights.value,
        effective=_date(parts[0x5F25].value),
        expires=_date(parts[0x5F24].value),
        body=body.raw,
        signature=signature.value,
    )


def _children(element: tlv.Tlv, *tags: int) -> tuple[tlv.Tlv, ...]:
    children = element.children()
    if tuple(child.tag for child in children) != tags:
        raise _wrong(f"parts of {element.tag:X}")
    return children


def _date(value: bytes) -> date:
    """Six unpacked digits (§D.2.1.3)."""
    if len(value) != 6 or max(value) > 9:
        raise _wrong("date")
    year, month, day = (10 * value[at] + value[at + 1] for at in (0, 2, 4))
    try:
        return date(2000 + year, month, day)
    except ValueError:
        raise _wrong("date") from None


def _public_key(
    element: tlv.Tlv,
) -> tuple[str, RsaKey | None, CurveGroup | None, bytes | None]:
    """``7F49``: RSA has 81 and 82; a curve 81 … 87, where 86 is the point (§D.3)."""
    parts = {child.tag: child.value for child in element.children()}
    oid = decode_oid(parts.get(0x06, b""))
    if oid not in _SCHEMES:
        raise _wrong(f"algorithm {oid}")
    if _SCHEMES[oid][0] != "ecdsa":
        if not {0x81, 0x82} <= set(parts):
            raise _wrong("RSA key")
        modulus, exponent = (int.from_bytes(parts[tag], "big") for tag in (0x81, 0x82))
        if not 1024 <= modulus.bit_length() <= 8192 or not 3 <= exponent < 1 << 64:
            raise _wrong("RSA key")
        return oid, RsaKey(modulus, exponent), None, None
    if 0x86 not in parts:
        raise _wrong("public point")
    group = _curve(parts) if 0x81 in parts else None
    return oid, None, group, parts[0x86]


def _curve(parts: dict[int, bytes]) -> CurveGroup:
    """The curve that explicit parameters are, every one of them compared."""
    if not {0x82, 0x83, 0x84, 0x85} <= set(parts):
        raise _wrong("curve")
    p, a, b, n = (int.from_bytes(parts[tag], "big") for tag in (0x81, 0x82, 0x83, 0x85))
    cofactor = int.from_bytes(parts.get(0x87, b"\x01"), "big")
    for curve in CURVES.values():
        point = b"\x04" + b"".join(
            one.to_bytes(curve.field_bytes, "big") for one in (curve.gx, curve.gy)
        )
        same = (p, a, b, n, cofactor) == (curve.p, curve.a, curve.b, curve.n, curve.h)
        group = group_of(curve) if same and parts[0x84] == point else None
        if isinstance(group, CurveGroup):
            return group
    raise _wrong("curve")


def verification_key(
    certificate: CvCertificate, inherited: CurveGroup | None
) -> RsaKey | AgreementKey:
    """The certificate's public key; a point takes its curve from above where it has none.

    :raises CardMalformed: ``terminal_chain_wrong``.
    """
    if certificate.rsa is not None:
        return certificate.rsa
    group = certificate.group or inherited
    if group is None or certificate.point is None:
        raise _wrong("no curve")
    try:
        group.check(certificate.point)
    except InvalidPublicKey:
        raise _wrong("public point") from None
    return AgreementKey(group, certificate.point)


def verify_terminal_signature(
    oid: str, key: RsaKey | AgreementKey, data: bytes, signature: bytes
) -> bool:
    """Whether a signature of terminal authentication, or of a certificate, holds."""
    kind, digest = _SCHEMES[oid]
    try:
        if isinstance(key, RsaKey):
            _verify_rsa(kind, key, digest, data, signature)
        else:
            _verify_plain(kind, key, digest, data, signature)
    except (InvalidSignature, InvalidPublicKey, ValueError):
        return False
    return True


def _verify_rsa(
    kind: str, key: RsaKey, digest: hashes.HashAlgorithm, data: bytes, signature: bytes
) -> None:
    scheme: padding.AsymmetricPadding
    if kind == "pss":
        scheme = padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
    elif kind == "pkcs1":
        scheme = padding.PKCS1v15()
    else:
        raise InvalidSignature
    public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
    public.verify(signature, data, scheme, digest)


def _verify_plain(
    kind: str, key: AgreementKey, digest: hashes.HashAlgorithm, data: bytes, signature: bytes
) -> None:
    group = key.group
    if kind != "ecdsa" or not isinstance(group, CurveGroup):
        raise InvalidSignature
    width = group.parameters.order_bytes
    if len(signature) != 2 * width:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
    public = ec_public_key(group, key.public)
    public.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))


def verify_chain(
    anchor: CvCertificate, chain: Sequence[CvCertificate], *, on: date | None = None
) -> RsaKey | AgreementKey:
    """The terminal's key at the end of ``chain``, each certificate signed by the one before it.

    :param anchor: the CVCA's certificate, trusted as it is (its own signature is checked too).
    :param on: the day to judge validity at; not judged where it is None.
    :raises CardRefused: ``terminal_chain_wrong``.
    """
    if not 1 <= len(chain) <= _LONGEST_CHAIN:
        raise CardRefused(FindingCode.TERMINAL_CHAIN_WRONG, detail="length of chain")
    issuer, key = anchor, verification_key(anchor, None)
    curve = anchor.group
    for certificate in (anchor, *chain):
        if certificate.authority != issuer.holder and certificate is not anchor:
            raise CardRefused(FindingCode.TERMINAL_CHAIN_WRONG, detail="names")
        if not verify_terminal_signature(issuer.oid, key, certificate.body, certificate.signature):
            raise CardRefused(FindingCode.TERMINAL_CHAIN_WRONG, detail="signature")
        if on is not None and not certificate.effective <= on <= certificate.expires:
            raise CardRefused(FindingCode.TERMINAL_CHAIN_WRONG, detail="validity")
        issuer, key = certificate, verification_key(certificate, curve)
    return key
