"""A card as it was read, and what it proves. Both are values: keep them, send them, verify again.

:class:`ChipDocument` holds the very bytes that the card gave and the transcripts by which the chip
proved itself. :meth:`ChipDocument.verify` needs nothing else but the countries' certificates, so a
server does not take a reader's word for a result. Transcripts of chip authentication and of the chip
authentication mapping convince whoever trusts the reader that held the ephemeral key (they could be
made up by it); one of active authentication is a signature and convinces anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from hkeid.chip.findings import Finding
from hkeid.identity.person import Person
from hkeid.kernel.instants import Instant

if TYPE_CHECKING:
    from hkeid.chip.trust import CountrySigners


class AccessProtocol(StrEnum):
    """How access to the chip was gained."""

    NONE = "none"
    BAC = "bac"
    PACE_GM = "pace-gm"
    PACE_IM = "pace-im"
    PACE_CAM = "pace-cam"


class ProofKind(StrEnum):
    """By which protocol a chip proved that it holds a private key."""

    ACTIVE = "active"
    CHIP = "chip"
    CAM = "cam"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipProof:
    """The transcript of one protocol run.

    :ivar algorithm: dotted object identifier, or a signature algorithm's name.
    :ivar parts: the values exchanged, by name; not shown by ``repr``.
    """

    kind: ProofKind
    algorithm: str
    parts: Mapping[str, bytes] = field(repr=False)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipDocument:
    """What was read, byte exact; verifiable later and elsewhere.

    :ivar files: ``COM``, ``SOD``, ``DG1`` … and ``CardSecurity``, as read; not shown by ``repr``.
    :ivar card_access: EF.CardAccess as read before access was gained, or None.
    :ivar cipher: ``none``, ``3des``, ``aes-128``, ``aes-192`` or ``aes-256``, of the last session.
    :ivar findings: met while reading.
    :ivar apdus: command APDUs sent.
    """

    files: Mapping[str, bytes] = field(repr=False)
    card_access: bytes | None = field(repr=False)
    access: AccessProtocol
    cipher: str
    proofs: tuple[ChipProof, ...]
    findings: tuple[Finding, ...]
    read_at: Instant
    profile: str
    apdus: int

    def verify(self, *, trust: CountrySigners, at: Instant | None = None) -> ChipEvidence:
        """Verify everything: signer, signature, hashes, chip, holder.

        Never raises because of the card: whatever is wrong with it is a finding.

        :param trust: the countries' certificates and revocation lists.
        :param at: the moment to judge validity at; when it was read, unless given.
        """
        from hkeid.chip.verification import verify_document

        return verify_document(self, trust=trust, at=at if at is not None else self.read_at)
