"""Remote signing after the Cloud Signature Consortium's API, v1.0.4 and v2.2 on one service.

Every signature has its own approval by the resident (SCAL2): a relying party asks with an authorization
detail, the resident's passkey answers for exactly these hashes in this order, and the access token that
comes of it signs them once.
"""

from hkeid.signing.csc.approving import (
    ApprovalQuestion,
    Asker,
    CredentialApprovals,
    GivenApproval,
)
from hkeid.signing.csc.context import ServiceParts, ServiceSettings
from hkeid.signing.csc.credential_details import (
    CREDENTIAL,
    CREDENTIAL_2025,
    CredentialDetails,
    CredentialRequest,
)
from hkeid.signing.csc.documents import HashType, NamedHash, ShownDocument
from hkeid.signing.csc.door import BROWSER_PATHS, CscDoor
from hkeid.signing.csc.errors import CscError
from hkeid.signing.csc.service import PATHS, SigningService

__all__ = [
    "BROWSER_PATHS",
    "CREDENTIAL",
    "CREDENTIAL_2025",
    "PATHS",
    "ApprovalQuestion",
    "Asker",
    "CredentialApprovals",
    "CredentialDetails",
    "CredentialRequest",
    "CscDoor",
    "CscError",
    "GivenApproval",
    "HashType",
    "NamedHash",
    "ServiceParts",
    "ServiceSettings",
    "ShownDocument",
    "SigningService",
]
