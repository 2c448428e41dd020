"""Addresses for notices: how they are written, and how they lie in their sealed fields."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.notices import Channel

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_PUSH_KEYS: Final = {"p256dh": 65, "auth": 16}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContactChannel:
    """One way to tell a resident something."""

    channel: Channel
    address: str


class ContactsFull(EnrolmentRefused):
    """There are as many addresses as there may be (``contact_browsers_full``): remove one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactBrowser:
    """A browser that is told, as its owner sees it.

    :ivar reference: names it in :meth:`Contacts.remove_browser`; no secret, and good for nothing else.
    :ivar service: host of the push service, by which people know which browser it is.
    """

    reference: str = field(repr=False)
    service: str


def parse_subscription(text: str) -> str:
    """A push subscription in one form: https endpoint and its two keys (RFC 8291 §3.1, §3.2).

    :raises hkeid.kernel.errors.MalformedInput: ``push_subscription_malformed``.
    """
    try:
        said: Any = json.loads(text) if len(text) <= 4096 else None
        endpoint, keys = said["endpoint"], said["keys"]
        where = urlsplit(endpoint)
        lengths = {name: len(base64url.decode(keys[name])) for name in _PUSH_KEYS}
        plain = endpoint.isascii() and endpoint.isprintable() and where.port != 0
        if where.scheme != "https" or not where.hostname or where.username or not plain:
            raise MalformedInput("push_subscription_malformed")
        if lengths != _PUSH_KEYS:
            raise MalformedInput("push_subscription_malformed")
        kept = {"endpoint": endpoint, "keys": {name: keys[name] for name in _PUSH_KEYS}}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MalformedInput):
        raise MalformedInput("push_subscription_malformed", field="subscription") from None
    return canonical_json.dumps(kept).decode("utf-8")


def addresses_of(channel: Channel, kept: str) -> Sequence[str]:
    """The addresses of a channel, out of its sealed field."""
    if channel is Channel.WEB_PUSH:
        return browsers_of(kept)
    return (kept,) if kept else ()


def browsers_of(kept: str) -> tuple[str, ...]:
    """The subscriptions in the sealed field of browsers.

    :raises hkeid.enrolment.EnrolmentRefused: ``contact_unreadable``.
    """
    found = json.loads(kept or "[]")
    if not isinstance(found, list):
        raise EnrolmentRefused("contact_unreadable")
    return tuple(str(one) for one in found)
