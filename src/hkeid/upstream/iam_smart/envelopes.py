"""The envelope ``{txID, code, message, content}`` and its encrypted content.

``content`` = Base64(length of the IV, 4 bytes big-endian ‖ IV ‖ AES-256-GCM ciphertext ‖ tag), without
associated data.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.upstream.errors import UpstreamMalformed, UpstreamMisbehaved

LARGEST: Final = 10 * 1_048_576
"""Bytes of the largest entity that iAM Smart takes or sends."""
IV_BYTES: Final = 12
KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_LENGTH: Final = IV_BYTES.to_bytes(4, "big")
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An answer or a callback, nothing of it decrypted or believed yet.

    :ivar content: encrypted text, an object in the clear, or None.
    :ivar secret_key: the content key that came with a callback, enciphered to our certificate, or None.
    """

    transaction: str
    return_code: str
    content: str | Mapping[str, Any] | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)


def read_envelope(body: bytes) -> Envelope:
    """Read an envelope.

    :raises UpstreamMalformed: ``envelope_too_large``, ``envelope_not_json``, ``envelope_malformed``.
    """
    if len(body) > LARGEST:
        raise UpstreamMalformed("envelope_too_large")
    try:
        members = canonical_json.loads_object(body)
    except MalformedInput as error:
        raise UpstreamMalformed("envelope_not_json", detail=error.reason) from None
    code, content = members.get("code"), members.get("content")
    # One table of the documents calls the callback's key "key", the others "secretKey".
    key = members.get("secretKey", members.get("key"))
    transaction = members.get("txID", "")
    if not isinstance(code, str) or len(code) > _LONGEST_TEXT:
        raise UpstreamMalformed("envelope_malformed", field="code")
    if content is not None and not isinstance(content, str | dict):
        raise UpstreamMalformed("envelope_malformed", field="content")
    if key is not None and not isinstance(key, str):
        raise UpstreamMalformed("envelope_malformed", field="secretKey")
    if not isinstance(transaction, str) or len(transaction) > _LONGEST_TEXT:
        raise UpstreamMalformed("envelope_malformed", field="txID")
    return Envelope(
        transaction=transaction, return_code=code, content=content or None, secret_key=key or None
    )


def seal_content(key: bytes, members: Mapping[str, Any], iv: bytes) -> str:
    """Members as encrypted content; ``iv`` is 12 bytes of chance, never twice with one key."""
    sealed = AESGCM(key).encrypt(iv, canonical_json.dumps(members), None)
    return base64.b64encode(_LENGTH + iv + sealed).decode("ascii")


def open_content(key: bytes, content: str) -> dict[str, Any]:
    """The members of encrypted content.

    :raises UpstreamMalformed: ``content_malformed``: not Base64, another IV length, too short, no JSON object.
    :raises UpstreamMisbehaved: ``content_not_authentic``: altered, or under another key.
    """
    raw = decode_base64(content, "content_malformed")
    if raw[:4] != _LENGTH or len(raw) < 4 + IV_BYTES + _TAG_BYTES:
        raise UpstreamMalformed("content_malformed")
    try:
        plain = AESGCM(key).decrypt(raw[4 : 4 + IV_BYTES], raw[4 + IV_BYTES :], None)
    except InvalidTag:
        raise UpstreamMisbehaved("content_not_authentic") from None
    try:
        return canonical_json.loads_object(plain)
    except MalformedInput as error:
        raise UpstreamMalformed("content_malformed", detail=error.reason) from None


def wrap(content: str | None) -> bytes:
    """The body of a request; empty where there is no content."""
    return b"" if content is None else canonical_json.dumps({"content": content})


def decode_base64(text: str, reason: str) -> bytes:
    """Strict Base64 (RFC 4648 §4), line ends left out.

    :raises UpstreamMalformed: ``reason``.
    """
    try:
        return base64.b64decode(text.replace("\r\n", "").replace("\n", ""), validate=True)
    except (ValueError, binascii.Error):
        raise UpstreamMalformed(reason) from None
