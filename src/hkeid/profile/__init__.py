"""The resident's own profile (e-ME), consent ledger, and disclosure to relying parties."""

from hkeid.profile.claims import CLAIMS, ClaimDefinition
from hkeid.profile.deciding import Answer
from hkeid.profile.editing import EmeOverview, EmeProfile
from hkeid.profile.eme import EME_FIELDS, EmeField, EmeValue, Source
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
    "EME_FIELDS",
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
    "EmeField",
    "EmeOverview",
    "EmeProfile",
    "EmeValue",
    "Receipts",
    "Source",
    "StandingConsent",
    "StatementText",
    "VerifiedReceipt",
    "collection_statement",
    "receipt_file",
    "verify_receipt",
]
