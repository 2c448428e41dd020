"""Which redirect URIs may be registered (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1)."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from hkeid.kernel.errors import MalformedInput
from hkeid.op.settings import Profile

# RFC 3986 characters, less "*": a registered URI is one URI and no pattern.
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]{1,2048}\Z")
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+\Z")
_LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_HOSTS = _LOOPBACK_ADDRESSES | {"localhost"}


def check_redirect_uri(uri: str, *, field: str, native: bool, profile: Profile) -> None:
    """Let a URI pass that may be registered.

    * ``https`` with a host: everybody (claimed by the app, for native ones);
    * ``http`` on a loopback address: native clients, and anybody (``localhost`` too) in the sandbox;
    * a private-use scheme with a dot in it (``hk.example.app:/callback``): native clients.

    :raises MalformedInput: ``redirect_uri_not_allowed``; the text says what is wrong.
    """
    parts = _split(uri, field)
    if parts.scheme == "https":
        _check_authority(parts, field)
    elif parts.scheme == "http":
        _check_authority(parts, field)
        host = parts.hostname
        if host not in _LOOPBACK_HOSTS:
            raise _refused(field, "http is for loopback addresses only")
        if profile is not Profile.SANDBOX and not (native and host in _LOOPBACK_ADDRESSES):
            raise _refused(
                field, "http is for native clients on a loopback address, or the sandbox"
            )
    elif not native or not _PRIVATE_SCHEME.match(parts.scheme):
        raise _refused(field, "must be https (native clients: or a private-use scheme with a dot)")
    elif parts.netloc or not parts.path.startswith("/"):
        raise _refused(field, "a private-use scheme is followed by a single slash")


def sector_of(uri: str) -> str | None:
    """The host of a registered URI; None for a private-use scheme."""
    return urlsplit(uri).hostname


def _split(uri: str, field: str) -> SplitResult:
    if "#" in uri:
        raise _refused(field, "must have no fragment")
    if "*" in uri:
        raise _refused(field, "wildcards are not supported")
    if not _CHARACTERS.match(uri):
        raise _refused(field, "must be an absolute URI of at most 2048 ASCII characters")
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 (raises for a port that is none)
    except ValueError:
        raise _refused(field, "does not parse") from None
    if "@" in parts.netloc:
        raise _refused(field, "must carry no user information")
    if not uri.startswith(f"{parts.scheme}:") or not parts.scheme:
        raise _refused(field, "must begin with a scheme in lower case")
    if "/../" in f"{parts.path}/" or "/./" in f"{parts.path}/":
        raise _refused(field, "must have no dot segments")
    return parts


def _check_authority(parts: SplitResult, field: str) -> None:
    host = parts.hostname
    if not host or (host not in _LOOPBACK_HOSTS and not _HOST.match(host)):
        raise _refused(field, "must have a host name")
    if parts.netloc != parts.netloc.lower() or parts.netloc.endswith(":"):
        raise _refused(field, "the host must be in lower case, and a colon followed by a port")


def _refused(field: str, why: str) -> MalformedInput:
    return MalformedInput("redirect_uri_not_allowed", f"{field}: {why}.", field=field)
