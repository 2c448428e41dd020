"""The display record: all that a resident was shown, in one text whose digest the passkey signs over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.signing.requests.particulars import Particulars, RequestedDocument
from hkeid.signing.requests.viewing import DrawnPage, OpenRequest

FORMAT: Final = "hkeid-signature-display/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAs:
    """How the page showed who asks.

    :ivar language: of the page (BCP 47).
    """

    name: str
    domain: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocuments:
    """What a resident keeps of a signed request, for their own list.

    :ivar documents: the names, in order.
    """

    client: str = field(repr=False)
    purpose: str = field(repr=False)
    documents: tuple[str, ...] = field(repr=False)


def display_record(
    opened: OpenRequest, shown: ShownAs, images: Sequence[Sequence[DrawnPage]], level: str
) -> bytes:
    """The record as canonical JSON.

    :param images: for each document its drawn pages; none where its pages were never put on a page.
    """
    particulars = opened.particulars
    assert particulars is not None
    return canonical_json.dumps(
        {
            "format": FORMAT,
            "request": opened.request.id,
            "client": {"id": opened.client.id, "name": shown.name, "domain": shown.domain},
            "language": shown.language,
            "purpose": particulars.purpose,
            "code": particulars.code,
            "level": level,
            "documents": [
                _document(one, pages)
                for one, pages in zip(particulars.documents, images, strict=True)
            ],
        }
    )


def _document(document: RequestedDocument, pages: Sequence[DrawnPage]) -> dict[str, Any]:
    return {
        "name": document.name,
        "kind": "hash" if document.is_hash else "pdf",
        "sha256": document.digest.hex(),
        "pages": document.pages,
        "reason": document.reason,
        "images": images_digest(pages) if pages else None,
        **({} if document.stamp is None else {"stamp": True}),
    }


def images_digest(pages: Sequence[DrawnPage]) -> str:
    """SHA-256 over the SHA-256 digests of a document's page images in order, hexadecimal."""
    whole = hashlib.sha256()
    for one in pages:
        whole.update(bytes.fromhex(one.digest))
    return whole.hexdigest()


def read_record(record: bytes) -> SignedDocuments:
    """What a kept record says.

    :raises hkeid.kernel.errors.MalformedInput: ``json_malformed``, ``json_not_object``.
    """
    members = canonical_json.loads_object(record)
    return SignedDocuments(
        client=str(members["client"]["name"]),
        purpose=str(members["purpose"]),
        documents=tuple(str(one["name"]) for one in members["documents"]),
    )


def seen(particulars: Particulars, images: Sequence[Sequence[DrawnPage]]) -> int:
    """How many of the documents were put before the resident."""
    shown = zip(particulars.documents, images, strict=True)
    return sum(1 for document, pages in shown if pages or document.is_hash)
