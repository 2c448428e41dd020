"""Consent ledger and disclosure to relying parties (e-ME itself comes later)."""

from hkeid.profile.claims import CLAIMS, ClaimDefinition
from hkeid.profile.deciding import Answer
from hkeid.profile.events import ClaimsDisclosed, ConsentDecided, ConsentWithdrawn
from hkeid.profile.ledger import ConsentLedger
from hkeid.profile.question import ConsentItem, ConsentQuestion
from hkeid.profile.records import ConsentDecision, ConsentEvidence, Disclosure
from hkeid.profile.standing import StandingConsent
from hkeid.profile.statement import CollectionStatement, StatementText, collection_statement

__all__ = [
    "CLAIMS",
    "Answer",
    "ClaimDefinition",
    "ClaimsDisclosed",
    "CollectionStatement",
    "ConsentDecided",
    "ConsentDecision",
    "ConsentEvidence",
    "ConsentItem",
    "ConsentLedger",
    "ConsentQuestion",
    "ConsentWithdrawn",
    "Disclosure",
    "StandingConsent",
    "StatementText",
    "collection_statement",
]
