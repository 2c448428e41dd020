"""One complete single-sign-on flow as a client sees it: authorize with a live session, then token."""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

CLIENT_ID = "bench"
REDIRECT_URI = "http://127.0.0.1:9/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a provider's endpoints are, and the cookies of a browser that is logged in."""

    issuer: str
    authorize: str
    token: str
    jwks: str
    cookies: str

    @property
    def port(self) -> int:
        found = urlsplit(self.issuer).port
        assert found is not None
        return found


def discover(issuer: str, cookies: str) -> Place:
    """Read the endpoints from the provider's metadata."""
    found = _get_json(issuer, "/.well-known/openid-configuration")
    assert found["issuer"] == issuer, found["issuer"]
    return Place(
        issuer=issuer,
        authorize=urlsplit(found["authorization_endpoint"]).path,
        token=urlsplit(found["token_endpoint"]).path,
        jwks=urlsplit(found["jwks_uri"]).path,
        cookies=cookies,
    )


def _get_json(issuer: str, path: str) -> dict:
    connection = http.client.HTTPConnection(urlsplit(issuer).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, (answer.status, body[:300])
    return json.loads(body)


class Driver:
    """Runs flows over one kept-alive connection."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._connection = http.client.HTTPConnection(urlsplit(place.issuer).netloc, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def flow(self) -> tuple[dict, str]:
        """Authorize, redeem the code; gives the token response and the nonce."""
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        nonce, state = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        code = self._authorize(challenge.decode(), nonce, state)
        form = urlencode(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "client_id": CLIENT_ID,
                "code_verifier": verifier,
            }
        )
        self._connection.request(
            "POST",
            self.place.token,
            form,
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body[:500])
        tokens = json.loads(body)
        assert tokens["access_token"], tokens
        assert tokens["id_token"], tokens
        return tokens, nonce

    def _authorize(self, challenge: str, nonce: str, state: str) -> str:
        query = urlencode(
            {
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": REDIRECT_URI,
                "scope": "openid",
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        self._connection.request(
            "GET", f"{self.place.authorize}?{query}", headers={"Cookie": self.place.cookies}
        )
        answer = self._connection.getresponse()
        body = answer.read()
        location = answer.headers["Location"] or ""
        assert answer.status in {302, 303}, (answer.status, body[:500])
        assert location.startswith(REDIRECT_URI), location
        back = parse_qs(urlsplit(location).query)
        assert back["state"] == [state], location
        return back["code"][0]

    def check(self) -> None:
        """One flow, looked at closely: every contestant must do the same work."""
        tokens, nonce = self.flow()
        keys = KeySet.import_key_set(_get_json(self.place.issuer, self.place.jwks))
        token = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"])
        assert token.claims["iss"] == self.place.issuer, token.claims
        assert token.claims["aud"] in (CLIENT_ID, [CLIENT_ID]), token.claims
        assert token.claims["nonce"] == nonce, token.claims
        assert tokens["access_token"].count(".") != 2, "the access token must be opaque"
        assert tokens["token_type"].lower() == "bearer", tokens
