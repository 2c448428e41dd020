"""Evidence of an activation: enough to verify it offline, years later, with nothing else at hand.

It holds the assertion as the authenticator made it, the statement whose digest was its challenge, the
passkey's public key, and the signatures with the certificate of the key that made them. Whoever has it
can see that the resident's authenticator, with user verification, answered for exactly these hashes.
That the passkey was that resident's, the audit trail says.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.signing.activation.errors import EvidenceRefused
from hkeid.signing.activation.statement import LONGEST_LIFETIME, ActivationStatement
from hkeid.webauthn.authenticator_data import UP, UV, parse_authenticator_data
from hkeid.webauthn.client_data import parse_client_data
from hkeid.webauthn.public_key import load_public_key, signature_is_valid

_FORMAT: Final = "hkeid-signature-evidence/1"
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationEvidence:
    """An assertion, and the statement that it answered for.

    :ivar public_key: of the passkey, COSE_Key.
    :ivar client_data: ``clientDataJSON`` as the browser made it.
    :ivar activated_at: when the answer came.
    """

    statement: ActivationStatement
    credential_id: bytes
    public_key: bytes = field(repr=False)
    client_data: bytes = field(repr=False)
    authenticator_data: bytes = field(repr=False)
    assertion: bytes = field(repr=False)
    activated_at: Instant

    def as_json(self) -> dict[str, Any]:
        """The evidence as JSON members."""
        return {
            "statement": self.statement.as_json(),
            "credential_id": base64url.encode(self.credential_id),
            "public_key": base64url.encode(self.public_key),
            "client_data": base64url.encode(self.client_data),
            "authenticator_data": base64url.encode(self.authenticator_data),
            "assertion": base64url.encode(self.assertion),
            "activated_at": epoch_seconds(self.activated_at),
        }

    @classmethod
    def from_json(cls, members: object) -> ActivationEvidence:
        """The inverse of :meth:`as_json`.

        :raises hkeid.kernel.errors.MalformedInput: ``evidence_malformed``, ``statement_malformed`` …
        """
        try:
            rest = dict(_object(members))
            evidence = cls(
                statement=ActivationStatement.from_json(rest.pop("statement")),
                credential_id=_bytes(rest.pop("credential_id")),
                public_key=_bytes(rest.pop("public_key")),
                client_data=_bytes(rest.pop("client_data")),
                authenticator_data=_bytes(rest.pop("authenticator_data")),
                assertion=_bytes(rest.pop("assertion")),
                activated_at=from_epoch_seconds(_whole(rest.pop("activated_at"))),
            )
        except (KeyError, TypeError, OverflowError, ValueError):
            raise MalformedInput("evidence_malformed") from None
        if rest:
            raise MalformedInput("evidence_malformed", detail=f"members {sorted(rest)}")
        return evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureEvidence:
    """What is kept for good: the activation, and the signatures made by it.

    :ivar signatures: in the order of the statement's hashes; ECDSA in DER, or RSASSA-PKCS1-v1_5.
    :ivar certificates: DER, the signer's first.
    :ivar display: the display record (canonical JSON) whose digest the statement holds; b"" where it
        is kept apart.
    """

    activation: ActivationEvidence
    signatures: tuple[bytes, ...]
    certificates: tuple[bytes, ...]
    display: bytes = field(default=b"", repr=False)

    def dumps(self) -> bytes:
        """Canonical JSON, for storing and handing out."""
        return canonical_json.dumps(
            {
                "format": _FORMAT,
                "activation": self.activation.as_json(),
                "signatures": [base64url.encode(one) for one in self.signatures],
                "certificates": [base64url.encode(one) for one in self.certificates],
                "display": base64url.encode(self.display),
            }
        )

    @classmethod
    def loads(cls, text: bytes) -> SignatureEvidence:
        """The inverse of :meth:`dumps`.

        :raises hkeid.kernel.errors.MalformedInput: ``json_malformed``, ``evidence_malformed`` …
        """
        members = canonical_json.loads_object(text)
        try:
            if members.pop("format") != _FORMAT:
                raise MalformedInput("evidence_format_unknown")
            evidence = cls(
                activation=ActivationEvidence.from_json(members.pop("activation")),
                signatures=tuple(_bytes(one) for one in _list(members.pop("signatures"))),
                certificates=tuple(_bytes(one) for one in _list(members.pop("certificates"))),
                display=_bytes(members.pop("display")),
            )
        except (KeyError, TypeError):
            raise MalformedInput("evidence_malformed") from None
        if members:
            raise MalformedInput("evidence_malformed", detail=f"members {sorted(members)}")
        return evidence


def verify_activation(
    evidence: ActivationEvidence, *, rp_id: str, origins: Collection[str]
) -> None:
    """Let evidence pass that shows a user-verified assertion for its statement (WebAuthn L3 §7.2).

    :param rp_id: RP ID of the service whose residents these are.
    :param origins: where its pages were.
    :raises EvidenceRefused: one reason per rule.
    :raises hkeid.kernel.errors.MalformedInput: client or authenticator data does not parse.
    """
    statement = evidence.statement
    client = parse_client_data(evidence.client_data)
    if client.type != "webauthn.get":
        raise EvidenceRefused("type_mismatch")
    if not hmac.compare_digest(client.challenge, statement.challenge()):
        raise EvidenceRefused("challenge_mismatch")
    if client.origin not in origins or client.cross_origin:
        raise EvidenceRefused("origin_mismatch")
    data = parse_authenticator_data(evidence.authenticator_data, field="authenticator_data")
    if statement.rp_id != rp_id or data.rp_id_hash != sha256(rp_id.encode("utf-8")).digest():
        raise EvidenceRefused("rp_id_mismatch")
    if not data.flags & UP:
        raise EvidenceRefused("up_missing")
    if not data.flags & UV:
        raise EvidenceRefused("uv_missing")
    key = load_public_key(evidence.public_key)
    message = evidence.authenticator_data + client.digest
    if not signature_is_valid(key, evidence.assertion, message):
        raise EvidenceRefused("assertion_invalid")
    if evidence.activated_at >= statement.expires_at:
        raise EvidenceRefused("activation_expired")
    # Nobody signed that moment; it cannot be before the question, though.
    if evidence.activated_at < statement.expires_at - LONGEST_LIFETIME:
        raise EvidenceRefused("activation_time_mismatch")


def verify_evidence(
    evidence: SignatureEvidence, *, rp_id: str, origins: Collection[str]
) -> x509.Certificate:
    """Verify activation, display record and every signature; gives the signer's certificate.

    :raises EvidenceRefused: one reason per rule.
    :raises hkeid.kernel.errors.MalformedInput: a part does not parse.
    """
    verify_activation(evidence.activation, rp_id=rp_id, origins=origins)
    statement = evidence.activation.statement
    if evidence.display and sha256(evidence.display).digest() != statement.displayed:
        raise EvidenceRefused("display_mismatch")
    if not evidence.certificates:
        raise MalformedInput("evidence_malformed", field="certificates")
    if sha256(evidence.certificates[0]).digest() != statement.certificate:
        # Anybody can write a certificate for this key with another name in it.
        raise EvidenceRefused("certificate_mismatch")
    try:
        certificate = x509.load_der_x509_certificate(evidence.certificates[0])
        public = certificate.public_key()
    except (ValueError, TypeError, OverflowError):
        raise MalformedInput("certificate_malformed", field="certificates") from None
    if len(evidence.signatures) != len(statement.documents):
        raise EvidenceRefused("signature_count")
    for signature, digest in zip(evidence.signatures, statement.hashes, strict=True):
        if not _signed(public, signature, digest, _HASHES[statement.hash_name]):
            raise EvidenceRefused("signature_invalid")
    return certificate


def _signed(public: object, signature: bytes, digest: bytes, name: hashes.HashAlgorithm) -> bool:
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, ec.ECDSA(Prehashed(name)))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, padding.PKCS1v15(), Prehashed(name))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _bytes(value: object) -> bytes:
    if type(value) is not str:
        raise TypeError
    try:
        return base64url.decode(value)
    except HkeidError:
        raise MalformedInput("evidence_malformed") from None


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value
