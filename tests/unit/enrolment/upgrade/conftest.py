"""A hub with stations and upgrades; what a chip proves is said by the test, everything else is real."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence
from hkeid.adapters.station_ca import StationCa, make_key, make_request, sign
from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence, ChipGenuine, ChipHolder, PassiveOutcome
from hkeid.chip.proofs import AccessProtocol, ChipProof, ProofKind
from hkeid.enrolment.proofing_policy import shipped_policy
from hkeid.enrolment.review import (
    DecisionReason,
    RegistrationCases,
    Review,
    ReviewFigures,
    ReviewPolicy,
    Sources,
    UpgradeCases,
)
from hkeid.enrolment.stations import Seats, Station, StationMode, Stations, StationSettings
from hkeid.enrolment.upgrade import (
    OnDuty,
    UpgradeParts,
    UpgradePolicy,
    Upgrades,
    UpgradeStep,
    active_challenge,
    signed_message,
)
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.enrolment.upgrade.offline import reading_name
from hkeid.enrolment.upgrade.sealed_reading import seal
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Expired, Unavailable
from hkeid.officers import AccessReason, Officers, OfficerView, Role
from hkeid.officers.records import OfficerSession, OfficerStatus
from hkeid.ports.faces import (
    CaptureIntegrity,
    FaceBand,
    FaceComparison,
    FaceRefused,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
    PadClaim,
)
from hkeid.ports.registry import RegistryFinding, RegistryStatus
from hkeid.residents import blind_digest
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.der import tlv

ORIGIN = "https://id.example.hk"


def security_object(*groups: int) -> bytes:
    """As much of an EF.SOD as says which groups it lists."""
    hashes = b"".join(
        tlv(0x30, tlv(0x02, bytes([number])) + tlv(0x04, b"h" * 32)) for number in groups
    )
    content = tlv(0x30, tlv(0x02, b"\x00") + tlv(0x30, b"") + tlv(0x30, hashes))
    for tag in (0x04, 0xA0, 0x30, 0x30, 0xA0, 0x30, 0x77):
        content = tlv(tag, content)
    return content


SIGNS = security_object(1, 2, 14, 15)
SIGNS_NOT = security_object(1, 2, 14)


class EvidenceInMemory:
    """:class:`hkeid.ports.EvidenceVault` of dictionaries."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, bytes]] = {}
        self.ends: dict[str, datetime] = {}
        self.gone: set[str] = set()

    def open(self, session_id: str, *, expires_at: datetime) -> None:
        if session_id in self.gone:
            raise Expired("evidence_destroyed")
        self.held.setdefault(session_id, {})
        self.ends.setdefault(session_id, expires_at)

    def put(self, session_id: str, name: str, content: bytes) -> None:
        if session_id not in self.held:
            raise Expired("evidence_destroyed")
        self.held[session_id][name] = content

    def get(self, session_id: str, name: str) -> bytes | None:
        return self.held.get(session_id, {}).get(name)

    def names(self, session_id: str) -> tuple[str, ...]:
        return tuple(sorted(self.held.get(session_id, {})))

    def sessions(self, after: str = "") -> tuple[str, ...]:
        return tuple(sorted(one for one in self.held if one > after))

    def extend(self, session_id: str, expires_at: datetime) -> None:
        self.ends[session_id] = expires_at

    def destroy(self, session_id: str) -> None:
        self.held.pop(session_id, None)
        self.gone.add(session_id)

    def expire(self, now: datetime, *, limit: int = 1000) -> tuple[str, ...]:
        late = [one for one, ends in self.ends.items() if ends <= now and one in self.held]
        for one in late:
            self.destroy(one)
        return tuple(late)

    def oldest(self) -> datetime | None:
        return min((self.ends[one] for one in self.held if one in self.ends), default=None)


@dataclass
class Verifier:
    """Says about a document what the test set."""

    evidence: ChipEvidence | None = None
    asked: list[datetime] = field(default_factory=list)

    def verify(self, document: ChipDocument, *, at: datetime) -> ChipEvidence:
        self.asked.append(at)
        assert self.evidence is not None
        return self.evidence


@dataclass
class Registry:
    status: RegistryStatus = RegistryStatus.MATCH
    down: bool = False
    face: FaceBand = FaceBand.MATCH
    asked: list[Any] = field(default_factory=list)

    def check(self, query: Any) -> RegistryFinding:
        self.asked.append(query)
        if self.down:
            raise Unavailable("registry_unavailable")
        return RegistryFinding(status=self.status, reference="R-1", face=self.face)


