"""What may be configured about telling relying parties of logouts. The docstring is the reference: docs quote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutSection:
    """``[logout]``: telling relying parties that a session ended (back-channel logout; SAML by SOAP).

    Who logs out is never kept waiting for it: it is done right after, and what a relying party did not take is
    tried again for up to a day. A service of SAML that begins a logout waits 5 seconds at most while others are told.

    :ivar every_seconds: how often the admin process looks for what is to be tried again.
    :ivar timeout_seconds: for one request to a relying party.
    :ivar threads: how many relying parties are told at a time, by each process.
    :ivar private_networks: go to addresses of our own networks too, for relying parties that are inside;
        else production connects to the public internet alone. The sandbox goes anywhere.
    :ivar authority: certificates that the relying parties' must chain to (PEM); the system's if empty.
    """

    every_seconds: int = 10
    timeout_seconds: int = 5
    threads: int = 8
    private_networks: bool = False
    authority: str = ""


def logout_complaints(section: LogoutSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, each with what is expected."""
    if not 1 <= section.every_seconds <= 3600:
        yield "logout.every_seconds", "1 to 3600"
    if not 1 <= section.timeout_seconds <= 30:
        yield "logout.timeout_seconds", "1 to 30"
    if not 1 <= section.threads <= 64:
        yield "logout.threads", "1 to 64"
