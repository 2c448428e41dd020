"""The relying party's door: JSON in, JSON out, each call with the client's own proof.

``POST /signing/requests`` takes a request on; ``POST /signing/requests/ID/result`` says how it stands and
hands out what was signed. The proof is that of the token endpoint (``private_key_jwt``, RFC 7523), its
members beside the others in the body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound, Refused, TooManyAttempts
from hkeid.kernel.http import Request, Response
from hkeid.oidc.errors import OAuthError
from hkeid.op.client_authentication import CREDENTIAL_LIMITS, Caller
from hkeid.op.responses import NO_STORE, direct_error, json_bytes, method_not_allowed
from hkeid.signing.requests.errors import DocumentTurnedDown, RequestOver
from hkeid.signing.requests.requests import SignatureRequests

PREFIX: Final = "/signing/requests"
_RESULT: Final = re.compile(PREFIX + r"/([A-Za-z0-9_-]{22})/result\Z")

_MARKS: Final = (b"{", b"[", b",", b":")
_MOST_MARKS: Final = 100_000
"""Most of these in a body. Documents are base64 and have none of them; a hundred documents with long names have
far fewer."""

Authenticate = Callable[[Request, Mapping[str, str]], Caller]
"""Who calls, from the request and the members of its proof; raises :class:`OAuthError`."""


class SignatureRequestDoor:
    """Answers relying parties.

    :param authenticate: :meth:`hkeid.op.Provider.authenticate_client`.
    """

    def __init__(
        self, requests: SignatureRequests, *, issuer: str, authenticate: Authenticate
    ) -> None:
        self._requests = requests
        self._issuer = issuer
        self._authenticate = authenticate

    def handle(self, request: Request) -> Response:
        """Answer a call.

        :raises hkeid.kernel.errors.Unavailable: a part does not answer.
        """
        result = _RESULT.match(request.path)
        if result is None and request.path != PREFIX:
            return _refusal(404, "not_found", "path_unknown")
        if request.method != "POST":
            return method_not_allowed(("POST",))
        try:
            caller, members = self._read(request)
            if result is not None:
                return _answer(200, self._requests.collecting.result(caller, result[1]))
            return self._ask(caller, members)
        except OAuthError as error:
            return direct_error(error)
        except (MalformedInput, Refused) as error:
            return refusal(error)

    def _read(self, request: Request) -> tuple[Caller, dict[str, Any]]:
        media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise MalformedInput("body_not_json")
        if sum(map(request.body.count, _MARKS)) > _MOST_MARKS:
            # Nobody has said yet who they are: 70 MiB of "[]," would be two GiB of lists.
            raise MalformedInput("body_too_many_members")
        members = canonical_json.loads_object(request.body)
        proof = {name: members.pop(name) for name in CREDENTIAL_LIMITS if name in members}
        if not all(isinstance(one, str) for one in proof.values()):
            raise MalformedInput("member_malformed")
        return self._authenticate(request, proof), members

    def _ask(self, caller: Caller, members: Mapping[str, Any]) -> Response:
        asked = self._requests.asking.ask(caller, members)
        lifetime = asked.request.expires_at - asked.request.created_at
        return _answer(
            201,
            {
                "request_id": asked.request.id,
                "sign_url": f"{self._issuer}/sign/{asked.request.id}",
                "code": asked.code,
                "expires_in": int(lifetime.total_seconds()),
            },
        )


def refusal(error: HkeidError) -> Response:
    """An error as JSON: a code after OAuth, the stable reason, and which document is at fault."""
    match error:
        case DocumentTurnedDown(number=number):
            return _refusal(422, "document_refused", error.reason, document=number)
        case RequestOver():
            return _refusal(410, "gone", error.reason)
        case NotFound():
            return _refusal(404, "not_found", error.reason)
        case TooManyAttempts(retry_after=seconds):
            answer = _refusal(429, "temporarily_unavailable", error.reason)
            later = () if seconds is None else (("Retry-After", str(seconds)),)
            return replace(answer, headers=(*answer.headers, *later))
        case MalformedInput():
            return _refusal(400, "invalid_request", error.reason)
        case _:
            return _refusal(403, "access_denied", error.reason)


def _refusal(status: int, code: str, reason: str, **more: int) -> Response:
    return _answer(status, {"error": code, "reason": reason, **more})


def _answer(status: int, members: Mapping[str, Any]) -> Response:
    headers = (("Content-Type", "application/json"), *NO_STORE)
    return Response(status=status, headers=headers, body=json_bytes(members))
