"""A company's OpenID Provider: :class:`~hkeid.testing.fake_provider.FakeProvider` with pages, pushed requests,
proofs of possession and logout.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from hkeid.jose.signatures import generate, signer
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request, Response, redirect, with_query
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports.surroundings import HttpAnswer, HttpClient
from hkeid.rp.transport import DirectHttpClient
from hkeid.testing.fake_provider import AccountHolder, FakeProvider
from hkeid.testing.provider_faults import OTHER_ISSUER, Where
from hkeid.testing.upstream_provider.faults import CompanyFault
from hkeid.testing.upstream_provider.pages import language_of, logged_out_page, login_page
from hkeid.testing.upstream_provider.people import COMPANY, PEOPLE
from hkeid.testing.upstream_provider.proofs import read_proof

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_COOKIE: Final = "company_session"
_API: Final = frozenset({"/.well-known/openid-configuration", "/jwks", "/token", "/userinfo", "/par", "/revoke"})  # fmt: skip


class CompanyProvider(FakeProvider):
    """The provider, sans-IO: :meth:`handle` for a browser and a server, :meth:`send` as a network in tests.

    :param logout_uri: the client's back-channel logout address, or None.
    :param pushing, dpop: whether it offers them.
    :ivar company_fault: what is wrong beside :attr:`fault`.
    :ivar logouts: status of every logout token that was delivered.
    """

    def __init__(
        self,
        issuer: str = "https://company.example.hk",
        *,
        logout_uri: str | None = None,
        post_logout_uris: tuple[str, ...] = (),
        pushing: bool = True,
        dpop: bool = True,
        http: HttpClient | None = None,
        **options: Any,
    ) -> None:
        super().__init__(issuer, **options)
        self.company_fault: CompanyFault | None = None
        self.logout_uri = logout_uri
        self.post_logout_uris = post_logout_uris
        self.logouts: list[int] = []
        self._pushing = pushing
        self._dpop = dpop
        self._http = http or DirectHttpClient()
        self._pushed: dict[str, dict[str, str]] = {}
        self._transactions: dict[str, dict[str, str]] = {}
        self._sessions: dict[str, AccountHolder] = {}
        self._bound: dict[str, str] = {}
        self._nonce = secrets.token_urlsafe(8)

    # A browser

    def log_in(self, url: str, person: AccountHolder | None = None) -> str:
        """Visit the authorization endpoint and agree; pushed requests are looked up first."""
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        pushed = self._pushed.pop(query.get("request_uri", ""), None)
        if pushed is not None:
            assert set(query) == {"client_id", "request_uri"}, query
            url = with_query(f"{self.issuer}/authorize", list(pushed.items()))
        return super().log_in(url, person or PEOPLE["ip-manager"])

    def decline(self, url: str, error: str) -> str:
        """Visit the authorization endpoint and come back with an error."""
        request = self._request_of(dict(parse_qsl(urlsplit(url).query)))
        pairs = [("error", error), ("state", request["state"]), ("iss", self.issuer)]
        return with_query(request["redirect_uri"], pairs)

    def handle(self, request: Request) -> Response:
        """Answer a request over a socket."""
        if request.path in _API:
            headers = {name.title(): value for name, value in request.headers.items()}
            headers["DPoP"] = request.headers.get("dpop", "")
            try:
                answer = self.send(
                    request.method, self.issuer + request.path, headers=headers, body=request.body
                )
            except HkeidError:
                return Response(status=503)
            return Response(
                status=answer.status, headers=tuple(answer.headers.items()), body=answer.body
            )
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/authorize"): self._authorize,
            ("POST", "/login"): self._login,
            ("GET", "/logout"): self._end_session,
        }
        route = routes.get((request.method, request.path))
        return Response(status=404) if route is None else route(request)

    def _request_of(self, query: dict[str, str]) -> dict[str, str]:
        return self._pushed.pop(query.get("request_uri", ""), query)

    def _authorize(self, request: Request) -> Response:
        asked = self._request_of(dict(request.query.pairs))
        if asked.get("client_id") != self.client_id or "redirect_uri" not in asked:
            return Response(status=400)
        known = self._session(request)
        prompt = asked.get("prompt", "").split()
        if known is not None and "login" not in prompt and asked.get("max_age") != "0":
            return self._redirected(asked, known)
        if "none" in prompt:
            pairs = [("error", "login_required"), ("state", asked["state"]), ("iss", self.issuer)]
            return redirect(with_query(asked["redirect_uri"], pairs))
        transaction = secrets.token_urlsafe(16)
        self._transactions[transaction] = asked
        names = {key: str((one.claims or {})["name"]) for key, one in PEOPLE.items()}
        return login_page(transaction, language_of(asked.get("ui_locales", "")), COMPANY, names)

    def _login(self, request: Request) -> Response:
        asked = self._transactions.pop(request.form.get("transaction") or "", None)
        person = PEOPLE.get(request.form.get("person") or "")
        if asked is None:
            return Response(status=400)
        if request.form.get("decision") != "login" or person is None:
            pairs = [("error", "access_denied"), ("state", asked["state"]), ("iss", self.issuer)]
            return redirect(with_query(asked["redirect_uri"], pairs))
        reference = secrets.token_urlsafe(16)
        self._sessions[reference] = person
        answer = self._redirected(asked, person)
        cookie = ("Set-Cookie", f"{_COOKIE}={reference}; Path=/; HttpOnly; SameSite=Lax")
        return Response(status=answer.status, headers=(*answer.headers, cookie))

    def _redirected(self, asked: dict[str, str], person: AccountHolder) -> Response:
        url = with_query(f"{self.issuer}/authorize", list(asked.items()))
        return redirect(super().log_in(url, person))

    def _session(self, request: Request) -> AccountHolder | None:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get(_COOKIE)
        return None if cookie is None else self._sessions.get(cookie.value)

    def _end_session(self, request: Request) -> Response:
        """RP-Initiated Logout 1.0; who comes by themselves, without a client's word, has the client told."""
        person = self._session(request)
        if person is not None and "client_id" not in request.query:
            self.end_session_of(person)
        cookie = SimpleCookie(request.headers.get("cookie", "")).get(_COOKIE)
        if cookie is not None:
            self._sessions.pop(cookie.value, None)
        back = request.query.get("post_logout_redirect_uri")
        if back is None or (self.post_logout_uris and back not in self.post_logout_uris):
            return logged_out_page(language_of(request.query.get("ui_locales") or ""), COMPANY)
        state = request.query.get("state")
        return redirect(with_query(back, [] if state is None else [("state", state)]))

    # A server

    def _endpoints(self) -> dict[str, tuple[Where, Callable[..., HttpAnswer]]]:
        return {**super()._endpoints(), "/par": (Where.PUSHED, self._push)}

    def _metadata(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        answer = super()._metadata(headers, form)
        document = json.loads(answer.body)
        if self._pushing:
            document["pushed_authorization_request_endpoint"] = f"{self.issuer}/par"
        if self._dpop:
            document["dpop_signing_alg_values_supported"] = ["ES256"]
        document["backchannel_logout_supported"] = True
        document["backchannel_logout_session_supported"] = True
        return _json(document, 200)

    def _push(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        """RFC 9126 §2."""
        if not self._client_proved(headers, form):
            return _json({"error": "invalid_client"}, 401)
        if self.company_fault is CompanyFault.PUSHED_REFUSED:
            return _json({"error": "invalid_request"}, 400)
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(16)}"
        self._pushed[uri] = {
            name: value
            for name, value in form.items()
            if name not in ("client_assertion", "client_assertion_type")
        }
        members: dict[str, Any] = {"request_uri": uri, "expires_in": 60}
        if self.company_fault is CompanyFault.PUSHED_NO_URI:
            del members["request_uri"]
        return _json(members, 201)

    def _token(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        text = headers.get("DPoP", "")
        if not text:
            return super()._token(headers, form)
        proof = read_proof(text, "POST", f"{self.issuer}/token")
        if proof is None:
            return _json({"error": "invalid_dpop_proof"}, 400)
        wanted = self._nonce_wanted(proof.claims.get("nonce"))
        if wanted is not None:
            return _json({"error": "use_dpop_nonce"}, 400, **{"dpop-nonce": wanted})
        answer = super()._token(headers, form)
        if answer.status != 200 or self.company_fault is CompanyFault.DPOP_ANSWERED_BEARER:
            return answer
        members = json.loads(answer.body)
        if members.get("token_type") == "Bearer":
            members["token_type"] = "DPoP"
        self._bound[str(members.get("access_token"))] = proof.thumbprint
        return _json(members, 200)

    def _nonce_wanted(self, given: Any) -> str | None:
        if self.company_fault is CompanyFault.DPOP_NONCE_EVER_NEW:
            return secrets.token_urlsafe(8)
        wants = self.company_fault is CompanyFault.DPOP_NONCE_WANTED
        return self._nonce if wants and given != self._nonce else None

    def _userinfo(self, headers: Mapping[str, str], form: Mapping[str, str]) -> HttpAnswer:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        bound = self._bound.get(token)
        if bound is not None:
            url = f"{self.issuer}/userinfo"
            proof = read_proof(headers.get("DPoP", ""), "GET", url, token=token)
            if scheme != "DPoP" or proof is None or proof.thumbprint != bound:
                return _json({"error": "invalid_token"}, 401)
            wanted = self._nonce_wanted(proof.claims.get("nonce"))
            if wanted is not None:
                return _json({"error": "use_dpop_nonce"}, 401, **{"dpop-nonce": wanted})
        return super()._userinfo({**headers, "Authorization": f"Bearer {token}"}, form)

    # Logout

    def logout_token(self, person: AccountHolder, **changes: Any) -> str:
        """A logout token (Back-Channel Logout 1.0 §2.4); None removes a claim."""
        now = epoch_seconds(self._clock.now())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": person.sub,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(12),
            "sid": "sid-of-a-session",
            "events": {EVENT: {}},
            **changes,
            **_claim_changes(self.company_fault, now, self.client_id),
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._signed_logout(claims)

    def _signed_logout(self, claims: Mapping[str, Any]) -> str:
        fault = self.company_fault
        header = {"alg": "ES256", "kid": self.jwk["kid"], "typ": "logout+jwt"}
        header |= _HEADER_CHANGES.get(fault, {}) if fault is not None else {}
        key = generate("ES256") if fault is CompanyFault.LOGOUT_OTHER_KEY else self.key
        parts = (base64url.encode(json.dumps(part).encode()) for part in (header, claims))
        message = ".".join(parts)
        signature = signer(key)(message.encode())
        if fault is CompanyFault.LOGOUT_ALG_NONE:
            signature = b""
        if fault is CompanyFault.LOGOUT_ALG_HS256:
            signature = hmac.digest(json.dumps(self.jwk).encode(), message.encode(), hashlib.sha256)
        return f"{message}.{base64url.encode(signature)}"

    def end_session_of(self, person: AccountHolder) -> None:
        """The person's sessions end here, and the client is told at its back channel."""
        for reference in [one for one, who in self._sessions.items() if who.sub == person.sub]:
            del self._sessions[reference]
        if self.logout_uri is None:
            return
        try:
            answer = self._http.send(
                "POST",
                self.logout_uri,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=f"logout_token={self.logout_token(person)}".encode(),
            )
            self.logouts.append(answer.status)
        except HkeidError:
            self.logouts.append(0)


_HEADER_CHANGES: Final[Mapping[CompanyFault, Mapping[str, Any]]] = {
    CompanyFault.LOGOUT_ALG_NONE: {"alg": "none"},
    CompanyFault.LOGOUT_ALG_HS256: {"alg": "HS256"},
    CompanyFault.LOGOUT_TYP_OTHER: {"typ": "at+jwt"},
    CompanyFault.LOGOUT_IS_ID_TOKEN: {"typ": "JWT"},
}


def _claim_changes(fault: CompanyFault | None, now: int, client_id: str) -> Mapping[str, Any]:
    changes: dict[CompanyFault, dict[str, Any]] = {
        CompanyFault.LOGOUT_ISSUER_OTHER: {"iss": OTHER_ISSUER},
        CompanyFault.LOGOUT_AUDIENCE_OTHER: {"aud": "another-service"},
        CompanyFault.LOGOUT_AUDIENCE_WITH_OTHERS: {"aud": [client_id, "another-service"]},
        CompanyFault.LOGOUT_EXPIRED: {"iat": now - 300, "exp": now - 120},
        CompanyFault.LOGOUT_FUTURE: {"iat": now + 300, "exp": now + 420},
        CompanyFault.LOGOUT_LONG_LIVED: {"exp": now + 86_400},
        CompanyFault.LOGOUT_IAT_MISSING: {"iat": None},
        CompanyFault.LOGOUT_EXP_MISSING: {"exp": None},
        CompanyFault.LOGOUT_TIME_TEXT: {"exp": "tomorrow"},
        CompanyFault.LOGOUT_JTI_MISSING: {"jti": None},
        CompanyFault.LOGOUT_EVENT_MISSING: {"events": None},
        CompanyFault.LOGOUT_EVENT_OTHER: {"events": {"http://schemas.example/another": {}}},
        CompanyFault.LOGOUT_EVENT_TEXT: {"events": {EVENT: "yes"}},
        CompanyFault.LOGOUT_NONCE: {"nonce": "n"},
        CompanyFault.LOGOUT_NAMES_NOBODY: {"sub": None, "sid": None},
        CompanyFault.LOGOUT_SUBJECT_NUMBER: {"sub": 7},
        CompanyFault.LOGOUT_SESSION_LIST: {"sid": ["a"]},
        CompanyFault.LOGOUT_IS_ID_TOKEN: {"events": None, "nonce": "n", "acr": "1"},
    }
    return {} if fault is None else changes.get(fault, {})


def _json(members: Mapping[str, Any], status: int, **headers: str) -> HttpAnswer:
    return HttpAnswer(
        status=status,
        headers={"content-type": "application/json", "cache-control": "no-store", **headers},
        body=json.dumps(members).encode(),
    )
