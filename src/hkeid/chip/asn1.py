"""The one module that knows ``asn1crypto``: certificates, revocation lists and CMS out of DER or BER.

Real country signers break many rules of X.509, so that reading is tolerant (explicit curve parameters,
odd names, BER) and judging is left to :mod:`hkeid.chip.certificates`. Whatever ``asn1crypto`` raises
over hostile bytes comes out as :class:`MalformedStructure`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from hkeid.chip.structures import (
    Certificate,
    Extension,
    MalformedStructure,
    RevocationList,
    SignatureAlgorithm,
    SignedMessage,
    SignerEntry,
)
from hkeid.kernel.errors import MissingExtra
from hkeid.kernel.instants import Instant

try:
    from asn1crypto import cms, core, crl, x509
except ImportError:
    raise MissingExtra("asn1crypto", "chip") from None

T = TypeVar("T")

_LARGEST = 8 << 20
_LONGEST_NAME = 80
_MOST_NAMES = 6
_BREAKS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    NotImplementedError,
)

_DIGESTS = frozenset({"sha1", "sha224", "sha256", "sha384", "sha512"})
_RSA_ENCRYPTION = "rsassa_pkcs1v15"
_KEY_NAMED_AS_SIGNATURE = {"1.2.840.10045.2.1", "ecdsa"}


def _guarded(read: Callable[[bytes], T], value: bytes, what: str) -> T:
    if len(value) > _LARGEST:
        raise MalformedStructure(f"{what}: too long")
    try:
        return read(value)
    except _BREAKS as error:
        raise MalformedStructure(f"{what}: {type(error).__name__}") from None


def read_certificate(der: bytes) -> Certificate:
    """Take a certificate apart.

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(_certificate, der, "certificate")


def read_revocation_list(der: bytes) -> RevocationList:
    """Take a CRL apart.

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(_revocation_list, der, "revocation list")


def read_signed_message(der: bytes) -> SignedMessage:
    """Take CMS SignedData apart.

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(_signed_message, der, "signed message")


def read_master_list(content: bytes) -> tuple[bytes, ...]:
    """The certificates (DER) in a CSCA master list's content (Doc 9303-12 §9.1).

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(_master_list, content, "master list")


def read_strings(der: bytes) -> tuple[str, ...]:
    """The printable strings of a ``DocumentTypeList`` (Doc 9303-12 §7.1.1.6).

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(_strings, der, "document types")


