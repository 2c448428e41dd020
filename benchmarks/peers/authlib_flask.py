"""A minimal OpenID Provider of Authlib and Flask, as its documentation builds one.

Authorization code with PKCE for public clients, ES256 ID tokens, opaque access tokens, everything
in dictionaries; the resident's session is Flask's signed cookie. Nothing is slower than it must be:
the key is parsed once, there is no template, no database, no log line per request.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import list_to_scope, scope_to_list
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, jsonify, redirect, request, session
from joserfc.jwk import ECKey

ISSUER = os.environ["BENCH_ISSUER"]
CLIENT_ID = os.environ["BENCH_CLIENT_ID"]
REDIRECT_URI = os.environ["BENCH_REDIRECT_URI"]

KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


@dataclass(frozen=True, slots=True)
class Person:
    id: str

    def get_user_id(self) -> str:
        return self.id


class Client:
    client_id = CLIENT_ID
    id_token_signed_response_alg = "ES256"

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return REDIRECT_URI

    def get_allowed_scope(self, scope):
        return list_to_scope([name for name in scope_to_list(scope) if name == "openid"])

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret):
        return False

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "none"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass(slots=True)
class Code:
    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    person: Person
    code_challenge: str
    code_challenge_method: str
    auth_time: int
    expires_at: float

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.auth_time

    def get_acr(self):
        return None

    def get_amr(self):
        return None


CLIENT = Client()
PEOPLE = {"resident": Person("resident")}
CODES: dict[str, Code] = {}
TOKENS: dict[str, tuple[str, float]] = {}
NONCES: set[str] = set()


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code, request):
        asked = request.payload.data
        CODES[code] = Code(
            code=code,
            redirect_uri=request.payload.redirect_uri,
            scope=request.payload.scope,
            nonce=asked.get("nonce"),
            person=request.user,
            code_challenge=asked["code_challenge"],
            code_challenge_method=asked["code_challenge_method"],
            auth_time=session["auth_time"],
            expires_at=time.time() + 60,
        )
        if nonce := asked.get("nonce"):
            NONCES.add(nonce)

    def query_authorization_code(self, code, client):
        kept = CODES.get(code)
        return kept if kept is not None and kept.expires_at > time.time() else None

    def delete_authorization_code(self, authorization_code):
        del CODES[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.person


class IdToken(OpenIDCode):
    def resolve_client_private_key(self, client):
        return KEY

    def get_encode_header(self, client):
        return {"alg": "ES256", "kid": KEY.kid}

    def get_client_claims(self, client):
        return {"iss": ISSUER, "aud": client.client_id}

    def exists_nonce(self, nonce, request):
        return nonce in NONCES

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user.id)


def save_token(token, request):
    TOKENS[token["access_token"]] = (request.user.id, time.time() + token["expires_in"])


app = Flask(__name__)
app.secret_key = os.urandom(32)
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": 300}
server = AuthorizationServer(
    app, lambda client_id: CLIENT if client_id == CLIENT_ID else None, save_token
)
server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken()])


@app.get("/login")
def login():
    session["person"] = "resident"
    session["auth_time"] = int(time.time())
    return "", 204


@app.get("/authorize")
def authorize():
    person = PEOPLE.get(session.get("person", ""))
    if person is None:
        return redirect("/login")
    grant = server.get_consent_grant(end_user=person)
    return server.create_authorization_response(grant_user=person, grant=grant)


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/jwks")
def jwks():
    return jsonify({"keys": [KEY.as_dict(private=False)]})


@app.get("/.well-known/openid-configuration")
def discovery():
    return jsonify(
        {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        }
    )


# request is imported for the context that Authlib reads through Flask.
assert request is not None
