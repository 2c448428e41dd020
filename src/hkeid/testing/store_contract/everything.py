"""A transaction with every repository there is, and records to fill it with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from hkeid.adapters.evidence.sealed import EvidenceItems
from hkeid.audit.events import AuditEvent
from hkeid.audit.records import AuditTransaction
from hkeid.broker.records import Session
from hkeid.broker.upstream_records import UpstreamTransaction
from hkeid.doors.logout.records import LogoutNoticeRepository
from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.enrolment.notices.records import NoticeChoiceRepository, NoticeRepository
from hkeid.enrolment.registration.records import RegistrationRepository
from hkeid.enrolment.review.records import ReviewRepository
from hkeid.enrolment.stations.records import StationRepository
from hkeid.enrolment.upgrade.records import UpgradeRepository
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.base64url import encode
from hkeid.officers.records import OfficersTransaction
from hkeid.op.records import AccessToken, Client, ClientAuthMethod, Grant, ProviderTransaction
from hkeid.ports.storage import Expiring, SingleUseRecord, Store
from hkeid.profile.records import (
    ConsentDecision,
    ConsentEvidence,
    Disclosure,
    ProfileTransaction,
)
from hkeid.profile.rights.records import DataRequestRepository
from hkeid.residents.guardians import GuardianApproval
from hkeid.residents.records import BlindIndexRepository, Credential, Resident
from hkeid.saml.idp.records import ParticipationRepository
from hkeid.signing.activation.records import MadeSignatureRepository, SigningKeyRepository
from hkeid.signing.certificates.records import (
    IssuedRepository,
    RevocationListRepository,
    SerialCounters,
)
from hkeid.signing.requests.records import SignatureRequestRepository


class EveryRepository(
    ProviderTransaction,
    UpstreamTransaction,
    ProfileTransaction,
    AuditTransaction,
    OfficersTransaction,
    Protocol,
):
    """What a store gives inside ``transaction()``."""

    @property
    def reviews(self) -> ReviewRepository: ...

    @property
    def erased_records(self) -> Expiring: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def data_requests(self) -> DataRequestRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def notice_choices(self) -> NoticeChoiceRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...
    @property
    def registrations(self) -> RegistrationRepository: ...
    @property
    def evidence_items(self) -> EvidenceItems: ...
    @property
    def stations(self) -> StationRepository: ...
    @property
    def upgrades(self) -> UpgradeRepository: ...
    @property
    def signing_keys(self) -> SigningKeyRepository: ...
    @property
    def made_signatures(self) -> MadeSignatureRepository: ...
    @property
    def signature_requests(self) -> SignatureRequestRepository: ...
    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def issued_certificates(self) -> IssuedRepository: ...
    @property
    def revocation_lists(self) -> RevocationListRepository: ...
    @property
    def serial_counters(self) -> SerialCounters: ...


AnyStore = Store[EveryRepository]

if TYPE_CHECKING:
    from hkeid.adapters.memory import MemoryStore
    from hkeid.adapters.sql import SqlStore

    def _memory_conforms(store: MemoryStore) -> AnyStore:
        return store

    def _sql_conforms(store: SqlStore) -> AnyStore:
        return store


NOW = datetime(2026, 11, 2, 9, 30, 15, 123456, tzinfo=UTC)
"""The moment at which the contract's tests begin."""

LATER = NOW + timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def fresh_bytes(length: int = 32) -> bytes:
    """Bytes that no other test has."""
    return os.urandom(length)


