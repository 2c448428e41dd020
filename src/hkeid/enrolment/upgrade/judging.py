"""Judging a reading: pure functions from what was verified to a reason to refuse, or none."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from hkeid.chip.document import ChipDocument
from hkeid.chip.errors import CardMalformed
from hkeid.chip.evidence import ChipEvidence, ChipGenuine, ChipHolder, PassiveOutcome
from hkeid.chip.findings import FindingCode, Severity
from hkeid.chip.proofs import ProofKind
from hkeid.chip.sod_groups import groups_in_sod
from hkeid.enrolment.stations.records import StationMode
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.policy import UpgradePolicy
from hkeid.identity.names import PersonName
from hkeid.kernel.instants import Instant

_LETTERS = re.compile(r"[^A-Z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a card does not make an eID+: a reason, and the finding behind it where there is one."""

    reason: str
    finding: str | None = None


def check_fresh(
    document: ChipDocument, *, since: Instant, challenge: bytes, policy: UpgradePolicy, now: Instant
) -> None:
    """The reading was made since a moment, and in answer to this challenge.

    :param challenge: what the chip had to sign, where it signs.
    :raises UpgradeRefused: ``evidence_stale``, ``evidence_challenge_wrong``.
    """
    skew = policy.clock_skew
    if not since - skew <= document.read_at <= now + skew:
        raise UpgradeRefused("evidence_stale")
    for proof in document.proofs:
        if proof.kind is ProofKind.ACTIVE and not hmac.compare_digest(
            proof.parts.get("challenge", b""), challenge
        ):
            raise UpgradeRefused("evidence_challenge_wrong")


def judge_card(
    document: ChipDocument, evidence: ChipEvidence, policy: UpgradePolicy, mode: StationMode
) -> Refusal | None:
    """Whether the card is one that makes an eID+; nothing but accepted evidence is (law 7)."""
    for found in evidence.findings:
        if found.fatal:
            return Refusal(reason=found.code.value, finding=found.code.value)
    codes = {found.code for found in evidence.findings}
    if FindingCode.SPECIMEN_PROFILE in codes and not policy.specimens:
        return Refusal(reason="specimen_profile", finding=FindingCode.SPECIMEN_PROFILE.value)
    if FindingCode.REVOCATION_UNKNOWN in codes and policy.revocation:
        unknown = FindingCode.REVOCATION_UNKNOWN.value
        return Refusal(reason=unknown, finding=unknown)
    if evidence.passive is not PassiveOutcome.TRUSTED:
        return Refusal(reason="chip_not_trusted")
    if evidence.genuine is ChipGenuine.CLONEABLE:
        return Refusal(reason="chip_cloneable", finding=FindingCode.CHIP_CLONEABLE.value)
    for found in evidence.findings:
        if found.severity is Severity.WARNING and found.code not in policy.tolerated:
            return Refusal(reason=found.code.value, finding=found.code.value)
    if not evidence.accepted or evidence.holder is None:
        return Refusal(reason="chip_not_trusted")
    return _judge_proof(document, evidence, policy, mode) or _judge_holder(evidence.holder, policy)


def _judge_proof(
    document: ChipDocument, evidence: ChipEvidence, policy: UpgradePolicy, mode: StationMode
) -> Refusal | None:
    if _can_sign(document) and not _signed(document):
        # It could have signed our challenge: whoever left that out has something to hide.
        return Refusal(reason="active_proof_missing")
    if evidence.genuine not in policy.proofs.get(mode, frozenset()):
        return Refusal(reason="chip_proof_not_accepted")
    return None


def _judge_holder(holder: ChipHolder, policy: UpgradePolicy) -> Refusal | None:
    if holder.issuing_state not in policy.issuing_states:
        # An honest document, and its personal number may even look like an identity card's.
        foreign = FindingCode.ISSUING_STATE_NOT_ALLOWED.value
        return Refusal(reason=foreign, finding=foreign)
    if holder.person.hkic_number is None:
        return Refusal(reason="chip_number_missing")
    if holder.portrait is None:
        return Refusal(reason="chip_portrait_missing")
    return None


def _can_sign(document: ChipDocument) -> bool:
    """Whether the signed object lists a key for active authentication, read or not."""
    if "DG15" in document.files:
        return True
    try:
        return "DG15" in groups_in_sod(document.files.get("SOD", b""))
    except CardMalformed:
        return True


def _signed(document: ChipDocument) -> bool:
    return any(proof.kind is ProofKind.ACTIVE for proof in document.proofs)


def same_name(chip: PersonName, kept: Mapping[str, str]) -> bool:
    """Whether the name on the chip is the resident's: English letters alone, and the Chinese name
    where both are known.
    """
    english = kept.get("name_english", "")
    if not _letters(english) or _letters(chip.english) != _letters(english):
        return False
    chinese = kept.get("name_chinese")
    return not chip.chinese or not chinese or _composed(chip.chinese) == _composed(chinese)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).upper()
    return _LETTERS.sub("", plain)


def _composed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
