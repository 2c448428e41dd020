"""A relying party pushes its requests (RFC 9126), here to the provider itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.op import Approved, Interaction
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp import LoginDeclined, ProviderMisbehaved, RelyingParty
from hkeid.testing.detail_types import TicketType
from hkeid.testing.fake_provider import FakeProvider
from hkeid.testing.provider import BROWSER, CALLBACK, ISSUER, ProviderBench, a_client

TICKETS = "https://rp.example.hk/tickets"


class InProcess:
    """The provider of a bench as the network has it."""

    def __init__(self, bench: ProviderBench) -> None:
        self.bench = bench
        self.spoil: dict[str, Any] = {}

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        request = Request(
            method=method,
            path=url.removeprefix(ISSUER),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            form=Parameters.parse(body or b""),
        )
        answer = self.bench.provider.handle(request)
        assert isinstance(answer, Response)
        found = answer.body
        if request.path == "/par" and self.spoil:
            found = json.dumps({**json.loads(found), **self.spoil}).encode()
        return HttpAnswer(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers},
            body=found,
        )


@pytest.fixture
def bench() -> ProviderBench:
    client = a_client(authorization_details_types=(TICKETS,))
    bench = ProviderBench(client, details=(TicketType(approval=True),))
    bench.log_in()
    return bench


def pem(bench: ProviderBench) -> str:
    return bench.key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def party(bench: ProviderBench, **options: Any) -> RelyingParty:
    http = InProcess(bench)
    made = RelyingParty(
        ISSUER,
        client_id="hko",
        private_key=pem(bench),
        http=http,
        clock=bench.clock,
        **options,
    )
    made.network = http  # type: ignore[attr-defined]
    return made


def visit(bench: ProviderBench, url: str) -> Any:
    return bench.provider.handle(
        Request(
            method="GET",
            path="/authorize",
            query=Parameters.of(dict(parse_qsl(urlsplit(url).query))),
            browser=BROWSER,
            session="session-reference",
        )
    )


def test_a_pushed_login_from_end_to_end(bench: ProviderBench) -> None:
    relying_party = party(bench, push_requests=True)
    login = relying_party.start_login(redirect_uri=CALLBACK)
    assert set(parse_qs(urlsplit(login.url).query)) == {"client_id", "request_uri"}
    assert login.confirmation_code is None
    answer = visit(bench, login.url)
    resident = relying_party.finish_login(login.state, answer.header("Location"))
    assert resident.sub


def test_details_are_pushed_and_both_screens_show_the_same_code(bench: ProviderBench) -> None:
    relying_party = party(bench)
    wanted = {"type": TICKETS, "count": 2}
    login = relying_party.start_login(redirect_uri=CALLBACK, authorization_details=[wanted])
    step = visit(bench, login.url)
    assert isinstance(step, Interaction)
    assert step.confirmation == login.confirmation_code is not None
    done = bench.provider.resume(
        step.id, Approved(detail=step.detail or {}), browser=BROWSER, session=bench.log_in()
    )
    assert isinstance(done, Response)
    resident = relying_party.finish_login(login.state, done.header("Location") or "")
    assert resident.tokens is not None
    assert resident.tokens.authorization_details == (wanted,)


def test_without_need_nothing_is_pushed(bench: ProviderBench) -> None:
    login = party(bench).start_login(redirect_uri=CALLBACK)
    assert "request_uri" not in login.url
    assert "code_challenge" in login.url


def test_a_refusal_is_told_at_once(bench: ProviderBench) -> None:
    with pytest.raises(LoginDeclined, match="pushed_refused_invalid_authorization_details"):
        party(bench).start_login(redirect_uri=CALLBACK, authorization_details=[{"type": "x"}])


def test_a_provider_that_takes_none() -> None:
    provider = FakeProvider(client_id="hko")
    relying_party = RelyingParty(
        provider.issuer, client_id="hko", http=provider, push_requests=True
    )
    with pytest.raises(ConfigurationError, match="pushing_unsupported"):
        relying_party.start_login(redirect_uri=CALLBACK)


@pytest.mark.parametrize("uri", [None, 1, "", "天", "x" * 3000])
def test_a_name_that_is_none(bench: ProviderBench, uri: Any) -> None:
    relying_party = party(bench, push_requests=True)
    relying_party.network.spoil = {"request_uri": uri}  # type: ignore[attr-defined]
    with pytest.raises(ProviderMisbehaved, match="pushed_request_uri_malformed"):
        relying_party.start_login(redirect_uri=CALLBACK)
