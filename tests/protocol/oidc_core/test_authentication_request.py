"""Who is asked what: prompt, max_age, acr, hints (OpenID Connect Core §3.1.2.1, §3.1.2.3, §5.5.1.1)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying, SessionView
from hkeid.jose import sign_jwt
from hkeid.kernel.http import Response
from hkeid.kernel.secret import secret_digest
from hkeid.op import ConsentGiven, Declined, Interaction, InteractionKind, LoggedIn, Outcome
from hkeid.op.interactions import RECORD_KIND
from hkeid.ports import KeyPurpose
from hkeid.testing.provider import BROWSER, ProviderBench, RelyingPartyKey, a_client

LOGIN, SELECT, CONSENT = (
    InteractionKind.LOGIN,
    InteractionKind.SELECT_ACCOUNT,
    InteractionKind.CONSENT,
)


def asked(answer: Response | Interaction, kind: InteractionKind) -> Interaction:
    assert isinstance(answer, Interaction), answer
    assert answer.kind is kind
    return answer


def resume(
    bench: ProviderBench, step: Interaction, outcome: Outcome, session: SessionView | None
) -> Response | Interaction:
    return bench.provider.resume(step.id, outcome, browser=BROWSER, session=session)


def subject_of(bench: ProviderBench, resident_id: str) -> str:
    return pairwise_subject(bench.keys, bench.client.sector_identifier, resident_id)


def claims(**id_token: Any) -> str:
    return json.dumps({"id_token": id_token})


class TestPrompt:
    def test_without_a_session_there_is_a_login(self, bench: ProviderBench) -> None:
        step = asked(bench.authorize(ui_locales="zh-HK en"), LOGIN)
        assert step.client is not None
        assert step.client.id == "hko"
        assert step.request is not None
        assert step.request.ui_locales == ("zh-HK", "en")
        assert not step.request.fresh
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), bench.log_in()))

    def test_a_session_that_may_not_be_passed_on_is_none(self, bench: ProviderBench) -> None:
        """An upstream that proved it limits who may be told (saml-core §2.5.1.6): another login is asked for."""
        view = replace(bench.log_in(), proxying=Proxying(audiences=frozenset({"another"})))
        bench.sessions.put("session-reference", view)
        silent = bench.answer(bench.authorize(prompt="none"))
        assert silent["error"] == "login_required"
        step = asked(bench.authorize(), LOGIN)
        assert step.request is not None
        assert step.request.audience == "hko"
        assert bench.answer(resume(bench, step, LoggedIn(), view))["error"] == "access_denied"
        step = asked(bench.authorize(), LOGIN)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), bench.log_in()))

    def test_with_a_session_nobody_is_asked(self, bench: ProviderBench) -> None:
        bench.log_in()
        assert "code" in bench.answer(bench.authorize())

    def test_none_without_a_session(self, bench: ProviderBench) -> None:
        assert bench.answer(bench.authorize(prompt="none"))["error"] == "login_required"

    def test_none_with_a_session(self, bench: ProviderBench) -> None:
        bench.log_in()
        assert "code" in bench.answer(bench.authorize(prompt="none"))

    def test_none_where_consent_is_missing(self, bench: ProviderBench) -> None:
        bench.log_in()
        answer = bench.answer(bench.authorize(prompt="none", scope="openid profile"))
        assert answer["error"] == "consent_required"

    def test_login_asks_although_there_is_a_session(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.clock.advance(60)
        step = asked(bench.authorize(prompt="login"), LOGIN)
        assert step.request is not None
        assert step.request.fresh
        assert step.session is not None
        bench.clock.advance(30)
        tokens = bench.exchange(bench.code(resume(bench, step, LoggedIn(), bench.log_in())))
        assert bench.claims_of(tokens["id_token"])["auth_time"] == bench.clock.now().timestamp()

    def test_login_with_the_old_authentication_asks_again(self, bench: ProviderBench) -> None:
        """ "The Authorization Server SHOULD prompt the End-User for reauthentication"."""
        old = bench.log_in()
        bench.clock.advance(60)
        step = asked(bench.authorize(prompt="login"), LOGIN)
        again = asked(resume(bench, step, LoggedIn(), old), LOGIN)
        assert again.id != step.id
        assert "code" in bench.answer(resume(bench, again, LoggedIn(), bench.log_in()))

    def test_consent_asks_although_everything_was_agreed(self, agreed: ProviderBench) -> None:
        step = asked(agreed.authorize(prompt="consent", scope="openid profile"), CONSENT)
        assert step.claims == ("name", "given_name", "family_name", "birthdate", "gender")
        assert "code" in agreed.answer(resume(agreed, step, ConsentGiven(), step.session))

    def test_consent_without_claims_asks_about_the_login_itself(self, bench: ProviderBench) -> None:
        bench.log_in()
        assert asked(bench.authorize(prompt="consent"), CONSENT).claims == ()

    def test_login_and_consent(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        first = asked(bench.authorize(prompt="consent login", scope="openid profile"), LOGIN)
        second = asked(resume(bench, first, LoggedIn(), view), CONSENT)
        assert first.id != second.id
        assert "code" in bench.answer(resume(bench, second, ConsentGiven(), view))

    def test_select_account(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        step = asked(bench.authorize(prompt="select_account"), SELECT)
        assert step.session == view
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), view))

    def test_select_account_may_lead_to_another_resident(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.add_resident("resident-2")
        step = asked(bench.authorize(prompt="select_account"), SELECT)
        other = bench.log_in("resident-2")
        tokens = bench.exchange(bench.code(resume(bench, step, LoggedIn(), other)))
        assert bench.claims_of(tokens["id_token"])["sub"] == subject_of(bench, "resident-2")

    def test_select_account_without_a_session_is_a_login(self, bench: ProviderBench) -> None:
        step = asked(bench.authorize(prompt="select_account"), LOGIN)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), bench.log_in()))

    def test_select_account_with_login_is_one_page(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        step = asked(bench.authorize(prompt="select_account login"), LOGIN)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), view))

    def test_all_prompts(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        first = asked(bench.authorize(prompt="select_account login consent"), LOGIN)
        second = asked(resume(bench, first, LoggedIn(), view), CONSENT)
        assert "code" in bench.answer(resume(bench, second, ConsentGiven(), view))


class TestConsent:
    def test_only_what_is_undecided_is_asked(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.claims.agree("resident-1", "hko", ["name"])
        bench.claims.refused.add(("resident-1", "hko", "gender"))
        step = asked(bench.authorize(scope="openid profile"), CONSENT)
        assert step.claims == ("given_name", "family_name", "birthdate")
        assert step.request is None

    def test_decided_claims_ask_nobody(self, agreed: ProviderBench) -> None:
        assert "code" in agreed.answer(agreed.authorize(scope="openid profile"))

    def test_claims_that_are_not_registered_ask_nobody(self, bench: ProviderBench) -> None:
        bench.register(a_client())
        bench.log_in()
        wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
        assert "code" in bench.answer(bench.authorize(scope="openid profile", claims=wanted))

    @pytest.mark.parametrize(
        ("reason", "error"),
        [
            ("resident_declined", "access_denied"),
            ("anything", "access_denied"),
            ("login_required", "login_required"),
            ("unmet_authentication_requirements", "unmet_authentication_requirements"),
        ],
    )
    def test_declining(self, bench: ProviderBench, reason: str, error: str) -> None:
        view = bench.log_in()
        step = asked(bench.authorize(scope="openid profile"), CONSENT)
        answer = bench.answer(resume(bench, step, Declined(reason), view))
        assert (answer["error"], answer["state"]) == (error, "state-1")
        assert bench.events() == ["op:authorization:declined"]


class TestMaxAge:
    def test_young_enough(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.clock.advance(100)
        assert "code" in bench.answer(bench.authorize(max_age="100"))

    def test_too_old(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.clock.advance(101)
        step = asked(bench.authorize(max_age="100"), LOGIN)
        assert step.request is not None
        assert (step.request.max_age, step.request.fresh) == (100, True)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), bench.log_in()))

    def test_zero_is_prompt_login(self, bench: ProviderBench) -> None:
        """§3.1.2.1: "max_age=0 is equivalent to prompt=login"."""
        view = bench.log_in()
        step = asked(bench.authorize(max_age="0"), LOGIN)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), view))

    def test_zero_with_none(self, bench: ProviderBench) -> None:
        bench.log_in()
        answer = bench.answer(bench.authorize(max_age="0", prompt="none"))
        assert answer["error"] == "login_required"

    def test_the_default_of_the_client(self, bench: ProviderBench) -> None:
        """Registration §2: ``default_max_age``; the parameter overrides it."""
        bench.register(a_client(default_max_age=10))
        bench.log_in()
        bench.clock.advance(60)
        asked(bench.authorize(), LOGIN)
        assert "code" in bench.answer(bench.authorize(max_age="1000"))

    def test_a_long_consent_page_does_not_age_the_login(self, bench: ProviderBench) -> None:
        bench.log_in()
        bench.clock.advance(60)
        first = asked(bench.authorize(max_age="5", scope="openid profile"), LOGIN)
        view = bench.log_in()
        second = asked(resume(bench, first, LoggedIn(), view), CONSENT)
        bench.clock.advance(120)
        assert "code" in bench.answer(resume(bench, second, ConsentGiven(), view))


class TestAcr:
    def test_reached(self, bench: ProviderBench) -> None:
        bench.log_in(acr=Acr.EID_PLUS)
        tokens = bench.exchange(bench.code(bench.authorize(acr_values=Acr.EID_BOUND.value)))
        assert bench.claims_of(tokens["id_token"])["acr"] == Acr.EID_PLUS.value

    def test_a_wish_asks_once_and_takes_what_it_gets(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        step = asked(bench.authorize(acr_values=f"urn:x {Acr.EID_BOUND.value}"), LOGIN)
        assert step.request is not None
        assert step.request.acr is Acr.EID_BOUND
        tokens = bench.exchange(bench.code(resume(bench, step, LoggedIn(), view)))
        assert bench.claims_of(tokens["id_token"])["acr"] == Acr.EID.value

    def test_a_wish_with_none_takes_what_there_is(self, bench: ProviderBench) -> None:
        bench.log_in()
        answer = bench.authorize(acr_values=Acr.EID_PLUS.value, prompt="none")
        assert "code" in bench.answer(answer)

    def test_unknown_values_are_ignored(self, bench: ProviderBench) -> None:
        bench.log_in()
        assert "code" in bench.answer(bench.authorize(acr_values="urn:x 2 phr"))

    def test_essential_and_reached_after_a_login(self, bench: ProviderBench) -> None:
        bench.log_in()
        wanted = claims(acr={"essential": True, "value": Acr.EID_BOUND.value})
        step = asked(bench.authorize(claims=wanted), LOGIN)
        answer = resume(bench, step, LoggedIn(), bench.log_in(acr=Acr.EID_BOUND))
        assert "code" in bench.answer(answer)

    def test_essential_and_not_reached(self, bench: ProviderBench) -> None:
        """ "If this is an Essential Claim and the requirement cannot be met, then the Authorization
        Server MUST treat that outcome as a failed authentication attempt."
        """
        view = bench.log_in()
        wanted = claims(acr={"essential": True, "values": [Acr.EID_BOUND.value]})
        step = asked(bench.authorize(claims=wanted), LOGIN)
        answer = bench.answer(resume(bench, step, LoggedIn(), view))
        assert answer["error"] == "unmet_authentication_requirements"

    def test_essential_with_none(self, bench: ProviderBench) -> None:
        bench.log_in()
        wanted = claims(acr={"essential": True, "values": [Acr.EID_BOUND.value]})
        answer = bench.answer(bench.authorize(claims=wanted, prompt="none"))
        assert answer["error"] == "unmet_authentication_requirements"

    @pytest.mark.parametrize("values", [["urn:x"], [5], ["urn:x", None]])
    def test_essential_and_unknown(self, bench: ProviderBench, values: list[Any]) -> None:
        wanted = claims(acr={"essential": True, "values": values})
        answer = bench.answer(bench.authorize(claims=wanted))
        assert answer["error"] == "unmet_authentication_requirements"

    def test_the_lowest_acceptable_rung_will_do(self, bench: ProviderBench) -> None:
        bench.log_in()
        wanted = claims(acr={"essential": True, "values": [Acr.EID_PLUS.value, Acr.EID.value]})
        assert "code" in bench.answer(bench.authorize(claims=wanted))

    def test_the_default_of_the_client(self, bench: ProviderBench) -> None:
        bench.register(a_client(default_acr=Acr.EID_PLUS))
        bench.log_in()
        step = asked(bench.authorize(), LOGIN)
        assert step.request is not None
        assert step.request.acr is Acr.EID_PLUS
        assert "code" in bench.answer(bench.authorize(acr_values=Acr.EID.value))


class TestIdTokenHint:
    def hint(self, bench: ProviderBench) -> str:
        bench.log_in()
        hint: str = bench.exchange(bench.code(bench.authorize()))["id_token"]
        return hint

    def test_of_the_present_resident(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        assert "code" in bench.answer(bench.authorize(id_token_hint=hint, prompt="none"))

    def test_an_expired_one_is_as_good(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        bench.clock.advance(100_000)
        assert "code" in bench.answer(bench.authorize(id_token_hint=hint, prompt="none"))

    def test_of_another_resident_with_none(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        bench.add_resident("resident-2")
        bench.log_in("resident-2")
        answer = bench.answer(bench.authorize(id_token_hint=hint, prompt="none"))
        assert answer["error"] == "login_required"

    def test_of_another_resident_asks_for_a_login(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        bench.add_resident("resident-2")
        other = bench.log_in("resident-2")
        step = asked(bench.authorize(id_token_hint=hint), LOGIN)
        assert step.request is not None
        assert step.request.resident_id is None, "a pairwise sub can not be turned back"
        answer = bench.answer(resume(bench, step, LoggedIn(), other))
        assert answer["error"] == "login_required"
        step = asked(bench.authorize(id_token_hint=hint), LOGIN)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), bench.log_in()))

    def test_a_step_up_is_for_the_same_resident(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        step = asked(bench.authorize(id_token_hint=hint, prompt="login"), LOGIN)
        assert step.request is not None
        assert step.request.resident_id == "resident-1"

    def test_for_another_client(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        bench.register(a_client("other"))
        answer = bench.answer(bench.authorize(client_id="other", id_token_hint=hint))
        assert answer["error"] == "invalid_request"

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://other.example"},
            {"aud": ["hko"]},
            {"aud": None},
            {"sub": None},
            {"sid": 5},
            {"iat": None},
        ],
    )
    def test_that_is_no_id_token_of_ours(
        self, bench: ProviderBench, change: dict[str, Any]
    ) -> None:
        good = bench.claims_of(self.hint(bench))
        forged = {k: v for k, v in {**good, **change}.items() if v is not None}
        token = sign_jwt(bench.keys, KeyPurpose.TOKEN_SIGNING, forged, algorithm="ES256")
        assert bench.answer(bench.authorize(id_token_hint=token))["error"] == "invalid_request"

    def test_signed_by_somebody_else(self, bench: ProviderBench) -> None:
        good = bench.claims_of(self.hint(bench))
        token = RelyingPartyKey().sign(good)
        assert bench.answer(bench.authorize(id_token_hint=token))["error"] == "invalid_request"

    def test_a_requested_sub_is_a_hint_too(self, bench: ProviderBench) -> None:
        """§5.5.1: the ``value`` of ``sub``."""
        bench.log_in()
        mine = claims(sub={"value": subject_of(bench, "resident-1")})
        other = claims(sub={"value": subject_of(bench, "resident-2")})
        assert "code" in bench.answer(bench.authorize(claims=mine, prompt="none"))
        answer = bench.answer(bench.authorize(claims=other, prompt="none"))
        assert answer["error"] == "login_required"
        number = bench.answer(bench.authorize(claims=claims(sub={"value": 5}), prompt="none"))
        assert number["error"] == "login_required"

    def test_hints_that_contradict(self, bench: ProviderBench) -> None:
        hint = self.hint(bench)
        other = claims(sub={"value": subject_of(bench, "resident-2")})
        answer = bench.answer(bench.authorize(id_token_hint=hint, claims=other))
        assert answer["error"] == "login_required"


class TestLoginHint:
    def test_what_may_be_personal_data_is_not_kept(self, bench: ProviderBench) -> None:
        canary = "canary+85291234567@example.hk"
        step = asked(bench.authorize(login_hint=canary), LOGIN)
        with bench.store.transaction() as tx:
            record = tx.single_use.look(RECORD_KIND, secret_digest(step.id))
        assert record is not None
        assert b"canary" not in record.payload
        assert b"9123" not in record.payload

    def test_the_sub_of_the_present_resident(self, bench: ProviderBench) -> None:
        bench.log_in()
        hint = subject_of(bench, "resident-1")
        assert "code" in bench.answer(bench.authorize(login_hint=hint))

    def test_the_sub_of_somebody_else_asks_which_account(self, bench: ProviderBench) -> None:
        view = bench.log_in()
        step = asked(bench.authorize(login_hint=subject_of(bench, "resident-2")), SELECT)
        assert "code" in bench.answer(resume(bench, step, LoggedIn(), view)), "it is only a hint"

    def test_with_none_it_is_only_a_hint(self, bench: ProviderBench) -> None:
        bench.log_in()
        hint = subject_of(bench, "resident-2")
        assert "code" in bench.answer(bench.authorize(login_hint=hint, prompt="none"))
