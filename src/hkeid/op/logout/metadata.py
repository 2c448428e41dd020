"""What a client registers about logout (OpenID Connect Back-Channel Logout §2.2, Front-Channel Logout §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from hkeid.kernel.errors import MalformedInput
from hkeid.op.redirect_uris import check_redirect_uri
from hkeid.op.settings import Profile

BACK, FRONT = "backchannel_logout", "frontchannel_logout"
URIS: Final = (f"{BACK}_uri", f"{FRONT}_uri")
SESSION_FLAGS: Final = (f"{BACK}_session_required", f"{FRONT}_session_required")
_PORTS: Final = {"https": 443, "http": 80}


def logout_members(
    metadata: Mapping[str, Any], redirect_uris: tuple[str, ...], profile: Profile
) -> dict[str, Any]:
    """The members of :class:`~hkeid.op.records.Client` that are about logout.

    Both addresses are https (http on this machine: in the sandbox) without a fragment. The front channel's
    has scheme, host and port of a redirect URI (Front-Channel Logout §2).

    :raises MalformedInput: ``redirect_uri_not_allowed``, ``client_metadata_invalid``.
    """
    found: dict[str, Any] = {}
    for uri_name, flag in zip(URIS, SESSION_FLAGS, strict=True):
        uri, required = metadata.get(uri_name), metadata.get(flag, False)
        if uri is not None:
            check_redirect_uri(uri, field=uri_name, native=False, profile=profile)
        elif required:
            raise _invalid(flag, f"needs {uri_name}")
        found |= {uri_name: uri, flag: required}
    front = found[f"{FRONT}_uri"]
    if front is not None and _origin(front) not in {_origin(uri) for uri in redirect_uris}:
        raise _invalid(f"{FRONT}_uri", "must have scheme, host and port of a redirect URI")
    return found


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _invalid(field: str, why: str) -> MalformedInput:
    return MalformedInput("client_metadata_invalid", f"{field}: {why}.", field=field)