def read_key_usage(der: bytes) -> frozenset[str]:
    """Names of the bits of a key usage extension.

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(
        lambda one: frozenset(x509.KeyUsage.load(one, strict=True).native), der, "usage"
    )


def read_purposes(der: bytes) -> frozenset[str]:
    """Dotted identifiers of an extended key usage extension.

    :raises MalformedStructure: ``structure_malformed``.
    """
    return _guarded(
        lambda one: frozenset(purpose.dotted for purpose in x509.ExtKeyUsageSyntax.load(one)),
        der,
        "purposes",
    )


def read_constraints(der: bytes) -> tuple[bool, int | None]:
    """CA flag and path length of basic constraints.

    :raises MalformedStructure: ``structure_malformed``.
    """

    def read(one: bytes) -> tuple[bool, int | None]:
        found = x509.BasicConstraints.load(one, strict=True).native
        return bool(found["ca"]), found["path_len_constraint"]

    return _guarded(read, der, "constraints")


def read_key_identifier(der: bytes, *, authority: bool) -> bytes | None:
    """The identifier in a subject or authority key identifier extension.

    :raises MalformedStructure: ``structure_malformed``.
    """

    def read(one: bytes) -> bytes | None:
        if authority:
            found: bytes | None = x509.AuthorityKeyIdentifier.load(one)["key_identifier"].native
            return found
        value: bytes = core.OctetString.load(one, strict=True).native
        return value

    return _guarded(read, der, "key identifier")


def _moment(value: Any) -> Instant:
    found = value.native
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise ValueError("time")
    return found.astimezone(UTC)


def _algorithm(value: Any) -> SignatureAlgorithm:
    name = value["algorithm"].native
    if name == "rsassa_pss":
        return _pss(value)
    digest, _, family = str(name).partition("_")
    if digest in _DIGESTS and family in {"rsa", "ecdsa"}:
        return SignatureAlgorithm(name=name, scheme=family, digest=digest)
    if name == _RSA_ENCRYPTION:
        return SignatureAlgorithm(name=name, scheme="rsa", digest=None)
    if name in _KEY_NAMED_AS_SIGNATURE:
        return SignatureAlgorithm(name=name, scheme="ecdsa", digest=None)
    return SignatureAlgorithm(name=str(name), scheme="", digest=None)


def _pss(value: Any) -> SignatureAlgorithm:
    parameters = value["parameters"]
    digest = parameters["hash_algorithm"]["algorithm"].native
    mask = parameters["mask_gen_algorithm"]
    known = mask["algorithm"].native == "mgf1" and parameters["trailer_field"].native in {
        1,
        "trailer_field_bc",
    }
    mask_digest = mask["parameters"]["algorithm"].native
    salt = int(parameters["salt_length"].native)
    usable = known and digest in _DIGESTS and mask_digest in _DIGESTS and 0 <= salt <= 512
    return SignatureAlgorithm(
        name="rsassa_pss",
        scheme="pss" if usable else "",
        digest=digest if usable else None,
        mask_digest=mask_digest if usable else None,
        salt_length=salt,
    )


def _name_key(name: Any) -> str:
    """RFC 5280 §7.1 comparison; the DER where a name cannot be prepared for it."""
    try:
        return str(name.hashable)
    except _BREAKS:
        return f"der {name.dump().hex()}"


def _name_parts(name: Any) -> tuple[str, str]:
    """Country, and the whole for people."""
    country, parts = "", []
    for relative in name.chosen:
        for attribute in relative:
            kind, value = attribute["type"].native, attribute["value"].native
            if kind == "country_name":
                country = str(value).upper()
            if kind in {"country_name", "organization_name", "common_name"}:
                parts.append(
                    "".join(one for one in str(value)[:_LONGEST_NAME] if one.isprintable())
                )
    return country[:_LONGEST_NAME], ", ".join(parts[:_MOST_NAMES])


def _certificate(der: bytes) -> Certificate:
    whole = x509.Certificate.load(der, strict=True)
    body = whole["tbs_certificate"]
    extensions, repeated = _extensions(body)
    issuer_country, _ = _name_parts(body["issuer"])
    country, label = _name_parts(body["subject"])
    inner = body["signature"].dump()
    return Certificate(
        der=der,
        signed=body.dump(),
        serial=int(body["serial_number"].native),
        issuer=_name_key(body["issuer"]),
        subject=_name_key(body["subject"]),
        country=country,
        issuer_country=issuer_country,
        label=label,
        not_before=_moment(body["validity"]["not_before"]),
        not_after=_moment(body["validity"]["not_after"]),
        key=body["subject_public_key_info"].dump(),
        algorithm=_algorithm(whole["signature_algorithm"]),
        consistent=inner == whole["signature_algorithm"].dump(),
        signature=_bits(whole["signature_value"]),
        extensions=extensions,
        repeated_extension=repeated,
    )


def _bits(value: Any) -> bytes:
    return bytes(value.native)


def _extensions(body: Any) -> tuple[dict[str, Extension], bool]:
    found: dict[str, Extension] = {}
    listed = body["extensions"]
    if isinstance(listed, core.Void):
        return found, False
    count = 0
    for one in listed:
        count += 1
        identifier = one["extn_id"].dotted
        value = bytes(one["extn_value"].contents)
        found[identifier] = Extension(critical=bool(one["critical"].native), value=value)
    return found, count != len(found)


_CRL_KNOWN = {"2.5.29.20", "2.5.29.35", "2.5.29.18"}


def _revocation_list(der: bytes) -> RevocationList:
    whole = crl.CertificateList.load(der, strict=True)
    body = whole["tbs_cert_list"]
    revoked: dict[int, Instant] = {}
    entries = body["revoked_certificates"]
    for entry in () if isinstance(entries, core.Void) else entries:
        revoked[int(entry["user_certificate"].native)] = _moment(entry["revocation_date"])
    listed = body["crl_extensions"]
    partial = any(
        one["critical"].native and one["extn_id"].dotted not in _CRL_KNOWN
        for one in (() if isinstance(listed, core.Void) else listed)
    )
    following = body["next_update"]
    return RevocationList(
        signed=body.dump(),
        issuer=_name_key(body["issuer"]),
        this_update=_moment(body["this_update"]),
        next_update=None if isinstance(following, core.Void) else _moment(following),
        revoked=revoked,
        algorithm=_algorithm(whole["signature_algorithm"]),
        signature=_bits(whole["signature"]),
        partial=partial,
    )


def _signed_message(der: bytes) -> SignedMessage:
    whole = cms.ContentInfo.load(der, strict=True)
    if whole["content_type"].native != "signed_data":
        raise ValueError("not signed data")
    body = whole["content"]
    inside = body["encap_content_info"]
    certificates = body["certificates"]
    found = () if isinstance(certificates, core.Void) else tuple(certificates)
    return SignedMessage(
        content_type=inside["content_type"].dotted,
        content=_content(inside["content"]),
        certificates=tuple(one.chosen.dump() for one in found if one.name == "certificate"),
        signers=tuple(_signer(one) for one in body["signer_infos"]),
    )


def _content(value: Any) -> bytes:
    if isinstance(value, core.Void):
        raise ValueError("no content")  # noqa: TRY004 - the guard's own error
    if isinstance(value, core.Any):
        value = core.OctetString.load(value.untag().dump() if value.explicit else value.dump())
    return bytes(value)


def _signer(value: Any) -> SignerEntry:
    identifier = value["sid"]
    by_name = identifier.name == "issuer_and_serial_number"
    attributes = value["signed_attrs"]
    signed, collected = _attributes(attributes)
    times = collected.get("signing_time", ())
    return SignerEntry(
        issuer=_name_key(identifier.chosen["issuer"]) if by_name else None,
        serial=int(identifier.chosen["serial_number"].native) if by_name else None,
        key_identifier=None if by_name else bytes(identifier.chosen.native),
        digest=str(value["digest_algorithm"]["algorithm"].native),
        algorithm=_algorithm(value["signature_algorithm"]),
        signature=bytes(value["signature"].native),
        signed_attributes=signed,
        content_types=tuple(one.dotted for one in collected.get("content_type", ())),
        message_digests=tuple(bytes(one.native) for one in collected.get("message_digest", ())),
        signing_time=_moment(times[0].chosen) if len(times) == 1 else None,
    )


def _attributes(attributes: Any) -> tuple[bytes | None, dict[str, tuple[Any, ...]]]:
    """The bytes to be verified (``SET OF`` instead of ``[0]``, RFC 5652 §5.4), and values by type."""
    if isinstance(attributes, core.Void):
        return None, {}
    collected: dict[str, tuple[Any, ...]] = {}
    for one in attributes:
        kind = str(one["type"].native)
        collected[kind] = collected.get(kind, ()) + tuple(one["values"])
    return b"\x31" + attributes.dump()[1:], collected


class _Certificates(core.SetOf):  # type: ignore[misc]
    _child_spec = x509.Certificate


class _MasterList(core.Sequence):  # type: ignore[misc]
    _fields = [("version", core.Integer), ("certificates", _Certificates)]  # noqa: RUF012


def _master_list(content: bytes) -> tuple[bytes, ...]:
    whole = _MasterList.load(content, strict=True)
    if whole["version"].native != 0:
        raise ValueError("version")
    return tuple(one.dump() for one in whole["certificates"])


class _Printable(core.SetOf):  # type: ignore[misc]
    _child_spec = core.PrintableString


class _DocumentTypes(core.Sequence):  # type: ignore[misc]
    _fields = [("version", core.Integer), ("types", _Printable)]  # noqa: RUF012


def _strings(der: bytes) -> tuple[str, ...]:
    return tuple(str(one.native) for one in _DocumentTypes.load(der, strict=True)["types"])