@dataclass
class Liveness:
    verdict: LivenessVerdict = LivenessVerdict.LIVE
    claim: PadClaim = PadClaim.LEVEL_1

    def start(self, now: datetime, random: Any) -> LivenessChallenge:
        return LivenessChallenge(
            nonce=random.token(8),
            expires_at=now + timedelta(minutes=2),
            client={"kind": "test", "steps": [{"turn": "left"}]},
            secret=b"s",
        )

    def finish(
        self, challenge: LivenessChallenge, evidence: LivenessEvidence, now: datetime
    ) -> LivenessResult:
        return LivenessResult(
            verdict=self.verdict if evidence.nonce == challenge.nonce else LivenessVerdict.SPOOF,
            pad_claim=self.claim,
            integrity=CaptureIntegrity.UNKNOWN,
            reason="turns_in_order",
            best_frame=b"frame" if self.verdict is LivenessVerdict.LIVE else None,
            provider="test 1",
        )


@dataclass
class Matcher:
    band: FaceBand = FaceBand.MATCH
    calibration: str | None = "c1"
    refuses: str | None = None

    def compare(self, probe: bytes, reference: bytes, purpose: Any) -> FaceComparison:
        if self.refuses:
            raise FaceRefused(self.refuses)
        return FaceComparison(
            band=self.band,
            distance=0.2,
            threshold=0.4,
            claimed_fmr=None,
            model="test 1",
            model_sha256="00",
            calibration=self.calibration,
        )


class Lab:
    """A hub, a certification authority, stations of every kind, and cards on demand."""

    def __init__(self, hub: Any, folder: Path, policy: UpgradePolicy | None = None) -> None:
        self.hub = hub
        hub.clock.moment = datetime.now(UTC).replace(microsecond=0)
        self.ca = StationCa.create(
            folder / f"ca-{hub.random.token(6)}", name="t", now=hub.clock.now()
        )
        common = (hub.store, hub.keys, hub.clock, hub.random)
        self.stations = Stations(*common, self.ca, StationSettings())
        self.seats = Seats(hub.store, self.stations, hub.clock, hub.random)
        self.vault = EvidenceInMemory()
        self.verifier, self.registry = Verifier(), Registry()
        self.liveness, self.matcher = Liveness(), Matcher()
        self.parts = UpgradeParts(
            store=hub.store,
            fields=hub.fields,
            keys=hub.keys,
            clock=hub.clock,
            random=hub.random,
            stations=self.stations,
            vault=self.vault,
            verifier=self.verifier,
            registry=self.registry,
            liveness=self.liveness,
            matcher=self.matcher,
            policy=policy or UpgradePolicy(),
            proofing=shipped_policy("production"),
        )
        self.upgrades = Upgrades(self.parts, hub.policy, hub.broker)
        self.keys: dict[str, bytes] = {}
        self.kiosk = self.station(StationMode.KIOSK)
        self.counter = self.station(StationMode.COUNTER)

    def station(self, mode: StationMode) -> Station:
        _, code = self.stations.add(f"Station {mode.value}", mode)
        key = make_key()
        found = self.stations.enrol(code.reveal(), make_request(key), network="n").station
        self.keys[found.id] = key
        return found

    def resident(self, phone: SoftwareAuthenticator) -> Any:
        """A logged-in resident with an active eID, and whose particulars a card may carry."""
        session = self.hub.activate(phone)
        self.resident_id = session.view.authentication.resident_id
        with self.hub.memory.transaction() as tx:
            texts = self.hub.fields.read(
                tx, self.resident_id, ("name_english", "name_chinese", "hkic_number")
            )
        self.person = Person.from_fields(texts)
        return session

    def evidence(self, **changes: Any) -> ChipEvidence:
        person = changes.pop("person", self.person)
        holder = ChipHolder(
            person=person,
            document_number="Q0000001",
            issuing_state=changes.pop("state", "HKG"),
            expires=date(2036, 1, 1),
            portrait=changes.pop("portrait", b"portrait"),
            portrait_type="image/jpeg",
        )
        made = ChipEvidence(
            findings=(),
            passive=PassiveOutcome.TRUSTED,
            genuine=ChipGenuine.ACTIVE,
            holder=holder,
            signer="CN=test",
            sod_digest=b"d" * 32,
        )
        return replace(made, **changes)

    def document(self, challenge: bytes, **changes: Any) -> ChipDocument:
        made = ChipDocument(
            files={"SOD": SIGNS, "DG1": b"dg1", "DG2": b"dg2", "DG15": b"dg15"},
            card_access=None,
            access=AccessProtocol.PACE_GM,
            cipher="aes-256",
            proofs=(
                ChipProof(
                    kind=ProofKind.ACTIVE,
                    algorithm="ecdsa-sha256",
                    parts={
                        "challenge": challenge,
                        "signature": hashlib.sha256(challenge).digest(),
                    },
                ),
            ),
            findings=(),
            read_at=self.hub.clock.now(),
            profile="hkic",
            apdus=42,
        )
        return replace(made, **changes)

    def claim(self, session: Any, station: Station | None = None) -> Any:
        offer = self.upgrades.offers.offer(session.view)
        number = self.upgrades.offers.number(offer)
        assert number is not None
        return self.upgrades.offers.claim(station or self.kiosk, number)

    def submit(
        self,
        station: Station,
        upgrade_id: str,
        document: ChipDocument | None = None,
        *,
        key: bytes | None = None,
        nonce: bytes | None = None,
        text: bytes | None = None,
    ) -> Any:
        task = self.upgrades.readings.task(station)
        upgrade = self.upgrades.look(upgrade_id)
        if document is None:
            document = self.document(task.challenge if task else b"x" * 8)
        if self.verifier.evidence is None:
            self.verifier.evidence = self.evidence()
        text = text if text is not None else dumps(document)
        message = signed_message(nonce if nonce is not None else upgrade.nonce, upgrade_id, text)
        signature = sign(key or self.keys[station.id], message)
        return self.upgrades.readings.submit(station, upgrade_id, text, signature)

    def face(self, station: Station, upgrade_id: str, nonce: str | None = None) -> Any:
        challenge = self.upgrades.faces.start(station, upgrade_id)
        given = LivenessEvidence(nonce=nonce or challenge.nonce, frames=())
        return self.upgrades.faces.give(station, upgrade_id, given)

    def compared(self, upgrade: Any, officer: str, *, same: bool = True) -> Any:
        """The officer at the counter says whether who came back is the person accepted."""
        duty = OnDuty(officer=officer, role=None, until=self.hub.clock.now())
        return self.upgrades.returns.says(self.counter, upgrade.id, duty, same=same)

    def confirm(
        self, upgrade: Any, phone: SoftwareAuthenticator, *, binding: str = "b1", **who: Any
    ) -> Any:
        who = who or {"resident_id": upgrade.resident_id}
        start = self.upgrades.confirmations.start(upgrade.id, binding=binding, **who)
        answer = phone.get(start.options, ORIGIN)
        return self.upgrades.confirmations.finish(
            upgrade.id, start.id, answer, binding=binding, **who
        )

    def state(self, resident_id: str | None = None) -> Any:
        return self.hub.look("residents", "get", resident_id or self.resident_id)


