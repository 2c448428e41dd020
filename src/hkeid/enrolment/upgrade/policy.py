"""Which evidence makes an eID+: data, not code (NIST SP 800-63A-4 IAL3 for what is accepted here)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hkeid.chip.countries import TWO_LETTERS
from hkeid.chip.evidence import ChipGenuine
from hkeid.chip.findings import FindingCode
from hkeid.enrolment.stations.records import StationMode
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.faces import FaceBand, PadClaim

_EVERY_PROOF = frozenset({ChipGenuine.ACTIVE, ChipGenuine.CHIP, ChipGenuine.CAM})
_EXAMPLE_STATE = "UTO"
"""Utopia, the example country of Doc 9303, under which the test cards are issued."""


class FaceJudge(StrEnum):
    """Who compared the person with the chip's portrait before the register was asked."""

    MACHINE = "machine"
    OFFICER = "officer"
    """The one at the counter, who has the person before them."""
    DESK = "desk"
    """Officers who review a referred upgrade."""


def _register_faces(machine: FaceBand | None = None) -> Mapping[FaceJudge, frozenset[FaceBand]]:
    seen = frozenset({FaceBand.MATCH, FaceBand.NOT_ASSESSED})
    alone = frozenset({FaceBand.MATCH} | ({machine} if machine else set()))
    return {FaceJudge.MACHINE: alone, FaceJudge.OFFICER: seen, FaceJudge.DESK: seen}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePolicy:
    """What is asked.

    :ivar version: name of this policy; every eID+ records it.
    :ivar proofs: by kind of station, the ways a chip may prove itself. Active authentication is a
        signature over the server's challenge; chip authentication and CAM are proof only as far as
        the station is trusted.
    :ivar liveness: claims of a liveness check that need no officer at a kiosk.
    :ivar register_face: by who compared the faces, what the register may say of the face for the
        upgrade to go on. Anything else goes to officers; what they did not know of when they accepted
        refuses. A face that the register found to be another never goes on.
    :ivar issuing_states: issuing states (DG1, Doc 9303-3 §5) whose cards count; the certificate is of
        the same country, or passive authentication failed. An identity-card number on the document of
        another state was put there by another state.
    :ivar calibrated: a match counts only where the matcher has a calibration record.
    :ivar tolerated: findings of severity ``warning`` that do not matter; every other one refuses. A
        revocation list that is out of date matters once it counts as none
        (:attr:`hkeid.chip.signatures.TrustPolicy.stale_revocation`).
    :ivar revocation: a card counts only where a revocation list of its country is there; without one
        nobody would notice that its signer was revoked.
    :ivar specimens: synthetic cards of the tests make an eID+ too.
    :ivar face_tries: how often a face may be presented.
    :ivar window: from the moment a station takes it up to the confirmation.
    :ivar offer: how long the resident's page may wait for a station, extensions included.
    :ivar number_lifetime: how long the number on that page is good, and what an extension adds.
    :ivar review: how long a referred upgrade waits for an officer.
    :ivar recovery_wait: how long a person who recovers an eID waits at the counter for a second officer.
    :ivar clock_skew: how far a station's clock may be off.
    :ivar offline_age: how old a reading may be that a mobile team uploads.
    """

    version: str = "2026-11"
    proofs: Mapping[StationMode, frozenset[ChipGenuine]] = field(
        default_factory=lambda: dict.fromkeys(StationMode, _EVERY_PROOF)
    )
    liveness: frozenset[PadClaim] = frozenset({PadClaim.LEVEL_1, PadClaim.LEVEL_2})
    register_face: Mapping[FaceJudge, frozenset[FaceBand]] = field(default_factory=_register_faces)
    issuing_states: frozenset[str] = frozenset({"HKG", "CHN"})
    calibrated: bool = True
    tolerated: frozenset[FindingCode] = frozenset(
        {
            FindingCode.BAC_ONLY,
            FindingCode.DG12_MALFORMED,
            FindingCode.DG13_MALFORMED,
            FindingCode.REVOCATION_STALE,
        }
    )
    revocation: bool = True
    specimens: bool = False
    face_tries: int = 3
    window: timedelta = timedelta(minutes=15)
    offer: timedelta = timedelta(minutes=30)
    number_lifetime: timedelta = timedelta(minutes=5)
    review: timedelta = timedelta(days=7)
    recovery_wait: timedelta = timedelta(hours=1)
    clock_skew: timedelta = timedelta(seconds=60)
    offline_age: timedelta = timedelta(hours=36)

    def __post_init__(self) -> None:
        """Refuse what would not protect.

        :raises ConfigurationError: ``upgrade_policy_invalid``.
        """
        zero = timedelta(0)
        rules = {
            "proofs": set(self.proofs) == set(StationMode)
            and all(found <= _EVERY_PROOF for found in self.proofs.values()),
            "register_face": set(self.register_face) == set(FaceJudge)
            and all(found <= _GOES_ON for found in self.register_face.values()),
            "issuing_states": bool(self.issuing_states) and self.issuing_states <= set(TWO_LETTERS),
            "face_tries": 0 < self.face_tries <= 10,
            "window": zero < self.window <= timedelta(hours=1),
            "offer": zero < self.offer <= timedelta(hours=2),
            "number_lifetime": zero < self.number_lifetime <= self.offer,
            "review": zero < self.review <= timedelta(days=30),
            "recovery_wait": zero < self.recovery_wait <= timedelta(hours=12),
            "clock_skew": zero <= self.clock_skew <= timedelta(minutes=5),
            "offline_age": zero < self.offline_age <= timedelta(days=7),
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("upgrade_policy_invalid", detail=name)

    @classmethod
    def sandbox(cls) -> UpgradePolicy:
        """For test persons: the built-in liveness check and matcher, which nobody has assessed."""
        return cls(
            version="sandbox",
            liveness=frozenset(PadClaim),
            register_face=_register_faces(FaceBand.NOT_ASSESSED),
            issuing_states=cls().issuing_states | {_EXAMPLE_STATE},
            calibrated=False,
            revocation=False,
            specimens=True,
        )

    def lax(self) -> tuple[str, ...]:
        """Keys by which it accepts what nobody vouches for: for test persons only."""
        rules = {
            "liveness": PadClaim.NONE in self.liveness,
            "register_face": not self.register_face[FaceJudge.MACHINE] <= {FaceBand.MATCH},
            "issuing_states": _EXAMPLE_STATE in self.issuing_states,
            "calibrated": not self.calibrated,
            "revocation": not self.revocation,
            "specimens": self.specimens,
        }
        return tuple(name for name, held in rules.items() if held)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> UpgradePolicy:
        """Read a policy: durations in seconds, names as in the enumerations.

        :raises ConfigurationError: ``upgrade_policy_invalid``; the detail names the key.
        """
        known = {one.name: one.default for one in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in table.items():
            if name not in known:
                raise ConfigurationError("upgrade_policy_invalid", detail=name)
            try:
                read[name] = _read(name, value, known[name])
            except (TypeError, ValueError, AttributeError):
                raise ConfigurationError("upgrade_policy_invalid", detail=name) from None
        return cls(**read)


_GOES_ON = frozenset({FaceBand.MATCH, FaceBand.NOT_ASSESSED})
"""A face near the threshold never goes on by itself: that is what officers are for."""


def _read(name: str, value: Any, default: Any) -> Any:
    if name == "proofs":
        return {
            mode: frozenset(ChipGenuine(word) for word in value.get(mode.value, ()))
            for mode in StationMode
        }
    if name == "register_face":
        return {
            judge: frozenset(FaceBand(word) for word in value.get(judge.value, ()))
            for judge in FaceJudge
        }
    if name == "issuing_states":
        return _words(value)
    if name == "liveness":
        return frozenset(PadClaim(word) for word in value)
    if name == "tolerated":
        return frozenset(FindingCode(word) for word in value)
    if isinstance(default, timedelta):
        return timedelta(seconds=int(value))
    if type(value) is not type(default):
        raise TypeError(name)
    return value


def _words(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TypeError("a list of words")
    return frozenset(value)
