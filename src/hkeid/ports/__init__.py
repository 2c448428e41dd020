"""Protocols only: what the core asks of the outside world.

A port that needs a room's own types (a repository of grants, say) is declared in that room; the
ones here need nothing above :mod:`hkeid.identity`.
"""

from hkeid.ports.cards import (
    CardConnection,
    CardReader,
    CardUnavailable,
    ReaderEvent,
    Transceiver,
)
from hkeid.ports.documents import (
    Authenticity,
    CardField,
    DocumentAuthenticator,
    DocumentReader,
    DocumentReading,
    ImageRefused,
    ReadField,
    RetakeAdvice,
)
from hkeid.ports.evidence import (
    EvidenceVault,
)
from hkeid.ports.faces import (
    CapturedFrame,
    CaptureIntegrity,
    FaceBand,
    FaceComparison,
    FaceMatcher,
    FacePurpose,
    FaceRefused,
    LivenessChallenge,
    LivenessCheck,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
    PadClaim,
)
from hkeid.ports.keys import (
    KeyPurpose,
    KeyState,
    KeyStore,
    SigningKey,
)
from hkeid.ports.notices import (
    Channel,
    Notice,
    Notifier,
)
from hkeid.ports.registry import (
    PersonRegistry,
    RegistryFinding,
    RegistryQuery,
    RegistryStatus,
)
from hkeid.ports.sessions import (
    ClaimsSource,
    SessionReader,
)
from hkeid.ports.storage import (
    AttemptBudgets,
    BudgetAnswer,
    Lost,
    SingleUse,
    SingleUseRecord,
    Store,
    UseOutcome,
    Vanished,
    Won,
)
from hkeid.ports.surroundings import (
    Clock,
    HttpAnswer,
    HttpClient,
    Random,
)
from hkeid.ports.vault import (
    DataKeyVault,
)

__all__ = [
    "AttemptBudgets",
    "Authenticity",
    "BudgetAnswer",
    "CaptureIntegrity",
    "CapturedFrame",
    "CardConnection",
    "CardField",
    "CardReader",
    "CardUnavailable",
    "Channel",
    "ClaimsSource",
    "Clock",
    "DataKeyVault",
    "DocumentAuthenticator",
    "DocumentReader",
    "DocumentReading",
    "EvidenceVault",
    "FaceBand",
    "FaceComparison",
    "FaceMatcher",
    "FacePurpose",
    "FaceRefused",
    "HttpAnswer",
    "HttpClient",
    "ImageRefused",
    "KeyPurpose",
    "KeyState",
    "KeyStore",
    "LivenessChallenge",
    "LivenessCheck",
    "LivenessEvidence",
    "LivenessResult",
    "LivenessVerdict",
    "Lost",
    "Notice",
    "Notifier",
    "PadClaim",
    "PersonRegistry",
    "Random",
    "ReadField",
    "ReaderEvent",
    "RegistryFinding",
    "RegistryQuery",
    "RegistryStatus",
    "RetakeAdvice",
    "SessionReader",
    "SigningKey",
    "SingleUse",
    "SingleUseRecord",
    "Store",
    "Transceiver",
    "UseOutcome",
    "Vanished",
    "Won",
]
