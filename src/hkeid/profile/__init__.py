"""Consent ledger and disclosure to relying parties (e-ME itself comes later)."""

from hkeid.profile.claims import CLAIMS, ClaimDefinition
from hkeid.profile.deciding import Answer
from hkeid.profile.events import ClaimsDisclosed, ConsentDecided, ConsentWithdrawn
from hkeid.profile.ledger import ConsentLedger
from hkeid.profile.question import ConsentItem, ConsentQuestion
from hkeid.profile.receipt_checking import VerifiedReceipt, verify_receipt
from hkeid.profile.receipts import Receipts, receipt_file
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
    "Receipts",
    "StandingConsent",
    "StatementText",
    "VerifiedReceipt",
    "collection_statement",
    "receipt_file",
    "verify_receipt",
]
