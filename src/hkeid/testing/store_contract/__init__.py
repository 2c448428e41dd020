"""The contract of a store, for pytest: any store proves itself with one small class.

::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self):
            return MyStore(...)

It needs nothing but the ``store`` fixture, and does not mind a store that other tests have used.
``stores`` may be overridden to let several stores on the same state take part in the races.
"""

from hkeid.testing.store_contract.certificates import (
    IssuedCertificatesContract,
    RevocationListsContract,
    SerialCountersContract,
)
from hkeid.testing.store_contract.concurrency import RacesContract
from hkeid.testing.store_contract.everything import AnyStore, EveryRepository
from hkeid.testing.store_contract.expiring import ExpiringContract
from hkeid.testing.store_contract.links import LinksContract, UpstreamSessionsContract
from hkeid.testing.store_contract.logout_notices import LogoutNoticesContract
from hkeid.testing.store_contract.notices import NoticeChoicesContract, NoticesContract
from hkeid.testing.store_contract.officers import (
    OfficerCredentialsContract,
    OfficersContract,
    OfficerSessionsContract,
    RecordAccessesContract,
)
from hkeid.testing.store_contract.profile import (
    ConsentsContract,
    DisclosuresContract,
    GuardianApprovalsContract,
)
from hkeid.testing.store_contract.provider import (
    AccessTokensContract,
    ClientsContract,
    GrantsContract,
)
from hkeid.testing.store_contract.registrations import (
    EvidenceItemsContract,
    RegistrationsContract,
)
from hkeid.testing.store_contract.registry import (
    BlindIndexContract,
    CredentialsContract,
    ResidentsContract,
    SealedFieldsContract,
)
from hkeid.testing.store_contract.reviews import ReviewsContract
from hkeid.testing.store_contract.rights import DataRequestsContract
from hkeid.testing.store_contract.saml import ParticipationsContract
from hkeid.testing.store_contract.sessions import SessionsContract
from hkeid.testing.store_contract.signature_requests import SignatureRequestsContract
from hkeid.testing.store_contract.signing import MadeSignaturesContract, SigningKeysContract
from hkeid.testing.store_contract.single_use import AttemptBudgetsContract, SingleUseContract
from hkeid.testing.store_contract.stations import StationsContract, UpgradesContract
from hkeid.testing.store_contract.transactions import AuditContract, TransactionsContract


class StoreContract(
    SingleUseContract,
    AttemptBudgetsContract,
    ResidentsContract,
    CredentialsContract,
    SealedFieldsContract,
    BlindIndexContract,
    ClientsContract,
    GrantsContract,
    AccessTokensContract,
    SessionsContract,
    LinksContract,
    UpstreamSessionsContract,
    ConsentsContract,
    DisclosuresContract,
    GuardianApprovalsContract,
    DataRequestsContract,
    NoticesContract,
    NoticeChoicesContract,
    ExpiringContract,
    LogoutNoticesContract,
    RegistrationsContract,
    EvidenceItemsContract,
    OfficersContract,
    OfficerCredentialsContract,
    OfficerSessionsContract,
    RecordAccessesContract,
    ReviewsContract,
    StationsContract,
    UpgradesContract,
    SigningKeysContract,
    MadeSignaturesContract,
    SignatureRequestsContract,
    ParticipationsContract,
    IssuedCertificatesContract,
    RevocationListsContract,
    SerialCountersContract,
    TransactionsContract,
    AuditContract,
    RacesContract,
):
    """Everything that a store promises. Subclasses supply a ``store`` fixture."""


__all__ = [
    "AccessTokensContract",
    "AnyStore",
    "AttemptBudgetsContract",
    "AuditContract",
    "BlindIndexContract",
    "ClientsContract",
    "ConsentsContract",
    "CredentialsContract",
    "DataRequestsContract",
    "DisclosuresContract",
    "EveryRepository",
    "EvidenceItemsContract",
    "ExpiringContract",
    "GrantsContract",
    "GuardianApprovalsContract",
    "IssuedCertificatesContract",
    "LogoutNoticesContract",
    "NoticeChoicesContract",
    "NoticesContract",
    "OfficerCredentialsContract",
    "OfficerSessionsContract",
    "OfficersContract",
    "ParticipationsContract",
    "RacesContract",
    "RecordAccessesContract",
    "RegistrationsContract",
    "ResidentsContract",
    "ReviewsContract",
    "RevocationListsContract",
    "SealedFieldsContract",
    "SerialCountersContract",
    "SessionsContract",
    "SignatureRequestsContract",
    "SingleUseContract",
    "StationsContract",
    "StoreContract",
    "TransactionsContract",
    "UpgradesContract",
    "UpstreamSessionsContract",
]
