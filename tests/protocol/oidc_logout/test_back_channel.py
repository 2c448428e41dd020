"""OpenID Connect Back-Channel Logout 1.0, the provider's half: tokens, who is told, attempts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.doors.logout.delivery import DeliverySettings, LogoutDelivery
from hkeid.jose import JoseRefused, public_jwks, verify_jwt
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.op.logout.outbox import write_logout_notices
from hkeid.op.logout.teller import ClientTeller
from hkeid.op.logout.tokens import logout_token
from hkeid.ports.keys import KeyPurpose
from hkeid.ports.surroundings import HttpAnswer
from hkeid.testing.detail_types import TicketType
from hkeid.testing.provider import ISSUER, ProviderBench, a_client

TICKETS = TicketType().name
TOLD_AT = "https://rp.example.hk/eid/backchannel-logout"
OTHER_AT = "https://other.example.hk/logout?of=eid"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class Network:
    """Relying parties by address: each answers with a status, or raises."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.headers: list[Any] = []
        self.timeouts: list[float] = []

    def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
        form = {name: one for name, [one] in parse_qs(more["body"].decode()).items()}
        self.sent.append((method, url, form))
        self.headers.append(more["headers"])
        self.timeouts.append(more["timeout"])
        answer = self.answers.get(url, 200)
        if isinstance(answer, Exception):
            raise answer
        return HttpAnswer(status=answer)

    def tokens(self, url: str = TOLD_AT) -> list[str]:
        return [form["logout_token"] for _, to, form in self.sent if to == url]


@pytest.fixture
def bench() -> ProviderBench:
    return ProviderBench(
        a_client(backchannel_logout_uri=TOLD_AT),
        a_client("other", backchannel_logout_uri=OTHER_AT),
        a_client("deaf"),
    )


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def failures() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def delivery(bench: ProviderBench, network: Network, failures: Any) -> LogoutDelivery:
    clients = ClientTeller(ISSUER, bench.store, bench.keys, network, bench.clock, SystemRandom())
    return LogoutDelivery(
        bench.store,
        [clients],
        bench.clock,
        failed=lambda client_id, reason: failures.append((client_id, reason)),
    )


@pytest.fixture
def log_out(bench: ProviderBench) -> Callable[..., dict[str, Any]]:
    """Log in at a client, then end the session; gives the claims of its ID token."""

    def do(session: str = "session-1") -> dict[str, Any]:
        bench.log_in(session_id=session)
        token = bench.exchange(bench.code(bench.authorize()))["id_token"]
        with bench.store.transaction() as tx:
            grants = tx.grants.every_of_session(session)
            write_logout_notices(tx, session, grants, bench.clock.now())
        return bench.claims_of(token)

    return do


def waiting(bench: ProviderBench, session: str = "session-1") -> Any:
    with bench.store.transaction() as tx:
        return tx.logout_notices.of_session(session)


def events(bench: ProviderBench, name: str) -> list[dict[str, Any]]:
    with bench.store.transaction() as tx:
        return [
            json.loads(record.body)
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name == name
        ]


def read(bench: ProviderBench, token: str, *, algorithms: Any = ("ES256",)) -> Any:
    keys = public_jwks(bench.keys, KeyPurpose.TOKEN_SIGNING)["keys"]
    return verify_jwt(token, keys, algorithms=algorithms, typ={"logout+jwt"})


