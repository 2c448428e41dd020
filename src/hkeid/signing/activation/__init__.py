"""Activation of a resident's signing key: each use has its own assertion of the resident's passkey.

The challenge of that assertion binds the key, the ordered hashes, what was displayed, chance and an end
in time, so an activation cannot serve for anything else (sole control, EN 419 241-1 SCAL2)::

    start = activation.start(request, binding=browser)
    token = activation.finish(start.id, answer, request, binding=browser)
    made = activation.sign(token, client_id=client, key_id=key, hashes=hashes)

The evidence in ``made`` verifies offline, years later (:func:`verify_evidence`).
"""

from hkeid.signing.activation.activation import SignatureActivation
from hkeid.signing.activation.authorisations import MadeSignatures
from hkeid.signing.activation.errors import EvidenceRefused, SignatureActivationRefused
from hkeid.signing.activation.evidence import (
    ActivationEvidence,
    SignatureEvidence,
    verify_activation,
    verify_evidence,
)
from hkeid.signing.activation.parts import ActivationRequest, ActivationSettings
from hkeid.signing.activation.records import (
    MadeSignature,
    SigningKey,
    SigningKeyRepository,
    SigningKeyState,
)
from hkeid.signing.activation.statement import ActivationStatement, DocumentHashes

__all__ = [
    "ActivationEvidence",
    "ActivationRequest",
    "ActivationSettings",
    "ActivationStatement",
    "DocumentHashes",
    "EvidenceRefused",
    "MadeSignature",
    "MadeSignatures",
    "SignatureActivation",
    "SignatureActivationRefused",
    "SignatureEvidence",
    "SigningKey",
    "SigningKeyRepository",
    "SigningKeyState",
    "verify_activation",
    "verify_evidence",
]
