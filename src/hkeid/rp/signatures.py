"""Asking residents for signatures, and fetching what they signed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import HttpAnswer, HttpClient
from hkeid.rp.callback import Callback, read_callback
from hkeid.rp.errors import (
    ProviderMisbehaved,
    SignatureDeclined,
    SignatureNotTaken,
    StartAgain,
)
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import exchange, media_type, read_object
from hkeid.rp.records import same_text
from hkeid.rp.signature_records import (
    DocumentToSign,
    SignatureRequested,
    SignatureState,
    Signed,
    SignedDocument,
    digest_of,
)
from hkeid.rp.token_endpoint import ClientIdentity
from hkeid.rp.transport import check_url

LIFETIME = timedelta(hours=1)
"""How old a signature may be that a browser comes back with: the provider's own times are shorter."""
_LEAST_TIMEOUT = 60.0
_PATH = "/signing/requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureClient:
    """The relying party's side of one provider.

    :ivar now: the time of the call.
    :ivar tokens: fresh: the value that ties the answer to the browser, and the id of the assertion.
    """

    http: HttpClient
    identity: ClientIdentity
    metadata: ProviderMetadata
    timeout: float
    now: Instant
    tokens: tuple[str, str] = field(repr=False)

    def ask(
        self,
        documents: Sequence[DocumentToSign],
        *,
        redirect_uri: str,
        purpose: str,
        subject: str | None,
    ) -> SignatureRequested:
        """Ask; gives where to send the browser.

        :raises hkeid.rp.errors.SignatureNotTaken: the provider does not take the request on.
        :raises hkeid.rp.errors.LoginFailed: no usable answer.
        """
        check_url(redirect_uri, field="redirect_uri")
        state = self.tokens[0]
        wanted: dict[str, Any] = {
            "redirect_uri": redirect_uri,
            "state": state,
            "documents": [_wire(one) for one in documents],
        }
        wanted |= {"purpose": purpose} if purpose else {}
        wanted |= {"subject": subject} if subject else {}
        answer = self._post("", wanted)
        if answer.status != 201:
            raise _not_taken(answer)
        members = read_object(answer, "signature_request")
        request_id, url = _text(members, "request_id"), _text(members, "sign_url")
        if not url.startswith(self.metadata.issuer + "/"):
            raise ProviderMisbehaved("signature_url_foreign")
        kept = SignatureState(
            issuer=self.metadata.issuer,
            client_id=self.identity.client_id,
            request_id=request_id,
            state=state,
            created=self.now,
            sizes=tuple(len(one.pdf or b"") for one in documents),
            digest=digest_of([one.pdf or one.hash or b"" for one in documents]),
            subject=subject,
        )
        lifetime = members.get("expires_in")
        return SignatureRequested(
            request_id=request_id,
            url=url,
            code=_text(members, "code"),
            state=kept.encode(),
            expires_in=lifetime if type(lifetime) is int else 0,
        )

    def fetch(self, kept: SignatureState) -> Signed:
        """What came of a request, asked of the provider itself.

        :raises SignatureDeclined: ``signature_refused``, ``signature_expired``, ``signature_waiting``,
            ``signature_collected``.
        :raises hkeid.rp.errors.SignatureNotTaken: the provider knows no such request.
        :raises hkeid.rp.errors.LoginFailed: no usable answer, or not what was asked for.
        """
        answer = self._post(f"/{kept.request_id}/result", {})
        if answer.status == 410:
            raise SignatureDeclined("signature_collected", error="collected")
        if answer.status != 200:
            raise _not_taken(answer)
        members = read_object(answer, "signature_result")
        status = _text(members, "status")
        if status in {"waiting", "refused", "expired"}:
            raise SignatureDeclined(f"signature_{status}", error=status)
        if status != "signed":
            raise ProviderMisbehaved("signature_status_unknown")
        return _signed(kept, members)

    def _post(self, path: str, members: Mapping[str, Any]) -> HttpAnswer:
        headers, proof = self.identity.proof(self.metadata, jti=self.tokens[1], now=self.now)
        answer = exchange(
            self.http,
            "POST",
            self.metadata.issuer + _PATH + path,
            "signature",
            max(self.timeout, _LEAST_TIMEOUT),
            headers={"Accept": "application/json", "Content-Type": "application/json", **headers},
            body=json.dumps({**members, **proof}).encode(),
        )
        if media_type(answer) != "application/json":
            raise ProviderMisbehaved("signature_not_json", detail=str(answer.status))
        return answer


