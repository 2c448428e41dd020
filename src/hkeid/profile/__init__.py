"""The resident's own profile (e-ME), consent ledger, and disclosure to relying parties."""

from hkeid.profile.claims import CLAIMS, ClaimDefinition
from hkeid.profile.editing import EmeOverview, EmeProfile
from hkeid.profile.eme import EME_FIELDS, EmeField, EmeValue, Source
from hkeid.profile.events import ClaimsDisclosed, ConsentDecided, ConsentWithdrawn
from hkeid.profile.ledger import ConsentLedger, StandingConsent
from hkeid.profile.question import ConsentItem, ConsentQuestion
from hkeid.profile.records import ConsentDecision, Disclosure
from hkeid.profile.statement import CollectionStatement, StatementText, collection_statement

__all__ = [
    "CLAIMS",
    "EME_FIELDS",
    "ClaimDefinition",
    "ClaimsDisclosed",
    "CollectionStatement",
    "ConsentDecided",
    "ConsentDecision",
    "ConsentItem",
    "ConsentLedger",
    "ConsentQuestion",
    "ConsentWithdrawn",
    "Disclosure",
    "EmeField",
    "EmeOverview",
    "EmeProfile",
    "EmeValue",
    "Source",
    "StandingConsent",
    "StatementText",
    "collection_statement",
]