WHY = AccessReason.REVIEW_OF_UPGRADE


class Desk:
    """The officers' desk over a lab with stations."""

    def __init__(self, lab: Any) -> None:
        self.lab, hub = lab, lab.hub
        self.officers: Officers[Any] = Officers(
            hub.store, hub.policy, hub.fields, hub.keys, hub.clock, hub.random
        )
        policy = ReviewPolicy()
        evidence = SealedEvidence(hub.store, MemoryEvidenceKeys(), hub.keys, hub.clock, hub.random)
        self.sources = Sources(
            RegistrationCases(Unasked(), evidence, hub.keys, policy),
            UpgradeCases(hub.store, lab.upgrades, lab.vault, hub.fields, hub.keys, policy),
        )
        self.review = Review(hub.store, self.officers, self.sources, hub.clock, hub.random, policy)
        self.figures = ReviewFigures(hub.store, self.officers, hub.clock, self.sources)

    def officer(self, *roles: Role, repeated: HkicNumber | None = None, **more: Any) -> OfficerView:
        """An officer at work, without the ceremony (tested elsewhere).

        :param repeated: own number of an entry made before two of one person were refused.
        """
        held = roles or (Role.REGISTRATION_OFFICER,)
        officer = self.officers.staff.add("CHAN, Tai Man", held, **more)
        now = self.lab.hub.clock.now()
        session = OfficerSession(
            id=secrets.token_urlsafe(12),
            digest=secrets.token_bytes(32),
            browser=secrets.token_bytes(32),
            officer_id=officer.id,
            credential_id=b"c",
            authenticated_at=now,
            stepped_up_at=now,
            expires_at=now + timedelta(hours=8),
        )
        if repeated is not None:
            digest = blind_digest(self.lab.hub.keys, repeated)
            officer = replace(
                officer,
                id=f"{officer.id}-2",
                user_handle=secrets.token_bytes(64),
                own_number=digest,
            )
            with self.lab.hub.store.transaction() as tx:
                assert tx.officers.add(officer)
            session = replace(session, officer_id=officer.id)
        with self.lab.hub.store.transaction() as tx:
            assert tx.officers.change(officer, replace(officer, status=OfficerStatus.ACTIVE))
            tx.officer_sessions.add(session)
        return self.officers.login.sessions.view(session, officer)

    def take(self, view: OfficerView, case_id: str, reason: AccessReason = WHY) -> str:
        return self.review.take(view, case_id, reason=reason).id

    def vote(
        self, view: OfficerView, case_id: str, lease: str | None = None, *, accept: bool = True
    ) -> Any:
        word = DecisionReason.SAME_PERSON if accept else DecisionReason.NOT_THE_SAME_PERSON
        return self.review.vote(
            view,
            case_id,
            lease_id=self.take(view, case_id) if lease is None else lease,
            accept=accept,
            decision=word,
            reason=WHY,
        )

    def step(self, upgrade: Any) -> UpgradeStep:
        return self.lab.upgrades.look(upgrade.id).step

    def referred(
        self, phone: SoftwareAuthenticator, *, claim: PadClaim = PadClaim.NONE, **matcher: Any
    ) -> Any:
        """An upgrade at a kiosk that a machine could not decide; with a picture of the face."""
        lab = self.lab
        upgrade = lab.claim(lab.resident(phone))
        lab.submit(lab.kiosk, upgrade.id)
        lab.liveness.claim = claim
        for name, value in matcher.items():
            setattr(lab.matcher, name, value)
        upgrade = lab.face(lab.kiosk, upgrade.id)
        assert upgrade.step is UpgradeStep.REVIEW
        return upgrade

    def offline(self, *, officer: str | None = None, refused: bool = False, **evidence: Any) -> Any:
        """A reading that a mobile team brings home."""
        lab = self.lab
        mobile = lab.station(StationMode.MOBILE)
        shift = lab.upgrades.offline.begin(mobile, officer)
        name = reading_name(shift.id, 1)
        lab.verifier.evidence = lab.evidence(**evidence)
        changes: dict[str, Any] = {}
        if lab.verifier.evidence.genuine is not ChipGenuine.ACTIVE:
            changes = {"proofs": (), "files": {"SOD": lab.signs_not, "DG1": b"1", "DG2": b"2"}}
        document = lab.document(active_challenge(shift.nonce, name), **changes)
        content = canonical_json.dumps({"document": dumps(document).decode(), "same": "yes"})
        sealed = seal(content, shift.public_key, place=name.encode(), random=lab.hub.random)
        signature = sign(lab.keys[mobile.id], signed_message(shift.nonce, name, sealed))
        upgrade = lab.upgrades.offline.upload(mobile, shift.id, 1, sealed, signature)
        assert refused or upgrade.step is UpgradeStep.REVIEW, upgrade.reason
        return upgrade


