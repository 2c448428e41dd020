"""How old a message may be, and that it counts once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUseRecord
from hkeid.saml.messages.errors import MessageRefused
from hkeid.saml.messages.logout import LogoutRequest
from hkeid.saml.messages.message import Message
from hkeid.saml.messages.reasons import MessageReason


def check_age(message: Message, now: Instant, *, skew: timedelta, lifetime: timedelta) -> None:
    """A message is of now; and a LogoutRequest expires (saml-core §3.7.1).

    :raises MessageRefused: ``saml_issued_too_early``, ``saml_issued_too_late``, ``saml_logout_expired``.
    """
    if message.issued_at > now + skew:
        raise MessageRefused(MessageReason.ISSUED_TOO_EARLY)
    if now >= message.issued_at + lifetime + skew:
        raise MessageRefused(MessageReason.ISSUED_TOO_LATE)
    until = message.not_on_or_after if isinstance(message, LogoutRequest) else None
    if until is not None and now - skew >= until:  # to the end of time nothing can be added
        raise MessageRefused(MessageReason.LOGOUT_EXPIRED)


def once(
    kind: str, issuer: str, identifier: str, *, now: Instant, until: Instant
) -> SingleUseRecord:
    """The record that uses up what ``issuer`` named ``identifier``.

    :param until: from when on it would be refused for its age anyway.
    """
    first, second = issuer.encode(), identifier.encode()
    named = b"".join((len(first).to_bytes(4, "big"), first, len(second).to_bytes(4, "big"), second))
    return SingleUseRecord(
        kind=kind, digest=sha256(named).digest(), created_at=now, expires_at=until
    )
