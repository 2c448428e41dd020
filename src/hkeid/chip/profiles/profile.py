"""What a profile is."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.chip.card_files import APPLICATION
from hkeid.chip.findings import Finding
from hkeid.chip.terminal_authentication import TerminalKeyPort


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProfile:
    """How one kind of card is read.

    :ivar application: identifier of the application that holds the files.
    :ivar terminal_key: for terminal authentication, where the card asks for it.
    :ivar findings: what every document read with this profile carries.
    """

    name: str
    application: bytes = APPLICATION
    terminal_key: TerminalKeyPort | None = field(default=None, repr=False)
    findings: tuple[Finding, ...] = ()
