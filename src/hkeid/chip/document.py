"""A card as it was read: a value to keep, to send, and to verify again.

:class:`ChipDocument` holds the very bytes that the card gave and the transcripts by which the chip
proved itself. :meth:`ChipDocument.verify` needs nothing else but the countries' certificates, so a
server does not take a reader's word for a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hkeid.chip.evidence import ChipEvidence
from hkeid.chip.findings import Finding
from hkeid.chip.proofs import AccessProtocol, ChipProof
from hkeid.kernel.instants import Instant

if TYPE_CHECKING:
    from hkeid.chip.trust import CountrySigners


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
