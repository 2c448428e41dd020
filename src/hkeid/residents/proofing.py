"""How a resident was identified: what relying parties that must know it may be told (S10).

The registry keeps it beside the particulars, sealed like them: when, by which procedure under which policy,
and what was checked. Who has no such entry was not identified by us (an account that another identity
provider's word made), or before there were entries: nothing is said then, rather than too much (law 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds

PROOFING: Final = "proofing"
"""The sealed field."""

_VERSION = 1


class ProofingProcedure(StrEnum):
    """In which journey the person was identified last."""

    REMOTE_REGISTRATION = "remote-registration"
    REMOTE_RECOVERY = "remote-recovery"
    COUNTER_REGISTRATION = "counter-registration"
    COUNTER_RECOVERY = "counter-recovery"
    CHIP_UPGRADE = "chip-upgrade"


class ProofingPlace(StrEnum):
    """Where the person was."""

    REMOTE = "remote"
    KIOSK = "kiosk"
    COUNTER = "counter"
    MOBILE = "mobile"


class ProofingCheck(StrEnum):
    """What was found to be in order, each by itself."""

    CARD_IMAGE = "card-image"
    """Pictures of the card show a genuine one."""
    CARD_CHIP = "card-chip"
    """The card's chip is genuine: its signatures verify, and it is no copy."""
    FACE_BY_MACHINE = "face-by-machine"
    """A machine found the living face to be the card's."""
    FACE_BY_OFFICER = "face-by-officer"
    """An officer who had the person before them did."""
    FACE_BY_REVIEW = "face-by-review"
    """An officer who looked at pictures did."""
    REGISTER = "register"
    """The register of persons has this person, alive, with these particulars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofing:
    """One proof of a resident's identity.

    :ivar at: when the journey was completed.
    :ivar policy: version of the policy that decided; "" where it is not known.
    :ivar checks: each once, in the order of :class:`ProofingCheck`.
    """

    at: Instant
    procedure: ProofingProcedure
    place: ProofingPlace
    policy: str
    checks: tuple[ProofingCheck, ...]

    @classmethod
    def of(
        cls,
        at: Instant,
        procedure: ProofingProcedure,
        place: ProofingPlace,
        policy: str,
        found: dict[ProofingCheck, bool],
    ) -> Proofing:
        """With those checks that were ``found`` to be in order."""
        checks = tuple(check for check in ProofingCheck if found.get(check))
        return cls(at=at, procedure=procedure, place=place, policy=policy, checks=checks)

    def as_text(self) -> str:
        """The text to be sealed."""
        kept = {
            "v": _VERSION,
            "at": epoch_seconds(self.at),
            "procedure": self.procedure.value,
            "place": self.place.value,
            "policy": self.policy,
            "checks": [check.value for check in self.checks],
        }
        return canonical_json.dumps(kept).decode()

    @classmethod
    def from_text(cls, text: str) -> Proofing:
        """The inverse of :meth:`as_text`.

        :raises MalformedInput: ``proofing_malformed``.
        """
        try:
            kept = canonical_json.loads_object(text)
            if kept["v"] != _VERSION:
                raise ValueError("version")
            return cls(
                at=from_epoch_seconds(kept["at"]),
                procedure=ProofingProcedure(kept["procedure"]),
                place=ProofingPlace(kept["place"]),
                policy=str(kept["policy"]),
                checks=tuple(ProofingCheck(word) for word in kept["checks"]),
            )
        except (MalformedInput, KeyError, TypeError, ValueError, OverflowError):
            raise MalformedInput("proofing_malformed", field=PROOFING) from None

    def as_field(self) -> dict[str, str]:
        """For :meth:`hkeid.residents.PersonalFields.put`."""
        return {PROOFING: self.as_text()}
