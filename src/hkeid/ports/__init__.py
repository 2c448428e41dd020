"""Protocols only: what the core asks of the outside world.

A port that needs a room's own types (a repository of grants, say) is declared in that room; the
ones here need nothing above :mod:`hkeid.identity`. A module is loaded when one of its names is asked for: a
relying party pays for time, chance and the network only (law 8).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from hkeid.ports.encipherment import (
        EnciphermentKey,
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
        VerifiableClaims,
        VerifiedClaimsWish,
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

_NAMES = {
    "cards": (
        "CardConnection",
        "CardReader",
        "CardUnavailable",
        "ReaderEvent",
        "Transceiver",
    ),
    "documents": (
        "Authenticity",
        "CardField",
        "DocumentAuthenticator",
        "DocumentReader",
        "DocumentReading",
        "ImageRefused",
        "ReadField",
        "RetakeAdvice",
    ),
    "encipherment": ("EnciphermentKey",),
    "evidence": ("EvidenceVault",),
    "faces": (
        "CapturedFrame",
        "CaptureIntegrity",
        "FaceBand",
        "FaceComparison",
        "FaceMatcher",
        "FacePurpose",
        "FaceRefused",
        "LivenessChallenge",
        "LivenessCheck",
        "LivenessEvidence",
        "LivenessResult",
        "LivenessVerdict",
        "PadClaim",
    ),
    "keys": (
        "KeyPurpose",
        "KeyState",
        "KeyStore",
        "SigningKey",
    ),
    "notices": (
        "Channel",
        "Notice",
        "Notifier",
    ),
    "registry": (
        "PersonRegistry",
        "RegistryFinding",
        "RegistryQuery",
        "RegistryStatus",
    ),
    "sessions": (
        "ClaimsSource",
        "SessionReader",
        "VerifiableClaims",
        "VerifiedClaimsWish",
    ),
    "storage": (
        "AttemptBudgets",
        "BudgetAnswer",
        "Lost",
        "SingleUse",
        "SingleUseRecord",
        "Store",
        "UseOutcome",
        "Vanished",
        "Won",
    ),
    "surroundings": (
        "Clock",
        "HttpAnswer",
        "HttpClient",
        "Random",
    ),
    "vault": ("DataKeyVault",),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A port by name."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


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
    "EnciphermentKey",
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
    "VerifiableClaims",
    "VerifiedClaimsWish",
    "Won",
]
