"""What this room raises besides :class:`hkeid.ports.cards.CardUnavailable`.

A reason here is always the value of a :class:`hkeid.chip.findings.FindingCode`, so that an error met
while reading and a finding met while verifying are counted, shown and tested in one way.
"""

from __future__ import annotations

from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused

_SAFE_TEXT = "The card could not be read. Please hold it still and try again."


class CardMalformed(MalformedInput):
    """Bytes of a card that do not parse; the reason is a finding code."""

    default_safe_text = _SAFE_TEXT

    def __init__(self, code: FindingCode, *, detail: str | None = None) -> None:
        self.code = code
        super().__init__(code.value, detail=detail)


class CardRefused(Refused):
    """A card that answers in form, but against a rule; the reason is a finding code."""

    default_safe_text = _SAFE_TEXT

    def __init__(self, code: FindingCode, *, detail: str | None = None) -> None:
        self.code = code
        super().__init__(code.value, detail=detail)


def finding_of(error: HkeidError) -> Finding:
    """The finding that an error of reading a card stands for.

    An error with a reason that is no finding code is ``card_unreadable`` with that reason as detail.
    """
    try:
        code = FindingCode(error.reason)
    except ValueError:
        return finding(FindingCode.CARD_UNREADABLE, error.reason)
    return finding(code, error.detail or "")
