"""What ``hkeid chip read`` prints: the outcome in words and as JSON, numbers masked unless asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hkeid.chip import ChipDocument, ChipEvidence, ChipHolder, Finding

_PASSIVE = {
    "trusted": "trusted",
    "signature_ok_untrusted": "right, but by nobody who is trusted",
    "failed": "wrong",
}
_GENUINE = {
    "active": "genuine, it signed a challenge (active authentication)",
    "chip": "genuine (chip authentication)",
    "cam": "genuine (chip authentication mapping)",
    "cloneable": "could be a copy: nothing proves that it is not",
    "failed": "not proved: its keys are not signed, or the proof is wrong",
}
_ACCESS = {
    "none": "without a key",
    "bac": "Basic Access Control",
    "pace-gm": "PACE, generic mapping",
    "pace-im": "PACE, integrated mapping",
    "pace-cam": "PACE, chip authentication mapping",
}


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """What came of a card.

    :ivar ended: what ended the reading; None where it was read to the end.
    """

    reader: str
    ended: Finding | None
    document: ChipDocument | None = None
    evidence: ChipEvidence | None = None

    @property
    def accepted(self) -> bool:
        """Whether the card is accepted."""
        return self.evidence is not None and self.evidence.accepted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, the worst first."""
        if self.ended is not None:
            return (self.ended,)
        found = self.evidence.findings if self.evidence is not None else ()
        order = ("fatal", "warning", "note")
        return tuple(sorted(found, key=lambda one: order.index(one.severity.value)))


def as_text(outcome: CardOutcome, *, show: bool) -> str:
    """Lines for a terminal."""
    return "\n".join(_lines(outcome, show=show))


def _lines(outcome: CardOutcome, *, show: bool) -> Iterator[str]:
    from hkeid.chip.finding_texts import meaning_of

    document, evidence = outcome.document, outcome.evidence
    yield f"reader       {outcome.reader}"
    if document is not None and evidence is not None:
        yield f"access       {_ACCESS[document.access.value]}; {document.cipher}"
        sizes = ", ".join(f"{name} {len(content)}" for name, content in document.files.items())
        yield f"read         {sizes} bytes, with {document.apdus} commands"
        yield f"signature    {_PASSIVE[evidence.passive.value]}: {evidence.signer or 'no signer'}"
        yield f"chip         {_GENUINE[evidence.genuine.value]}"
        for name, value in _holder(evidence.holder, show=show).items():
            yield f"{name.replace('_', ' '):<12} {value}"
    for found in outcome.findings:
        detail = f" ({found.detail})" if found.detail else ""
        yield f"{found.severity.value:<12} {meaning_of(found.code)} [{found.code.value}]{detail}"
    yield f"verdict      {_verdict(outcome)}"


def _verdict(outcome: CardOutcome) -> str:
    if outcome.accepted:
        return "accepted"
    if outcome.ended is not None:
        return "not accepted: it could not be read to the end"
    fatal = sum(one.fatal for one in outcome.findings)
    if fatal:
        return f"not accepted: {fatal} finding{'s' if fatal > 1 else ''} of weight"
    if outcome.evidence is not None and outcome.evidence.passive.value != "trusted":
        return "not accepted: who signed it is not trusted (--trust names the country signers)"
    return "not accepted: nothing proves that the chip is no copy"


def as_json(outcome: CardOutcome, *, show: bool) -> str:
    """One object."""
    from hkeid.chip.finding_texts import meaning_of

    document, evidence = outcome.document, outcome.evidence
    told: dict[str, Any] = {"accepted": outcome.accepted, "reader": outcome.reader}
    if document is not None and evidence is not None:
        told |= {
            "access": document.access.value,
            "cipher": document.cipher,
            "commands": document.apdus,
            "profile": document.profile,
            "files": {name: len(content) for name, content in document.files.items()},
            "signature": evidence.passive.value,
            "signer": evidence.signer,
            "security_object_sha256": evidence.sod_digest.hex(),
            "chip": evidence.genuine.value,
            "holder": _holder(evidence.holder, show=show),
        }
    told["findings"] = [
        {
            "code": one.code.value,
            "severity": one.severity.value,
            "detail": one.detail,
            "meaning": meaning_of(one.code),
        }
        for one in outcome.findings
    ]
    return json.dumps(told, indent=2, ensure_ascii=False)


def _holder(holder: ChipHolder | None, *, show: bool) -> dict[str, str]:
    """Who the signed files say that it is; what is not known is left out."""
    if holder is None:
        return {}
    person = holder.person
    number = person.hkic_number
    born = None if holder.born is None else holder.born.isoformat()
    document = holder.document_number
    masked = document[:2] + "*" * max(0, len(document) - 2)
    told = {
        "name": person.name.english,
        "chinese_name": person.name.chinese,
        "identity_card": None if number is None else number.reveal() if show else number.masked(),
        "born": born if show or born is None else f"{born[:4]}-**-**",
        "sex": None if person.sex is None else person.sex.value,
        "document": document if show else masked,
        "issued_by": holder.issuing_state,
        "expires": None if holder.expires is None else holder.expires.isoformat(),
        "portrait": None
        if holder.portrait is None
        else f"{len(holder.portrait)} bytes, {holder.portrait_type or 'kind unknown'}",
    }
    return {name: value for name, value in told.items() if value}
