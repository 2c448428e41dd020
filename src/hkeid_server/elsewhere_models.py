"""What pages show of other identity providers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another identity provider.

    :ivar href: where the visit there begins.
    :ivar last: it was used last in this browser.
    """

    id: str
    name: str
    href: str
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """Other identity providers on a login page.

    :ivar more: address of the page with all of them, where there are more.
    """

    doors: tuple[Elsewhere, ...] = ()
    more: str | None = None


NOWHERE_ELSE = WaysIn()
"""The own passkey alone will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereAddPage:
    """Which other login is to be added."""

    doors: tuple[Elsewhere, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeparturePage:
    """A form that goes to another identity provider at once."""

    action: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
