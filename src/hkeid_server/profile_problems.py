"""What is wrong with a value of the profile: the word by which the page explains it, and where."""

from __future__ import annotations

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid_server.profile_forms import KINDS, FormError

_WORDS = {
    "eid_cooling": "cooling",
    "resident_not_active": "not-active",
    "eme_changes_exhausted": "changes",
    "email_codes_exhausted": "codes",
    "email_code_wrong": "wrong",
    "telephone_not_mobile": "not-mobile",
    "telephone_impossible": "impossible",
    "address_district_unknown": "district",
    "address_region_unknown": "region",
    "address_empty": "address-empty",
    "address_incomplete": "address-incomplete",
    "address_number_without_name": "number-without-name",
    "address_document_date_ahead": "date-ahead",
    "address_document_date_malformed": "date",
    "address_document_kind_unknown": "choose",
    "marital_status_unknown": "choose",
    "education_level_unknown": "choose",
}
_AT_FAULT = {"choice": "choice-1", "document": "issuer"}


def word_of(error: HkeidError) -> str:
    """The word for a refusal by which the page explains it."""
    if error.reason in _WORDS:
        return _WORDS[error.reason]
    return "malformed" if isinstance(error, MalformedInput) else "not-kept"


def at_fault(name: str, error: HkeidError) -> str:
    """The id of the input at fault, on the page of the field ``name``."""
    field = getattr(error, "field", None) or ""
    found = field if isinstance(error, FormError) or KINDS[name] == "document" else ""
    return found or _AT_FAULT.get(KINDS[name], "value")
