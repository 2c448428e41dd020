"""The page after a logout, and the relying parties that it tells in this browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response

from hkeid_server.models import FarewellPage, WhoAsks
from hkeid_server.shell import show


def farewell(
    kind: str,
    *,
    frames: tuple[str, ...] = (),
    onward: str | None = None,
    who: WhoAsks | None = None,
) -> Response:
    """Say goodbye.

    :param kind: ``out``, ``stayed`` or ``frozen``.
    :param frames: addresses of relying parties to load (OpenID Connect Front-Channel Logout §3).
    :param onward: where the page leads then, or None.
    :param who: the relying party that it leads to.
    """
    page = FarewellPage(kind=kind, frames=frames, onward=onward, who=who)
    return show(
        "farewell.html",
        page,
        here=f"/farewell/{kind}",
        frames=tuple(map(frame_source, frames)),
        signed_out=kind != "stayed",
    )


def frame_source(address: str) -> str:
    """The CSP source that lets one address be framed and, but for its query, no other (CSP3 §6.7.2.6)."""
    parts = urlsplit(address)
    if ":" in (parts.hostname or ""):
        return (
            f"{parts.scheme}:"  # CSP has no form for IPv6 addresses; they are for the sandbox only
        )
    # In a policy these two would end the source.
    path = parts.path.replace(";", "%3B").replace(",", "%2C")
    return f"{parts.scheme}://{parts.netloc}{path}"
