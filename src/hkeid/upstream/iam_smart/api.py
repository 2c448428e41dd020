"""Calls to iAM Smart: signed, encrypted, answered in an envelope; the content key is fetched on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports.encipherment import EnciphermentKey
from hkeid.ports.surroundings import Clock, HttpAnswer, HttpClient, Random
from hkeid.upstream.errors import (
    UpstreamFailed,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamUnavailable,
)
from hkeid.upstream.iam_smart.codes import SUCCESS, canonical, failure, wants_new_key
from hkeid.upstream.iam_smart.content_keys import ContentKey, ContentKeys, read_key
from hkeid.upstream.iam_smart.envelopes import (
    IV_BYTES,
    LARGEST,
    Envelope,
    open_content,
    read_envelope,
    seal_content,
    wrap,
)
from hkeid.upstream.iam_smart.request_signatures import (
    ProcessTimestamps,
    Timestamps,
    signed_headers,
)
from hkeid.upstream.iam_smart.settings import IamSmartSettings

_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_NONCE_BYTES: Final = 24
_OVERTAKEN: Final = "D20003"
"""What a timestamp gets that is lower than an earlier one (a request that was signed later came in first), and so
does every parameter that does not fit."""
_TRIES: Final = 3
"""How often a request is sent that others overtake."""


class IamSmartApi:
    """The functions of iAM Smart by name. Safe to share between threads; make one per process.

    :param kek: deciphers content keys.
    :param timestamps: shared by all processes of the client, where their clocks are not together.
    """

    def __init__(
        self,
        settings: IamSmartSettings,
        *,
        kek: EnciphermentKey,
        http: HttpClient,
        clock: Clock,
        random: Random,
        timestamps: Timestamps | None = None,
    ) -> None:
        self.settings = settings
        self.kek = kek
        self.clock = clock
        self.random = random
        self._http = http
        self._timestamps = timestamps or ProcessTimestamps()
        self.keys = ContentKeys(self._fetch_key)

    def call(self, name: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Call a function with encrypted members; returns the decrypted content of its answer.

        A content key that iAM Smart does not know any more is fetched anew, once.

        :raises UpstreamFailed: the failure that the return code stands for (:mod:`hkeid.upstream.iam_smart.codes`),
            ``iam_smart_unreachable``, ``iam_smart_busy``, ``iam_smart_status_unexpected``, and those of
            the envelope.
        """
        key = self.keys.current(self.clock.now())
        answer = self._exchange(name, key, members)
        if wants_new_key(answer.return_code):
            self.keys.forget(key)
            key = self.keys.current(self.clock.now())
            answer = self._exchange(name, key, members)
        if canonical(answer.return_code) != SUCCESS:
            raise failure(answer.return_code)
        return self._opened(key, answer)

    def revoke_key(self) -> None:
        """Have the content key dropped: needed when the certificate was renewed, or the old one goes on
        wrapping the living key until that expires.

        :raises UpstreamFailed: as :meth:`call`.
        """
        answer = self._sent("revoke_key", b"")
        if canonical(answer.return_code) != SUCCESS:
            raise failure(answer.return_code)
        self.keys.forget(self.keys.current(self.clock.now()))

    def _opened(self, key: ContentKey, answer: Envelope) -> dict[str, Any]:
        match answer.content:
            case None:
                return {}
            case str() as sealed:
                return open_content(key.value, sealed)
        raise UpstreamMisbehaved("content_not_encrypted")

    def _exchange(self, name: str, key: ContentKey, members: Mapping[str, Any]) -> Envelope:
        content = seal_content(key.value, members, self.random.token_bytes(IV_BYTES))
        return self._sent(name, wrap(content))

    def _fetch_key(self) -> ContentKey:
        """``getKey``: signed over an empty body, answered in the clear with the enciphered key."""
        answer = self._sent("key", b"")
        if canonical(answer.return_code) != SUCCESS:
            raise failure(answer.return_code)
        if not isinstance(answer.content, Mapping):
            raise UpstreamMalformed("content_key_malformed")
        return read_key(self.kek, answer.content, self.clock.now())

    def _sent(self, name: str, body: bytes) -> Envelope:
        """The answer to a request. iAM Smart takes no timestamp below an earlier one of the same client, and
        requests may overtake each other: one that can have been overtaken is signed anew.

        Nothing waits meanwhile: anybody can have iAM Smart answer with the same code, by a callback with a code
        that was never given, and must not hold up everybody else's logins by that.
        """
        for _ in range(_TRIES - 1):
            answer, timestamp = self._once(name, body)
            overtaken = canonical(answer.return_code) == _OVERTAKEN
            if not (overtaken and self._timestamps.later_than(timestamp)):
                return answer
        return self._once(name, body)[0]

    def _once(self, name: str, body: bytes) -> tuple[Envelope, int]:
        """Sign and send the very same bytes; the answer, and the timestamp that they had."""
        # Whole seconds: all that is signed within one has the same timestamp, so that requests of that time can
        # overtake each other as they like, here and in another process.
        now = epoch_seconds(self.clock.now()) * 1000
        timestamp = self._timestamps.next(now)
        headers = signed_headers(
            self.settings.client_secret,
            self.settings.client_id,
            timestamp=timestamp,
            nonce=self.random.token(_NONCE_BYTES),
            body=body,
        )
        return read_envelope(self._post(name, body, headers).body), timestamp

    def _post(self, name: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        headers = {**headers, "Content-Type": "application/json", "Accept": "application/json"}
        try:
            answer = self._http.send(
                "POST",
                self.settings.url(name),
                headers=headers,
                body=body,
                timeout=self.settings.timeout,
                limit=LARGEST,
            )
        except Unavailable as error:
            if isinstance(error, UpstreamFailed):
                raise
            raise UpstreamUnavailable("iam_smart_unreachable", detail=error.reason) from error
        except MalformedInput as error:
            raise UpstreamMisbehaved("iam_smart_unreachable", detail=error.reason) from error
        if answer.status in _BUSY:
            raise UpstreamUnavailable("iam_smart_busy", detail=str(answer.status))
        if answer.status not in (200, 400, 401, 403):
            raise UpstreamMisbehaved("iam_smart_status_unexpected", detail=str(answer.status))
        return answer
