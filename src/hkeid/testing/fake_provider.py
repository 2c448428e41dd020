"""A provider in one object, for tests of relying parties: honest, or at fault in one named way.

::

    provider = FakeProvider(client_id="my-service")
    rp = RelyingParty(provider.issuer, client_id="my-service", http=provider)
    login = rp.start_login(redirect_uri="https://service.example.hk/eid/callback")
    resident = rp.finish_login(login.state, provider.log_in(login.url))

    provider.fault = Fault.ID_TOKEN_EXPIRED       # and now the same must be refused

It takes the place of the network (it is an :class:`hkeid.ports.HttpClient`); nothing listens anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from hkeid.jose import JoseRefused
from hkeid.jose.signatures import generate, public_jwk, signer
from hkeid.kernel import base64url
from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import with_query
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc.client_assertion import ASSERTION_TYPE, verify_assertion
from hkeid.oidc.hashes import at_hash
from hkeid.oidc.logout import LOGOUT_EVENT, LOGOUT_TOKEN_TYPE
from hkeid.oidc.pkce import challenge_of
from hkeid.ports.surroundings import Clock, HttpAnswer
from hkeid.rp.surroundings import SystemClock, SystemRandom
from hkeid.testing.provider_faults import (
    ANSWER_FAULTS,
    CALLBACK_FAULTS,
    CLAIM_FAULTS,
    METADATA_FAULTS,
    TOKEN_FAULTS,
    USERINFO_CLAIM_FAULTS,
    Fault,
    Where,
    forge,
)

__all__ = ["SID", "AccountHolder", "FakeProvider", "Fault"]

SID: Final = "sid-of-a-session"
"""The session of every login at the fake provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHolder:
    """Who logs in at the fake provider."""

    sub: str = "sub-of-a-fictional-resident"
    acr: str = "urn:hkeid:acr:eid"
    amr: tuple[str, ...] = ("hwk", "user")
    age_seconds: int = 5
    claims: Mapping[str, Any] | None = None


@dataclass(slots=True)
class _Code:
    request: dict[str, str]
    person: AccountHolder
    used: bool = False


