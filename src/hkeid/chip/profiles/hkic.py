"""The Hong Kong identity card: a port for a licensed integrator, and a specimen for everybody else.

How the real card's chip is read is not public: application, files, access keys and the certificates
that authorise a reader are the Immigration Department's, and unauthorised access to the chip's data
is an offence. hkeid therefore contains nothing of it and does not claim to read it. Whoever is
licensed implements :class:`HkicIntegration` and says so by ``authorised_deployer=True``. Without that,
:func:`hkic_specimen` reads the synthetic card of :mod:`hkeid.testing`, and every document read with it
carries the finding ``specimen_profile``.
"""

from __future__ import annotations

from typing import Protocol

from hkeid.chip.findings import FindingCode, finding
from hkeid.chip.profiles.profile import CardProfile
from hkeid.chip.terminal_authentication import TerminalKeyPort
from hkeid.kernel.errors import ConfigurationError


class HkicIntegration(Protocol):
    """What only a licensed integrator has."""

    def application(self) -> bytes:
        """The identifier of the card's application."""
        ...

    def terminal_key(self) -> TerminalKeyPort:
        """The reader's key and authorisation certificates."""
        ...


def hkic(integration: HkicIntegration, *, authorised_deployer: bool = False) -> CardProfile:
    """The profile of the real card, with an integrator's parts.

    :param authorised_deployer: the operator states that it is licensed to read the chip.
    :raises hkeid.kernel.errors.ConfigurationError: ``hkic_not_authorised``.
    """
    if not authorised_deployer:
        raise ConfigurationError(
            "hkic_not_authorised",
            detail="reading the chip of a Hong Kong identity card needs the Immigration "
            "Department's licence; state it with authorised_deployer=True",
        )
    return CardProfile(
        name="hkic",
        application=integration.application(),
        terminal_key=integration.terminal_key(),
    )


def hkic_specimen() -> CardProfile:
    """The profile of the synthetic identity card. Production refuses what it reads
    (``specimen_profile``).
    """
    return CardProfile(
        name="hkic-specimen",
        findings=(finding(FindingCode.SPECIMEN_PROFILE),),
    )
