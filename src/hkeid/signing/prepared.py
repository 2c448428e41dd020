"""A signature under way: all that must be kept until its value comes, and no more.

It is small (a few kilobytes; a visible stamp adds its font), and holds neither the document nor a secret.
Whoever can alter it can at most make the completion fail: the value must fit the attributes, and those the
document.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.pdf import GapUpdate
from hkeid.signing.cms import signed_attributes
from hkeid.signing.credentials import SignerIdentity
from hkeid.signing.levels import Level

_FORM = "hkeid-prepared-1"
_LARGEST = 2 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Get it by :func:`hkeid.signing.prepare_pdf` or :meth:`from_bytes`.

    :ivar document_digest: over the byte range of the document as it will be.
    :ivar field: the signature field's name.
    """

    signer: SignerIdentity
    level: Level
    document_digest: bytes
    size: int
    update: GapUpdate
    field: str

    @property
    def signed_attributes(self) -> bytes:
        """What is signed, DER: for signers that hash themselves, and for Ed25519, which does not."""
        return signed_attributes(self.document_digest, self.signer.certificate)

    @property
    def to_be_signed(self) -> bytes:
        """The hash of the signed attributes: the DTBSR of the Cloud Signature Consortium's API."""
        return self.signer.algorithm.digest(self.signed_attributes)

    @property
    def hash_name(self) -> str:
        """The hash behind :attr:`to_be_signed` and :attr:`document_digest`, as ``hashlib`` spells it."""
        return self.signer.algorithm.hash_name

    def to_bytes(self) -> bytes:
        """The state as UTF-8 JSON."""
        return canonical_json.dumps(
            {
                "form": _FORM,
                "level": self.level.value,
                "hash": self.hash_name,
                "field": self.field,
                "size": self.size,
                "room": self.update.room,
                "digest": _text(self.document_digest),
                "before": _text(self.update.before),
                "after": _text(self.update.after),
                "certificate": _text(self.signer.certificate),
                "chain": [_text(one) for one in self.signer.chain],
            }
        )

    @classmethod
    def from_bytes(cls, state: bytes) -> Prepared:
        """The inverse of :meth:`to_bytes`.

        :raises hkeid.kernel.errors.MalformedInput: ``prepared_malformed``, ``certificate_malformed``,
            ``json_malformed``, ``json_not_object``.
        :raises hkeid.signing.CredentialRefused: as :meth:`hkeid.signing.SignerIdentity.of`.
        """
        if len(state) > _LARGEST:
            raise _malformed("too long")
        read = canonical_json.loads_object(state, field="prepared")
        if read.get("form") != _FORM:
            raise _malformed("another form")
        try:
            signer = SignerIdentity.of(
                _bytes(read["certificate"]),
                [_bytes(one) for one in _of(list, read["chain"])],
                hash_name=_of(str, read["hash"]),
            )
            return cls(
                signer=signer,
                level=Level(_of(str, read["level"])),
                document_digest=_bytes(read["digest"]),
                size=_count(read["size"]),
                update=GapUpdate(
                    before=_bytes(read["before"]),
                    room=_count(read["room"]),
                    after=_bytes(read["after"]),
                ),
                field=_of(str, read["field"]),
            )
        except (KeyError, ValueError) as error:
            raise _malformed(type(error).__name__) from None


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput("prepared_malformed", field="prepared", detail=detail)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise _malformed(f"not a {kind.__name__}")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_of(str, value), validate=True)
    except binascii.Error:
        raise _malformed("not base64") from None


def _count(value: Any) -> int:
    number = _of(int, value)
    if isinstance(value, bool) or not 0 <= number <= _LARGEST << 10:
        raise _malformed("not a size")
    return int(number)
