"""A consent ledger over a registry in memory, one resident, one client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.identity import Acr, BirthDate, EidState, HkicNumber, Person, PersonName, Sex
from hkeid.kernel.instants import Instant
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.profile import ConsentEvidence, ConsentLedger
from hkeid.residents import PersonalFields
from hkeid.residents.records import Resident
from hkeid.testing.keys import MemoryKeyStore

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Ticking:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> Instant:
        return self.moment

    def tick(self, **step: int) -> Instant:
        self.moment += timedelta(**step)
        return self.moment


class DictVault:
    """The smallest vault there can be."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.list: dict[str, Instant] = {}

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        if resident_id in self.keys or resident_id in self.list:
            return False
        self.keys[resident_id] = wrapped
        return True

    def get(self, resident_id: str) -> bytes | None:
        return self.keys.get(resident_id)

    def destroy(self, resident_id: str, now: Instant) -> None:
        self.keys.pop(resident_id, None)
        self.list.setdefault(resident_id, now)

    def erased(self) -> Iterator[tuple[str, Instant]]:
        return iter(sorted(self.list.items(), key=lambda entry: entry[1]))


@pytest.fixture(scope="session")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore(algorithms=("ES256",))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def vault() -> DictVault:
    return DictVault()


@pytest.fixture
def store(keys: MemoryKeyStore, clock: Ticking) -> MemoryStore:
    return MemoryStore(keys, clock, SystemRandom())


@pytest.fixture
def fields(keys: MemoryKeyStore, vault: DictVault) -> PersonalFields:
    return PersonalFields(keys, vault, SystemRandom())


PERSON = Person(
    name=PersonName(english="CHAN, Tai Man", chinese="陳大文", chinese_simplified="陈大文"),
    hkic_number=HkicNumber.parse("A123456(3)"),
    birth_date=BirthDate.parse("1985-04-12"),
    sex=Sex.MALE,
)


def reasons(text: str) -> dict[str, str]:
    return {"en": text, "zh-Hant-HK": f"為了{text}", "zh-Hans": f"为了{text}"}


def evidence(question: str = "page-1") -> ConsentEvidence:
    """Of an answer to one page."""
    return ConsentEvidence(
        session_id="session-1", acr=Acr.EID, authenticated_at=NOW, question=question
    )


CLIENT = Client(
    id="shop",
    name={"en": "The Shop", "zh-Hant-HK": "商店", "zh-Hans": "商店"},
    redirect_uris=("https://shop.example.hk/eid/callback",),
    auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
    sector_identifier="shop.example.hk",
    claims={
        "gender": reasons("salutation"),
        "name": reasons("delivery"),
        "birthdate": reasons("age check"),
        "hkic_number": reasons("identity check"),
        "updated_at": reasons("noticing changes"),
    },
    voluntary_claims=("gender", "updated_at"),
    forms=(
        DataForm(
            id="member",
            name=reasons("Membership"),
            purpose=reasons("your membership card"),
            required=("name",),
            voluntary=("birthdate", "family_name"),
            keeps_for=90,
        ),
        DataForm(
            id="order",
            name=reasons("Order"),
            purpose=reasons("this one order"),
            required=("name",),
        ),
    ),
    direct_marketing=DirectMarketing(
        goods=reasons("books"),
        channels=(MarketingChannel.EMAIL, MarketingChannel.POST),
        claims=("name", "gender"),
    ),
    policy_uri="https://shop.example.hk/privacy",
    client_uri="https://shop.example.hk",
)


@pytest.fixture
def resident(store: MemoryStore, fields: PersonalFields) -> Resident:
    """An active resident with particulars, and a client."""
    entry = Resident(
        id="resident-1",
        user_handle=b"h" * 64,
        state=EidState.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
    )
    fields.create_key(entry.id)
    with store.transaction() as tx:
        assert tx.residents.add(entry)
        fields.put(tx, entry.id, PERSON.as_fields(), NOW)
        tx.clients.put(CLIENT)
    return entry


@pytest.fixture
def client() -> Client:
    return CLIENT


@pytest.fixture
def ledger(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    clock: Ticking,
    resident: Resident,
) -> ConsentLedger:
    assert resident
    return ConsentLedger(store, fields, clock, SystemRandom())
