"""Consent ledger and disclosure to relying parties (e-ME itself comes later)."""

from hkeid.profile.claims import CLAIMS, ClaimDefinition
from hkeid.profile.events import ClaimsDisclosed, ConsentDecided, ConsentWithdrawn
from hkeid.profile.ledger import ConsentLedger, StandingConsent
from hkeid.profile.question import ConsentItem, ConsentQuestion
from hkeid.profile.records import ConsentDecision, Disclosure
from hkeid.profile.statement import CollectionStatement, StatementText, collection_statement

__all__ = [
    "CLAIMS",
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
    "StandingConsent",
    "StatementText",
    "collection_statement",
]
