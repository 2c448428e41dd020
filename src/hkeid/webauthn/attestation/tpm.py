"""Format tpm (WebAuthn L3 §8.3): a TPM 2.0 certifies the credential's key."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from hkeid.kernel.errors import MissingExtra
from hkeid.webauthn.attestation.certificates import (
    check_aaguid,
    check_is_end_entity,
    check_signed_by,
)
from hkeid.webauthn.attestation.statement import (
    FIELD,
    Evidence,
    Statement,
    certificates,
    filled_bytes,
    number,
    require_members,
)
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse
from hkeid.webauthn.public_key import digest_of

_MAGIC = b"\xffTCG"
_CERTIFY = b"\x80\x17"
_CLOCK_AND_FIRMWARE = 17 + 8
# what python-fido2's reader and the making of a key raise on bytes that are no TPMT_PUBLIC
_UNREADABLE = (ValueError, LookupError, struct.error, NotImplementedError, UnsupportedAlgorithm)
_OID_AIK = x509.ObjectIdentifier("2.23.133.8.3")
_OID_MANUFACTURER = x509.ObjectIdentifier("2.23.133.2.1")
_OIDS_NAMES = (
    _OID_MANUFACTURER,
    x509.ObjectIdentifier("2.23.133.2.2"),  # model
    x509.ObjectIdentifier("2.23.133.2.3"),  # version
)


def verify_tpm(statement: Mapping[Any, Any], evidence: Evidence) -> Statement:
    """§8.3: ``certInfo``, signed by an attestation identity key, names ``pubArea``, which is the
    credential's key.

    :raises MalformedResponse: form of the statement's members.
    :raises CeremonyRefused: ``tpm_…`` and ``attestation_…`` reasons, one per rule.
    """
    require_members(statement, frozenset({"ver", "alg", "x5c", "sig", "certInfo", "pubArea"}))
    if statement["ver"] != "2.0":
        raise CeremonyRefused("tpm_version")
    algorithm = number(statement, "alg")
    signature = filled_bytes(statement, "sig")
    cert_info = filled_bytes(statement, "certInfo")
    area = filled_bytes(statement, "pubArea")
    path = certificates(statement)
    name = _name_of_credential_key(area, evidence)
    manufacturer = _check_identity_certificate(path[0], evidence.attested.aaguid)
    check_signed_by(path[0], algorithm, signature, cert_info)
    certified = _read_cert_info(cert_info)
    if not hmac.compare_digest(certified.extra_data, _digest(algorithm, evidence.signed)):
        raise CeremonyRefused("tpm_extra_data_mismatch")
    if certified.name != name:
        raise CeremonyRefused("tpm_name_mismatch")
    known = evidence.rules.tpm_manufacturers
    unknown = known is not None and manufacturer not in known
    return Statement(trust_path=path, finding="tpm_manufacturer_unknown" if unknown else None)


def _name_of_credential_key(area: bytes, evidence: Evidence) -> bytes:
    """The TPM name of ``pubArea`` (TPMT_PUBLIC), whose key is the credential's."""
    try:
        from fido2.attestation.tpm import TpmPublicFormat
    except ImportError:
        raise MissingExtra("fido2", "webauthn") from None
    try:
        public = TpmPublicFormat.parse(area)
        key = public.public_key()
        name: bytes = public.name()
    except _UNREADABLE as error:
        raise MalformedResponse(
            "tpm_pub_area_malformed", field=f"{FIELD}.pubArea", detail=type(error).__name__
        ) from None
    if key != evidence.key.key:
        raise CeremonyRefused("attestation_key_mismatch")
    return name


def _digest(algorithm: int, message: bytes) -> bytes:
    """The hash employed in ``alg``; an algorithm without one never matches a TPM's ``extraData``."""
    chosen = digest_of(algorithm)
    if chosen is None:
        raise CeremonyRefused("attestation_algorithm_unsupported")
    digest = hashes.Hash(chosen)
    digest.update(message)
    return digest.finalize()


class _Certified(NamedTuple):
    extra_data: bytes
    name: bytes


def _read_cert_info(data: bytes) -> _Certified:
    """TPMS_ATTEST of type TPM_ST_ATTEST_CERTIFY (TPM 2.0 Part 2 §10.12.8). Clock, firmware version
    and qualified signer are ignored, as §8.3 says, whatever they hold.
    """
    if data[:4] != _MAGIC:
        raise CeremonyRefused("tpm_magic")
    if data[4:6] != _CERTIFY:
        raise CeremonyRefused("tpm_type")
    _, at = _sized(data, 6)
    extra_data, at = _sized(data, at)
    name, at = _sized(data, at + _CLOCK_AND_FIRMWARE)
    _, at = _sized(data, at)
    if at != len(data):
        raise MalformedResponse("tpm_cert_info_malformed", field=f"{FIELD}.certInfo")
    return _Certified(extra_data, name)


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    """A buffer with its 16-bit length before it."""
    start = at + 2
    end = start + int.from_bytes(data[at:start], "big")
    if start > len(data) or end > len(data):
        raise MalformedResponse("tpm_cert_info_malformed", field=f"{FIELD}.certInfo")
    return data[start:end], end


def _check_identity_certificate(certificate: x509.Certificate, aaguid: bytes) -> str:
    """§8.3.1, and the AAGUID extension; gives the manufacturer as the certificate writes it."""
    check_is_end_entity(certificate)
    if len(certificate.subject) > 0:
        raise CeremonyRefused("tpm_certificate_subject")
    manufacturer = _manufacturer(certificate)
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise CeremonyRefused("tpm_certificate_usage") from None
    if _OID_AIK not in usage:
        raise CeremonyRefused("tpm_certificate_usage")
    check_aaguid(certificate, aaguid)
    return manufacturer


def _manufacturer(certificate: x509.Certificate) -> str:
    """The subject alternative name is a directory name with one manufacturer, model and version
    (TPM 2.0 EK Profile §3.2.9).
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise CeremonyRefused("tpm_certificate_names") from None
    directories = names.get_values_for_type(x509.DirectoryName)
    if len(directories) != 1:
        raise CeremonyRefused("tpm_certificate_names")
    for oid in _OIDS_NAMES:
        if len(directories[0].get_attributes_for_oid(oid)) != 1:
            raise CeremonyRefused("tpm_certificate_names")
    value = directories[0].get_attributes_for_oid(_OID_MANUFACTURER)[0].value
    # the registry writes upper case, some makers lower
    return "id:" + value[3:].upper() if isinstance(value, str) else ""
