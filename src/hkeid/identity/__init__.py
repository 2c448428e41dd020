"""Who a person is and how to reach them: identity-card numbers, names, partial birth dates, addresses,
telephone numbers; eID states, assurance.
"""

from hkeid.identity.address import (
    Address,
    AddressScript,
    FreeFormatAddress,
    PostOfficeBox,
    Premises,
    PremisesAddress,
)
from hkeid.identity.address_json import address_as_json, parse_address, parse_address_text
from hkeid.identity.address_lines import address_claim, address_in_lines
from hkeid.identity.assurance import Acr, acr_reached, lowest, parse_acr_values
from hkeid.identity.authentication import AuthenticationRequest, AuthenticationResult, SessionView
from hkeid.identity.birth_date import AgeAnswer, BirthDate, Precision
from hkeid.identity.code_lists import AddressDocumentKind, EducationLevel, MaritalStatus
from hkeid.identity.districts import District, Region
from hkeid.identity.email_address import parse_email
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.language import Language
from hkeid.identity.names import PersonName, RareCharacter, parse_commercial_code, rare_characters
from hkeid.identity.person import Person, Sex
from hkeid.identity.state import EidState, allowed_transitions, check_transition
from hkeid.identity.telephone import TelephoneNumber

__all__ = [
    "Acr",
    "Address",
    "AddressDocumentKind",
    "AddressScript",
    "AgeAnswer",
    "AuthenticationRequest",
    "AuthenticationResult",
    "BirthDate",
    "District",
    "EducationLevel",
    "EidState",
    "FreeFormatAddress",
    "HkicNumber",
    "Language",
    "MaritalStatus",
    "Person",
    "PersonName",
    "PostOfficeBox",
    "Precision",
    "Premises",
    "PremisesAddress",
    "RareCharacter",
    "Region",
    "SessionView",
    "Sex",
    "TelephoneNumber",
    "acr_reached",
    "address_as_json",
    "address_claim",
    "address_in_lines",
    "allowed_transitions",
    "check_character_of",
    "check_transition",
    "lowest",
    "parse_acr_values",
    "parse_address",
    "parse_address_text",
    "parse_commercial_code",
    "parse_email",
    "rare_characters",
]
