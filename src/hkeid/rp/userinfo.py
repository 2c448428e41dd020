"""The UserInfo endpoint (OpenID Connect Core §5.3)."""

from __future__ import annotations

from typing import Any, Protocol

from hkeid.kernel import canonical_json
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import HttpAnswer, HttpClient
from hkeid.rp.errors import LoginDeclined, ProviderMisbehaved
from hkeid.rp.provider import Provider, exchange, media_type, read_object
from hkeid.rp.signed import verified_claims

PROTOCOL_CLAIMS = frozenset(
    {"sub", "iss", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash"}
    | {"s_hash", "acr", "amr", "auth_time", "sid"}
)
"""Claims that are about the login; the others are about the person."""


class TokenAccess(Protocol):
    """How an access token is shown to an API."""

    def headers(self, method: str, url: str) -> dict[str, str]:
        """Headers for one request."""
        ...

    def learns(self, answer: HttpAnswer) -> bool:
        """Whether the request should be made once more, with what ``answer`` said."""
        ...


class BearerAccess:
    """The token alone (RFC 6750 §2.1)."""

    def __init__(self, access_token: Secret) -> None:
        self._token = access_token

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The ``Authorization`` header."""
        del method, url
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def learns(self, answer: HttpAnswer) -> bool:
        """Nothing: a bearer token is shown once."""
        del answer
        return False


def ask_userinfo(
    http: HttpClient,
    provider: Provider,
    *,
    access: TokenAccess,
    subject: str,
    client_id: str,
    algorithms: frozenset[str],
    signed: bool,
    timeout: float,
) -> tuple[dict[str, Any], str | None]:
    """Ask for the claims that the resident agreed to release; only those about the person return, with the
    answer as it was signed where it was.

    :param subject: ``sub`` of the ID token; another one is refused (§5.3.2).
    :param signed: the client registered ``userinfo_signed_response_alg``: plain JSON is then refused.
    :raises LoginDeclined: ``userinfo_refused_invalid_token`` (401, 403).
    :raises ProviderMisbehaved: ``userinfo_unsupported``, ``userinfo_not_signed``,
        ``userinfo_not_json``, ``userinfo_issuer_mismatch``, ``userinfo_audience_mismatch``,
        ``userinfo_subject_mismatch``, ``userinfo_status_unexpected``, and those of the signature.
    """
    url = provider.metadata().userinfo_endpoint
    if url is None:
        raise ProviderMisbehaved("userinfo_unsupported")
    accept = "application/jwt" if signed else "application/json, application/jwt;q=0.9"

    def ask() -> HttpAnswer:
        headers = {"Accept": accept, **access.headers("GET", url)}
        return exchange(http, "GET", url, "userinfo", timeout, headers=headers)

    answer = ask()
    if access.learns(answer):
        answer = ask()
    if answer.status in (401, 403):
        raise LoginDeclined("userinfo_refused_invalid_token", error="invalid_token")
    if answer.status != 200:
        raise ProviderMisbehaved("userinfo_status_unexpected", detail=str(answer.status))
    kind, text = media_type(answer), None
    if kind == "application/jwt":
        text = answer.body.decode("ascii", "replace").strip()
        claims, _ = verified_claims(text, provider, what="userinfo", algorithms=algorithms)
        _check_recipient(claims, provider.issuer, client_id)
    elif signed:
        raise ProviderMisbehaved("userinfo_not_signed", detail=kind[:40])
    elif kind == "application/json":
        claims = read_object(answer, "userinfo")
    else:
        raise ProviderMisbehaved("userinfo_not_json", detail=kind[:40])
    if claims.get("sub") != subject:
        raise ProviderMisbehaved("userinfo_subject_mismatch")
    return personal(claims), text


def _check_recipient(claims: dict[str, Any], issuer: str, client_id: str) -> None:
    """§5.3.2: a signed answer names its issuer and us as its audience."""
    if claims.get("iss") != issuer:
        raise ProviderMisbehaved("userinfo_issuer_mismatch")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved("userinfo_audience_mismatch")


def personal(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims about the person, those about the login left out.

    :raises ProviderMisbehaved: ``claims_malformed``: text that is not Unicode (lone surrogates) or
        numbers beyond all bounds, which nobody downstream could store or show.
    """
    found = {name: value for name, value in claims.items() if name not in PROTOCOL_CLAIMS}
    try:
        canonical_json.dumps(found)
    except ValueError:
        raise ProviderMisbehaved("claims_malformed") from None
    return found
