"""What Hong Kong's Electronic Transactions Ordinance (Cap. 553) makes of a signature. Not legal advice.

::

    trust_list = read_trust_list(content, sha256=pinned)          # an operator's own
    opinion = judge_cap553(facts, LegalContext(government_party=True, ...), trust_list, at=now)
    opinion.verdict, opinion.missing
    print(opinion_text(opinion))
"""

from hkeid.signing.legal.certificate_reading import certificate_facts, key_hash
from hkeid.signing.legal.context import COMMON_LAW, LegalContext, Requirement
from hkeid.signing.legal.exclusions import Exclusions, parse_exclusions, shipped_exclusions
from hkeid.signing.legal.facts import (
    CertificateFacts,
    RevocationStatus,
    SignatureFacts,
    TechnicalVerdict,
)
from hkeid.signing.legal.judgement import judge_cap553
from hkeid.signing.legal.opinion import (
    Effect,
    LegalOpinion,
    LegalReason,
    RequirementOpinion,
    Verdict,
)
from hkeid.signing.legal.opinion_texts import OpinionWords, opinion_words
from hkeid.signing.legal.rendering import opinion_text
from hkeid.signing.legal.trust_list import TrustList
from hkeid.signing.legal.trust_list_reading import read_trust_list, shipped_trust_list

__all__ = [
    "COMMON_LAW",
    "CertificateFacts",
    "Effect",
    "Exclusions",
    "LegalContext",
    "LegalOpinion",
    "LegalReason",
    "OpinionWords",
    "Requirement",
    "RequirementOpinion",
    "RevocationStatus",
    "SignatureFacts",
    "TechnicalVerdict",
    "TrustList",
    "Verdict",
    "certificate_facts",
    "judge_cap553",
    "key_hash",
    "opinion_text",
    "opinion_words",
    "parse_exclusions",
    "read_trust_list",
    "shipped_exclusions",
    "shipped_trust_list",
]
