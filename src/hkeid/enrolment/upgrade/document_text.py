"""A card's reading as text: canonical JSON, one text for one document, strict and within limits.

The server takes nothing else from a station: no verdict, no parsed field. Findings travel by their
codes; what a code weighs is decided where it is read.
"""

from __future__ import annotations

import re
from typing import Any

from hkeid.chip.document import ChipDocument
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.proofs import AccessProtocol, ChipProof, ProofKind
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds

LONGEST = 1_048_576
"""Most bytes of a reading as text."""

_LONGEST_FILE = 262_144
_MOST_PROOFS = 8
_MOST_PARTS = 32
_MOST_FINDINGS = 200
_FILE = re.compile(r"(?:COM|SOD|CardSecurity|DG(?:[1-9]|1[0-6]))\Z")
_WORD = re.compile(r"[A-Za-z0-9_.:+-]{1,80}\Z")
_MEMBERS = frozenset(
    {
        "version", "files", "card_access", "access", "cipher", "proofs", "findings", "read_at",
        "profile", "apdus",
    }
)  # fmt: skip
_LATEST = 253_402_300_799_000_000


def dumps(document: ChipDocument) -> bytes:
    """The document as canonical JSON."""
    access = document.card_access
    return canonical_json.dumps(
        {
            "version": 1,
            "files": {name: base64url.encode(content) for name, content in document.files.items()},
            "card_access": None if access is None else base64url.encode(access),
            "access": document.access.value,
            "cipher": document.cipher,
            "proofs": [
                {
                    "kind": proof.kind.value,
                    "algorithm": proof.algorithm,
                    "parts": {
                        name: base64url.encode(content) for name, content in proof.parts.items()
                    },
                }
                for proof in document.proofs
            ],
            "findings": [[found.code.value, found.detail[:80]] for found in document.findings],
            "read_at": epoch_microseconds(document.read_at),
            "profile": document.profile,
            "apdus": document.apdus,
        }
    )


def loads(text: bytes) -> ChipDocument:
    """The inverse of :func:`dumps`.

    :raises hkeid.kernel.errors.MalformedInput: ``chip_document_too_large``,
        ``chip_document_malformed``.
    """
    if len(text) > LONGEST:
        raise MalformedInput("chip_document_too_large")
    try:
        found = canonical_json.loads_object(text)
        if set(found) != _MEMBERS or found["version"] != 1:
            raise _malformed("members")
        access = found["card_access"]
        document = ChipDocument(
            files={_name(name): _bytes(one) for name, one in _table(found["files"], 20).items()},
            card_access=None if access is None else _bytes(access),
            access=AccessProtocol(found["access"]),
            cipher=_word(found["cipher"]),
            proofs=tuple(_proof(one) for one in _list(found["proofs"], _MOST_PROOFS)),
            findings=tuple(_finding(one) for one in _list(found["findings"], _MOST_FINDINGS)),
            read_at=from_epoch_microseconds(_number(found["read_at"], _LATEST)),
            profile=_word(found["profile"]),
            apdus=_number(found["apdus"], 1_000_000),
        )
    except MalformedInput as error:
        raise _malformed(error.detail or error.reason) from None
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise _malformed(type(error).__name__) from None
    if dumps(document) != text:
        raise _malformed("not canonical")
    return document


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput("chip_document_malformed", field="document", detail=detail)


def _table(value: Any, most: int) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > most:
        raise _malformed("a table")
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _malformed("a list")
    return value


def _name(value: str) -> str:
    if not _FILE.match(value):
        raise _malformed("file name")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str) or not _WORD.match(value):
        raise _malformed("a word")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) > _LONGEST_FILE * 4 // 3 + 4:
        raise _malformed("bytes")
    return base64url.decode(value)


def _number(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _malformed("a number")
    return value


def _proof(value: Any) -> ChipProof:
    if not isinstance(value, dict) or set(value) != {"kind", "algorithm", "parts"}:
        raise _malformed("proof")
    parts = _table(value["parts"], _MOST_PARTS)
    return ChipProof(
        kind=ProofKind(value["kind"]),
        algorithm="" if value["algorithm"] == "" else _word(value["algorithm"]),
        parts={_word(name): _bytes(content) for name, content in parts.items()},
    )


def _finding(value: Any) -> Finding:
    code, detail = value
    if not isinstance(detail, str) or len(detail) > 80:
        raise _malformed("finding")
    return finding(FindingCode(code), detail)