def check_callback(kept: SignatureState, callback: Callback, now: Instant) -> None:
    """The browser came back from the request that it was sent away with.

    :raises StartAgain: ``signature_state_expired``, ``state_missing``, ``state_mismatch``,
        ``signature_request_other``.
    :raises ProviderMisbehaved: ``callback_issuer_missing``, ``callback_issuer_mismatch``.
    """
    parameters = read_callback(callback)
    if not kept.created - timedelta(minutes=1) <= now < kept.created + LIFETIME:
        raise StartAgain("signature_state_expired")
    state = parameters.get("state")
    if state is None:
        raise StartAgain("state_missing")
    if not same_text(state, kept.state):
        raise StartAgain("state_mismatch")
    if parameters.get("request_id") != kept.request_id:
        raise StartAgain("signature_request_other")
    issuer = parameters.get("iss")
    if issuer is None:
        raise ProviderMisbehaved("callback_issuer_missing")
    if issuer != kept.issuer:
        raise ProviderMisbehaved("callback_issuer_mismatch")


def _signed(kept: SignatureState, members: Mapping[str, Any]) -> Signed:
    """The result; each signed file begins with the file that was sent (ISO 32000-2 §7.5.6)."""
    given = members.get("documents")
    if not isinstance(given, list) or len(given) != len(kept.sizes):
        raise ProviderMisbehaved("signature_documents_other")
    documents = tuple(_document(one) for one in given)
    sent = [
        (one.hash or b"") if size == 0 else (one.pdf or b"")[:size]
        for one, size in zip(documents, kept.sizes, strict=True)
    ]
    if digest_of(sent) != kept.digest:
        raise ProviderMisbehaved("signature_documents_other")
    certificates = members.get("certificates")
    if not isinstance(certificates, list) or not certificates:
        raise ProviderMisbehaved("signature_certificates_missing")
    signed = Signed(
        request_id=kept.request_id,
        sub=_text(members, "sub"),
        documents=documents,
        certificates=tuple(_bytes(one) for one in certificates),
        evidence=_bytes(members.get("evidence")),
    )
    if kept.subject is not None and signed.sub != kept.subject:
        raise ProviderMisbehaved("signature_subject_other")
    for one in documents:
        if one.hash is not None:
            _check_value(signed.certificates[0], one)
    return signed


def _document(members: Any) -> SignedDocument:
    if not isinstance(members, dict):
        raise ProviderMisbehaved("signature_documents_other")
    if "pdf" in members:
        return SignedDocument(name=_text(members, "name"), pdf=_bytes(members["pdf"]))
    return SignedDocument(
        name=_text(members, "name"),
        hash=_bytes(members.get("hash")),
        signature=_bytes(members.get("signature")),
    )


def _check_value(certificate: bytes, document: SignedDocument) -> None:
    """The value is the certificate's key's over the hash; whom to trust, the caller says."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    value, digest = document.signature or b"", document.hash or b""
    hashed = Prehashed(hashes.SHA256())
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, digest, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, digest, padding.PKCS1v15(), hashed)
        else:
            raise ProviderMisbehaved("signature_value_wrong", detail=type(key).__name__)
    except (InvalidSignature, ValueError, TypeError):
        raise ProviderMisbehaved("signature_value_wrong") from None


def _wire(document: DocumentToSign) -> dict[str, Any]:
    if (document.pdf is None) == (document.hash is None):
        raise ValueError("a document is a pdf or a hash, one of the two")
    members: dict[str, Any] = {"name": document.name}
    if document.pdf is not None:
        members["pdf"] = base64.b64encode(document.pdf).decode("ascii")
    if document.hash is not None:
        members["hash"] = base64.b64encode(document.hash).decode("ascii")
    if document.field is not None:
        members["field"] = document.field
    if document.reason is not None:
        members["reason"] = document.reason
    if document.stamp is not None:
        box = document.stamp.box
        place = {} if box is None else {"page": document.stamp.page, "box": list(box)}
        members["stamp"] = place
    return members


def _not_taken(answer: HttpAnswer) -> SignatureNotTaken:
    members = read_object(answer, "signature")
    reason, number = members.get("reason"), members.get("document")
    if not isinstance(reason, str) or not reason.isascii() or not reason.replace("_", "").isalnum():
        reason = members.get("error") if isinstance(members.get("error"), str) else "unknown"
    return SignatureNotTaken(
        f"signature_not_taken_{str(reason)[:60]}",
        document=number if type(number) is int else None,
        detail=str(answer.status),
    )


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderMisbehaved("signature_answer_malformed", detail=name)
    return value


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "-", validate=True)
    except (binascii.Error, ValueError):
        raise ProviderMisbehaved("signature_answer_malformed") from None