class Unasked:
    """Registration, which nothing here asks."""


@pytest.fixture
def make_lab(make_hub: Callable[..., Any], tmp_path: Path) -> Callable[..., Lab]:
    def make(policy: UpgradePolicy | None = None, hub: Any = None) -> Lab:
        return Lab(hub or make_hub(), tmp_path, policy)

    return make


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


@pytest.fixture
def referred(lab: Lab, phone: SoftwareAuthenticator, another_person: Person) -> Any:
    """Somebody without an eID at the counter; the register doubts the face."""
    lab.resident(phone)
    lab.person = another_person
    lab.registry.face = FaceBand.REVIEW
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    lab.registry.face = FaceBand.NOT_ASSESSED
    return lab.upgrades.look(upgrade.id)


@pytest.fixture
def accepted(lab: Lab, referred: Any) -> Any:
    """The same, accepted by officers."""
    decide = lab.upgrades.officers.decide
    return decide(referred.id, accept=True, reason="same_person", officers=("o1", "o2"))


@pytest.fixture
def another_person() -> Person:
    return Person(
        name=PersonName(english="WONG, Siu Ling", chinese="黃小玲"),
        hkic_number=_number("A999998"),
        birth_date=BirthDate.parse("1968-09-21"),
    )


def _number(digits: str) -> HkicNumber:
    from hkeid.identity.hkic_number import check_character_of

    return HkicNumber(digits, check_character_of(digits))


@pytest.fixture
def signs_not() -> bytes:
    """An EF.SOD without DG15."""
    return SIGNS_NOT


@pytest.fixture
def signs() -> bytes:
    """An EF.SOD with DG15."""
    return SIGNS


@pytest.fixture
def make_desk() -> type[Desk]:
    return Desk


@pytest.fixture
def desk(lab: Lab) -> Desk:
    return Desk(lab)


@pytest.fixture
def desk_on_each_store(make_lab: Callable[..., Lab], make_hub_on_each_store: Any) -> Desk:
    return Desk(make_lab(hub=make_hub_on_each_store()))
