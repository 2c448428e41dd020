"""Passports and identity cards after ICAO Doc 9303, and the synthetic cards of our tests."""

from __future__ import annotations

from hkeid.chip.profiles.profile import CardProfile
from hkeid.chip.terminal_authentication import TerminalKeyPort


def icao(*, terminal_key: TerminalKeyPort | None = None) -> CardProfile:
    """The profile of any eMRTD.

    :param terminal_key: where an integrator has one; without, DG3 and DG4 stay locked.
    """
    return CardProfile(name="icao", terminal_key=terminal_key)
