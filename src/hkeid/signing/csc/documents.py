"""What is to be signed, and what of it can be shown to the resident.

A relying party names a document in one of three ways. The best is the document's own hash (``SDR``):
the signed attributes are made here, and so is the hash to be signed. Next, the hash to be signed with the
signed attributes that it is the hash of: the document's hash is read out of them. The worst is the hash
to be signed alone, of which nobody can say what it stands for; it is for relying parties that the
operator trusts by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import new as new_hash
from hashlib import sha256
from typing import Any, Final

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der
from hkeid.signing.activation import DocumentHashes
from hkeid.signing.activation.statement import HASH_LENGTHS
from hkeid.signing.cms import signed_attributes
from hkeid.signing.cms.attributes import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE_V2,
)
from hkeid.signing.csc.errors import CscError
from hkeid.signing.csc.fields import decoded, encoded
from hkeid.signing.errors import CredentialRefused

LONGEST_LABEL: Final = 200
_LONGEST_ATTRIBUTES: Final = 8192
_TEXT: Final = {"hash", "label", "hashType", "signedAttributes"}


class HashType(StrEnum):
    """What a hash is of."""

    DOCUMENT = "SDR"
    TO_BE_SIGNED = "DTBSR"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedHash:
    """One entry of ``documentDigests`` as it came.

    :ivar label: what the relying party calls the document; "" where it says nothing.
    :ivar attributes: the signed attributes (DER, SET OF) whose hash ``value`` is; b"" where not given.
    """

    value: bytes
    kind: HashType
    label: str = ""
    attributes: bytes = b""

    @classmethod
    def read(cls, entry: object, hash_name: str) -> NamedHash:
        """Read an entry strictly.

        :raises MalformedInput: ``digest_malformed``, the field says which member.
        """
        if not isinstance(entry, Mapping) or not set(entry) <= _TEXT:
            raise _malformed("documentDigests")
        label = entry.get("label", "")
        if type(label) is not str or len(label) > LONGEST_LABEL or not _printable(label):
            raise _malformed("label")
        try:
            value = decoded(entry.get("hash"), "hash")
            given = entry.get("signedAttributes")
            attributes = b"" if given is None else decoded(given, "signedAttributes")
        except CscError:
            raise _malformed("hash") from None
        kind = entry.get("hashType", HashType.TO_BE_SIGNED)
        if type(kind) is not str and not isinstance(kind, HashType):
            raise _malformed("hashType")
        try:
            kind = HashType(kind.upper())
        except ValueError:
            raise _malformed("hashType") from None
        if len(value) != HASH_LENGTHS[hash_name] or len(attributes) > _LONGEST_ATTRIBUTES:
            raise _malformed("hash")
        if attributes and kind is HashType.DOCUMENT:
            raise _malformed("signedAttributes")
        return cls(value=value, kind=kind, label=label, attributes=attributes)

    def as_json(self) -> dict[str, str]:
        """The entry in one form, whatever form it came in."""
        members = {"hash": encoded(self.value), "hashType": self.kind.value}
        if self.label:
            members["label"] = self.label
        if self.attributes:
            members["signedAttributes"] = encoded(self.attributes)
        return members


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """A document as the resident is asked about it.

    :ivar document: the document's hash, or None: nobody knows what would be signed.
    """

    label: str
    document: bytes | None
    to_be_signed: bytes

    def hashes(self) -> DocumentHashes:
        """For the activation. A document hash that is not of SHA-256 is hashed once more; where there
        is none, the hash to be signed stands in its place.
        """
        shown = self.document if self.document is not None else self.to_be_signed
        if self.document is None or len(shown) != sha256().digest_size:
            shown = sha256(shown).digest()
        return DocumentHashes(document=shown, to_be_signed=self.to_be_signed)

    def as_json(self) -> dict[str, Any]:
        """For the display record."""
        return {
            "label": self.label,
            "document": None if self.document is None else encoded(self.document),
            "to_be_signed": encoded(self.to_be_signed),
        }


def shown_documents(
    named: Sequence[NamedHash], certificate: bytes, hash_name: str, *, bare: bool
) -> tuple[ShownDocument, ...]:
    """What the hashes stand for.

    :param certificate: of the key that will sign, DER.
    :param bare: whether hashes without what they are of are accepted.
    :raises hkeid.signing.errors.CredentialRefused: ``hash_bare``, ``attributes_mismatch``,
        ``attributes_unknown``, ``attributes_other_certificate``.
    """
    return tuple(_shown(one, certificate, hash_name, bare=bare) for one in named)


def hash_to_sign(document: bytes, certificate: bytes, hash_name: str) -> bytes:
    """The hash to be signed for a document's hash."""
    return new_hash(hash_name, signed_attributes(document, certificate)).digest()


def _shown(one: NamedHash, certificate: bytes, hash_name: str, *, bare: bool) -> ShownDocument:
    if one.kind is HashType.DOCUMENT:
        return ShownDocument(
            label=one.label,
            document=one.value,
            to_be_signed=hash_to_sign(one.value, certificate, hash_name),
        )
    if one.attributes:
        if new_hash(hash_name, one.attributes).digest() != one.value:
            raise CredentialRefused("attributes_mismatch")
        document = _document_in(one.attributes, certificate, hash_name)
        return ShownDocument(label=one.label, document=document, to_be_signed=one.value)
    if not bare:
        raise CredentialRefused("hash_bare")
    return ShownDocument(label=one.label, document=None, to_be_signed=one.value)


def _document_in(attributes: bytes, certificate: bytes, hash_name: str) -> bytes:
    """The message-digest out of SignedAttributes (RFC 5652 §5.3, §11) that are of a document, and of this
    certificate where they name one.
    """
    try:
        tag, content = der.only_element(attributes)
        found = [_attribute(whole) for _, _, whole in der.elements(content)]
    except (MalformedInput, IndexError):
        raise CredentialRefused("attributes_unknown") from None
    kinds = [kind for kind, _ in found]
    if tag != der.SET or len(set(kinds)) != len(kinds):
        raise CredentialRefused("attributes_unknown")
    values = dict(found)
    digest = values.get(der.oid(MESSAGE_DIGEST), b"")
    length = HASH_LENGTHS[hash_name]
    if values.get(der.oid(CONTENT_TYPE)) != der.oid(DATA) or (
        # Exactly one value: of two, nobody could say which a verifier reads.
        digest[:2] != bytes((4, length)) or len(digest) != 2 + length
    ):
        raise CredentialRefused("attributes_unknown")
    named = values.get(der.oid(SIGNING_CERTIFICATE_V2))
    if named is not None and sha256(certificate).digest() not in named:
        raise CredentialRefused("attributes_other_certificate")
    return digest[2:]


def _attribute(whole: bytes) -> tuple[bytes, bytes]:
    """Type and the one value of an Attribute."""
    parts = der.elements(der.only_element(whole)[1])
    kind, value = parts[0][2], parts[1][1]
    if parts[1][0] != der.SET or der.sequence(kind, der.tlv(der.SET, value)) != whole:
        raise MalformedInput("der_malformed")
    return kind, value


def _printable(text: str) -> bool:
    return text == text.strip() and all(character.isprintable() for character in text)


def _malformed(field: str) -> MalformedInput:
    return MalformedInput("digest_malformed", field=field)
