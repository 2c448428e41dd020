"""An invented country that issues identity cards and passports: every key is made on the spot."""

from hkeid.testing.card_issuer.features import (
    BENCH_BAC,
    BENCH_PACE,
    HKIC,
    ICAO,
    CardFeatures,
)
from hkeid.testing.card_issuer.issuer import CardIssuer
from hkeid.testing.card_issuer.issuing import (
    CardDraft,
    card_access_number_of,
    document_number_of,
    draft_card,
    issue_card,
)

__all__ = [
    "BENCH_BAC",
    "BENCH_PACE",
    "HKIC",
    "ICAO",
    "CardDraft",
    "CardFeatures",
    "CardIssuer",
    "card_access_number_of",
    "document_number_of",
    "draft_card",
    "issue_card",
]
