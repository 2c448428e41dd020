"""Who a person is: identity-card numbers, names, partial birth dates, eID states, assurance."""

from hkeid.identity.assurance import Acr, acr_reached, lowest, parse_acr_values
from hkeid.identity.authentication import AuthenticationRequest, AuthenticationResult, SessionView
from hkeid.identity.birth_date import AgeAnswer, BirthDate, Precision
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.language import Language
from hkeid.identity.names import PersonName, RareCharacter, parse_commercial_code, rare_characters
from hkeid.identity.person import Person, Sex
from hkeid.identity.state import EidState, allowed_transitions, check_transition

__all__ = [
    "Acr",
    "AgeAnswer",
    "AuthenticationRequest",
    "AuthenticationResult",
    "BirthDate",
    "EidState",
    "HkicNumber",
    "Language",
    "Person",
    "PersonName",
    "Precision",
    "RareCharacter",
    "SessionView",
    "Sex",
    "acr_reached",
    "allowed_transitions",
    "check_character_of",
    "check_transition",
    "lowest",
    "parse_acr_values",
    "parse_commercial_code",
    "rare_characters",
]
