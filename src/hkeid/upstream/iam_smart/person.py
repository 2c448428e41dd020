"""The answer to ``getToken``: who logged in, and what may be asked about them for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.kernel.secret import Secret
from hkeid.upstream.errors import AnswerUnexpected, UpstreamMalformed, UpstreamMisbehaved

_LONGEST_ID: Final = 64
_LONGEST_TOKEN: Final = 128
_LATEST: Final = 10**14


@dataclass(frozen=True, slots=True, kw_only=True)
class IamSmartPerson:
    """Somebody who logged in.

    :ivar open_id: the person's name for this client alone, in its one canonical form.
    :ivar signs: the account is iAM Smart+ (``userType`` ``sign``).
    :ivar modified_at: when a verified attribute last changed, or the person registered again.
    :ivar issued_at: when the token was made, by iAM Smart's clock.
    :ivar expires_at: when the access token ends, by ours.
    """

    open_id: str = field(repr=False)
    access_token: Secret
    signs: bool
    scopes: tuple[str, ...]
    issued_at: Instant
    expires_at: Instant
    modified_at: Instant | None = None

    def encode(self) -> bytes:
        """What later calls need, for the broker to seal."""
        return canonical_json.dumps(
            {
                "open_id": self.open_id,
                "access_token": self.access_token.reveal(),
                "signs": self.signs,
                "scopes": list(self.scopes),
                "issued_at": epoch_microseconds(self.issued_at),
                "expires_at": epoch_microseconds(self.expires_at),
            }
        )

    @classmethod
    def decode(cls, kept: bytes) -> IamSmartPerson:
        """The inverse of :meth:`encode`.

        :raises AnswerUnexpected: ``continuation_malformed``.
        """
        try:
            members = canonical_json.loads_object(kept)
            return cls(
                open_id=str(members["open_id"]),
                access_token=Secret(str(members["access_token"])),
                signs=members["signs"] is True,
                scopes=tuple(str(one) for one in members["scopes"]),
                issued_at=from_epoch_microseconds(int(members["issued_at"])),
                expires_at=from_epoch_microseconds(int(members["expires_at"])),
            )
        except (MalformedInput, KeyError, TypeError, ValueError, OverflowError):
            raise AnswerUnexpected("continuation_malformed") from None


def read_person(content: Mapping[str, Any], now: Instant) -> IamSmartPerson:
    """Read the decrypted content.

    :raises UpstreamMalformed: ``token_answer_malformed``; the error names the member.
    :raises UpstreamMisbehaved: ``token_type_unexpected``.
    """
    if content.get("tokenType") != "Bearer":
        raise UpstreamMisbehaved("token_type_unexpected")
    issued = _milliseconds(content, "issueAt")
    lasts = _milliseconds(content, "expiresIn")
    modified = content.get("lastModifiedDate")
    return IamSmartPerson(
        open_id=_open_id(content),
        access_token=Secret(_text(content, "accessToken", _LONGEST_TOKEN)),
        signs=content.get("userType") == "sign",
        scopes=tuple(_text(content, "scope", 1_000).split()),
        issued_at=from_epoch_microseconds(issued * 1000),
        expires_at=now + timedelta(milliseconds=min(lasts, 86_400_000)),
        modified_at=None
        if modified is None
        else from_epoch_microseconds(_milliseconds(content, "lastModifiedDate") * 1000),
    )


def _open_id(content: Mapping[str, Any]) -> str:
    """At most 64 characters; it may come as URL-encoded Base64, and is decoded once: one text for one
    person.
    """
    given = _text(content, "openID", _LONGEST_ID * 3)
    found = unquote(given, errors="strict") if "%" in given else given
    if not 0 < len(found) <= _LONGEST_ID or "%" in found:
        raise UpstreamMalformed("token_answer_malformed", field="openID")
    return found


def _text(content: Mapping[str, Any], name: str, longest: int) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise UpstreamMalformed("token_answer_malformed", field=name)
    if not (value.isascii() and value.isprintable()):
        raise UpstreamMalformed("token_answer_malformed", field=name)
    return value


def _milliseconds(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _LATEST:
        raise UpstreamMalformed("token_answer_malformed", field=name)
    return value
