"""What a relying party asks to be signed, and what it gets back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.rp.errors import StartAgain

_VERSION = 1
_TYPES = {"created": int, "sizes": list}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleStamp:
    """A stamp with the signer's name in both scripts, the time and a QR code to the page that checks the file.

    :ivar page: counted from 1.
    :ivar box: left, bottom, right and top in points, from the lower left corner of the page; at least 60 by 24.
        None for a prepared field (``DocumentToSign.field``), which has its place.
    """

    page: int = 1
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentToSign:
    """One document of a request.

    :ivar name: as the resident shall read it.
    :ivar pdf: the file; or ``hash``, its SHA-256, where it stays here.
    :ivar field: name of a signature field that was prepared in the PDF.
    :ivar reason: stands in the signature.
    :ivar stamp: makes the signature visible; not for a hash, and in a file that is signed already only in a
        prepared field.
    """

    name: str
    pdf: bytes | None = field(default=None, repr=False)
    hash: bytes | None = None
    field: str | None = None
    reason: str | None = None
    stamp: VisibleStamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequested:
    """A request under way: show ``code``, keep ``state`` for this browser, then send it to ``url``.

    :ivar code: four characters that eID's page shows as well; the resident compares them.
    :ivar expires_in: seconds that the resident has.
    """

    request_id: str
    url: str
    code: str = field(repr=False)
    state: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """One document, signed.

    :ivar pdf: the signed file; None where a hash was signed.
    :ivar signature: over the hash: ECDSA in DER, or RSASSA-PKCS1-v1_5; None where a PDF was signed.
    """

    name: str
    pdf: bytes | None = field(default=None, repr=False)
    hash: bytes | None = None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What was signed.

    :ivar sub: the resident, by the pairwise ``sub`` of their logins here.
    :ivar certificates: DER, the signer's first.
    :ivar evidence: that the resident approved exactly this; keep it with the documents.
    """

    request_id: str
    sub: str
    documents: tuple[SignedDocument, ...]
    certificates: tuple[bytes, ...] = field(repr=False)
    evidence: bytes = field(repr=False)

    @property
    def pdf(self) -> bytes:
        """The signed file, where one PDF was asked for.

        :raises ValueError: there are several, or a hash was signed.
        """
        (only,) = self.documents
        if only.pdf is None:
            raise ValueError("a hash was signed: see signature")
        return only.pdf

    @property
    def signature(self) -> bytes:
        """The signature value, where one hash was asked for.

        :raises ValueError: there are several, or a PDF was signed.
        """
        (only,) = self.documents
        if only.signature is None:
            raise ValueError("a PDF was signed: see pdf")
        return only.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureState:
    """What is remembered between sending a browser away and seeing it again.

    :ivar sizes: bytes of each file; 0 for a hash.
    :ivar digest: over everything that was sent, see :func:`digest_of`.
    :ivar subject: only this ``sub`` will do, or None.
    """

    issuer: str
    client_id: str
    request_id: str
    state: str = field(repr=False)
    created: Instant
    sizes: tuple[int, ...]
    digest: str
    subject: str | None = field(default=None, repr=False)

    def encode(self) -> str:
        """As one line of text."""
        members: dict[str, Any] = {
            "v": _VERSION,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "request_id": self.request_id,
            "state": self.state,
            "created": epoch_seconds(self.created),
            "sizes": list(self.sizes),
            "digest": self.digest,
        }
        if self.subject is not None:
            members["subject"] = self.subject
        return canonical_json.dumps(members).decode()

    @classmethod
    def decode(cls, text: str) -> SignatureState:
        """The inverse of :meth:`encode`.

        :raises StartAgain: ``signature_state_malformed``.
        """
        try:
            members = canonical_json.loads_object(text)
            if members.pop("v", None) != _VERSION:
                raise StartAgain("signature_state_malformed")
            for name, value in members.items():
                if type(value) is not _TYPES.get(name, str):
                    raise TypeError(name)
            members["created"] = from_epoch_seconds(members.get("created", "missing"))
            members["sizes"] = tuple(int(one) for one in members.get("sizes", ()))
            return cls(**members)
        except (MalformedInput, TypeError, ValueError, OverflowError):
            raise StartAgain("signature_state_malformed") from None


def digest_of(contents: Sequence[bytes]) -> str:
    """SHA-256 over the SHA-256 digests of what was sent, in order, hexadecimal: of files their bytes, of
    hashes the hash.
    """
    whole = hashlib.sha256()
    for content in contents:
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()
