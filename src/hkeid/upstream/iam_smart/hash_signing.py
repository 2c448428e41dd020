"""Signing a hash with the person's iAM Smart certificate (iAM Smart+ accounts).

The signature is checked against the certificate that came with it before anybody may use it. Whether that
certificate is a recognised one, and was valid then, is for :mod:`hkeid.signing`; either way iAM Smart must be
told (:meth:`HashSigning.acknowledge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, from_epoch_microseconds
from hkeid.upstream.errors import UpstreamMalformed, UpstreamMisbehaved
from hkeid.upstream.iam_smart.calls import IamSmartCalls, content_of, text_of
from hkeid.upstream.iam_smart.envelopes import decode_base64
from hkeid.upstream.iam_smart.pending import CallKind, Pending, Settled
from hkeid.upstream.iam_smart.person import IamSmartPerson

_HASH_BYTES: Final = 32
_LIMITS: Final = {"department": 100, "service": 255, "document": 255}


class SignatureAlgorithm(StrEnum):
    """``sigAlgo``. The two with RSA; SM2 is not among what we can verify."""

    SHA256_WITH_RSA = "SHA256withRSA"
    """Hashes what it is given (presumably: the documents do not say what "it" is)."""
    NONE_WITH_RSA = "NONEwithRSA"
    """Takes what it is given as the hash."""


class Acknowledgement(StrEnum):
    """What became of a signature: iAM Smart wants to know in every case."""

    ACCEPTED = "SR001"
    REJECTED = "SR002"
    NOTHING_RECEIVED = "SR003"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningDescription:
    """What the signer reads in the app.

    :raises MalformedInput: ``signing_description_malformed``.
    """

    department: str
    service: str
    document: str

    def __post_init__(self) -> None:
        for name, longest in _LIMITS.items():
            if not 0 < len(getattr(self, name)) <= longest:
                raise MalformedInput("signing_description_malformed", field=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSignature:
    """A signature that holds under the key of its certificate.

    :ivar certificate: DER; who it belongs to and whether it counts is not decided here.
    """

    signature: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    algorithm: SignatureAlgorithm
    signed_at: Instant


def number_hash(number: HkicNumber) -> str:
    """``HKICHash``: Base64(SHA-256(number without the check character)). It is as good as the number itself:
    keep it nowhere.
    """
    return text_of(sha256(number.number.encode("ascii")).digest())


class HashSigning:
    """Begins signatures and acknowledges them."""

    def __init__(self, calls: IamSmartCalls) -> None:
        self._calls = calls

    def begin(
        self,
        person: IamSmartPerson,
        digest: bytes,
        description: SigningDescription,
        *,
        signer: HkicNumber,
        callback: str,
        source: str,
        algorithm: SignatureAlgorithm = SignatureAlgorithm.NONE_WITH_RSA,
    ) -> Pending:
        """Ask for a signature over a SHA-256 digest.

        :param signer: whose number it must be: iAM Smart compares (D70005).
        :raises MalformedInput: ``signing_digest_malformed``.
        :raises UpstreamFailed: see :meth:`IamSmartCalls.reauthenticate`.
        """
        if len(digest) != _HASH_BYTES:
            raise MalformedInput("signing_digest_malformed")
        members = {
            "hashCode": text_of(digest),
            "sigAlgo": algorithm.value,
            "HKICHash": number_hash(signer),
            "department": description.department,
            "serviceName": description.service,
            "documentName": description.document,
        }
        asked = {"digest": digest.hex(), "algorithm": algorithm.value}
        return self._calls.begin_call(
            CallKind.SIGNING, "signing", person, callback, source, members, asked
        )

    def acknowledge(self, business_id: str, result: Acknowledgement) -> None:
        """Tell iAM Smart what became of the signature.

        :raises UpstreamFailed: ``iam_smart_acknowledgement_failed`` and those of every call.
        """
        self._calls.api.call(
            "acknowledgement", {"businessID": business_id, "signingResult": result.value}
        )


def read_signature(settled: Settled) -> HashSignature:
    """The signature, verified over the digest that we asked about.

    :raises UpstreamRefused: ``iam_smart_signing_…``, ``iam_smart_signer_…``.
    :raises UpstreamMalformed: ``signature_answer_malformed``.
    :raises UpstreamMisbehaved: ``signature_of_another_hash``, ``signature_wrong``.
    """
    content = content_of(settled, CallKind.SIGNING)
    digest = bytes.fromhex(settled.asked["digest"])
    algorithm = SignatureAlgorithm(settled.asked["algorithm"])
    hashed, signature, certificate = (
        _bytes(content, name) for name in ("hashCode", "signature", "cert")
    )
    if hashed != digest:
        raise UpstreamMisbehaved("signature_of_another_hash")
    _verify(certificate, signature, digest, algorithm)
    return HashSignature(
        signature=signature,
        certificate=certificate,
        algorithm=algorithm,
        signed_at=_moment(content),
    )


def _bytes(content: Mapping[str, Any], name: str) -> bytes:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise UpstreamMalformed("signature_answer_malformed", field=name)
    return decode_base64(value, "signature_answer_malformed")


def _moment(content: Mapping[str, Any]) -> Instant:
    value = content.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**14:
        raise UpstreamMalformed("signature_answer_malformed", field="timestamp")
    return from_epoch_microseconds(value * 1000)


def _verify(
    certificate: bytes, signature: bytes, digest: bytes, algorithm: SignatureAlgorithm
) -> None:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise UpstreamMalformed("signature_answer_malformed", field="cert") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise UpstreamMalformed("signature_answer_malformed", field="cert")
    prehashed = algorithm is SignatureAlgorithm.NONE_WITH_RSA
    hashing: HashAlgorithm | Prehashed = Prehashed(SHA256()) if prehashed else SHA256()
    try:
        key.verify(signature, digest, padding.PKCS1v15(), hashing)
    except InvalidSignature:
        raise UpstreamMisbehaved("signature_wrong") from None
