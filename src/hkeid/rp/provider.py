"""The provider as this relying party knows it: metadata and keys, fetched when needed, kept a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
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


class _Renewable:
    """Something fetched that is kept and fetched anew when it is old.

    One thread fetches; those that come meanwhile wait for it and share what comes of it, a failure
    too. Otherwise they would ask one after the other while the provider is silent, and the last of a
    hundred visitors would wait a hundred time limits.
    """

    def __init__(self, *, fresh: timedelta, usable: timedelta) -> None:
        self._fresh = fresh
        self._usable = usable
        self._tries = 0  # finished ones: who read the count before is content with what came
        self._failure: LoginFailed | None = None
        self.lock = threading.Lock()
        self.kept: _Kept | None = None

    def read(self, fetch: Callable[[], Any], now: Instant) -> Any:
        """What is kept while it is fresh, or else what ``fetch`` brings."""
        kept, tries = self.kept, self._tries
        if kept is not None and now - kept.at < self._fresh:
            return kept.value
        with self.lock:
            if self.kept is kept and self._tries == tries:
                self._try(fetch, now)
            return self._outcome(now)

    def _try(self, fetch: Callable[[], Any], now: Instant) -> None:
        try:
            self.kept, self._failure = _Kept(fetch(), now), None
        except LoginFailed as failure:
            self._failure = failure
        finally:
            self._tries += 1

    def _outcome(self, now: Instant) -> Any:
        kept, failure = self.kept, self._failure
        if kept is not None and (failure is None or now - kept.at < self._usable):
            return kept.value
        if failure is None:  # only where nothing was ever tried
            raise ProviderUnavailable("provider_not_asked")
        raise type(failure)(failure.reason, detail=failure.detail) from failure


class Provider:
    """Fetches and keeps the metadata and the JWKS of one issuer. Safe to share between threads."""

    def __init__(
        self,
        issuer: str,
        *,
        http: HttpClient,
        clock: Clock,
        timeout: float,
        pkce_announced: bool = True,
    ) -> None:
        self.issuer = issuer
        self._configuration_url = configuration_url(issuer)
        self._http = http
        self._clock = clock
        self._timeout = timeout
        self._pkce_announced = pkce_announced
        self._metadata = _Renewable(fresh=METADATA_FRESH, usable=METADATA_USABLE)
        self._keys = _Renewable(fresh=KEYS_FRESH, usable=KEYS_USABLE)
        self._asked_anew: Instant | None = None

    def metadata(self) -> ProviderMetadata:
        """The checked metadata, at most an hour old (a day while the provider does not answer).

        :raises ProviderMisbehaved: see :func:`~hkeid.rp.metadata.parse_metadata`.
        :raises ProviderUnavailable: it could not be fetched and none is kept.
        """
        found: ProviderMetadata = self._metadata.read(self._fetch_metadata, self._clock.now())
        return found

    def keys(self) -> tuple[Jwk, ...]:
        """The provider's public keys, at most five minutes old (an hour while it does not answer).

        :raises ProviderMisbehaved: ``jwks_malformed`` and what :func:`fetch_json` raises.
        :raises ProviderUnavailable: they could not be fetched and none are kept.
        """
        found: tuple[Jwk, ...] = self._keys.read(self._fetch_keys, self._clock.now())
        return found

    def keys_anew(self) -> tuple[Jwk, ...] | None:
        """The keys fetched anew because one is unknown, or None when that was done a moment ago."""
        now = self._clock.now()
        kept = self._keys.kept
        asked = self._asked_anew if kept is None else max(kept.at, self._asked_anew or kept.at)
        if asked is not None and now - asked < REFETCH_PAUSE:
            return None
        with self._keys.lock:
            if self._keys.kept is kept:
                self._asked_anew = now
                self._keys.kept = _Kept(self._fetch_keys(), now)
            found: tuple[Jwk, ...] = self._keys.kept.value  # type: ignore[union-attr]
        return found

    def _fetch_metadata(self) -> ProviderMetadata:
        document = fetch_json(self._http, self._configuration_url, "metadata", self._timeout)
        return parse_metadata(document, self.issuer, pkce_announced=self._pkce_announced)

    def _fetch_keys(self) -> tuple[Jwk, ...]:
        url = self.metadata().jwks_uri
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

    ``what`` begins the reason: ``metadata``, ``jwks``, ``token``, ``userinfo``, ``form``,
    ``revocation``.

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
    "pushed": 65_536,
    "userinfo": 262_144,
    "form": 262_144,
    "revocation": 65_536,
    "signature": 96 * 1_048_576,
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
