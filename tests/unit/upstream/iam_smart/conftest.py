"""Us and the simulated iAM Smart, with a real socket between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hkeid.adapters.encipherment_keys import RsaEnciphermentKey
from hkeid.adapters.memory import MemoryStore
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.rp.surroundings import SystemClock, SystemRandom
from hkeid.rp.transport import DirectHttpClient
from hkeid.testing.iam_smart_simulator import IamSmartSimulator
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.small_server import SmallServer
from hkeid.upstream import UpstreamAuthentication, UpstreamRequest
from hkeid.upstream.iam_smart import (
    Callback,
    IamSmartApi,
    IamSmartCalls,
    IamSmartPerson,
    IamSmartSettings,
    IamSmartUpstream,
    Pending,
    Settled,
    read_callback,
    settle,
)
from hkeid.upstream.iam_smart.callbacks import accepted, refused


@dataclass
class Bench:
    """A client of the simulator with a callback address of its own."""

    simulator: IamSmartSimulator
    store: MemoryStore
    upstream: IamSmartUpstream
    calls: IamSmartCalls
    receiver: SmallServer | None = None
    settled: list[Settled] = field(default_factory=list)
    duplicates: int = 0
    refusals: list[str] = field(default_factory=list)
    came: list[Callback] = field(default_factory=list)

    @property
    def callback(self) -> str:
        assert self.receiver is not None
        return f"{self.receiver.url}/callback"

    def receive(self, request: Request) -> Response:
        """What a server does with a callback."""
        now = SystemClock().now()
        try:
            callback = read_callback(self.calls.api, request, now)
            self.came.append(callback)
            with self.store.transaction() as tx:
                settled = settle(tx.single_use, callback, now)
        except HkeidError as error:
            self.refusals.append(error.reason)
            return refused()
        if settled is None:
            self.duplicates += 1
        else:
            self.settled.append(settled)
        return accepted()

    def begin(self, **changes: Any) -> Any:
        request = UpstreamRequest(
            **{
                "state": SystemRandom().token(24),
                "callback": f"{self.simulator.url.replace('localhost', '127.0.0.1')}/back",
                **changes,
            }
        )
        return self.upstream.begin(request)

    def log_in(
        self, persona: str = "chan-tai-man", *, approve: bool = True, **changes: Any
    ) -> UpstreamAuthentication:
        departure = self.begin(**changes)
        back = self.simulator.approve_login(departure.to, persona, approve=approve)
        return self.finish(departure.kept, back)

    def finish(self, kept: bytes, back: str) -> UpstreamAuthentication:
        return self.upstream.finish(kept, came_back(back), SystemClock().now())

    def person(self, persona: str = "chan-tai-man") -> IamSmartPerson:
        continuation = self.log_in(persona).continuation
        assert continuation is not None
        return IamSmartPerson.decode(continuation)

    def keep(self, pending: Pending) -> Pending:
        with self.store.transaction() as tx:
            assert tx.single_use.put(pending.record)
        return pending


def came_back(back: str) -> Request:
    query = back.partition("?")[2]
    return Request(method="GET", path="/back", query=Parameters.parse(query))


@pytest.fixture(scope="module")
def running() -> Iterator[Bench]:
    with IamSmartSimulator() as simulator:
        clock, random = SystemClock(), SystemRandom()
        registration = simulator.registration
        settings = IamSmartSettings(
            host=simulator.url,
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            timeout=8.0,
        )
        api = IamSmartApi(
            settings,
            kek=RsaEnciphermentKey(registration.kek),
            http=DirectHttpClient(),
            clock=clock,
            random=random,
        )
        store = MemoryStore(keys=MemoryKeyStore(algorithms=("ES256",)), clock=clock, random=random)
        bench = Bench(simulator, store, IamSmartUpstream(api), IamSmartCalls(api))
        with SmallServer(bench.receive) as receiver:
            bench.receiver = receiver
            yield bench


@pytest.fixture
def bench(running: Bench) -> Iterator[Bench]:
    running.settled.clear()
    running.refusals.clear()
    running.came.clear()
    running.duplicates = 0
    running.simulator.posted.clear()
    yield running
    running.simulator.fault = None
    running.simulator.fail(None)
