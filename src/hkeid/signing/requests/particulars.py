"""What a request says: sealed in the evidence vault, gone with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.pdf import Box

_UNIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StampPlace:
    """Where a visible stamp shall stand.

    :ivar page: counted from 1; 1 with a prepared field, which has its own place.
    :ivar box: left, bottom, right and top in points; None with a prepared field.
    """

    page: int = 1
    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedDocument:
    """One document of a request.

    :ivar name: as the relying party calls it.
    :ivar digest: SHA-256 of the file; of a bare hash: the hash itself, which is what will be signed.
    :ivar size: bytes of the file; 0 for a bare hash.
    :ivar pages: pages of the file; 0 for a bare hash.
    :ivar field: name of a prepared signature field, or None.
    :ivar reason: what shall stand in the signature, or None.
    :ivar stamp: of a signature that is seen; None for one that is not.
    """

    name: str = field(repr=False)
    digest: bytes
    size: int = 0
    pages: int = 0
    field: str | None = None
    reason: str | None = None
    stamp: StampPlace | None = None

    @property
    def is_hash(self) -> bool:
        """Whether the relying party kept the document to itself."""
        return self.size == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a request says.

    :ivar purpose: why, in the relying party's words; "" where it says nothing.
    :ivar code: four characters that both screens show.
    :ivar subject: the ``sub`` by which the relying party knows the only resident who may sign, or None.
    """

    purpose: str = field(repr=False)
    code: str = field(repr=False)
    subject: str | None = field(default=None, repr=False)
    documents: tuple[RequestedDocument, ...]

    def dumps(self) -> bytes:
        """Canonical JSON."""
        return canonical_json.dumps(
            {
                "purpose": self.purpose,
                "code": self.code,
                "subject": self.subject,
                "documents": [
                    {
                        "name": one.name,
                        "digest": base64url.encode(one.digest),
                        "size": one.size,
                        "pages": one.pages,
                        "field": one.field,
                        "reason": one.reason,
                        "stamp": _place(one.stamp),
                    }
                    for one in self.documents
                ],
            }
        )

    @classmethod
    def loads(cls, text: bytes) -> Particulars:
        """The inverse of :meth:`dumps`.

        :raises hkeid.kernel.errors.MalformedInput: ``particulars_malformed``.
        """
        members = canonical_json.loads_object(text)
        try:
            documents = tuple(_document(one) for one in members.pop("documents"))
            return cls(documents=documents, **members)
        except (KeyError, TypeError, AttributeError):
            raise MalformedInput("particulars_malformed") from None


def _document(members: dict[str, Any]) -> RequestedDocument:
    digest, place = base64url.decode(members["digest"]), members.get("stamp")
    stamp = None
    if place is not None:
        left, bottom, right, top = place["box"] or (0, 0, 0, 0)
        box = (left / _UNIT, bottom / _UNIT, right / _UNIT, top / _UNIT)
        stamp = StampPlace(page=place["page"], box=box if place["box"] else None)
    return RequestedDocument(**{**members, "digest": digest, "stamp": stamp})


def _place(stamp: StampPlace | None) -> dict[str, Any] | None:
    """Canonical JSON has no fractions: hundredths of a point."""
    if stamp is None:
        return None
    box = None if stamp.box is None else [round(one * _UNIT) for one in stamp.box]
    return {"page": stamp.page, "box": box}
