"""Who is calling: client authentication at the token and revocation endpoints.

RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9. A client has one method and may use no other; a
request may carry one method and no more (RFC 6749 §2.3: "MUST NOT use more than one authentication
method in each request").
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote_plus

from hkeid.jose import JoseRefused
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.client_assertion import ASSERTION_TYPE, claimed_client, verify_assertion
from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.parameters import Received
from hkeid.op import paths
from hkeid.op.clients import KnownClient
from hkeid.op.events import ClientRefused
from hkeid.op.parts import Parts
from hkeid.op.records import ClientAuthMethod
from hkeid.ports.storage import SingleUse, SingleUseRecord

CREDENTIAL_LIMITS = {
    "client_id": 255,
    "client_secret": 512,
    "client_assertion": 16_384,
    "client_assertion_type": 128,
}
"""The parameters of client authentication, each with the most characters it may have."""

JTI_KIND = "client_assertion"
BASIC_CHALLENGE = 'Basic realm="hkeid"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated client (or a public one, which only says who it is).

    :ivar jti: the assertion's ``jti`` as a record that must be put, once, in the transaction of the
        request; None for other methods.
    """

    known: KnownClient
    jti: SingleUseRecord | None = None

    def use_up_assertion(self, single_use: SingleUse) -> None:
        """Use up the assertion (RFC 7523 §3 (7)).

        :raises OAuthError: ``invalid_client``, reason ``assertion_replayed``.
        """
        if self.jti is not None and not single_use.put(self.jti):
            raise _refused("assertion_replayed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Presented:
    """What a request says about its sender."""

    method: ClientAuthMethod
    client_id: str
    proof: str = ""


def authenticate(
    request: Request, received: Received, parts: Parts, now: Instant, *, path: str = paths.TOKEN
) -> Caller:
    """The caller of a request whose body is ``received``.

    :param path: of the endpoint, whose address an assertion may name as its audience.

    :raises OAuthError: ``invalid_request`` (more than one method, contradictions) or
        ``invalid_client``; the latter is recorded if the client exists.
    """
    presented = _presented(request, received)
    challenge = (
        BASIC_CHALLENGE if presented.method is ClientAuthMethod.CLIENT_SECRET_BASIC else None
    )
    known = parts.clients.find(presented.client_id, now)
    if known is None:
        raise _refused("client_unknown", challenge)
    try:
        return _verified(known, presented, parts, now, path)
    except JoseRefused as error:
        reason, detail = error.reason, error.detail
    except OAuthError as error:
        reason, detail = error.reason, error.detail
    parts.note_refusal(ClientRefused(client_id=known.id, reason=reason))
    raise _refused(reason, challenge, detail)


def _presented(request: Request, received: Received) -> _Presented:
    """Find the one method that the request uses."""
    header = request.header("authorization")
    assertion = received.get("client_assertion")
    secret = received.get("client_secret")
    if sum((header is not None, assertion is not None, secret is not None)) > 1:
        raise invalid_request(
            "client_methods_many", "More than one client authentication method was used."
        )
    named = received.get("client_id")
    if header is not None:
        presented = _from_basic(header)
    elif assertion is not None:
        if received.get("client_assertion_type") != ASSERTION_TYPE:
            raise invalid_request(
                "assertion_type_unknown", "The client_assertion_type is not supported."
            )
        presented = _from_assertion(assertion)
    elif received.get("client_assertion_type") is not None:
        raise invalid_request("assertion_missing", "The client_assertion is missing.")
    elif named is None:
        raise _refused("client_id_missing")
    elif secret is not None:
        return _Presented(method=ClientAuthMethod.CLIENT_SECRET_POST, client_id=named, proof=secret)
    else:
        return _Presented(method=ClientAuthMethod.NONE, client_id=named)
    if named is not None and named != presented.client_id:
        raise invalid_request(
            "client_id_mismatch", "The client_id is not that of the authenticated client."
        )
    return presented


def _from_basic(header: str) -> _Presented:
    """RFC 6749 §2.3.1: id and secret form-urlencoded, then HTTP Basic."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise _refused("authorization_scheme_unknown", BASIC_CHALLENGE)
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        client_id = unquote_plus(client_id, errors="strict")
        secret = unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        colon = client_id = secret = ""
    if not colon:
        raise _refused("authorization_malformed", BASIC_CHALLENGE)
    return _Presented(
        method=ClientAuthMethod.CLIENT_SECRET_BASIC, client_id=client_id, proof=secret
    )


def _from_assertion(assertion: str) -> _Presented:
    try:
        client_id = claimed_client(assertion)
    except JoseRefused as error:
        raise _refused(error.reason) from None
    return _Presented(method=ClientAuthMethod.PRIVATE_KEY_JWT, client_id=client_id, proof=assertion)


def _verified(
    known: KnownClient, presented: _Presented, parts: Parts, now: Instant, path: str
) -> Caller:
    """Check the proof by the method that the client registered."""
    client = known.client
    if presented.method is not client.auth_method:
        raise _refused("client_method_not_registered")
    if presented.method is ClientAuthMethod.NONE:
        return Caller(known=known)
    if presented.method is not ClientAuthMethod.PRIVATE_KEY_JWT:
        # Digests of equal length are compared, in constant time.
        if not hmac.compare_digest(secret_digest(presented.proof), client.secret_digest or b""):
            raise _refused("client_secret_wrong")
        return Caller(known=known)
    verified = verify_assertion(
        presented.proof,
        client_id=known.id,
        keys=known.keys,
        audiences=(parts.issuer, parts.url(paths.TOKEN), parts.url(path)),
        now=now,
        longest=parts.settings.assertion_lifetime,
        leeway=parts.settings.clock_leeway,
    )
    digest = sha256(f"{len(known.id)}:{known.id}{verified.jti}".encode("utf-8", "surrogatepass"))
    return Caller(
        known=known,
        jti=SingleUseRecord(
            kind=JTI_KIND,
            digest=digest.digest(),
            created_at=now,
            expires_at=verified.expires_at,
        ),
    )


def _refused(reason: str, challenge: str | None = None, detail: str | None = None) -> OAuthError:
    """RFC 6749 §5.2: 401, with a challenge where the Authorization header was used."""
    return OAuthError(
        ErrorCode.INVALID_CLIENT,
        reason,
        "Client authentication failed.",
        status=401,
        challenge=challenge,
        detail=detail,
    )