def fresh_id() -> str:
    """An id that no other test has."""
    return encode(os.urandom(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(AuditEvent):
    """An event for tests of the trail."""

    NAME: ClassVar[str] = "contract:thing:happened"

    thing: str


def a_single_use(
    *, kind: str = "authorization_code", family: str | None = None, payload: bytes = b"{}"
) -> SingleUseRecord:
    """A fresh single-use thing that expires at :data:`LATER`."""
    return SingleUseRecord(
        kind=kind,
        digest=fresh_bytes(),
        family=family,
        payload=payload,
        created_at=NOW,
        expires_at=LATER,
    )


def a_resident() -> Resident:
    """A fresh applicant."""
    return Resident(
        id=fresh_id(),
        user_handle=fresh_bytes(64),
        state=EidState.APPLICANT,
        created_at=NOW,
        updated_at=NOW,
    )


def a_credential(resident_id: str, *, created_at: datetime = NOW) -> Credential:
    """A fresh credential with something in every member."""
    return Credential(
        id=fresh_bytes(),
        resident_id=resident_id,
        public_key=fresh_bytes(77),
        algorithm=-7,
        sign_count=4_294_967_295,
        backup_eligible=True,
        backed_up=False,
        aaguid="00000000-0000-0000-0000-000000000000",
        transports=("internal", "hybrid"),
        attestation_format="packed",
        attestation="self",
        rp_id="eid.example.hk",
        evidence=b'{"attestationObject":"o2M"}',
        label=fresh_bytes(40),
        created_at=created_at,
    )


def a_session(resident_id: str, *, created_at: datetime = NOW) -> Session:
    """A fresh session."""
    return Session(
        id=fresh_id(),
        digest=fresh_bytes(),
        resident_id=resident_id,
        credential_id=fresh_bytes(),
        acr=Acr.EID_BOUND,
        amr=("hwk", "user"),
        authenticated_at=created_at,
        created_at=created_at,
        expires_at=created_at + timedelta(hours=1),
        agent=fresh_bytes(50),
    )


def a_client() -> Client:
    """A fresh client with something in every kind of member."""
    return Client(
        id=fresh_id(),
        name={"en": "Suggestions", "zh-Hant-HK": "意見", "zh-Hans": "意见"},
        redirect_uris=("https://rp.example/callback", "https://rp.example/another"),
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        jwks={"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AQ"}]},
        secret_digest=fresh_bytes(),
        sector_identifier="rp.example",
        scopes=("openid", "profile"),
        claims={"name": {"en": "To address you", "zh-Hant-HK": "稱呼閣下"}},
        voluntary_claims=("name",),
        forms=(
            DataForm(
                id="warning",
                name={"en": "Warnings"},
                purpose={"en": "To warn you", "zh-Hant-HK": "向閣下發出警告"},
                required=("name",),
                voluntary=("birthdate",),
                keeps_for=365,
            ),
        ),
        direct_marketing=DirectMarketing(
            goods={"en": "Umbrellas"}, channels=(MarketingChannel.POST,), claims=("name",)
        ),
        default_max_age=300,
        default_acr=Acr.EID,
        client_uri="https://rp.example",
    )


def a_grant(*, resident_id: str = "", session_id: str = "", created_at: datetime = NOW) -> Grant:
    """A fresh grant."""
    return Grant(
        id=fresh_id(),
        client_id="client",
        resident_id=resident_id or fresh_id(),
        session_id=session_id or fresh_id(),
        subject=fresh_id(),
        scopes=("openid", "profile"),
        claims={"id_token": ("name",), "userinfo": ("name", "birthdate")},
        acr=Acr.EID,
        amr=("swk", "user"),
        authenticated_at=created_at - SECOND,
        created_at=created_at,
        expires_at=created_at + timedelta(hours=8),
    )


def an_access_token(grant: Grant) -> AccessToken:
    """A fresh access token of ``grant``."""
    return AccessToken(
        digest=fresh_bytes(),
        grant_id=grant.id,
        client_id=grant.client_id,
        scopes=grant.scopes,
        created_at=NOW,
        expires_at=LATER,
    )


def a_decision(
    resident_id: str, claim: str, *, agreed: bool = True, at: datetime = NOW
) -> ConsentDecision:
    """A fresh consent decision for the client ``client``."""
    return ConsentDecision(
        id=fresh_id(),
        resident_id=resident_id,
        client_id="client",
        claim=claim,
        agreed=agreed,
        statement="2026-11.digest",
        language="zh-Hant-HK",
        decided_at=at,
        expires_at=at + timedelta(days=90) if agreed else None,
        evidence=ConsentEvidence(
            session_id=fresh_id(),
            acr=Acr.EID_BOUND,
            authenticated_at=at - SECOND,
            question=fresh_id(),
            guardian=fresh_id(),
        ),
    )


def a_disclosure(resident_id: str, *, at: datetime = NOW) -> Disclosure:
    """A fresh disclosure to the client ``client``."""
    return Disclosure(
        id=fresh_id(),
        resident_id=resident_id,
        client_id="client",
        claims=("name", "birthdate"),
        disclosed_at=at,
        decisions=(fresh_id(), fresh_id()),
        digests={"name": encode(fresh_bytes()), "birthdate": encode(fresh_bytes())},
        salt=fresh_bytes(45),
    )


def an_approval(resident_id: str, *, at: datetime = NOW) -> GuardianApproval:
    """A fresh approval of a guardian."""
    return GuardianApproval(
        id=fresh_id(),
        resident_id=resident_id,
        guardian_id=fresh_id(),
        registration=fresh_id(),
        approved_at=at,
    )
