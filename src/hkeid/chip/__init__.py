"""Smart cards: ICAO Doc 9303 documents, read and verified over any :class:`hkeid.ports.CardReader`.

::

    with open_reader("pcsc") as reader, reader.connect() as card:
        document = card.read(access=CardAccessNumber("123456"))
    evidence = document.verify(trust=country_signers)
    if evidence.accepted:
        ...

Reading and verifying are apart: :class:`ChipDocument` is what the card said, byte for byte, with the
transcripts by which its chip proved itself; :class:`ChipEvidence` is what that is worth, judged by
whoever has the countries' certificates. The protocols are sans-IO and take their chance from a
:class:`hkeid.ports.Random`, so that the worked examples of the standards replay exactly. Errors and
findings share one list of codes: :mod:`hkeid.chip.findings`.
"""

from hkeid.chip.access import AccessKey, CardAccessNumber, MrzKey
from hkeid.chip.document import ChipDocument
from hkeid.chip.errors import CardMalformed, CardRefused, finding_of
from hkeid.chip.evidence import ChipEvidence, ChipGenuine, ChipHolder, PassiveOutcome
from hkeid.chip.findings import Finding, FindingCode, Severity
from hkeid.chip.profiles import CardProfile, HkicIntegration, hkic, hkic_specimen, icao
from hkeid.chip.proofs import AccessProtocol, ChipProof, ProofKind
from hkeid.chip.readers import ConnectedCard, OpenedReader, open_reader
from hkeid.chip.reading import ReadingProgress, ReadingRules, read_document
from hkeid.chip.terminal_authentication import TerminalKeyPort

__all__ = [
    "AccessKey",
    "AccessProtocol",
    "CardAccessNumber",
    "CardMalformed",
    "CardProfile",
    "CardRefused",
    "ChipDocument",
    "ChipEvidence",
    "ChipGenuine",
    "ChipHolder",
    "ChipProof",
    "ConnectedCard",
    "Finding",
    "FindingCode",
    "HkicIntegration",
    "MrzKey",
    "OpenedReader",
    "PassiveOutcome",
    "ProofKind",
    "ReadingProgress",
    "ReadingRules",
    "Severity",
    "TerminalKeyPort",
    "finding_of",
    "hkic",
    "hkic_specimen",
    "icao",
    "open_reader",
    "read_document",
]
