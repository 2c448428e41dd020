"""What a card that was read turned out to prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hkeid.chip.findings import Finding
from hkeid.identity.person import Person


class PassiveOutcome(StrEnum):
    """What passive authentication came to (Doc 9303-11 §5.1)."""

    TRUSTED = "trusted"
    SIGNATURE_OK_UNTRUSTED = "signature_ok_untrusted"
    FAILED = "failed"


class ChipGenuine(StrEnum):
    """What shows that the chip is the one that was issued; ``cloneable``: nothing does."""

    ACTIVE = "active"
    CHIP = "chip"
    CAM = "cam"
    CLONEABLE = "cloneable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipHolder:
    """Whom the card is about, as its verified files say. Its ``repr`` shows nothing.

    :ivar person: name, birth date, sex, and the identity-card number where DG11 holds one.
    :ivar portrait: the picture of DG2 as stored (JPEG or JPEG 2000), or None.
    :ivar born: birth date, as far as the machine-readable zone and DG11 say.
    """

    person: Person
    document_number: str
    issuing_state: str
    expires: date | None = None
    born: date | None = None
    portrait: bytes | None = None
    portrait_type: str | None = None

    def __repr__(self) -> str:
        return "ChipHolder(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipEvidence:
    """What a document proves, and everything found on the way."""

    findings: tuple[Finding, ...]
    passive: PassiveOutcome
    genuine: ChipGenuine
    holder: ChipHolder | None
    signer: str
    sod_digest: bytes

    @property
    def accepted(self) -> bool:
        """Trusted, proved genuine, and no fatal finding. Nothing less makes an eID+."""
        return (
            self.passive is PassiveOutcome.TRUSTED
            and self.genuine in {ChipGenuine.ACTIVE, ChipGenuine.CHIP, ChipGenuine.CAM}
            and self.holder is not None
            and not any(found.fatal for found in self.findings)
        )
