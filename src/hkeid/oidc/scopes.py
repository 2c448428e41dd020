"""Scopes, and the claims that a scope stands for (OpenID Connect Core §5.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
ADDRESS = "address"
PHONE = "phone"
OFFLINE_ACCESS = "offline_access"

SCOPES = (OPENID, PROFILE, EMAIL, ADDRESS, PHONE, OFFLINE_ACCESS)
"""Every scope of OpenID Connect there is."""

SERVICE = "service"
CREDENTIAL = "credential"
API_SCOPES = (SERVICE, CREDENTIAL)
"""Scopes of the remote signing service (Cloud Signature Consortium API), where a provider serves it. A
request for one of them need not be an OpenID Connect request.
"""

SCOPE_CLAIMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        PROFILE: ("name", "given_name", "family_name", "birthdate", "gender"),
        EMAIL: ("email",),
        ADDRESS: ("address",),
        PHONE: ("phone_number",),
    }
)
"""Personal claims by scope, as far as hkeid holds them at all. ``email_verified`` comes with ``email``;
``phone_number_verified`` never: nobody proves telephone numbers here.
"""

# RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), separated by single spaces.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*\Z")


def parse_scope(text: str) -> tuple[str, ...] | None:
    """The words of a ``scope`` value, each once, in order; None when it does not parse."""
    if not _SCOPE.match(text):
        return None
    return tuple(dict.fromkeys(text.split(" ")))


def claims_of(scopes: Iterable[str]) -> tuple[str, ...]:
    """The personal claims that ``scopes`` stand for."""
    return tuple(name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ()))
