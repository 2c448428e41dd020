"""A hub of all its parts, on the memory store if nothing else is said, software authenticators in front."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.unit.adapters.soft_token import soft_token_of_this_run

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.system import SystemRandom
from hkeid.audit import AuditRecord, verify_store
from hkeid.broker import Broker, BrokerSettings, LoggedInSession
from hkeid.enrolment import Activation, Devices, EnrolmentSettings, Standing
from hkeid.identity.authentication import AuthenticationRequest
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person
from hkeid.op.records import Grant
from hkeid.residents import PersonalFields
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.keys import MemoryKeyStore
from hkeid.webauthn import WebAuthnPolicy

__all__ = ["soft_token_of_this_run"]  # one token for the run: a module is loaded once

ORIGIN = "https://id.example.hk"


class Killed(BaseException):
    """Stands in for SIGKILL: nothing in hkeid may catch it."""


@dataclass
class TestClock:
    __test__ = False
    moment: datetime = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Steps:
    """Counts steps and kills at one of them."""

    kill_at: int | None = None
    count: int = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.kill_at:
            raise Killed


class _Stepping:
    """A repository (or a vault) each of whose methods is a step."""

    def __init__(self, inner: Any, steps: Steps) -> None:
        self._inner = inner
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self._steps.step()
            return method(*args, **kwargs)

        return stepping

    def __iter__(self) -> Iterator[Any]:
        self._steps.step()
        return iter(self._inner)


class _SteppingTransaction:
    def __init__(self, inner: Any, steps: Steps) -> None:
        self._inner = inner
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return _Stepping(getattr(self._inner, name), self._steps)


@dataclass
class KillableStore:
    """A store that dies at a chosen step: before any call of a repository, before a commit
    or after it, when the caller never hears of it.
    """

    inner: Any
    steps: Steps = field(default_factory=Steps)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self.inner.transaction() as tx:
            self.steps.step()
            yield _SteppingTransaction(tx, self.steps)
            self.steps.step()
        self.steps.step()

    def reading(self) -> Any:
        return self.inner.reading()


class VaultInMemory:
    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.gone: dict[str, datetime] = {}

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        if resident_id in self.keys or resident_id in self.gone:
            return False
        self.keys[resident_id] = wrapped
        return True

    def get(self, resident_id: str) -> bytes | None:
        return self.keys.get(resident_id)

    def destroy(self, resident_id: str, now: datetime) -> None:
        self.keys.pop(resident_id, None)
        self.gone[resident_id] = now

    def erased(self) -> Iterator[tuple[str, datetime]]:
        return iter(self.gone.items())


class Hub:
    """Everything that a resident meets, and what a test wants to look at."""

    def __init__(
        self,
        keys: MemoryKeyStore,
        *,
        broker: BrokerSettings | None = None,
        enrolment: EnrolmentSettings | None = None,
        store: Callable[..., Any] = MemoryStore,
    ) -> None:
        self.keys = keys
        self.clock = TestClock()
        self.random = SystemRandom()
        self.memory = store(keys=keys, clock=self.clock, random=self.random)
        self.steps = Steps()
        self.store = KillableStore(self.memory, self.steps)
        self.vault = VaultInMemory()
        self.fields = PersonalFields(keys, _Stepping(self.vault, self.steps), self.random)
        self.policy = WebAuthnPolicy(
            rp_id="id.example.hk", rp_name="eID", origins=frozenset({ORIGIN})
        )
        self.broker = Broker(self.store, self.policy, self.fields, self.clock, self.random, broker)
        common = (self.store, self.policy, self.fields, self.broker)
        self.activation = Activation(*common, keys, self.clock, self.random, enrolment)
        self.devices = Devices(*common, self.clock, self.random, enrolment)
        self.standing = Standing(self.store, self.clock, self.random)
        self.people = 0

    # --- journeys --------------------------------------------------------------------------------

    def person(self, number: int | None = None) -> Person:
        self.people += 1
        digits = f"A{number if number is not None else 100000 + self.people:06d}"
        return Person(
            name=PersonName(english="CHAN, Tai Man", chinese="陳大文"),
            hkic_number=HkicNumber(digits, check_character_of(digits)),
        )

    def applicant(self) -> tuple[str, str]:
        """Resident id and activation code."""
        resident_id = self.activation.register_applicant(self.person())
        return resident_id, self.activation.issue_ticket(resident_id).reveal()

    def activate(
        self, phone: SoftwareAuthenticator, code: str | None = None, **more: Any
    ) -> LoggedInSession:
        if code is None:
            code = self.applicant()[1]
        start = self.activation.start(code, browser="b1", network="n1")
        answer = phone.create(start.options, ORIGIN)
        return self.activation.finish(
            start.id, answer, browser="b1", network="n1", agent="Chromium, Android", **more
        )

    def login(
        self,
        phone: SoftwareAuthenticator,
        *,
        session: LoggedInSession | str | None = None,
        request: AuthenticationRequest | None = None,
        answer: Callable[[dict[str, Any]], Any] | None = None,
        browser: str = "b1",
        network: str = "n1",
        **options: Any,
    ) -> LoggedInSession:
        reference = session.reference.reveal() if isinstance(session, LoggedInSession) else session
        start = self.broker.start_login(
            request or AuthenticationRequest(client_id="hko"),
            browser=browser,
            session_reference=reference,
        )
        response = (answer or (lambda o: phone.get(o, ORIGIN, **options)))(start.options)
        return self.broker.finish_login(
            start.id,
            response,
            browser=browser,
            session_reference=reference,
            network=network,
            agent="Firefox, Linux",
        )

    def add_device(
        self, session: LoggedInSession, phone: SoftwareAuthenticator, label: str = "Spare"
    ) -> Any:
        self.clock.pass_(seconds=1)  # devices are listed by age
        start = self.devices.start_adding(session.view, browser="b1")
        return self.devices.finish_adding(
            session.view, start.id, phone.create(start.options, ORIGIN), browser="b1", label=label
        )

    def grant(self, session: LoggedInSession, client: str = "hko", *scopes: str) -> str:
        now = self.clock.now()
        authentication = session.view.authentication
        grant = Grant(
            id=self.random.token(16),
            client_id=client,
            resident_id=authentication.resident_id,
            session_id=session.view.session_id,
            subject="subject",
            scopes=("openid", *scopes),
            claims={},
            acr=authentication.acr,
            amr=authentication.amr,
            authenticated_at=authentication.authenticated_at,
            created_at=now,
            expires_at=now + timedelta(days=30),
        )
        with self.memory.transaction() as tx:
            tx.grants.add(grant)
        return grant.id

    # --- what a test looks at --------------------------------------------------------------------

    def current(self, session: LoggedInSession | str) -> Any:
        reference = session if isinstance(session, str) else session.reference.reveal()
        return self.broker.current(reference, self.clock.now())

    def records(self) -> list[AuditRecord]:
        with self.memory.transaction() as tx:
            return [
                record
                for writer in tx.audit_records.writers()
                for record in tx.audit_records.of_writer(writer)
            ]

    def events(self, prefix: str = "") -> list[str]:
        return [record.name for record in self.records() if record.name.startswith(prefix)]

    def bodies(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(record.body) for record in self.records() if record.name == name]

    def trail_is_sound(self) -> bool:
        return verify_store(self.memory, self.keys).sound

    def look(self, repository: str, method: str, *args: Any) -> Any:
        with self.memory.transaction() as tx:
            return getattr(getattr(tx, repository), method)(*args)


@pytest.fixture(scope="session")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def make_hub(keys: MemoryKeyStore) -> Callable[..., Hub]:
    def make(**settings: Any) -> Hub:
        return Hub(keys, **settings)

    return make


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the schema and nothing in it."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def make_hub_of(
    keys: MemoryKeyStore, tmp_path: Path, empty_database: Path
) -> Iterator[Callable[..., Hub]]:
    """Makes a hub on the kind of store that is named: ``memory`` or ``sqlite``."""
    opened: list[SqlStore] = []

    def on_sqlite(**parts: Any) -> SqlStore:
        file = tmp_path / f"{len(opened)}.db"
        shutil.copy(empty_database, file)
        opened.append(SqlStore(f"sqlite:///{file}", sqlite_synchronous="NORMAL", **parts))
        return opened[-1]

    def make(kind: str, **settings: Any) -> Hub:
        return Hub(keys, store=MemoryStore if kind == "memory" else on_sqlite, **settings)

    yield make
    for store in opened:
        store.close()


@pytest.fixture(params=["memory", "sqlite"])
def make_hub_on_each_store(
    request: pytest.FixtureRequest, make_hub_of: Callable[..., Hub]
) -> Callable[..., Hub]:
    return partial(make_hub_of, request.param)


@pytest.fixture
def hub_on_postgresql(keys: MemoryKeyStore) -> Iterator[Hub]:
    """On a new database of the server that ``scripts/test`` starts."""
    url = new_postgresql_database()
    upgrade(url)
    opened: list[SqlStore] = []

    def store(**parts: Any) -> SqlStore:
        opened.append(SqlStore(url, **parts))
        return opened[-1]

    yield Hub(keys, store=store)
    for one in opened:
        one.close()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()


@pytest.fixture
def phone() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.fixture
def origin() -> str:
    return ORIGIN


@pytest.fixture
def killed() -> type[BaseException]:
    return Killed
