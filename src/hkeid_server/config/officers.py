"""The configuration of the officers' console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficersSection:
    """``[officers]``: the officers' console on the admin listener.

    :ivar enabled: whether the admin listener serves it.
    :ivar origin: where officers' browsers find it; ``http://localhost:PORT`` of the admin listener if
        empty. Production needs one of its own, with https.
    :ivar rp_id: domain that officers' passkeys belong to; the origin's host if empty. Production
        refuses the residents' one. Never change it: every officer would have to enrol again.
    :ivar allow_synced: accept passkeys that an account keeps on several devices.
    :ivar session_minutes: since the login, at most 720.
    :ivar idle_minutes: without any use, at most 15.
    :ivar step_up_minutes: how old the latest use of the passkey may be for decisions and for opening
        records, at most 5.
    """

    enabled: bool = False
    origin: str = ""
    rp_id: str = ""
    allow_synced: bool = False
    session_minutes: int = 480
    idle_minutes: int = 15
    step_up_minutes: int = 5

    def origin_at(self, port: int) -> str:
        """The console's origin, for an admin listener at ``port``."""
        return self.origin or f"http://localhost:{port}"

    def rp_id_at(self, port: int) -> str:
        """The domain of officers' passkeys."""
        return self.rp_id or urlsplit(self.origin_at(port)).hostname or ""


def officers_ranges(section: OfficersSection) -> dict[str, tuple[int, int, int]]:
    """Value and bounds of each number."""
    return {
        "officers.session_minutes": (section.session_minutes, 1, 720),
        "officers.idle_minutes": (section.idle_minutes, 1, 15),
        "officers.step_up_minutes": (section.step_up_minutes, 1, 5),
    }


def officers_complaints(
    section: OfficersSection, *, admin_port: int, admin_enabled: bool, in_memory: bool
) -> Iterator[tuple[str, str]]:
    """Keys that cannot be meant, and what they must be."""
    if not section.enabled:
        return
    if not admin_enabled:
        yield "officers.enabled", "false without the admin listener"
    if in_memory:
        yield (
            "officers.enabled",
            "false with the memory store: the admin process has its own memory",
        )
    parts = urlsplit(section.origin_at(admin_port))
    host = parts.hostname or ""
    plain = parts.scheme == "http" and host == "localhost"
    if f"{parts.scheme}://{parts.netloc}" != section.origin_at(admin_port) or not host:
        yield "officers.origin", "scheme, host and perhaps a port"
    elif parts.scheme != "https" and not plain:
        yield "officers.origin", "https, or http://localhost:PORT"
    rp_id = section.rp_id_at(admin_port)
    if host != rp_id and not host.endswith(f".{rp_id}"):
        yield "officers.rp_id", f"{host!r} or a parent of it"


def officers_refusals(
    section: OfficersSection, *, admin_port: int, residents: str
) -> Iterator[str]:
    """What production refuses.

    :param residents: the domain of residents' passkeys.
    """
    if not section.enabled:
        return
    if not section.origin.startswith("https://"):
        yield "officers.origin: must be set, with https"
    if section.rp_id_at(admin_port) == residents:
        yield "officers.rp_id: must not be the domain of residents' passkeys"
