"""The provider as this relying party knows it: metadata and keys, fetched when needed, kept a while."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Clock, HttpAnswer, HttpClient
from hkeid.rp.errors import LoginFailed, ProviderMisbehaved, ProviderUnavailable
from hkeid.rp.metadata import ProviderMetadata, configuration_url, parse_metadata

METADATA_FRESH = timedelta(hours=1)
METADATA_USABLE = timedelta(hours=24)
"""How long metadata serves when fetching it anew fails."""
KEYS_FRESH = timedelta(minutes=5)
KEYS_USABLE = timedelta(hours=1)
"""How long keys serve when fetching them anew fails; a withdrawn key is trusted no longer than this."""
REFETCH_PAUSE = timedelta(seconds=10)
"""Unknown key ids make us ask again at most this often, so that nobody can make us flood the provider."""

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    at: Instant


class Provider:
    """Fetches and keeps the metadata and the JWKS of one issuer. Safe to share between threads."""

    def __init__(self, issuer: str, *, http: HttpClient, clock: Clock, timeout: float) -> None:
        self.issuer = issuer
        self._configuration_url = configuration_url(issuer)
        self._http = http
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._metadata: _Kept | None = None
        self._keys: _Kept | None = None
        self._asked_anew: Instant | None = None

    def metadata(self) -> ProviderMetadata:
        """The checked metadata, at most an hour old (a day while the provider does not answer).

        :raises ProviderMisbehaved: see :func:`~hkeid.rp.metadata.parse_metadata`.
        :raises ProviderUnavailable: it could not be fetched and none is kept.
        """
        now = self._clock.now()
        kept = self._metadata
        if kept is not None and now - kept.at < METADATA_FRESH:
            return kept.value  # type: ignore[no-any-return]
        with self._lock:
            if self._metadata is kept:
                self._metadata = self._renewed(kept, self._fetch_metadata, METADATA_USABLE, now)
            return self._metadata.value  # type: ignore[no-any-return, union-attr]

    def keys(self) -> tuple[Jwk, ...]:
        """The provider's public keys, at most five minutes old (an hour while it does not answer).

        :raises ProviderMisbehaved: ``jwks_malformed`` and what :func:`fetch_json` raises.
        :raises ProviderUnavailable: they could not be fetched and none are kept.
        """
        now = self._clock.now()
        kept = self._keys
        if kept is not None and now - kept.at < KEYS_FRESH:
            return kept.value  # type: ignore[no-any-return]
        metadata = self.metadata()
        with self._lock:
            if self._keys is kept:
                self._keys = self._renewed(
                    kept, lambda: self._fetch_keys(metadata.jwks_uri), KEYS_USABLE, now
                )
            return self._keys.value  # type: ignore[no-any-return, union-attr]

    def keys_anew(self) -> tuple[Jwk, ...] | None:
        """The keys fetched anew because one is unknown, or None when that was done a moment ago."""
        now = self._clock.now()
        kept = self._keys
        asked = self._asked_anew if kept is None else max(kept.at, self._asked_anew or kept.at)
        if asked is not None and now - asked < REFETCH_PAUSE:
            return None
        metadata = self.metadata()
        with self._lock:
            if self._keys is kept:
                self._asked_anew = now
                self._keys = _Kept(self._fetch_keys(metadata.jwks_uri), now)
            return self._keys.value  # type: ignore[no-any-return, union-attr]

    @staticmethod
    def _renewed(kept: _Kept | None, fetch: Any, usable: timedelta, now: Instant) -> _Kept:
        try:
            return _Kept(fetch(), now)
        except LoginFailed:
            if kept is None or now - kept.at >= usable:
                raise
            return kept

    def _fetch_metadata(self) -> ProviderMetadata:
        document = fetch_json(self._http, self._configuration_url, "metadata", self._timeout)
        return parse_metadata(document, self.issuer)

    def _fetch_keys(self, url: str) -> tuple[Jwk, ...]:
        keys = fetch_json(self._http, url, "jwks", self._timeout).get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise ProviderMisbehaved("jwks_malformed")
        return tuple(keys)


def exchange(
    http: HttpClient,
    method: str,
    url: str,
    what: str,
    timeout: float,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> HttpAnswer:
    """Send one request to the provider, with the failures that every endpoint shares.

    ``what`` begins the reason: ``metadata``, ``jwks``, ``token``, ``userinfo``, ``revocation``.

    :raises ProviderUnavailable: ``{what}_unreachable`` or ``{what}_server_error`` (5xx).
    :raises ProviderMisbehaved: ``{what}_redirected``, ``{what}_too_large``.
    """
    try:
        answer = http.send(
            method, url, headers=headers, body=body, timeout=timeout, limit=_LIMITS[what]
        )
    except Unavailable as error:
        if error.reason == "http_answer_too_large":
            raise ProviderMisbehaved(f"{what}_too_large", detail=error.detail) from error
        raise ProviderUnavailable(f"{what}_unreachable", detail=str(error)) from error
    except HkeidError as error:
        raise ProviderMisbehaved(f"{what}_unreachable", detail=str(error)) from error
    if answer.status >= 500:
        raise ProviderUnavailable(f"{what}_server_error", detail=str(answer.status))
    if 300 <= answer.status < 400:
        raise ProviderMisbehaved(f"{what}_redirected", detail=str(answer.status))
    return answer


_LIMITS = {
    "metadata": 262_144,
    "jwks": 262_144,
    "token": 131_072,
    "userinfo": 262_144,
    "revocation": 65_536,
}


def media_type(answer: HttpAnswer) -> str:
    """The answer's media type in lower case, without parameters."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_object(answer: HttpAnswer, what: str) -> dict[str, Any]:
    """The JSON object in an answer's body.

    :raises ProviderMisbehaved: ``{what}_not_json``.
    """
    try:
        return canonical_json.loads_object(answer.body)
    except MalformedInput as error:
        raise ProviderMisbehaved(f"{what}_not_json", detail=error.reason) from error


def fetch_json(http: HttpClient, url: str, what: str, timeout: float) -> dict[str, Any]:
    """GET a JSON document of the provider.

    :raises ProviderMisbehaved: ``{what}_not_found`` (any status but 200), ``{what}_not_json``, and
        what :func:`exchange` raises.
    """
    answer = exchange(http, "GET", url, what, timeout, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise ProviderMisbehaved(f"{what}_not_found", detail=str(answer.status))
    return read_object(answer, what)
