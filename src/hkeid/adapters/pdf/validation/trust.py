"""What chains may end in, and what pyHanko shall go by."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import cryptography.x509
from asn1crypto import crl, ocsp, x509
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.fetchers import FetcherBackend
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from hkeid.ports.pdf_validation import ExaminationRequest

_DOCUMENT_PURPOSES = frozenset(
    {
        "1.3.6.1.5.5.7.3.36",  # id-kp-documentSigning (RFC 9336)
        "microsoft_document_signing",
        "adobe_authentic_documents_trust",
        "email_protection",
        "client_auth",
    }
)
"""What a person's certificate may be for, where it says so: certificates of persons often name mail and logging in
beside, or instead of, documents (RFC 9336 §3.1). Servers, time-stamp units and responders sign no documents.
"""


class Asked(Enum):
    """Of which certificates revocation information must be at hand."""

    ALWAYS = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
    IF_DECLARED = RevocationCheckingRule.CHECK_IF_DECLARED
    """Of those that say where it is."""
    NEVER = RevocationCheckingRule.NO_CHECK


class _NoFetching(FetcherBackend):
    """Nothing is ever fetched from here."""

    def get_fetchers(self) -> Any:
        raise OSError("a validator has no network")

    async def close(self) -> None:
        """There is nothing to close."""


_LIST_HEAD = ("signature", "issuer", "this_update", "next_update", "crl_extensions")
_NAMING_HASHES = {"sha1", "sha256"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Certificates and revocation information that are at hand."""

    certificates: tuple[x509.Certificate, ...]
    crls: tuple[CRLContainer, ...]
    ocsps: tuple[OCSPContainer, ...]

    @property
    def revocation(self) -> bool:
        """Whether there is any revocation information."""
        return bool(self.crls or self.ocsps)

    def knowledge(self) -> LocalKnowledge:
        """The same as pyHanko wants it."""
        return LocalKnowledge(
            known_ocsps=list(self.ocsps),
            known_crls=list(self.crls),
            known_certs=list(self.certificates),
        )


def evidence_of(
    certificates: Iterable[bytes], crls: Iterable[bytes], ocsps: Iterable[bytes]
) -> Evidence:
    """The evidence that can be read; what cannot is none."""
    return Evidence(
        tuple(_loaded(x509.Certificate, certificates)),
        tuple(CRLContainer(one) for one in _lists(crls)),
        tuple(
            container
            for one in _loaded(ocsp.OCSPResponse, ocsps)
            for container in OCSPContainer.load_multi(one)
            if _is_comparable(container)
        ),
    )


def _is_comparable(response: OCSPContainer) -> bool:
    """Of which certificate it speaks is said by a hash function that asn1crypto has for names and keys."""
    single = response.extract_single_response()
    if single is None:
        return False
    name = single["cert_id"]["hash_algorithm"]["algorithm"].native
    return name in _NAMING_HASHES


def _lists(encoded: Iterable[bytes]) -> Iterable[crl.CertificateList]:
    return (one for each in dict.fromkeys(encoded) if (one := _list(each)) is not None)


def _loaded(kind: Any, encoded: Iterable[bytes]) -> Iterable[Any]:
    return (one for each in dict.fromkeys(encoded) if (one := _whole(kind, each)) is not None)


@functools.lru_cache(maxsize=1024)
def _list(encoded: bytes) -> crl.CertificateList | None:
    """A revocation list; some have a hundred thousand entries, which asn1crypto takes many seconds to read."""
    try:
        len(cryptography.x509.load_der_x509_crl(encoded))
        value = crl.CertificateList.load(encoded, strict=True)
        for name in _LIST_HEAD:
            value["tbs_cert_list"][name].native  # noqa: B018
    except Exception:  # noqa: BLE001 - evidence that cannot be read proves nothing
        return None
    return value


@functools.lru_cache(maxsize=1024)
def _whole(kind: Any, encoded: bytes) -> Any:
    try:
        value = kind.load(encoded, strict=True)
        value.native  # noqa: B018 - all of it is read
    except Exception:  # noqa: BLE001 - as above
        return None
    return value


def forget_evidence() -> None:
    """Every signature of one file brings the same evidence, which is read once; the next file has its own."""
    _list.cache_clear()
    _whole.cache_clear()


class TrustSettings:
    """The rules of one request."""

    def __init__(self, request: ExaminationRequest) -> None:
        self._request = request
        self._anchors = tuple(x509.Certificate.load(one) for one in request.anchors)
        self._stamping = (
            None
            if request.timestamp_anchors is None
            else tuple(x509.Certificate.load(one) for one in request.timestamp_anchors)
        )
        self.timing = ValidationTimingInfo(request.at, request.at, point_in_time_validation=False)

    def specification(self, evidence: Evidence, asked: Asked) -> SignatureValidationSpec:
        """What pyHanko goes by."""
        found = (*self._anchors, *self._by_key(evidence.certificates))
        signing = _policy(found, asked=asked)
        stamping = _policy(found if self._stamping is None else self._stamping, asked=asked)
        return SignatureValidationSpec(
            cert_validation_policy=signing,
            ts_cert_validation_policy=stamping,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY, fetcher_backend=_NoFetching()
            ),
            local_knowledge=evidence.knowledge(),
            # pyHanko's AdES engines ask for nothing unless told (RFC 5280 §4.2.1.3: content commitment).
            key_usage_settings=KeyUsageConstraints(
                key_usage={"non_repudiation"},
                extd_key_usage=_DOCUMENT_PURPOSES,
                explicit_extd_key_usage_required=False,
            ),
        )

    def _by_key(self, certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
        """Authorities whose keys are trusted, wherever the certificate was found: chains are verified with
        the key.
        """
        keys = self._request.anchor_keys
        return [
            one
            for one in certificates
            if keys and one.ca and hashlib.sha256(one.public_key.dump()).hexdigest() in keys
        ]


def _policy(anchors: Sequence[x509.Certificate], *, asked: Asked) -> CertValidationPolicySpec:
    rule = asked.value
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=list(anchors)),
        revinfo_policy=CertRevTrustPolicy(
            RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule)
        ),
    )
