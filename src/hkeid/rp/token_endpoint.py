"""Requests to the provider that the relying party authenticates itself for: token and revocation."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import HttpAnswer, HttpClient
from hkeid.rp.errors import LoginDeclined, ProviderMisbehaved
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import exchange, media_type, read_object
from hkeid.rp.records import Tokens

_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "unsupported_token_type",
        "invalid_authorization_details",
    }
)


class AssertionKey(Protocol):
    """A key for ``private_key_jwt``: :class:`~hkeid.rp.client_key.ClientKey`, or one that never leaves a key
    store.
    """

    @property
    def algorithm(self) -> str:
        """``ES256``, ``Ed25519`` or ``RS256``."""
        ...

    def assertion(self, client_id: str, audience: str, *, jti: str, now: Instant) -> str:
        """A client assertion for one request (RFC 7523 §3)."""
        ...


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """How this relying party proves to the provider who it is.

    With a key: ``private_key_jwt``. With a secret (the provider's sandbox only):
    ``client_secret_basic`` or ``client_secret_post``. With neither: a public client (``none``).
    """

    client_id: str
    key: AssertionKey | None = None
    secret: Secret | None = None

    def proof(
        self, metadata: ProviderMetadata, *, jti: str, now: Instant
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and form members to add to one request.

        :raises ConfigurationError: ``client_authentication_unsupported``: the provider takes none
            of what this relying party has.
        """
        if self.key is not None:
            from hkeid.oidc.client_assertion import ASSERTION_TYPE

            _supported("private_key_jwt" in metadata.auth_methods, metadata)
            accepted = metadata.auth_signing_algorithms
            _supported(not accepted or self.key.algorithm in accepted, metadata)
            assertion = self.key.assertion(self.client_id, metadata.issuer, jti=jti, now=now)
            return {}, {
                "client_id": self.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            }
        if self.secret is None:
            _supported("none" in metadata.auth_methods, metadata)
            return {}, {"client_id": self.client_id}
        if "client_secret_basic" in metadata.auth_methods:
            # RFC 6749 §2.3.1: both parts are form-encoded first.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.reveal())}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        _supported("client_secret_post" in metadata.auth_methods, metadata)
        return {}, {"client_id": self.client_id, "client_secret": self.secret.reveal()}


def _supported(condition: bool, metadata: ProviderMetadata) -> None:  # noqa: FBT001
    if not condition:
        raise ConfigurationError(
            "client_authentication_unsupported",
            detail=f"the provider takes {metadata.auth_methods} {metadata.auth_signing_algorithms}",
        )


def post_form(
    http: HttpClient,
    url: str,
    what: str,
    timeout: float,
    form: Mapping[str, str],
    proof: tuple[Mapping[str, str], Mapping[str, str]],
    *,
    good: int = 200,
) -> HttpAnswer:
    """POST a form with the client's proof.

    :param good: the status of success.

    :raises LoginDeclined: the provider answered with an error (RFC 6749 §5.2).
    :raises ProviderMisbehaved: ``{what}_status_unexpected``, ``{what}_not_json`` and what
        :func:`~hkeid.rp.provider.exchange` raises.
    """
    return judge(send_form(http, url, what, timeout, form, proof), what, good=good)


def send_form(
    http: HttpClient,
    url: str,
    what: str,
    timeout: float,
    form: Mapping[str, str],
    proof: tuple[Mapping[str, str], Mapping[str, str]],
) -> HttpAnswer:
    """POST a form with the client's proof; the answer as it came.

    :raises ProviderMisbehaved: what :func:`~hkeid.rp.provider.exchange` raises.
    """
    headers, members = proof
    return exchange(
        http,
        "POST",
        url,
        what,
        timeout,
        headers={
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            **headers,
        },
        body=urlencode({**form, **members}).encode(),
    )


def judge(answer: HttpAnswer, what: str, *, good: int = 200) -> HttpAnswer:
    """Let an answer of success pass.

    :raises LoginDeclined: the provider answered with an error (RFC 6749 §5.2).
    :raises ProviderMisbehaved: ``{what}_status_unexpected``, ``{what}_not_json``.
    """
    if answer.status in (400, 401):
        raise declined(what, read_object(answer, what).get("error"))
    if answer.status != good:
        raise ProviderMisbehaved(f"{what}_status_unexpected", detail=str(answer.status))
    return answer


def declined(what: str, code: Any) -> LoginDeclined:
    """The error for an OAuth error code; codes that no specification knows become ``unknown``."""
    known = code if isinstance(code, str) and code in _ERRORS else "unknown"
    return LoginDeclined(f"{what}_refused_{known}", error=known)


def read_tokens(
    answer: HttpAnswer, now: Instant, *, before: Tokens | None = None, kind: str = "bearer"
) -> Tokens:
    """Read a token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).

    :param before: the tokens that were refreshed: a provider may keep the refresh token and leave
        out the ID token (Core §12.2).
    :param kind: the ``token_type`` that is wanted, in lower case; any other one is refused.
    :raises ProviderMisbehaved: ``token_not_json``, ``token_type_unexpected``,
        ``token_access_token_malformed``, ``token_id_token_missing``,
        ``token_refresh_token_malformed``, ``token_expires_in_malformed``,
        ``token_authorization_details_malformed``.
    """
    members, access_token = _token_members(answer, kind)
    id_token = members.get("id_token") if before is None else members.get("id_token", "")
    if not isinstance(id_token, str) or (before is None and not id_token):
        raise ProviderMisbehaved("token_id_token_missing")
    refresh_token, scope = _token(members, "refresh_token"), members.get("scope")
    if before is not None:
        refresh_token = refresh_token or before.refresh_token
        scope = scope or before.scope
    return Tokens(
        access_token=access_token,
        id_token=Secret(id_token) if id_token or before is None else before.id_token,
        refresh_token=refresh_token,
        expires_at=_expiry(members, now),
        scope=scope if isinstance(scope, str) else None,
        authorization_details=_details(members, before),
    )


def read_access_token(answer: HttpAnswer) -> tuple[Secret, tuple[Mapping[str, Any], ...]]:
    """The access token of a response to a request that logs nobody in (RFC 6749 §5.1), and the authorization
    details that were granted.

    :raises ProviderMisbehaved: ``token_not_json``, ``token_type_unexpected``,
        ``token_access_token_malformed``, ``token_authorization_details_malformed``.
    """
    members, access_token = _token_members(answer, "bearer")
    return access_token, _details(members, None)


def _token_members(answer: HttpAnswer, kind: str) -> tuple[Mapping[str, Any], Secret]:
    if media_type(answer) != "application/json":
        raise ProviderMisbehaved("token_not_json", detail=media_type(answer)[:40])
    members = read_object(answer, "token")
    given = members.get("token_type")
    if not isinstance(given, str) or given.lower() != kind:
        raise ProviderMisbehaved("token_type_unexpected")
    access_token = _token(members, "access_token")
    if access_token is None:
        raise ProviderMisbehaved("token_access_token_malformed")
    return members, access_token


def _details(members: Mapping[str, Any], before: Tokens | None) -> tuple[Mapping[str, Any], ...]:
    """RFC 9396 §7: what was granted, or what was granted before."""
    value = members.get("authorization_details")
    if value is None:
        return () if before is None else before.authorization_details
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ProviderMisbehaved("token_authorization_details_malformed")
    return tuple(value)


def _token(members: Mapping[str, Any], name: str) -> Secret | None:
    """A token of visible ASCII characters (RFC 6749 appendix A.12, A.17), or None where there is none."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ProviderMisbehaved(f"token_{name}_malformed")
    return Secret(value)


def _expiry(members: Mapping[str, Any], now: Instant) -> Instant | None:
    value = members.get("expires_in")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise ProviderMisbehaved("token_expires_in_malformed")
    return now + timedelta(seconds=value)
