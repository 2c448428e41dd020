"""Rich authorization requests (RFC 9396)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.oidc.errors import OAuthError
from hkeid.op import Approved, ConsentGiven, Declined, Interaction, InteractionKind, LoggedIn
from hkeid.op.codes import CODE_KIND
from hkeid.op.tokens import DETAILS_KIND
from hkeid.testing.detail_types import TicketType
from hkeid.testing.provider import BROWSER, ProviderBench, a_client

TICKETS = "https://rp.example.hk/tickets"
PAYMENT = "https://rp.example.hk/payment"
GRANTS = ("authorization_code", "refresh_token")


def details(*pairs: tuple[str, int]) -> str:
    return json.dumps([{"type": kind, "count": count} for kind, count in pairs])


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(authorization_details_types=(TICKETS, PAYMENT), grant_types=GRANTS),
        a_client("other", authorization_details_types=(PAYMENT,)),
        details=(TicketType(), TicketType(name=PAYMENT, approval=True)),
        api_scopes=("service",),
    )
    bench.log_in()
    return bench


def approve(bench: ProviderBench, step: Any, **changes: Any) -> Any:
    assert isinstance(step, Interaction)
    assert step.kind is InteractionKind.APPROVAL
    outcome = Approved(**{"detail": step.detail, **changes})
    view = bench.log_in()
    return bench.provider.resume(step.id, outcome, browser=BROWSER, session=view)


def test_what_is_asked_for_is_granted_told_and_introspected(bench: ProviderBench) -> None:
    """§7: the token response holds "the authorization details as granted"; §9.2: introspection too."""
    asked = details((TICKETS, 3))
    tokens = bench.exchange(bench.code(bench.authorize(authorization_details=asked)))
    assert tokens["authorization_details"] == [{"type": TICKETS, "count": 3}]
    seen = bench.good(
        bench.post("/introspect", {**bench.credentials(), "token": tokens["access_token"]})
    )
    assert seen["authorization_details"] == [{"type": TICKETS, "count": 3}]
    bearer = bench.provider.bearer_of(tokens["access_token"])
    assert [dict(one) for one in bearer.details] == tokens["authorization_details"]
    assert bearer.authorisation is None


def test_without_a_scope(bench: ProviderBench) -> None:
    """§3.1: "the authorization_details and scope parameters can be used in the same request" - or one."""
    asked = details((TICKETS, 1))
    code = bench.code(bench.authorize(authorization_details=asked, scope=None))
    tokens = bench.exchange(code)
    assert "id_token" not in tokens
    assert tokens["scope"] == ""
    assert bench.userinfo(tokens["access_token"]).status == 403


@pytest.mark.parametrize(
    "value",
    [
        *("", "[", "{}", "null", "[]", "[1]", '["x"]', "[{}]", '[{"type":1}]', "1e999", "NaN"),
        '[{"type":"https://rp.example.hk/tickets","count":1,"count":2}]',
        '[{"type":"\\ud800","count":1}]',
        "[" * 10_000,
        details(("unknown", 1)),
        details((TICKETS, 0)),
        details((TICKETS, 1000)),
        '[{"type":"https://rp.example.hk/tickets","count":true}]',
        '[{"type":"https://rp.example.hk/tickets","count":1,"more":1}]',
        '[{"type":"https://rp.example.hk/tickets"}]',
        details(*([(TICKETS, 1)] * 11)),
        details((PAYMENT, 1), (PAYMENT, 2)),
    ],
)
def test_what_is_not_of_a_known_form_is_refused(bench: ProviderBench, value: str) -> None:
    """§5: the server "MUST refuse to process any unknown authorization details type or authorization
    details not conforming to the respective type definition".
    """
    answer = bench.answer(bench.authorize(authorization_details=value))
    if not value:
        assert "code" in answer, "RFC 6749 §3.1: without a value it counts as omitted"
        return
    assert answer["error"] == "invalid_authorization_details"
    assert bench.error(bench.push(authorization_details=value)) == "invalid_authorization_details"


def test_a_type_that_the_client_did_not_register(bench: ProviderBench) -> None:
    """§10: ``authorization_details_types`` of the client."""
    with bench.store.transaction() as tx:
        bench.client = tx.clients.get("other")
    answer = bench.answer(bench.authorize(authorization_details=details((TICKETS, 1))))
    assert answer["error"] == "invalid_authorization_details"


def test_the_metadata_name_the_types(bench: ProviderBench) -> None:
    """§10: ``authorization_details_types_supported``."""
    document = bench.good(
        bench.provider.handle(Request(method="GET", path="/.well-known/openid-configuration"))
    )
    assert document["authorization_details_types_supported"] == sorted((TICKETS, PAYMENT))
    assert "service" in document["scopes_supported"]


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (details((TICKETS, 3)), [3]),
        (details((TICKETS, 1)), [1]),
        (details((TICKETS, 1), (TICKETS, 2)), [1, 2]),
        (details((TICKETS, 4)), None),
        (details((PAYMENT, 1)), None),
        ("[]", None),
        ("x", None),
    ],
)
def test_a_token_request_may_narrow_and_not_widen(
    bench: ProviderBench, asked: str, granted: list[int] | None
) -> None:
    """§6.1: the server checks that the details "are not greater than what was granted"."""
    code = bench.code(bench.authorize(authorization_details=details((TICKETS, 3))))
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 43}
    form["redirect_uri"] = bench.client.redirect_uris[0]
    response = bench.token(authorization_details=asked, **form)
    if granted is None:
        assert bench.error(response) == "invalid_authorization_details"
        assert bench.token(**form).status == 200, "the code is not lost"
    else:
        found = bench.good(response)["authorization_details"]
        assert [one["count"] for one in found] == granted


def test_details_are_refreshed_and_narrowed_for_one_token(bench: ProviderBench) -> None:
    """§6: "the access token ... is associated with" the details of the refresh token or fewer."""
    step = bench.authorize(
        authorization_details=details((TICKETS, 3)),
        scope="openid offline_access",
        prompt="consent",
    )
    assert isinstance(step, Interaction)
    done = bench.provider.resume(step.id, ConsentGiven(), browser=BROWSER, session=bench.log_in())
    tokens = bench.exchange(bench.code(done))
    fewer = bench.good(
        bench.refresh(tokens["refresh_token"], authorization_details=details((TICKETS, 1)))
    )
    assert fewer["authorization_details"][0]["count"] == 1
    again = bench.good(bench.refresh(fewer["refresh_token"]))
    assert again["authorization_details"][0]["count"] == 3
    more = bench.refresh(again["refresh_token"], authorization_details=details((TICKETS, 4)))
    assert bench.error(more) == "invalid_authorization_details"


def payload(bench: ProviderBench, kind: str, secret: str) -> bytes:
    """What stands in the store for a code or token."""
    with bench.store.transaction() as tx:
        return bytes(tx.single_use.look(kind, secret_digest(secret)).payload)


class TestApproval:
    def test_the_resident_is_asked_and_the_proof_reaches_the_api(
        self, bench: ProviderBench
    ) -> None:
        """§7.1: details may be enriched; what proves the approval lies sealed in between."""
        pushed = json.loads(
            bench.push(authorization_details=details((TICKETS, 1), (PAYMENT, 5))).body
        )
        step = bench.authorize_pushed(pushed["request_uri"])
        assert isinstance(step, Interaction)
        assert step.detail == {"type": PAYMENT, "count": 5}
        assert step.confirmation == pushed["confirmation_code"]
        assert len(step.confirmation) == 4
        until = bench.clock.now() + timedelta(seconds=120)
        enriched = {"type": PAYMENT, "count": 4}
        secret = Secret("the-proof-of-the-approval")
        done = approve(bench, step, detail=enriched, authorisation=secret, expires_at=until)
        code = bench.code(done)
        assert secret.reveal().encode() not in payload(bench, CODE_KIND, code)
        tokens = bench.exchange(code)
        assert secret.reveal().encode() not in payload(bench, DETAILS_KIND, tokens["access_token"])
        assert tokens["authorization_details"] == [{"type": TICKETS, "count": 1}, enriched]
        assert tokens["expires_in"] == 120
        bearer = bench.provider.bearer_of(tokens["access_token"])
        assert bearer.authorisation is not None
        assert bearer.authorisation.reveal() == secret.reveal()
        bench.clock.advance(timedelta(seconds=120))
        with pytest.raises(OAuthError, match="token_expired"):
            bench.provider.bearer_of(tokens["access_token"])

    def test_each_request_is_asked_anew_and_gives_no_refresh_token(
        self, bench: ProviderBench
    ) -> None:
        asked = details((PAYMENT, 1))
        wishes = {"scope": "openid offline_access", "prompt": "consent"}
        for _ in range(2):
            step = bench.authorize(authorization_details=asked, **wishes)
            view = bench.log_in()
            step = bench.provider.resume(step.id, ConsentGiven(), browser=BROWSER, session=view)
            tokens = bench.exchange(bench.code(approve(bench, step)))
            assert "refresh_token" not in tokens

    def test_a_refusal_is_access_denied(self, bench: ProviderBench) -> None:
        step = bench.authorize(authorization_details=details((PAYMENT, 1)))
        assert isinstance(step, Interaction)
        done = bench.provider.resume(step.id, Declined(), browser=BROWSER, session=bench.log_in())
        assert bench.answer(done)["error"] == "access_denied"

    def test_nobody_is_asked_silently(self, bench: ProviderBench) -> None:
        asked = details((PAYMENT, 1))
        answer = bench.answer(bench.authorize(authorization_details=asked, prompt="none"))
        assert answer["error"] == "interaction_required"

    def test_another_outcome_and_another_session_do_not_count(self, bench: ProviderBench) -> None:
        step = bench.authorize(authorization_details=details((PAYMENT, 1)))
        assert isinstance(step, Interaction)
        view = bench.log_in()
        for outcome in (LoggedIn(), ConsentGiven()):
            with pytest.raises(Refused, match="outcome_unexpected"):
                bench.provider.resume(step.id, outcome, browser=BROWSER, session=view)
        bench.add_resident("resident-2")
        other = bench.log_in("resident-2", reference="other")
        with pytest.raises(Refused, match="interaction_other_session"):
            bench.provider.resume(
                step.id, Approved(detail=step.detail or {}), browser=BROWSER, session=other
            )
        with pytest.raises(Refused, match="interaction_other_session"):
            bench.provider.look(step.id, BROWSER, other)

    def test_the_page_is_shown_again_with_the_same_question(self, bench: ProviderBench) -> None:
        step = bench.authorize(authorization_details=details((PAYMENT, 2)))
        assert isinstance(step, Interaction)
        assert step.confirmation is None, "it was not pushed, so the client knows no code"
        assert bench.provider.look(step.id, BROWSER, bench.log_in()) == step
