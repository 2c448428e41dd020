"""What only the parties know: who they are, what the document is, which rule asks for it.

Each answer is yes, no or ``None`` for "not known". None is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from hkeid.kernel.errors import MalformedInput

COMMON_LAW = "common-law"
"""For :attr:`LegalContext.ordinance`: the rule of law is common law, equity or custom (s.2(1))."""

_CHAPTER = re.compile(r"(?:cap\.?|第)?\s*([0-9]{1,4}[A-Z]{0,3})\s*章?", re.IGNORECASE | re.ASCII)
_NUMBERS = frozenset({"amount_hkd"})
_TEXTS = frozenset({"document_type", "ordinance"})


class Requirement(StrEnum):
    """What a rule of law asks for, and the section that lets an electronic form satisfy it."""

    WRITING = "writing"
    SIGNATURE = "signature"
    ORIGINAL = "original"
    RETENTION = "retention"


SECTION_OF: Mapping[Requirement, str] = {
    Requirement.WRITING: "s.5",
    Requirement.SIGNATURE: "s.6",
    Requirement.ORIGINAL: "s.7",
    Requirement.RETENTION: "s.8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalContext:
    """The circumstances of one document.

    :ivar requirements: what the rule of law asks for. To ask about a signature presupposes that some
        rule of law requires one; where none does, section 6 has nothing to satisfy.
    :ivar government_party: signer or recipient is, or acts for, a public officer or public body
        (s.6(1)(b), s.6(1A)(b)).
    :ivar recipient_consents: the recipient agrees to the method (s.6(1)(e)) or to an electronic record
        (s.15); consent may be inferred from conduct (s.15(5)).
    :ivar document_type: a code of the catalogue of exclusions, such as ``will`` or ``tax-return``.
    :ivar ordinance: chapter number ("112", "Cap. 112", "第112章") of the Ordinance that asks, or
        :data:`COMMON_LAW`.
    :ivar ordinance_excluded: the Exclusion Order (Cap. 553B, s.11(1)) takes the provision out.
    :ivar court_proceedings: needed for proceedings listed in Schedule 2 (s.13).
    :ivar court_rules_permit: the rules of those proceedings provide for electronic form (s.13).
    :ivar method_specified: a Gazette notice (s.11(2), s.12) or the Ordinance itself (s.14) specifies
        format, procedure or service, or leaves acceptance to somebody's discretion.
    :ivar specified_method_followed: the document follows it, and was accepted where that is needed.
    :ivar other_requirement_defeated: another requirement of that or a related Ordinance cannot be met
        if this one is met electronically (s.16).
    :ivar method_reliable: the method is reliable and appropriate for the purpose, in all the
        circumstances (s.6(1)(d)). A judgement that no program can make.
    :ivar certificate_terms_followed: the signature is a use that certificate and practice statement
        allow (s.6(1A)(e)).
    :ivar signer_is_minor: for a note; capacity is a matter of general law.
    :ivar amount_hkd: what is at stake, for a note on the reliance limit.
    :ivar accessible: the record stays accessible for later reference (s.5, s.8(1)(a)).
    :ivar legible: it can be shown legibly to whom it is presented (s.7(1)(b)).
    :ivar final_form_at_signing: it was signed when first generated in its final form (s.7(1)(a)).
    :ivar format_kept: kept in the format in which it was made, sent or received, or in one that is
        shown to be faithful (s.8(1)(b)).
    :ivar transmission_recorded: origin, destination, date and time are kept (s.8(1)(c)).
    """

    requirements: tuple[Requirement, ...] = (Requirement.SIGNATURE,)
    government_party: bool | None = None
    recipient_consents: bool | None = None
    document_type: str | None = None
    ordinance: str | None = None
    ordinance_excluded: bool | None = None
    court_proceedings: bool | None = None
    court_rules_permit: bool | None = None
    method_specified: bool | None = None
    specified_method_followed: bool | None = None
    other_requirement_defeated: bool | None = None
    method_reliable: bool | None = None
    certificate_terms_followed: bool | None = None
    signer_is_minor: bool | None = None
    amount_hkd: int | None = None
    accessible: bool | None = None
    legible: bool | None = None
    final_form_at_signing: bool | None = None
    format_kept: bool | None = None
    transmission_recorded: bool | None = None

    def __post_init__(self) -> None:
        if not self.requirements or len(set(self.requirements)) != len(self.requirements):
            raise MalformedInput("requirements_malformed", field="requirements")
        if self.amount_hkd is not None and self.amount_hkd < 0:
            raise MalformedInput("amount_negative", field="amount_hkd")
        if self.ordinance is not None:
            object.__setattr__(self, "ordinance", _chapter(self.ordinance))

    @property
    def common_law(self) -> bool:
        """Whether no Ordinance, but another rule of law, asks."""
        return self.ordinance == COMMON_LAW

    @classmethod
    def from_mapping(cls, members: Mapping[str, Any]) -> LegalContext:
        """The context out of JSON or TOML, with the field names of this class.

        :raises hkeid.kernel.errors.MalformedInput: ``context_member_unknown``,
            ``context_member_malformed``, and what the constructor raises; ``field`` names it.
        """
        names = {field.name for field in fields(cls)}
        for name in members:
            if name not in names:
                raise MalformedInput("context_member_unknown", field=str(name))
        values = {name: _member(name, value) for name, value in members.items()}
        return cls(**values)


def _member(name: str, value: Any) -> Any:
    if name == "requirements":
        try:
            return tuple(Requirement(item) for item in value)
        except (TypeError, ValueError):
            raise MalformedInput("requirements_malformed", field=name) from None
    if value is None:
        return None
    kind = str if name in _TEXTS else int if name in _NUMBERS else bool
    if type(value) is not kind:
        raise MalformedInput("context_member_malformed", field=name)
    return value


def _chapter(text: str) -> str:
    if text == COMMON_LAW:
        return text
    match = _CHAPTER.fullmatch(text.strip())
    if match is None:
        raise MalformedInput("ordinance_malformed", field="ordinance")
    return match.group(1).upper()
