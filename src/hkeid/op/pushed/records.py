"""Pushed authorization requests as single-use records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from hkeid.doors.sealing import open_members, seal_members
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.parameters import Received
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.ports.storage import Lost, SingleUseRecord, Won

PUSHED_KIND: Final = "pushed_authorization_request"
PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
"""RFC 9126 §2.2."""

_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A request that was pushed, taken up.

    :ivar confirmation: see :func:`confirmation_code`.
    """

    received: Received
    confirmation: str


def new_pushed_record(
    token: str,
    client_id: str,
    values: Mapping[str, str],
    now: Instant,
    lifetime: timedelta,
    *,
    nonce: bytes,
) -> SingleUseRecord:
    """The record of a new pushed request.

    :param token: the random part of its ``request_uri``; only who has it reads the request.
    :param nonce: 12 random bytes.
    """
    sealed = seal_members(token, dict(values), nonce)
    payload = canonical_json.dumps({"client": client_id, "values": sealed})
    return SingleUseRecord(
        kind=PUSHED_KIND,
        digest=secret_digest(token),
        payload=payload,
        created_at=now,
        expires_at=now + lifetime,
    )


def confirmation_code(token: str, payload: bytes) -> str:
    """Four characters by which a person sees that two screens speak of the same request.

    They follow from the request and its random name, so that nobody can look for another request with
    the same code without asking for each.
    """
    digest = sha256(b"hkeid-confirmation-1\0" + secret_digest(token) + payload).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_CODE_LENGTH])


def take_pushed(
    received: Received, known: KnownClient, parts: Parts, now: Instant
) -> PushedRequest | None:
    """Take up the request that ``request_uri`` names, once (RFC 9126 §4, §7.3); None where it names
    none of ours.

    :raises OAuthError: ``invalid_request_uri``: ``pushed_request_used``,
        ``pushed_request_unknown_or_expired``, ``pushed_request_of_other_client``.
    """
    received.refuse_faults(("request_uri",))
    uri = received.get("request_uri")
    if uri is None or not uri.startswith(PREFIX):
        return None
    token = uri.removeprefix(PREFIX)
    with parts.store.transaction() as tx:
        kept = tx.single_use.look(PUSHED_KIND, secret_digest(token))
        if kept is not None and canonical_json.loads_object(kept.payload)["client"] != known.id:
            # Not used up: it is not this client's to waste.
            raise _refused("pushed_request_of_other_client")
        outcome = tx.single_use.use_up(PUSHED_KIND, secret_digest(token), now)
    if isinstance(outcome, Lost):
        raise _refused("pushed_request_used")
    if not isinstance(outcome, Won):
        raise _refused("pushed_request_unknown_or_expired")
    payload = outcome.record.payload
    values = open_members(token, canonical_json.loads_object(payload)["values"])
    return PushedRequest(Received(values), confirmation_code(token, payload))


def _refused(reason: str) -> OAuthError:
    return OAuthError(
        ErrorCode.INVALID_REQUEST_URI, reason, "The request_uri is unknown, expired or used."
    )
