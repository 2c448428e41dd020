"""Getting in: EF.CardAccess, then PACE, or BAC where a card offers no PACE, then the application.

A card that offers PACE is not read by BAC because PACE failed: that is what somebody in between would
want. A caller can allow it; the document then carries ``pace_skipped``. Hiding the offer altogether
shows later, when the signed DG14 is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.chip.access import AccessKey, MrzKey
from hkeid.chip.apdu import Command
from hkeid.chip.bac import run_bac
from hkeid.chip.card_files import CARD_ACCESS, CARD_SECURITY, COM
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.file_reader import FileReader
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.mapping_proof import make_mapping_proof
from hkeid.chip.pace import PaceOutcome, choose_pace, run_pace
from hkeid.chip.proofs import AccessProtocol, ChipProof
from hkeid.chip.security_infos import Mapping, PaceInfo, parse_security_infos
from hkeid.chip.session import CardSession
from hkeid.ports.surroundings import Random

_SELECT_MASTER_FILE = Command(ins=0xA4, p2=0x0C, data=b"\x3f\x00")
_PROTOCOLS = {
    Mapping.GENERIC: AccessProtocol.PACE_GM,
    Mapping.INTEGRATED: AccessProtocol.PACE_IM,
    Mapping.CHIP_AUTHENTICATION: AccessProtocol.PACE_CAM,
}
_KEY_TROUBLE = frozenset({FindingCode.ACCESS_KEY_WRONG, FindingCode.ACCESS_KEY_BLOCKED})
_NO_CHALLENGE = frozenset({"6D00", "6985", "6986", "6A81"})


@dataclass(slots=True, kw_only=True)
class Entered:
    """How access was gained, and what was met on the way.

    :ivar document_id: what terminal authentication calls the document by.
    :ivar card_security: EF.CardSecurity, read after the mapping that needs it.
    """

    protocol: AccessProtocol = AccessProtocol.NONE
    card_access: bytes | None = None
    card_security: bytes | None = None
    proof: ChipProof | None = None
    document_id: bytes = b""
    findings: list[Finding] = field(default_factory=list)


class CardEntrance:
    """One way in."""

    def __init__(
        self,
        session: CardSession,
        files: FileReader,
        random: Random,
        *,
        application: bytes,
        allow_bac_after_pace: bool,
    ) -> None:
        self._session, self._files, self._random = session, files, random
        self._application = application
        self._allow_bac = allow_bac_after_pace

    def enter(self, key: AccessKey | None) -> Entered:
        """Gain access and select the application.

        :raises CardMalformed: ``card_access_malformed`` and those of PACE and BAC.
        :raises CardRefused: ``access_key_unsuitable``, ``pace_unsupported``, ``application_missing``
            and those of PACE and BAC.
        """
        entered = Entered(card_access=self._card_access())
        offered = self._offered(entered.card_access)
        if offered and key is None:
            raise CardRefused(FindingCode.ACCESS_KEY_UNSUITABLE, detail="none")
        if offered and key is not None:
            self._by_pace(offered, key, entered)
        self._select()
        if entered.protocol is AccessProtocol.NONE:
            self._by_bac(key, entered, offered=bool(offered))
        return entered

    def _card_access(self) -> bytes | None:
        """EF.CardAccess; the master file is selected first where the card starts somewhere else."""
        for attempt in range(2):
            try:
                return self._files.read(CARD_ACCESS)
            except CardRefused as error:
                if error.code not in {
                    FindingCode.FILE_MISSING,
                    FindingCode.FILE_LOCKED,
                    FindingCode.FILE_REFUSED,
                }:
                    raise CardMalformed(
                        FindingCode.CARD_ACCESS_MALFORMED, detail=error.reason
                    ) from None
            except CardMalformed as error:
                if not error.reason.startswith("file_"):
                    raise
                raise CardMalformed(
                    FindingCode.CARD_ACCESS_MALFORMED, detail=error.reason
                ) from None
            if not attempt and not self._session.send(_SELECT_MASTER_FILE).ok:
                return None
        return None

    def _offered(self, card_access: bytes | None) -> tuple[PaceInfo, ...]:
        if card_access is None:
            return ()
        return parse_security_infos(card_access, code=FindingCode.CARD_ACCESS_MALFORMED).pace

    def _by_pace(self, offered: tuple[PaceInfo, ...], key: AccessKey, entered: Entered) -> None:
        try:
            outcome = self._run_pace(offered, key)
        except (CardMalformed, CardRefused) as error:
            if error.code in _KEY_TROUBLE or not self._allow_bac or key.bac_seed() is None:
                raise
            entered.findings.append(finding(FindingCode.PACE_SKIPPED, error.reason))
            return
        entered.protocol = _PROTOCOLS[outcome.info.mapping]
        entered.document_id = outcome.card_key
        entered.proof = make_mapping_proof(outcome)
        if entered.proof is not None:
            entered.card_security = self._card_security(entered)

    def _run_pace(self, offered: tuple[PaceInfo, ...], key: AccessKey) -> PaceOutcome:
        chosen = choose_pace(offered)
        if chosen is None:
            raise CardRefused(FindingCode.PACE_UNSUPPORTED)
        info, group = chosen
        ambiguous = len({one.parameter_id for one in offered}) > 1
        outcome = run_pace(self._session, info, group, key, self._random, ambiguous=ambiguous)
        self._session.open(outcome.channel)
        return outcome

    def _card_security(self, entered: Entered) -> bytes | None:
        try:
            return self._files.read(CARD_SECURITY)
        except (CardMalformed, CardRefused) as error:
            if not error.reason.startswith("file_"):
                raise
            entered.findings.append(finding(FindingCode.CARD_SECURITY_MALFORMED, error.reason))
            return None

    def _select(self) -> None:
        command = Command(ins=0xA4, p1=0x04, p2=0x0C, data=self._application)
        self._session.demand(command, FindingCode.APPLICATION_MISSING)

    def _by_bac(self, key: AccessKey | None, entered: Entered, *, offered: bool) -> None:
        if key is None:
            entered.findings.append(finding(FindingCode.ACCESS_OPEN))
            return
        seed = key.bac_seed()
        if seed is None:
            raise CardRefused(FindingCode.ACCESS_KEY_UNSUITABLE)
        try:
            channel = run_bac(self._session, seed, self._random)
        except CardRefused as error:
            if error.detail not in _NO_CHALLENGE or not self._open_anyway():
                raise
            entered.findings.append(finding(FindingCode.ACCESS_OPEN))
            return
        self._session.open(channel)
        entered.protocol = AccessProtocol.BAC
        if isinstance(key, MrzKey):
            entered.document_id = key.document_id
        if not offered:
            entered.findings.append(finding(FindingCode.BAC_ONLY))

    def _open_anyway(self) -> bool:
        """A card without access control knows no challenge, and gives its files to anybody."""
        try:
            self._files.read(COM)
        except (CardMalformed, CardRefused):
            return False
        return True