class FakeProvider:
    """Discovery, JWKS, token, UserInfo and revocation endpoints, and a resident who agrees to all.

    :param client_jwk: the client's public key; without one the client is public (``none``).
    :param signed_userinfo: answer UserInfo requests with a signed JWT.
    :ivar fault: what is wrong with it at present, or None.
    :ivar seen: every request so far, as method and path.
    :ivar revoked: tokens that were given back.
    """

    def __init__(
        self,
        issuer: str = "https://eid.example.hk",
        *,
        client_id: str = "service",
        client_jwk: Mapping[str, Any] | None = None,
        client_secret: str | None = None,
        signed_userinfo: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.client_jwk = client_jwk
        self.client_secret = client_secret
        self.signed_userinfo = signed_userinfo
        self.fault: Fault | None = None
        self.seen: list[tuple[str, str]] = []
        self.revoked: list[str] = []
        self._clock = clock or SystemClock()
        self._random = SystemRandom()
        self._codes: dict[str, _Code] = {}
        self._grants: dict[str, _Code] = {}
        self._jtis: set[str] = set()
        self.rotate_key()

    def rotate_key(self) -> None:
        """Sign with a new key from now on, and publish only that."""
        self.key = generate("ES256")
        self.jwk = public_jwk(self.key)

    # The resident's browser

    def log_in(self, url: str, person: AccountHolder | None = None) -> str:
        """Visit the authorization endpoint, agree to all; returns the address of the callback."""
        assert url.startswith(f"{self.issuer}/authorize?"), url
        request = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        assert request["response_type"] == "code"
        assert request["client_id"] == self.client_id
        assert request["code_challenge_method"] == "S256"
        code = self._random.token()
        self._codes[code] = _Code(request, person or AccountHolder())
        pairs = [("code", code), ("state", request["state"]), ("iss", self.issuer)]
        change = CALLBACK_FAULTS.get(self.fault) if self.fault else None
        return with_query(request["redirect_uri"], change(pairs) if change else pairs)

    def logout_jwt(self, *, typ: str | None = LOGOUT_TOKEN_TYPE, **changes: Any) -> str:
        """A logout token about the session of every login here (OpenID Connect Back-Channel Logout §2.4).

        :param changes: claims that replace or add to the right ones; None: without that claim.
        """
        now = epoch_seconds(self._clock.now())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": self._random.token(16),
            "sub": AccountHolder().sub,
            "sid": SID,
            "events": {LOGOUT_EVENT: {}},
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": self.jwk["kid"], **({} if typ is None else {"typ": typ})}
        parts = [base64url.encode(json.dumps(part).encode()) for part in (header, kept)]
        signature = signer(self.key)(".".join(parts).encode())
        return ".".join((*parts, base64url.encode(signature)))

    # The network

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        """See :meth:`hkeid.ports.HttpClient.send`."""
        del timeout
        path = url.removeprefix(self.issuer)
        self.seen.append((method, path))
        where, respond = self._endpoints()[path]
        answer = respond(dict(headers or {}), dict(parse_qsl((body or b"").decode())))
        spoil = ANSWER_FAULTS.get(self.fault) if self.fault else None
        if spoil is not None and spoil[0] is where:
            answer = spoil[1](answer, limit)
        if len(answer.body) > limit:
            raise Unavailable("http_answer_too_large")
        return answer

    def _endpoints(self) -> dict[str, tuple[Where, Callable[..., HttpAnswer]]]:
        return {
            "/.well-known/openid-configuration": (Where.METADATA, self._metadata),
            "/jwks": (Where.JWKS, self._jwks),
            "/token": (Where.TOKEN, self._token),
            "/userinfo": (Where.USERINFO, self._userinfo),
            "/revoke": (Where.REVOCATION, self._revoke),
        }

    def _metadata(self, _headers: Mapping[str, str], _form: Mapping[str, str]) -> HttpAnswer:
        auth = "private_key_jwt" if self.client_jwk else "none"
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            "token_endpoint_auth_methods_supported": (
                ["client_secret_basic"] if self.client_secret else [auth]
            ),
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "Ed25519"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        change = METADATA_FAULTS.get(self.fault) if self.fault else None
        return _json(change(document) if change else document)

    def _jwks(self, _headers: Mapping[str, str], _form: Mapping[str, str]) -> HttpAnswer:
        return _json({"keys": [self.jwk]})

    def _token(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        if not self._client_proved(headers, form):
            return _json({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            grant = self._grants.pop(form["refresh_token"], None)
            return _json({"error": "invalid_grant"}, 400) if grant is None else self._issue(grant)
        code = self._codes.get(form["code"])
        if (
            code is None
            or code.used
            or challenge_of(form["code_verifier"]) != code.request.get("code_challenge")
        ):
            return _json({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != code.request["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        code.used = True
        return self._issue(code, nonce=code.request.get("nonce"))

    def _issue(self, grant: _Code, *, nonce: str | None = None) -> HttpAnswer:
        access_token, refresh_token = self._random.token(), self._random.token()
        self._grants[access_token] = self._grants[refresh_token] = grant
        claims = self._id_token_claims(grant.person, access_token, nonce)
        change = CLAIM_FAULTS.get(self.fault) if self.fault else None
        if change is not None:
            change(claims, epoch_seconds(self._clock.now()))
        members: dict[str, Any] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": refresh_token,
            "id_token": forge(claims, self.key, self.jwk, self.fault, Where.TOKEN),
            "scope": grant.request.get("scope", "openid"),
        }
        spoil = TOKEN_FAULTS.get(self.fault) if self.fault else None
        return _json(spoil(members) if spoil else members)

    def _id_token_claims(
        self, person: AccountHolder, access_token: str, nonce: str | None
    ) -> dict[str, Any]:
        now = self._clock.now()
        claims = {
            "iss": self.issuer,
            "sub": person.sub,
            "aud": self.client_id,
            "iat": epoch_seconds(now),
            "exp": epoch_seconds(now + timedelta(minutes=5)),
            "auth_time": epoch_seconds(now) - person.age_seconds,
            "acr": person.acr,
            "amr": list(person.amr),
            "sid": SID,
            "at_hash": at_hash(access_token, "ES256"),
        }
        return claims if nonce is None else {**claims, "nonce": nonce}

    def _userinfo(self, headers: Mapping[str, str], _form: Mapping[str, str]) -> HttpAnswer:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        grant = self._grants.get(token)
        if grant is None or token in self.revoked:
            return _json({"error": "invalid_token"}, 401)
        claims: dict[str, Any] = {"sub": grant.person.sub, **(grant.person.claims or {})}
        if self.signed_userinfo:
            at = epoch_seconds(self._clock.now())
            claims |= {"iss": self.issuer, "aud": self.client_id, "iat": at}
        change = USERINFO_CLAIM_FAULTS.get(self.fault) if self.fault else None
        if change is not None:
            change(claims)
        if not self.signed_userinfo or self.fault is Fault.USERINFO_UNSIGNED:
            return _json(claims)
        token = forge(claims, self.key, self.jwk, self.fault, Where.USERINFO)
        headers = {"content-type": "application/jwt"}
        return HttpAnswer(status=200, headers=headers, body=token.encode())

    def _revoke(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        if not self._client_proved(headers, form):
            return _json({"error": "invalid_client"}, 401)
        self.revoked.append(form["token"])
        return HttpAnswer(status=200)

    def _client_proved(self, headers: Mapping[str, str], form: Mapping[str, str]) -> bool:
        if self.client_jwk is None:
            return "Authorization" in headers if self.client_secret else "client_id" in form
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return False
        try:
            assertion = verify_assertion(
                form.get("client_assertion", ""),
                client_id=self.client_id,
                keys=[self.client_jwk],
                audiences={self.issuer},
                now=self._clock.now(),
            )
        except JoseRefused:
            return False
        fresh = assertion.jti not in self._jtis
        self._jtis.add(assertion.jti)
        return fresh


def _json(members: Mapping[str, Any], status: int = 200) -> HttpAnswer:
    return HttpAnswer(
        status=status,
        headers={"content-type": "application/json"},
        body=json.dumps(members).encode(),
    )
