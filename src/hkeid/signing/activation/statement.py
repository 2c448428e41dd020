"""What a resident's passkey signs when a signature is approved.

The challenge is a digest of everything that matters, each part with its length before it, so that no
two statements share an encoding. Labels and names are not in it but the digest of the display record
that holds them: so a statement is free of personal data and may lie in the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from hkeid.kernel import base64url
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds

MOST_DOCUMENTS: Final = 100
"""Documents that one activation may cover."""

HASH_LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Hash functions by name, and how long what they give is."""

LONGEST_LIFETIME: Final = timedelta(hours=1)
"""From the question to the end of an activation: evidence that says it was answered earlier is not believed."""

_LABEL: Final = b"hkeid-signature-activation-1"
_NONCE: Final = 32
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHashes:
    """One document of an activation.

    :ivar document: SHA-256 of the bytes that the resident was shown.
    :ivar to_be_signed: the hash that the key signs (CSC "DTBSR": of the signed attributes).
    """

    document: bytes
    to_be_signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationStatement:
    """Everything that one activation is bound to.

    :ivar rp_id: WebAuthn RP ID.
    :ivar client_id: the relying party that asked.
    :ivar key_id: the resident's signing key (CSC ``credentialID``).
    :ivar certificate: SHA-256 of that key's certificate (DER): the name in which is signed.
    :ivar hash_name: of :data:`HASH_LENGTHS`; of the hashes to be signed.
    :ivar documents: in order, 1 to 100.
    :ivar displayed: SHA-256 of the display record: who asked, names of the documents, the code on
        both screens, the language.
    :ivar nonce: 32 random bytes.
    :ivar expires_at: whole seconds.
    :raises hkeid.kernel.errors.MalformedInput: ``statement_malformed``, ``documents_missing``,
        ``documents_too_many``, ``hash_unknown``, ``hash_length``.
    """

    rp_id: str
    client_id: str
    key_id: str
    certificate: bytes
    hash_name: str
    documents: tuple[DocumentHashes, ...]
    displayed: bytes
    nonce: bytes = field(repr=False)
    expires_at: Instant

    def __post_init__(self) -> None:
        if not self.documents:
            raise MalformedInput("documents_missing", field="documents")
        if len(self.documents) > MOST_DOCUMENTS:
            raise MalformedInput("documents_too_many", field="documents")
        length = HASH_LENGTHS.get(self.hash_name)
        if length is None:
            raise MalformedInput("hash_unknown", field="hash_name")
        if any(len(one.to_be_signed) != length for one in self.documents):
            raise MalformedInput("hash_length", field="documents")
        if any(len(one.document) != _DIGEST for one in self.documents):
            raise MalformedInput("hash_length", field="documents")
        if len(self.nonce) != _NONCE or {len(self.displayed), len(self.certificate)} != {_DIGEST}:
            raise MalformedInput("statement_malformed")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The hashes to be signed, in order."""
        return tuple(one.to_be_signed for one in self.documents)

    def challenge(self) -> bytes:
        """The WebAuthn challenge (32 bytes): a digest of the whole statement."""
        digest = sha256()
        for part in self._parts():
            digest.update(len(part).to_bytes(4, "big"))
            digest.update(part)
        return digest.digest()

    def _parts(self) -> Iterator[bytes]:
        yield _LABEL
        for text in (self.rp_id, self.client_id, self.key_id, self.hash_name):
            yield text.encode("utf-8", "surrogatepass")
        yield self.certificate
        yield len(self.documents).to_bytes(4, "big")
        for one in self.documents:
            yield one.document
            yield one.to_be_signed
        yield self.displayed
        yield self.nonce
        yield epoch_seconds(self.expires_at).to_bytes(8, "big")

    def as_json(self) -> dict[str, Any]:
        """The statement as JSON members."""
        return {
            "rp_id": self.rp_id,
            "client_id": self.client_id,
            "key_id": self.key_id,
            "certificate": base64url.encode(self.certificate),
            "hash": self.hash_name,
            "documents": [
                {
                    "document": base64url.encode(one.document),
                    "to_be_signed": base64url.encode(one.to_be_signed),
                }
                for one in self.documents
            ],
            "displayed": base64url.encode(self.displayed),
            "nonce": base64url.encode(self.nonce),
            "expires_at": epoch_seconds(self.expires_at),
        }

    @classmethod
    def from_json(cls, members: object) -> ActivationStatement:
        """The inverse of :meth:`as_json`; unknown members are refused.

        :raises hkeid.kernel.errors.MalformedInput: ``statement_malformed``, or as the class.
        """
        try:
            rest = dict(_object(members))
            documents = tuple(
                DocumentHashes(
                    document=base64url.decode(one["document"]),
                    to_be_signed=base64url.decode(one["to_be_signed"]),
                )
                for one in rest.pop("documents")
            )
            statement = cls(
                rp_id=_text(rest.pop("rp_id")),
                client_id=_text(rest.pop("client_id")),
                key_id=_text(rest.pop("key_id")),
                certificate=base64url.decode(rest.pop("certificate")),
                hash_name=_text(rest.pop("hash")),
                documents=documents,
                displayed=base64url.decode(rest.pop("displayed")),
                nonce=base64url.decode(rest.pop("nonce")),
                expires_at=from_epoch_seconds(_whole(rest.pop("expires_at"))),
            )
        except MalformedInput as error:
            if error.reason == "base64url_malformed":
                raise MalformedInput("statement_malformed") from None
            raise
        except (KeyError, TypeError, AttributeError, OverflowError, ValueError):
            raise MalformedInput("statement_malformed") from None
        if rest:
            raise MalformedInput("statement_malformed", detail=f"members {sorted(rest)}")
        return statement


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value
