"""A review desk on each kind of store, with referred cases made by hand and officers at work."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence
from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.system import SystemRandom
from hkeid.adapters.vault import MemoryVault
from hkeid.enrolment.proofing_policy import Findings, shipped_policy
from hkeid.enrolment.registration import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationRefused,
    RegistrationStep,
    RegistrationView,
)
from hkeid.enrolment.registration.views import FieldView
from hkeid.enrolment.review import (
    RegistrationCases,
    Review,
    ReviewFigures,
    ReviewPolicy,
    Sources,
    WaitingRoom,
)
from hkeid.kernel import canonical_json
from hkeid.officers import AccessReason, Officers, OfficerView, Role
from hkeid.officers.records import OfficerSession, OfficerStatus
from hkeid.ports import CardField
from hkeid.residents import PersonalFields
from hkeid.testing.keys import MemoryKeyStore
from hkeid.webauthn import WebAuthnPolicy

SOUND = Findings(
    details="as_read",
    document="passed",
    age="adult",
    liveness="live",
    pad="level-1",
    capture="attested",
    face="match",
    calibrated="yes",
    registry="match",
    registry_face="match",
    existing="none",
)
"""Nothing about it is risky."""

PICTURE = b"\xff\xd8\xff" + b"SPECIMEN" * 8


@dataclass
class MovingClock:
    moment: datetime = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def wait(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class RecordedRegistrations:
    """Registration as review sees it; it remembers how often it was told what."""

    store: Any
    numbers: Mapping[str, str] = field(default_factory=dict)
    told: list[tuple[str, bool, str, tuple[str, ...]]] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    lock: Any = field(default_factory=Lock)

    def view(self, registration_id: str) -> RegistrationView:
        with self.store.transaction() as tx:
            record = tx.registrations.get(registration_id)
        number = self.numbers.get(registration_id, "Q000101(1)")
        return RegistrationView(
            id=record.id,
            step=record.step,
            purpose=record.purpose,
            language="en",
            fields={CardField.HKIC_NUMBER: FieldView(machine=number, value=number, editable=False)},
            created_at=record.created_at,
            expires_at=record.expires_at,
            reference=record.reference,
            reason=record.reason,
            findings=Findings.from_json(canonical_json.loads_object(record.findings)),
        )

    def decide(
        self, registration_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> None:
        with self.lock:
            if self.fail:
                raise self.fail.pop(0)
            self.told.append((registration_id, accept, reason, officers))
        with self.store.transaction() as tx:
            record = tx.registrations.get(registration_id)
            if record.step is not RegistrationStep.REFERRED:
                raise RegistrationRefused("registration_other_step")
            step = RegistrationStep.BIND if accept else RegistrationStep.REFUSED
            tx.registrations.change(record, replace(record, step=step))


class ReviewDesk:
    """Everything that reviewers meet."""

    def __init__(self, store: Any, clock: MovingClock, keys: MemoryKeyStore) -> None:
        random = SystemRandom()
        self.store, self.clock, self.keys = store, clock, keys
        self.fields = PersonalFields(keys, MemoryVault(), random)
        policy = WebAuthnPolicy(
            rp_id="localhost", rp_name="o", origins=frozenset({"http://localhost:8001"})
        )
        self.officers: Officers[Any] = Officers(store, policy, self.fields, keys, clock, random)
        self.evidence = SealedEvidence(store, MemoryEvidenceKeys(), keys, clock, random)
        self.registrations = RecordedRegistrations(store)
        rules = ReviewPolicy(proofing=shipped_policy("sandbox"))
        sources = Sources(RegistrationCases(self.registrations, self.evidence, keys, rules))
        self.review = Review(store, self.officers, sources, clock, random, rules)
        self.figures = ReviewFigures(store, self.officers, clock, sources)
        self.waiting_room = WaitingRoom(store, clock)
        self.people = 0

    def officer(self, *roles: Role, **more: Any) -> OfficerView:
        """An officer at work, without the ceremony (tested elsewhere)."""
        self.people += 1
        held = roles or (Role.REGISTRATION_OFFICER,)
        officer = self.officers.staff.add(f"Officer {self.people}", held, **more)
        return self.session(officer.id)

    def session(self, officer_id: str) -> OfficerView:
        now = self.clock.now()
        session = OfficerSession(
            id=secrets.token_urlsafe(12),
            digest=secrets.token_bytes(32),
            browser=secrets.token_bytes(32),
            officer_id=officer_id,
            credential_id=b"c",
            authenticated_at=now,
            stepped_up_at=now,
            expires_at=now + timedelta(hours=8),
        )
        with self.store.transaction() as tx:
            old = tx.officers.get(officer_id)
            if old.status is not OfficerStatus.ACTIVE:
                tx.officers.change(old, replace(old, status=OfficerStatus.ACTIVE))
            tx.officer_sessions.add(session)
        return self.officers.login.sessions.view(session, old)

    def case(self, findings: Findings | None = SOUND, **more: Any) -> str:
        """A referred case with pictures."""
        case_id, now = secrets.token_urlsafe(12), self.clock.now()
        record = RegistrationRecord(
            id=case_id,
            reference=secrets.token_hex(4).upper(),
            purpose=RegistrationPurpose.NEW,
            step=RegistrationStep.REFERRED,
            browser=secrets.token_bytes(32),
            language="en",
            statement="2026-11",
            findings=b"{}" if findings is None else canonical_json.dumps(findings.as_json()),
            reason="face_unclear",
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(days=30),
        )
        with self.store.transaction() as tx:
            assert tx.registrations.add(replace(record, **more))
        self.evidence.open(case_id, expires_at=now + timedelta(days=30))
        for name, content in (("card", PICTURE), ("portrait", b""), ("selfie", PICTURE)):
            self.evidence.put(case_id, name, content)
        return case_id

    def take(self, view: OfficerView, case_id: str) -> str:
        why = AccessReason.REVIEW_OF_REGISTRATION
        return self.review.take(view, case_id, reason=why).id

    def vote(
        self, view: OfficerView, case_id: str, lease: str | None = None, *, accept: bool = True
    ) -> Any:
        from hkeid.enrolment.review import DecisionReason

        word = DecisionReason.SAME_PERSON if accept else DecisionReason.NOT_THE_SAME_PERSON
        return self.review.vote(
            view,
            case_id,
            lease_id=self.take(view, case_id) if lease is None else lease,
            accept=accept,
            decision=word,
            reason=AccessReason.REVIEW_OF_REGISTRATION,
        )

    def bodies(self, name: str) -> list[dict[str, Any]]:
        with self.store.transaction() as tx:
            return [
                json.loads(record.body)
                for writer in tx.audit_records.writers()
                for record in tx.audit_records.of_writer(writer)
                if record.name == name
            ]


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def _memory(parts: dict[str, Any]) -> Iterator[Any]:
    yield MemoryStore(**parts, patience=60)


def _sqlite(parts: dict[str, Any], empty: Path, folder: Path) -> Iterator[Any]:
    shutil.copy(empty, folder / "review.db")
    store = SqlStore(
        f"sqlite:///{folder}/review.db", sqlite_synchronous="NORMAL", patience=60, **parts
    )
    yield store
    store.close()


def _postgresql(parts: dict[str, Any]) -> Iterator[Any]:
    server = make_url(os.environ["HKEID_TEST_POSTGRESQL"])
    name = f"hkeid_review_{secrets.token_hex(6)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        url = server.set(database=name).render_as_string(hide_password=False)
        upgrade(url)
        store = SqlStore(url, pool_size=8, patience=60, **parts)
        try:
            yield store
        finally:
            store.close()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def each_store(
    request: pytest.FixtureRequest,
    keys: MemoryKeyStore,
    clock: MovingClock,
    empty_database: Path,
    tmp_path: Path,
) -> Iterator[Any]:
    parts = {"keys": keys, "clock": clock, "random": SystemRandom()}
    match request.param:
        case "memory":
            yield from _memory(parts)
        case "sqlite":
            yield from _sqlite(parts, empty_database, tmp_path)
        case _:
            yield from _postgresql(parts)


@pytest.fixture
def desk(keys: MemoryKeyStore, clock: MovingClock) -> ReviewDesk:
    store = MemoryStore(keys=keys, clock=clock, random=SystemRandom())
    return ReviewDesk(store, clock, keys)


@pytest.fixture
def desk_on_each_store(each_store: Any, keys: MemoryKeyStore, clock: MovingClock) -> ReviewDesk:
    return ReviewDesk(each_store, clock, keys)


@pytest.fixture
def sound() -> Findings:
    return SOUND


@pytest.fixture
def picture() -> bytes:
    return PICTURE