class TestTokens:
    def test_2_4_a_logout_token_holds_what_it_must(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        """``sub`` and ``sid`` as in the ID token: pairwise (keycloak #11735, #37839); ``exp`` (hydra #4035)."""
        told = log_out()
        assert delivery.deliver("hko") == 1
        [token] = network.tokens()
        verified = read(bench, token)
        assert verified.header["typ"] == "logout+jwt"
        claims = verified.claims
        jti = claims.pop("jti")
        assert len(jti) >= 16
        assert claims == {
            "iss": ISSUER,
            "aud": "hko",
            "iat": told["iat"],
            "exp": told["iat"] + 120,
            "sub": told["sub"],
            "sid": told["sid"],
            "events": {LOGOUT: {}},
        }

    def test_2_4_it_is_no_id_token(self, bench: ProviderBench, log_out: Any) -> None:
        """A ``typ`` of its own, and "a nonce Claim MUST NOT be present"."""
        log_out()
        [notice] = waiting(bench)
        now = bench.clock.now()
        lifetime = timedelta(minutes=2)
        token = logout_token(
            bench.keys, ISSUER, bench.client, notice, jti="j", now=now, lifetime=lifetime
        )
        keys = public_jwks(bench.keys, KeyPurpose.TOKEN_SIGNING)["keys"]
        with pytest.raises(JoseRefused, match="jws_typ_unexpected"):
            verify_jwt(token, keys, algorithms={"ES256"}, typ={None, "JWT"})
        assert "nonce" not in read(bench, token).claims

    def test_2_4_it_is_signed_as_the_clients_id_tokens_are(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        log_out()
        bench.register(replace(bench.client, id_token_signed_response_alg="Ed25519"))
        delivery.deliver("hko")
        [token] = network.tokens()
        assert read(bench, token, algorithms={"Ed25519"}).header["alg"] == "Ed25519"


class TestWhoIsTold:
    def test_2_2_who_registered_an_address(self, bench: ProviderBench, log_out: Any) -> None:
        """And was given a login in the session (hydra #2666: nobody else)."""
        log_out()
        assert [one.client_id for one in waiting(bench)] == ["hko"]

    def test_each_client_once(self, bench: ProviderBench) -> None:
        bench.log_in(session_id="session-1")
        for _ in range(3):
            bench.code(bench.authorize())
        with bench.store.transaction() as tx:
            grants = tx.grants.every_of_session("session-1")
            assert len(grants) == 3
            told = write_logout_notices(tx, "session-1", grants, bench.clock.now())
        assert told == ("hko",)

    def test_a_client_that_nobody_logged_in_at_learns_no_name(self) -> None:
        """A form that was filled without a login: a logout token would say whose it was."""
        bench = ProviderBench(
            a_client(backchannel_logout_uri=TOLD_AT, authorization_details_types=(TICKETS,)),
            details=(TicketType(),),
        )
        bench.log_in(session_id="session-1")
        details = json.dumps([{"type": TICKETS, "count": 1}])
        bench.code(bench.authorize(scope=None, authorization_details=details))
        with bench.store.transaction() as tx:
            grants = tx.grants.every_of_session("session-1")
            assert [grant.scopes for grant in grants] == [()]
            assert write_logout_notices(tx, "session-1", grants, bench.clock.now()) == ()

    def _write_and_fail(self, bench: ProviderBench) -> None:
        with bench.store.transaction() as tx:
            grants = tx.grants.every_of_session("session-1")
            assert write_logout_notices(tx, "session-1", grants, bench.clock.now())
            raise RuntimeError

    def test_nobody_where_the_transaction_fails(self, bench: ProviderBench, log_out: Any) -> None:
        bench.log_in(session_id="session-1")
        bench.code(bench.authorize())
        with pytest.raises(RuntimeError):
            self._write_and_fail(bench)
        assert waiting(bench) == ()


class TestDelivery:
    def test_2_5_a_form_by_post(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        log_out()
        assert delivery.waiting() == ("hko",)
        assert delivery.deliver("hko") == 1
        [(method, url, form)] = network.sent
        assert (method, url, set(form)) == ("POST", TOLD_AT, {"logout_token"})
        assert network.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
        assert waiting(bench) == delivery.waiting() == ()
        [event] = events(bench, "op:logout:delivered")
        assert (event["client_id"], event["session_id"], event["attempts"]) == (
            "hko",
            "session-1",
            1,
        )

    @pytest.mark.parametrize("status", [200, 204])
    def test_2_8_taken(
        self, delivery: LogoutDelivery, network: Network, log_out: Any, status: int
    ) -> None:
        network.answers[TOLD_AT] = status
        log_out()
        assert delivery.deliver("hko") == 1
        assert delivery.waiting() == ()

    @pytest.mark.parametrize("status", [201, 302, 400, 404, 500, 503])
    def test_2_8_not_taken_is_tried_again(
        self,
        bench: ProviderBench,
        delivery: LogoutDelivery,
        network: Network,
        log_out: Any,
        failures: Any,
        status: int,
    ) -> None:
        """400 says too that "the logout failed"."""
        network.answers[TOLD_AT] = status
        log_out()
        assert delivery.deliver("hko") == 0
        assert failures == [("hko", f"status_{status}")]
        assert delivery.waiting() == ()
        bench.clock.advance(15)
        network.answers[TOLD_AT] = 200
        assert delivery.waiting() == ("hko",)
        assert delivery.deliver("hko") == 1
        first, second = (read(bench, token).claims for token in network.tokens())
        assert first["jti"] != second["jti"], (
            "who took the first and said so too late takes this one"
        )
        [event] = events(bench, "op:logout:delivered")
        assert event["attempts"] == 2

    def test_after_the_last_attempt_the_trail_says_that_it_failed(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        network.answers[TOLD_AT] = 500
        log_out()
        settings = DeliverySettings()
        for pause in (*settings.pauses, timedelta(0)):
            assert delivery.deliver("hko") == 0
            bench.clock.advance(pause)
        assert len(network.sent) == len(settings.pauses) + 1
        assert waiting(bench) == ()
        [event] = events(bench, "op:logout:undelivered")
        assert event["reason"] == "status_500"
        assert event["attempts"] == len(settings.pauses) + 1

    def test_a_notice_of_yesterday_is_given_up(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        log_out()
        bench.clock.advance(timedelta(hours=24))
        assert delivery.deliver("hko") == 0
        assert network.sent == []
        assert events(bench, "op:logout:undelivered")[0]["reason"] == "too_late"

    def test_who_is_not_registered_any_more_is_given_up(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        log_out()
        bench.register(replace(bench.client, backchannel_logout_uri=None))
        delivery.deliver("hko")
        assert network.sent == []
        assert events(bench, "op:logout:undelivered")[0]["reason"] == "client_not_registered"

    @pytest.mark.parametrize("error", [MalformedInput("url_malformed"), RuntimeError("a bug")])
    def test_whatever_goes_wrong_is_an_attempt(
        self, delivery: LogoutDelivery, network: Network, log_out: Any, failures: Any, error: Any
    ) -> None:
        network.answers[TOLD_AT] = error
        log_out()
        assert delivery.deliver("hko") == 0
        assert failures == [("hko", getattr(error, "reason", "RuntimeError"))]

    def test_one_of_two_processes_takes_a_notice_up(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        log_out()
        [notice] = waiting(bench)
        with bench.store.transaction() as tx:
            later = bench.clock.now() + timedelta(minutes=1)
            assert tx.logout_notices.take(notice, replace(notice, attempts=1, next_at=later))
        assert delivery.deliver("hko") == 0
        assert network.sent == []

    def test_who_died_over_it_leaves_it_to_the_next(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, log_out: Any
    ) -> None:
        class Killed(BaseException):
            pass

        log_out()

        def die(*_: Any, **__: Any) -> Any:
            raise Killed

        sound, network.send = network.send, die  # type: ignore[method-assign]
        with pytest.raises(Killed):
            delivery.deliver("hko")
        network.send, network.answers[TOLD_AT] = sound, 200  # type: ignore[method-assign]
        assert delivery.waiting() == ()
        bench.clock.advance(60)
        assert delivery.deliver("hko") == 1


class TestSilence:
    """A client that gives no answer costs one time-out, however much it is to be told."""

    @pytest.fixture
    def many(self, network: Network, log_out: Any) -> None:
        network.answers[TOLD_AT] = Unavailable("http_no_answer")
        for number in range(5):
            log_out(f"session-{number}")

    def test_one_attempt_and_then_a_pause_for_all_of_them(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, many: None
    ) -> None:
        assert delivery.deliver("hko") == 0
        assert len(network.sent) == 1
        assert delivery.waiting() == ()
        bench.clock.advance(15)
        network.answers[TOLD_AT] = 200
        assert delivery.deliver("hko") == 5

    def test_a_new_notice_waits_too(
        self,
        bench: ProviderBench,
        delivery: LogoutDelivery,
        network: Network,
        log_out: Any,
        many: None,
    ) -> None:
        delivery.deliver("hko")
        log_out("session-9")
        assert delivery.waiting() == ("hko",)
        assert delivery.deliver("hko") == 0
        assert len(network.sent) == 1
        assert delivery.waiting() == ()

    def test_others_are_told_meanwhile(
        self, bench: ProviderBench, delivery: LogoutDelivery, network: Network, many: None
    ) -> None:
        with bench.store.transaction() as tx:
            [grant] = tx.grants.every_of_session("session-1")
            other = replace(grant, client_id="other")
            write_logout_notices(tx, "session-10", [other], bench.clock.now())
        assert set(delivery.waiting()) == {"hko", "other"}
        delivery.deliver("hko")
        assert delivery.waiting() == ("other",)
        assert delivery.deliver("other") == 1
        assert network.sent[-1][1] == OTHER_AT
