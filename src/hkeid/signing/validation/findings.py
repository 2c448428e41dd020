"""What a validation can find, and what each finding does to the verdict."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from hkeid.identity.language import Language
from hkeid.ports.pdf_validation import Indication

_FORMAT = "FORMAT_FAILURE"
_CONSTRAINTS = "SIG_CONSTRAINTS_FAILURE"
_GENERIC = "GENERIC"


class FindingEffect(StrEnum):
    """What a finding does."""

    FAILS = "fails"
    OPEN = "open"
    NOTE = "note"


class FindingCode(StrEnum):
    """Stable words; their texts are in ``finding_texts.toml``."""

    DIGEST_MISMATCH = "digest_mismatch"
    SIGNATURE_VALUE_WRONG = "signature_value_wrong"
    CERTIFICATE_REVOKED = "certificate_revoked"
    RANGE_MALFORMED = "range_malformed"
    COVERAGE_PARTIAL = "coverage_partial"
    ENTRIES_DIFFER = "entries_differ"
    CMS_NOT_DETACHED = "cms_not_detached"
    CHANGE_FORBIDDEN = "change_forbidden"
    PAGES_CHANGED = "pages_changed"
    LOOK_CHANGED = "look_changed"
    SIGNATURE_FAILED = "signature_failed"
    SIGNATURE_UNREADABLE = "signature_unreadable"
    FORMAT_UNSUPPORTED = "format_unsupported"
    ALGORITHM_UNKNOWN = "algorithm_unknown"
    CERTIFICATE_ABSENT = "certificate_absent"
    CERTIFICATE_MALFORMED = "certificate_malformed"
    INTEGRITY_UNREADABLE = "integrity_unreadable"
    VALIDATION_FAILED = "validation_failed"
    CHAIN_NOT_TRUSTED = "chain_not_trusted"
    CERTIFICATE_OUT_OF_TIME = "certificate_out_of_time"
    CERTIFICATE_UNFIT = "certificate_unfit"
    REVOCATION_MISSING = "revocation_missing"
    ALGORITHM_WEAK = "algorithm_weak"
    TIMESTAMP_WRONG = "timestamp_wrong"
    TIMESTAMP_NOT_TRUSTED = "timestamp_not_trusted"
    SIGNATURE_UNDETERMINED = "signature_undetermined"
    CHANGE_UNEXPLAINED = "change_unexplained"
    CHANGES_UNKNOWN = "changes_unknown"
    FIELDS_CHANGED = "fields_changed"
    LATER_SIGNATURE_NOT_VALID = "later_signature_not_valid"
    LATER_SIGNATURE_COVERS = "later_signature_covers"
    LOOK_UNKNOWN = "look_unknown"
    REVISION_UNREADABLE = "revision_unreadable"
    SIGNATURE_IN_TWO_FIELDS = "signature_in_two_fields"
    READ_LENIENTLY = "read_leniently"
    HYBRID_CROSS_REFERENCE = "hybrid_cross_reference"
    TRAILING_BYTES = "trailing_bytes"
    SIGNATURE_ABSENT = "signature_absent"
    DOCUMENT_UNREADABLE = "document_unreadable"
    DOCUMENT_LOCKED = "document_locked"
    DOCUMENT_TOO_LARGE = "document_too_large"
    VALIDATOR_FAILED = "validator_failed"
    DOCUMENT_TIMESTAMP_NOT_VALID = "document_timestamp_not_valid"
    SIGNED_LATER = "signed_later"
    LONG_TERM_ADDED = "long_term_added"
    REVOCATION_UNCHECKED = "revocation_unchecked"
    REVOCATION_UNAVAILABLE = "revocation_unavailable"
    TIME_ONLY_CLAIMED = "time_only_claimed"
    PADDING_NOT_EMPTY = "padding_not_empty"


# Effect and sub-indication (ETSI EN 319 102-1 table 6). The engine's own sub-indication, where it has one,
# is put in place of GENERIC.
_F, _O, _N = FindingEffect.FAILS, FindingEffect.OPEN, FindingEffect.NOTE
_RULES: Mapping[FindingCode, tuple[FindingEffect, str]] = {
    FindingCode.DIGEST_MISMATCH: (_F, "HASH_FAILURE"),
    FindingCode.SIGNATURE_VALUE_WRONG: (_F, "SIG_CRYPTO_FAILURE"),
    FindingCode.RANGE_MALFORMED: (_F, _FORMAT),
    FindingCode.COVERAGE_PARTIAL: (_F, _FORMAT),
    FindingCode.ENTRIES_DIFFER: (_F, _FORMAT),
    FindingCode.CMS_NOT_DETACHED: (_F, _FORMAT),
    FindingCode.CHANGE_FORBIDDEN: (_F, _FORMAT),
    FindingCode.PAGES_CHANGED: (_F, _FORMAT),
    FindingCode.LOOK_CHANGED: (_F, _FORMAT),
    FindingCode.SIGNATURE_FAILED: (_F, _GENERIC),
    FindingCode.CHANGE_UNEXPLAINED: (_O, _CONSTRAINTS),
    FindingCode.CHANGES_UNKNOWN: (_O, _CONSTRAINTS),
    FindingCode.FIELDS_CHANGED: (_O, _CONSTRAINTS),
    FindingCode.LATER_SIGNATURE_NOT_VALID: (_O, _CONSTRAINTS),
    FindingCode.LATER_SIGNATURE_COVERS: (_O, _CONSTRAINTS),
    FindingCode.LOOK_UNKNOWN: (_O, _CONSTRAINTS),
    FindingCode.REVISION_UNREADABLE: (_O, _CONSTRAINTS),
    FindingCode.SIGNATURE_IN_TWO_FIELDS: (_O, _CONSTRAINTS),
    FindingCode.READ_LENIENTLY: (_O, _CONSTRAINTS),
    FindingCode.HYBRID_CROSS_REFERENCE: (_O, _CONSTRAINTS),
    FindingCode.TRAILING_BYTES: (_O, _CONSTRAINTS),
    FindingCode.ALGORITHM_UNKNOWN: (_O, "CRYPTO_CONSTRAINTS_FAILURE"),
    FindingCode.CERTIFICATE_ABSENT: (_O, "NO_SIGNING_CERTIFICATE_FOUND"),
    FindingCode.SIGNATURE_ABSENT: (_O, "SIGNED_DATA_NOT_FOUND"),
    FindingCode.SIGNED_LATER: (_N, ""),
    FindingCode.LONG_TERM_ADDED: (_N, ""),
    FindingCode.REVOCATION_UNCHECKED: (_N, ""),
    FindingCode.REVOCATION_UNAVAILABLE: (_N, ""),
    FindingCode.TIME_ONLY_CLAIMED: (_N, ""),
    FindingCode.PADDING_NOT_EMPTY: (_N, ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found.

    :ivar signature: field of the signature that it is about; "" for the document.
    :ivar fields: other fields that it names.
    :ivar sub_indication: of ETSI EN 319 102-1; "" for a note.
    """

    code: FindingCode
    effect: FindingEffect
    sub_indication: str = ""
    signature: str = ""
    fields: tuple[str, ...] = ()

    @property
    def indication(self) -> Indication:
        """The main indication that it leads to by itself."""
        if self.effect is FindingEffect.FAILS:
            return Indication.TOTAL_FAILED
        if self.effect is FindingEffect.OPEN:
            return Indication.INDETERMINATE
        return Indication.TOTAL_PASSED

    def text(self, language: Language = Language.ENGLISH) -> str:
        """The finding as a sentence."""
        return finding_text(self.code, language).format(fields=_named(self.fields))

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "code": self.code.value,
            "effect": self.effect.value,
            "sub_indication": self.sub_indication,
            "signature": self.signature,
            "fields": list(self.fields),
            "text": {language.value: self.text(language) for language in Language},
        }


def found(
    code: FindingCode,
    signature: str = "",
    *,
    fields: tuple[str, ...] = (),
    effect: FindingEffect | None = None,
    sub_indication: str = "",
) -> Finding:
    """A finding with the effect that its code has.

    :param effect: another one, where the engine found the opposite to be certain.
    :param sub_indication: the engine's own.
    """
    usual, sub = _RULES.get(code, (FindingEffect.OPEN, _GENERIC))
    chosen = effect or usual
    if sub == _GENERIC and sub_indication:
        sub = sub_indication
    return Finding(code=code, effect=chosen, sub_indication=sub, signature=signature, fields=fields)


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    content = files("hkeid.signing.validation").joinpath("finding_texts.toml").read_text("utf-8")
    return tomllib.loads(content)


def finding_text(code: FindingCode, language: Language) -> str:
    """The sentence of a code, with ``{fields}`` where it names some."""
    return _texts()[code.value][language.value]


def _named(fields: tuple[str, ...]) -> str:
    """Names come out of the file: whatever would break the line or hide is shown as a space."""
    text = ", ".join(fields)
    return "".join(one if one.isprintable() else " " for one in text)
