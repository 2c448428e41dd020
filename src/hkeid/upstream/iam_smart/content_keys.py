"""The content key (CEK): fetched, deciphered with our certificate's key (KEK), kept until it expires."""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel.errors import Refused, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.encipherment import EnciphermentKey
from hkeid.upstream.errors import (
    UpstreamFailed,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamUnavailable,
)
from hkeid.upstream.iam_smart.envelopes import KEY_BYTES, decode_base64

EARLY: Final = timedelta(seconds=30)
"""A key is given up this much before its end, so that none expires on the way."""
LONGEST: Final = timedelta(days=7)
PAUSE: Final = timedelta(seconds=1)
"""Strange keys in callbacks make us ask at most this often: nobody makes us flood iAM Smart."""
_BASE64_OF_KEY: Final = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentKey:
    """An AES-256 key that we share with iAM Smart. Does not print."""

    value: bytes = field(repr=False)
    expires_at: Instant

    def is_same(self, other: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.value, other)


def decipher(key: EnciphermentKey, wrapped: str) -> bytes:
    """The 32 bytes of a content key. It comes as such, or as its Base64 text of 44 characters.

    :raises UpstreamMalformed: ``content_key_malformed``.
    :raises UpstreamMisbehaved: ``content_key_not_ours``: enciphered to another certificate.
    :raises UpstreamUnavailable: ``encipherment_key_unavailable``.
    """
    try:
        plain = key.decrypt(decode_base64(wrapped, "content_key_malformed"))
    except Refused:
        raise UpstreamMisbehaved("content_key_not_ours") from None
    except Unavailable as error:
        raise UpstreamUnavailable("encipherment_key_unavailable", detail=error.reason) from None
    if len(plain) == _BASE64_OF_KEY:
        try:
            plain = base64.b64decode(plain, validate=True)
        except (ValueError, binascii.Error):
            raise UpstreamMisbehaved("content_key_not_ours") from None
    if len(plain) != KEY_BYTES:
        # With PKCS #1 v1.5 a foreign ciphertext comes out as bytes of another length.
        raise UpstreamMisbehaved("content_key_not_ours")
    return plain


def read_key(key: EnciphermentKey, content: Mapping[str, Any], now: Instant) -> ContentKey:
    """The answer to ``getKey``: ``secretKey``, ``issueAt`` and ``expiresIn`` in milliseconds.

    ``expiresIn`` is a length of time; a value above ``issueAt`` is a moment, as one sample has it. The length
    counts from now by our clock: theirs may differ.

    :raises UpstreamMalformed: ``content_key_malformed`` and those of :func:`decipher`.
    """
    wrapped = content.get("secretKey")
    if not isinstance(wrapped, str):
        raise UpstreamMalformed("content_key_malformed", field="secretKey")
    issued, lasts = (_milliseconds(content, name) for name in ("issueAt", "expiresIn"))
    milliseconds = lasts - issued if lasts > issued else lasts
    lifetime = min(timedelta(milliseconds=milliseconds), LONGEST)
    return ContentKey(value=decipher(key, wrapped), expires_at=now + lifetime)


def _milliseconds(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**14:
        raise UpstreamMalformed("content_key_malformed", field=name)
    return value


class ContentKeys:
    """Keeps one content key for all threads of a process; any process can ask for the same one."""

    def __init__(self, fetch: Callable[[], ContentKey]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._kept: ContentKey | None = None
        self._tries = 0  # finished ones: who read the count before is content with what came
        self._failure: UpstreamFailed | None = None
        self._confirmed: Instant | None = None

    def current(self, now: Instant) -> ContentKey:
        """The key, fetched where there is none that lives for another half minute.

        One thread fetches; those that come meanwhile share what comes of it, a failure too, or the last of
        a hundred visitors would wait a hundred time limits.
        """
        kept, tries = self._kept, self._tries
        if kept is not None and now < kept.expires_at - EARLY:
            return kept
        with self._lock:
            found = self._kept
            if found is not kept and found is not None:
                return found
            if self._failure is not None and self._tries != tries:
                raise self._failure.with_traceback(None)
            return self._renew()

    def _renew(self) -> ContentKey:
        """Fetch, and note what came of it. Holds the lock."""
        try:
            found = self._fetch()
        except UpstreamFailed as failure:
            self._failure = failure
            raise
        finally:
            self._tries += 1
        self._kept, self._failure = found, None
        return found

    def forget(self, key: ContentKey) -> None:
        """Give a key up that iAM Smart does not know any more."""
        with self._lock:
            if self._kept is key:
                self._kept = None

    def confirm(self, value: bytes, now: Instant) -> ContentKey:
        """Make sure that a key which came with a callback is the one that we share with iAM Smart.

        Our certificate is public: anybody can encipher a key of his own to it. So a key is believed when
        ``getKey``, which answers us alone, says the same.

        :raises UpstreamMisbehaved: ``callback_key_not_confirmed``.
        """
        kept = self._kept
        if kept is not None and kept.is_same(value):
            return kept
        with self._lock:
            asked = self._confirmed
            if self._kept is kept and (asked is None or now - asked >= PAUSE):
                self._confirmed = now
                self._kept = self._fetch()
            kept = self._kept
        if kept is None or not kept.is_same(value):
            raise UpstreamMisbehaved("callback_key_not_confirmed")
        return kept
