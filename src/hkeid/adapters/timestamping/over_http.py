"""A time-stamp authority that is reached by HTTP (RFC 3161 §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.surroundings import Clock, HttpClient, Random
from hkeid.signing.timestamping import (
    TimestampFault,
    TimestampRefused,
    TimestampRequest,
    TimestampResponse,
    TimestampRules,
    TimestampToken,
    TimestampWrong,
    check_time,
    check_token,
    read_response,
)
from hkeid.signing.timestamping.door import QUERY_TYPE, REPLY_TYPE
from hkeid.signing.timestamping.messages import HASH_SIZES

_LONGEST = 262_144
_NONCE_OCTETS = 16
_GRANTED = frozenset({0, 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTimestampSettings:
    """Which authority, and what is accepted of it.

    :ivar url: its address.
    :ivar rules: checks of its tokens; the trust anchors are in there.
    :ivar policy: OID to ask for, or "".
    :ivar tolerance: how far its clock and ours may disagree.
    :ivar timeout: seconds for one exchange.
    :ivar headers: further headers, such as an authorization.
    """

    url: str
    rules: TimestampRules
    policy: str = ""
    tolerance: timedelta = timedelta(minutes=2)
    timeout: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class HttpTimestampAuthority:
    """:class:`hkeid.ports.timestamps.NoncedTimestampAuthority`."""

    def __init__(
        self, http: HttpClient, clock: Clock, random: Random, settings: HttpTimestampSettings
    ) -> None:
        self._http = http
        self._clock = clock
        self._random = random
        self._settings = settings

    def stamp(self, digest: bytes, *, hash_name: str = "sha256", nonce: int | None = None) -> bytes:
        """As :meth:`hkeid.ports.timestamps.NoncedTimestampAuthority.stamp`."""
        return self.token(digest, hash_name=hash_name, nonce=nonce).encoded

    def token(
        self, digest: bytes, *, hash_name: str = "sha256", nonce: int | None = None
    ) -> TimestampToken:
        """The token with what it says, checked.

        :param nonce: somebody else's; None: a fresh one.
        :raises hkeid.kernel.errors.Unavailable: ``timestamp_unavailable``.
        :raises TimestampRefused: ``timestamp_refused``.
        :raises TimestampWrong: ``timestamp_wrong``.
        """
        if HASH_SIZES.get(hash_name) != len(digest):
            raise TimestampRefused("badAlg", hash_name)
        if nonce is None:
            nonce = int.from_bytes(self._random.token_bytes(_NONCE_OCTETS), "big") | 1
        request = TimestampRequest(
            digest=digest, hash_name=hash_name, policy=self._settings.policy, nonce=nonce
        )
        sent = self._clock.now()
        response = self._ask(request)
        if response.status not in _GRANTED or response.token is None:
            failure = "" if response.failure is None else response.failure.name.lower()
            raise TimestampRefused(failure, response.text)
        token = check_token(response.token, request, self._settings.rules)
        check_time(token, sent=sent, received=self._clock.now(), tolerance=self._settings.tolerance)
        return token

    def _ask(self, request: TimestampRequest) -> TimestampResponse:
        settings = self._settings
        try:
            answer = self._http.send(
                "POST",
                settings.url,
                headers={**settings.headers, "Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE},
                body=request.encoded(),
                timeout=settings.timeout,
                limit=_LONGEST,
            )
        except Unavailable as error:
            raise Unavailable("timestamp_unavailable", detail=error.reason) from None
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status != 200 or media_type != REPLY_TYPE:
            raise Unavailable("timestamp_unavailable", detail=f"status {answer.status}")
        try:
            return read_response(answer.body)
        except MalformedInput as error:
            raise TimestampWrong(TimestampFault.MALFORMED, error.detail or "") from None
