"""Callbacks: iAM Smart's server posts the outcome of a call to an address of ours.

Nobody signs them. The documents offer TLS client certificates (which the proxy checks); beyond that a
callback is believed because its content is encrypted under the key that we share, and because it names a
call that is open, with the state that only iAM Smart was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.upstream.errors import UpstreamMalformed, UpstreamMisbehaved
from hkeid.upstream.iam_smart.api import IamSmartApi
from hkeid.upstream.iam_smart.codes import SUCCESS, canonical
from hkeid.upstream.iam_smart.content_keys import decipher
from hkeid.upstream.iam_smart.envelopes import Envelope, open_content, read_envelope

_LONGEST_ID: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback whose content is iAM Smart's, or a failure that brings none.

    :ivar return_code: the return code, prefix ``D``.
    :ivar authentic: the content was encrypted under the shared key. Only a failure may come without; it does
        no more than end a call whose id and state it knows.
    :ivar content: every member, ``businessID`` and ``state`` included.
    """

    business_id: str = field(repr=False)
    state: str | None = field(repr=False)
    return_code: str
    authentic: bool
    content: Mapping[str, Any] = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the return code is that of success."""
        return self.return_code == SUCCESS


def read_callback(api: IamSmartApi, request: Request, now: Instant) -> Callback:
    """Read, decipher and decrypt a callback.

    :raises UpstreamMalformed: ``callback_malformed``, ``callback_names_no_call``, those of the envelope.
    :raises UpstreamMisbehaved: ``content_not_authentic``, ``content_key_not_ours``,
        ``callback_key_not_confirmed``, ``callback_not_encrypted``.
    """
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != "application/json":
        raise UpstreamMalformed("callback_malformed")
    envelope = read_envelope(request.body)
    code = canonical(envelope.return_code)
    content, authentic = _content(api, envelope, now)
    if code == SUCCESS and not authentic:
        raise UpstreamMisbehaved("callback_not_encrypted")
    business_id, state = content.get("businessID"), content.get("state")
    if not isinstance(business_id, str) or not 0 < len(business_id) <= _LONGEST_ID:
        raise UpstreamMalformed("callback_names_no_call")
    return Callback(
        business_id=business_id,
        state=state if isinstance(state, str) else None,
        return_code=code,
        authentic=authentic,
        content=content,
    )


def _content(api: IamSmartApi, envelope: Envelope, now: Instant) -> tuple[Mapping[str, Any], bool]:
    """The members, and whether they are iAM Smart's own."""
    match envelope.content:
        case None:
            return {}, False
        case str() as sealed:
            if envelope.secret_key is None:
                return open_content(api.keys.current(now).value, sealed), True
            # What does not open under the key it brings costs no question to iAM Smart.
            brought = decipher(api.kek, envelope.secret_key)
            members = open_content(brought, sealed)
            api.keys.confirm(brought, now)
            return members, True
        case clear:
            return clear, False


def accepted() -> Response:
    """The answer to a callback that was taken, and to one that comes again."""
    return _answer(200, b'{"code":"D00000","message":"SUCCESS"}')


def refused() -> Response:
    """The answer to a callback that is none of ours; it says nothing about the reason."""
    return _answer(400, b'{"code":"D20003","message":"not accepted"}')


def _answer(status: int, body: bytes) -> Response:
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status=status, headers=headers, body=body)
