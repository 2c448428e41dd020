"""Evidence of a file: what its security store and its signatures bring along, and what they say of a signer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from hkeid.adapters.pdf.validation.ades import tokens_of
from hkeid.adapters.pdf.validation.fields import entry
from hkeid.adapters.pdf.validation.trust import Evidence, evidence_of
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf_validation import RevocationRecord

_MOST = 2_000


def store_of(root: Any) -> ValidationMaterial:
    """The document security store (ETSI EN 319 142-1 §5.4); entries that cannot be read are passed by."""
    store = entry(root, "/DSS")
    if store is None:
        return ValidationMaterial()
    return ValidationMaterial(
        certificates=tuple(_streams(store, "/Certs", DecodePurpose.CERTIFICATE)),
        crls=tuple(_streams(store, "/CRLs", DecodePurpose.CRL)),
        ocsps=tuple(_streams(store, "/OCSPs", DecodePurpose.OCSP_RESPONSE)),
    )


def _streams(store: Any, key: str, purpose: Any) -> Iterator[bytes]:
    array = entry(store, key)
    for place in range(min(len(array), _MOST) if isinstance(array, list) else 0):
        try:
            yield array[place].read_data(purpose)
        except Exception:  # noqa: BLE001, S112 - pyHanko raises nearly anything here
            continue


def gathered(
    store: ValidationMaterial, given: ValidationMaterial, embedded: EmbeddedPdfSignature
) -> Evidence:
    """All that is at hand for one signature."""
    inside = list(_in_cms(embedded.signed_data))
    for token in tokens_of(embedded):
        inside += _in_cms(token)
    return evidence_of(
        (*given.certificates, *store.certificates, *inside),
        (*given.crls, *store.crls),
        (*given.ocsps, *store.ocsps),
    )


def _in_cms(signed: Any) -> Iterator[bytes]:
    for one in signed["certificates"]:
        if one.name == "certificate":
            yield one.chosen.dump()


def records(evidence: Evidence, signer: x509.Certificate | None) -> tuple[RevocationRecord, ...]:
    """Lists and responses for people: who says what, and until when."""
    return (
        *(_list(one, signer) for one in evidence.crls),
        *(one for response in evidence.ocsps for one in _response(response, signer)),
    )


def _list(one: CRLContainer, signer: x509.Certificate | None) -> RevocationRecord:
    body = one.crl_data["tbs_cert_list"]
    return RevocationRecord(
        kind="crl",
        issuer=one.crl_data.issuer.human_friendly,
        this_update=body["this_update"].native,
        next_update=body["next_update"].native,
        about_signer=signer is not None and one.crl_data.issuer == signer.issuer,
        encoded=one.crl_data.dump(),
    )


def _response(one: OCSPContainer, signer: x509.Certificate | None) -> Iterator[RevocationRecord]:
    single = one.extract_single_response()
    if single is None:
        return
    number = single["cert_id"]["serial_number"].native
    responder = one.extract_basic_ocsp_response()
    yield RevocationRecord(
        kind="ocsp",
        issuer="" if responder is None else _responder(responder),
        this_update=single["this_update"].native,
        next_update=single["next_update"].native,
        about_signer=signer is not None and number == signer.serial_number,
        encoded=one.ocsp_response_data.dump(),
    )


def _responder(basic: Any) -> str:
    named = basic["tbs_response_data"]["responder_id"]
    if named.name == "by_name":
        text: str = named.chosen.human_friendly
        return text
    key: bytes = named.native
    return key.hex()
