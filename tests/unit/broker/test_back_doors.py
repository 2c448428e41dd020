"""Logging in, linking and logging out at identity providers behind the hub."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from hkeid.broker import LoginRefused
from hkeid.broker.back_doors import BackDoors
from hkeid.broker.departures import LIFETIME as DEPARTURE
from hkeid.broker.departures import DepartureKind
from hkeid.broker.discovery import doors, doors_for, matching
from hkeid.broker.upstream_login import ReturnRefused, Visitor
from hkeid.broker.upstreams import Upstream, UpstreamPolicy, Upstreams
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationRequest, Proxying
from hkeid.identity.language import Language
from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError, HkeidError, NotFound
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.oidc.errors import ErrorCode
from hkeid.op.settings import ProviderSettings
from hkeid.ports.storage import SingleUseRecord
from hkeid.residents.links import LinkOrigin
from hkeid.residents.proofing import Proofing, ProofingCheck, ProofingPlace, ProofingProcedure
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.contract import (
    Departure,
    LogoutOutcome,
    UpstreamAuthentication,
    UpstreamKind,
    UpstreamLogout,
    UpstreamRequest,
)
from hkeid.upstream.errors import AnswerUnexpected, UpstreamMisbehaved, UpstreamRefused
from hkeid.upstream.iam_smart.provider import LIFETIME as IAM_SMART

HKO = AuthenticationRequest(client_id="hko", audience="hko")
OWN_PAGES = AuthenticationRequest(client_id="hkeid:account")
VISITOR = Visitor(browser="b1", network="n1", agent="Firefox, Linux")


@dataclass
class Company:
    """An upstream that says what the test wants; its messages are what ``say`` holds."""

    id: str = "company"
    kind: UpstreamKind = UpstreamKind.OIDC
    authority: str = "https://idp.example"
    names: dict[Language, str] = field(default_factory=dict)
    asked: list[UpstreamRequest] = field(default_factory=list)
    say: Any = None
    logged_out: list[bytes] = field(default_factory=list)

    def begin(self, request: UpstreamRequest) -> Departure:
        self.asked.append(request)
        return Departure(
            to=f"https://idp.example/?state={request.state}", kept=b"kept " + self.id.encode()
        )

    def finish(self, kept: bytes, request: Request, now: Any) -> UpstreamAuthentication:
        assert kept == b"kept " + self.id.encode()
        if isinstance(self.say, Exception):
            raise self.say
        return replace(
            self.say,
            provider=self.say.provider or self.id,
            authenticated_at=self.say.authenticated_at or now,
        )

    def begin_logout(self, request: Any) -> Departure | None:
        self.logged_out.append(request.logout)
        return Departure(to=f"https://idp.example/out?state={request.state}", kept=b"out")

    def finish_logout(self, kept: bytes, request: Request, now: Any) -> LogoutOutcome:
        assert kept == b"out"
        return LogoutOutcome.DONE

    def read_logout(self, request: Request, now: Any) -> UpstreamLogout:
        if isinstance(self.say, Exception):
            raise self.say
        return self.say

    def answer_logout(self, logout: UpstreamLogout, outcome: LogoutOutcome) -> Response:
        return Response(status=200)

    def refuse_logout(self, error: Exception) -> Response:
        return Response(status=400)


def somebody(subject: str = "s1", **more: Any) -> UpstreamAuthentication:
    values = {"acr": Acr.EID, "authenticated_at": None, "provider": "", **more}
    return UpstreamAuthentication(subject=subject, **values)


class Rig:
    """A hub with one upstream."""

    def __init__(self, hub: Any, **policy: Any) -> None:
        self.hub = hub
        self.company = Company()
        self.other = Company(id="other")
        self.told: list[tuple[str, str]] = []
        self.doors = self.with_policy(**policy)

    def with_policy(self, **policy: Any) -> BackDoors:
        upstreams = Upstreams(
            [
                Upstream(provider=self.company, policy=UpstreamPolicy(**policy)),
                Upstream(provider=self.other),
            ]
        )
        hub = self.hub
        self.doors = BackDoors(
            hub.store,
            upstreams,
            hub.broker,
            hub.fields,
            hub.keys,
            hub.clock,
            hub.random,
            tell=lambda _tx, resident_id, about, _now: self.told.append((resident_id, about)),
        )
        return self.doors

    def begin(self, request: AuthenticationRequest = HKO, visitor: Visitor = VISITOR) -> Request:
        self.doors.begin_login(
            "company", request, visitor, callback="https://eid.example/cb", back_to="/here"
        )
        return self.answer()

    def answer(self) -> Request:
        state = self.company.asked[-1].state
        return Request(method="GET", path="/cb", query=Parameters.of({"state": state}))

    def login(
        self, says: Any, request: AuthenticationRequest = HKO, visitor: Visitor = VISITOR
    ) -> Any:
        answer = self.begin(request, visitor)
        self.company.say = says
        return self.doors.finish("company", answer, visitor).session

    def refused(self, says: Any, **more: Any) -> ReturnRefused:
        with pytest.raises(ReturnRefused) as caught:
            self.login(says, **more)
        return caught.value

    def link(self, session: Any, says: Any) -> Any:
        visitor = replace(VISITOR, session_reference=session.reference.reveal())
        self.doors.begin_linking(
            "company", session.view, visitor, callback="https://eid.example/cb", back_to="/account"
        )
        self.company.say = says
        return self.doors.finish("company", self.answer(), visitor)


@pytest.fixture
def rig(hub: Any) -> Rig:
    return Rig(hub)


@pytest.fixture(params=["memory", "sqlite"])
def stored_rig(request: Any, make_hub_of: Any) -> Rig:
    return Rig(make_hub_of(request.param))


def resident_of(session: Any) -> str:
    return session.view.authentication.resident_id


class TestLinking:
    def test_by_the_residents_own_word_then_logs_in(self, stored_rig: Rig, phone: Any) -> None:
        """Both logins in one browser make the link; afterwards either is enough."""
        rig = stored_rig
        own = rig.hub.activate(phone)
        arrival = rig.link(own, somebody())
        assert (arrival.kind, arrival.session, arrival.back_to) == (
            DepartureKind.LINK,
            None,
            "/account",
        )
        assert rig.company.asked[-1].fresh
        session = rig.login(somebody(amr=("otp",)))
        assert resident_of(session) == resident_of(own)
        assert session.view.authentication.amr == ("otp",)
        assert rig.hub.current(session) == session.view
        (entry,) = rig.doors.links_of(resident_of(own))
        assert (entry.provider, entry.origin) == ("company", LinkOrigin.RESIDENT)
        assert rig.hub.trail_is_sound()

    def test_nobody_is_let_in_whom_nobody_knows(self, rig: Rig) -> None:
        """Not by name, e-mail address or anything else."""
        refused = rig.refused(somebody(attributes=Attributes({"email": ["chan@example.hk"]})))
        assert refused.reason == "link_unknown"
        assert refused.back_to == "/here"
        body = rig.hub.bodies("broker:upstream:refused")[-1]
        assert (body["provider"], body["reason"], body["client_id"]) == (
            "company",
            "link_unknown",
            "hko",
        )

    def test_anothers_link_is_not_taken(self, rig: Rig, phone: Any) -> None:
        first, second = rig.hub.activate(phone), rig.hub.activate(type(phone)())
        rig.link(first, somebody())
        with pytest.raises(ReturnRefused) as caught:
            rig.link(second, somebody())
        assert caught.value.reason == "link_of_another"
        assert rig.doors.links_of(resident_of(second)) == ()

    def test_needs_the_session_that_began_it(self, rig: Rig, phone: Any) -> None:
        """Somebody who logged in meanwhile is not linked to a stranger's login."""
        own = rig.hub.activate(phone)
        visitor = replace(VISITOR, session_reference=own.reference.reveal())
        rig.doors.begin_linking("company", own.view, visitor, callback="c", back_to="/account")
        rig.hub.broker.logout(own.reference.reveal())
        rig.company.say = somebody()
        with pytest.raises(ReturnRefused) as caught:
            rig.doors.finish("company", rig.answer(), visitor)
        assert caught.value.reason == "session_ended"

    def test_is_taken_back_but_never_the_only_way_in(self, stored_rig: Rig, phone: Any) -> None:
        rig = stored_rig
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        (entry,) = rig.doors.links_of(resident_of(own))
        rig.doors.unlink(resident_of(own), "company", entry.subject)
        assert rig.refused(somebody()).reason == "link_unknown"
        with pytest.raises(NotFound) as absent:
            rig.doors.unlink(resident_of(own), "company", entry.subject)
        assert absent.value.reason == "link_absent"
        rig.with_policy(creates=True)
        account = rig.login(somebody("s2"))
        (entry,) = rig.doors.links_of(resident_of(account))
        with pytest.raises(LoginRefused) as only:
            rig.doors.unlink(resident_of(account), "company", entry.subject)
        assert only.value.reason == "link_is_the_only_way_in"

    def test_subjects_are_kept_as_digests_only(self, rig: Rig, phone: Any) -> None:
        """Law 4; and the audit trail names nobody either."""
        rig.link(rig.hub.activate(phone), somebody("staff-4711"))
        text = str([record.body for record in rig.hub.records()])
        assert "staff-4711" not in text
        with rig.hub.memory.transaction() as tx:
            assert "staff-4711" not in str(
                vars(tx.links) if hasattr(tx.links, "__dict__") else tx.links._links
            )


class TestByIdentityCardNumber:
    NUMBER = "A1234563"

    def with_number(self, hub: Any, phone: Any) -> tuple[Any, str]:
        person = hub.person()
        resident_id = hub.activation.register_applicant(person)
        own = hub.activate(phone, hub.activation.issue_ticket(resident_id).reveal())
        return own, person.hkic_number.reveal()

    def test_an_upstream_that_may_say_it_leads_to_the_eid(
        self, stored_rig: Rig, phone: Any
    ) -> None:
        rig = stored_rig
        rig.with_policy(links_by_hkic=True)
        own, number = self.with_number(rig.hub, phone)
        session = rig.login(somebody(attributes=Attributes({"hkic_number": [number]})))
        assert resident_of(session) == resident_of(own)
        (entry,) = rig.doors.links_of(resident_of(own))
        assert entry.origin is LinkOrigin.HKIC

    def test_any_other_upstream_does_not(self, rig: Rig, phone: Any) -> None:
        _, number = self.with_number(rig.hub, phone)
        says = somebody(attributes=Attributes({"hkic_number": [number]}))
        assert rig.refused(says).reason == "link_unknown"

    def test_whose_eid_is_suspended_gets_no_account_beside_it(self, rig: Rig, phone: Any) -> None:
        rig.with_policy(links_by_hkic=True, creates=True)
        own, number = self.with_number(rig.hub, phone)
        resident_id = resident_of(own)
        with rig.hub.memory.transaction() as tx:
            resident = tx.residents.get(resident_id)
            assert tx.residents.change(resident, replace(resident, state=EidState.SUSPENDED))
        says = somebody(attributes=Attributes({"hkic_number": [number]}))
        assert rig.refused(says).reason == "eid_suspended"
        assert rig.doors.links_of(resident_id) == ()

    def test_a_number_that_is_none_is_refused(self, rig: Rig) -> None:
        rig.with_policy(links_by_hkic=True)
        says = somebody(attributes=Attributes({"hkic_number": ["A123"]}))
        assert rig.refused(says).reason == "upstream_hkic_number_malformed"


class TestJustInTimeAccounts:
    SAYS = Attributes(
        {"family_name": ["WONG"], "given_name": ["Siu Ming"], "birthdate": ["1990-05-17"]}
    )

    def test_are_made_once_and_renewed(self, stored_rig: Rig) -> None:
        rig = stored_rig
        rig.with_policy(creates=True)
        first = rig.login(somebody(attributes=self.SAYS))
        again = rig.login(somebody(attributes=Attributes({"name": ["WONG, Siu Ming Peter"]})))
        assert resident_of(again) == resident_of(first)
        with rig.hub.memory.transaction() as tx:
            kept = rig.hub.fields.read(tx, resident_of(first), ("name_english", "birth_date"))
        assert kept == {"name_english": "WONG, Siu Ming Peter", "birth_date": "1990-05-17"}
        assert rig.hub.events("broker:account:created") == ["broker:account:created"]

    def test_leave_alone_what_was_proved_to_us_since(self, stored_rig: Rig) -> None:
        """Else another provider's word would stand among what we call verified."""
        rig = stored_rig
        rig.with_policy(creates=True)
        account = resident_of(rig.login(somebody(attributes=self.SAYS)))
        proofing = Proofing.of(
            rig.hub.clock.now(),
            ProofingProcedure.REMOTE_REGISTRATION,
            ProofingPlace.REMOTE,
            "p1",
            {ProofingCheck.REGISTER: True},
        )
        with rig.hub.memory.transaction() as tx:
            rig.hub.fields.put(tx, account, proofing.as_field(), rig.hub.clock.now())
        rig.login(somebody(attributes=Attributes({"name": ["SOMEBODY, Else"]})))
        with rig.hub.memory.transaction() as tx:
            kept = rig.hub.fields.read(tx, account, ("name_english",))
        assert kept == {"name_english": "WONG, Siu Ming"}

    def test_bind_no_identity_card_number(self, rig: Rig) -> None:
        """So that its owner can still register for an eID."""
        rig.with_policy(creates=True)
        person = rig.hub.person()
        number = person.hkic_number.reveal()
        rig.login(somebody(attributes=Attributes({"hkic_number": [number]})))
        assert rig.hub.activation.register_applicant(person)

    def test_move_to_the_eid_when_its_owner_links(self, stored_rig: Rig, phone: Any) -> None:
        rig = stored_rig
        rig.with_policy(creates=True)
        account = rig.login(somebody())
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        assert rig.hub.current(account) is None
        assert resident_of(rig.login(somebody())) == resident_of(own)
        left = rig.hub.look("residents", "get", resident_of(account))
        assert left.state is EidState.REVOKED
        assert rig.hub.bodies("broker:link:made")[-1]["moved_from"] == resident_of(account)

    def test_what_cannot_be_a_name_is_refused(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        refused = rig.refused(somebody(attributes=Attributes({"name": ["a\u202eb"]})))
        assert refused.reason == "upstream_particulars_malformed"
        assert "\u202e" not in str(refused.detail)

    def test_two_first_logins_at_once_make_one(self, make_hub_of: Any) -> None:
        rig = Rig(make_hub_of("sqlite"), creates=True)
        rig.company.say = somebody()
        answers = [rig.begin() for _ in range(6)]
        rig.company.say = somebody()
        got: list[Any] = []

        def finish(answer: Request) -> None:
            try:
                got.append(resident_of(rig.doors.finish("company", answer, VISITOR).session))
            except HkeidError as error:
                got.append(error.reason)

        threads = [threading.Thread(target=finish, args=(one,)) for one in answers]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        residents = {one for one in got if one not in {"link_of_another", "record_exists"}}
        assert len(got) == 6
        assert len(residents) == 1
        assert resident_of(rig.login(somebody())) in residents


class TestAnswers:
    def test_are_used_once(self, stored_rig: Rig) -> None:
        """Law 1."""
        rig = stored_rig
        rig.with_policy(creates=True)
        answer = rig.begin()
        rig.company.say = somebody()
        rig.doors.finish("company", answer, VISITOR)
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("company", answer, VISITOR)
        assert caught.value.reason == "state_used"

    def test_belong_to_one_browser_and_stay_its(self, rig: Rig) -> None:
        """Login CSRF: somebody else's answer is neither taken nor used up."""
        rig.with_policy(creates=True)
        answer = rig.begin()
        rig.company.say = somebody()
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("company", answer, replace(VISITOR, browser="b2"))
        assert caught.value.reason == "state_of_another_browser"
        assert rig.doors.finish("company", answer, VISITOR).session is not None

    def test_belong_to_one_upstream(self, rig: Rig) -> None:
        """RFC 9700 §4.4: mix-up."""
        answer = rig.begin()
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("other", answer, VISITOR)
        assert caught.value.reason == "state_of_another_upstream"

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            ({}, "state_missing"),
            ({"state": "x" * 65}, "state_missing"),
            ({"state": "x" * 32}, "state_unknown"),
            ([("state", "a" * 32), ("state", "b" * 32)], "state_repeated"),
            ([("state", "a" * 32), ("RelayState", "b" * 32)], "state_repeated"),
        ],
    )
    def test_without_a_good_state_are_unexpected(self, rig: Rig, query: Any, reason: str) -> None:
        request = Request(method="GET", path="/cb", query=Parameters.of(query))
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("company", request, VISITOR)
        assert caught.value.reason == reason

    def test_come_too_late(self, rig: Rig) -> None:
        answer = rig.begin()
        rig.hub.clock.pass_(minutes=20)
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("company", answer, VISITOR)
        assert caught.value.reason == "state_expired"

    def test_within_the_time_that_iam_smart_gives_are_in_time(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        answer = rig.begin()
        rig.hub.clock.pass_(minutes=17, seconds=59)
        rig.company.say = somebody()
        assert rig.doors.finish("company", answer, VISITOR).session is not None
        # Time to find the button is in it, too.
        assert ProviderSettings().interaction_lifetime > IAM_SMART
        assert DEPARTURE > IAM_SMART

    def test_of_refusal_keep_their_code(self, rig: Rig) -> None:
        says = UpstreamRefused(
            "upstream_declined", code=ErrorCode.ACCESS_DENIED, upstream_code="D40001"
        )
        refused = rig.refused(says)
        assert refused.why is says
        assert rig.hub.bodies("broker:upstream:refused")[-1]["upstream_said"] == "D40001"

    def test_are_kept_sealed_meanwhile(self, rig: Rig) -> None:
        """Who reads the store learns neither what was kept nor whose visit it is."""
        rig.begin()
        with rig.hub.memory.transaction() as tx:
            texts = [record.payload for record in tx.single_use._records.values()]
        assert texts
        assert not any(b"kept" in one or b"company" in one for one in texts)


class TestSessions:
    def test_say_no_more_than_the_upstream_proved(self, rig: Rig, phone: Any) -> None:
        """Law 7: an eID with a bound device is not lent to a weaker login."""
        own = rig.hub.activate(phone)
        assert own.view.authentication.acr is Acr.EID_BOUND
        rig.link(own, somebody())
        assert rig.login(somebody()).view.authentication.acr is Acr.EID

    def test_own_passkey_on_top_goes_on_in_the_same_session(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        session = rig.login(somebody())
        stepped = rig.hub.login(phone, session=session)
        assert stepped.view.session_id == session.view.session_id
        assert stepped.view.authentication.acr is Acr.EID_BOUND
        ended = rig.hub.broker.logout(stepped.reference.reveal())
        rig.company.say = somebody(logout=b"x")
        assert ended is not None

    def test_live_from_now_on_although_the_upstream_acted_earlier(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        earlier = rig.hub.clock.now() - timedelta(hours=5)
        session = rig.login(somebody(authenticated_at=earlier))
        assert rig.hub.current(session) is not None
        assert session.view.authentication.authenticated_at == earlier
        assert session.expires_at == earlier + timedelta(hours=24)
        old = rig.hub.clock.now() - timedelta(hours=24)
        assert (
            rig.refused(somebody(authenticated_at=old)).reason == "upstream_authentication_too_old"
        )

    def test_end_when_the_upstream_says_so_however_busy_they_are(
        self, stored_rig: Rig, phone: Any
    ) -> None:
        """saml-core §2.7.2: SessionNotOnOrAfter."""
        rig = stored_rig
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        ends_at = rig.hub.clock.now() + timedelta(hours=1)
        session = rig.login(somebody(ends_at=ends_at))
        assert session.expires_at == session.view.ends_at == ends_at
        for _ in range(5):
            rig.hub.clock.pass_(minutes=11, seconds=50)
            assert rig.hub.current(session) == session.view
        rig.hub.clock.pass_(minutes=1)
        assert rig.hub.current(session) is None

    def test_end_as_all_others_once_the_own_passkey_is_on_top(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        session = rig.login(
            somebody(ends_at=rig.hub.clock.now() + timedelta(hours=1), proxying=Proxying(count=0)),
            request=OWN_PAGES,
        )
        stepped = rig.hub.login(phone, session=session)
        assert stepped.view.session_id == session.view.session_id
        assert (stepped.view.ends_at, stepped.view.proxying) == (None, None)
        assert stepped.expires_at == rig.hub.clock.now() + timedelta(hours=24)

    def test_that_are_over_there_begin_no_more_here(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        says = somebody(ends_at=rig.hub.clock.now())
        assert rig.refused(says).reason == "upstream_session_over"

    @pytest.mark.parametrize(
        ("proxying", "passes"),
        [
            (Proxying(count=0), False),
            (Proxying(count=1), True),
            (Proxying(audiences=frozenset({"another"})), False),
            (Proxying(audiences=frozenset({"another", "hko"})), True),
            (Proxying(count=0, audiences=frozenset({"hko"})), False),
        ],
    )
    def test_serve_whom_the_upstream_lets_them(
        self, stored_rig: Rig, proxying: Proxying, passes: bool
    ) -> None:
        """saml-core §2.5.1.6. Our own pages pass nothing on; what is opened for them serves nobody else either."""
        rig = stored_rig
        rig.with_policy(creates=True)
        asked = replace(HKO, audience="hko")
        if passes:
            assert rig.login(somebody(proxying=proxying), asked).view.serves("hko")
        else:
            refused = rig.refused(somebody(proxying=proxying), request=asked)
            assert refused.reason == "upstream_forbids_proxying"
            assert refused.why.code is ErrorCode.ACCESS_DENIED
        session = rig.login(somebody(proxying=proxying), OWN_PAGES)
        view = rig.hub.current(session)
        assert view == session.view
        assert view.serves("hko") == passes


class TestLogout:
    SAYS: ClassVar = {"session": "up-1", "logout": b"handle"}

    def test_crosses_to_the_upstream(self, stored_rig: Rig) -> None:
        rig = stored_rig
        rig.with_policy(creates=True)
        session = rig.login(somebody(**self.SAYS))
        ended = rig.hub.broker.logout(session.reference.reveal())
        departure = rig.doors.begin_logout(
            ended,
            browser="b1",
            callback=lambda one: f"https://eid.example/{one}/out",
            back_to="/bye",
        )
        assert departure is not None
        assert rig.company.logged_out == [b"handle"]
        state = str(departure.to).partition("state=")[2]
        back = Request(method="GET", path="/out", query=Parameters.of({"state": state}))
        returned = rig.doors.finish_logout("company", back, browser="b1")
        assert (returned.outcome, returned.back_to) == (LogoutOutcome.DONE, "/bye")

    def test_its_state_is_no_logins_and_the_other_way_round(self, rig: Rig) -> None:
        """Each answer belongs to the question that was asked; a wrong one is not used up."""
        rig.with_policy(creates=True)
        session = rig.login(somebody(**self.SAYS))
        ended = rig.hub.broker.logout(session.reference.reveal())
        departure = rig.doors.begin_logout(ended, browser="b1", callback=str, back_to="/bye")
        state = str(departure.to).partition("state=")[2]
        out = Request(method="GET", path="/x", query=Parameters.of({"state": state}))
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish("company", out, VISITOR)
        assert caught.value.reason == "state_of_another_kind"
        assert rig.doors.finish_logout("company", out, browser="b1").back_to == "/bye"
        answer = rig.begin()
        with pytest.raises(AnswerUnexpected) as caught:
            rig.doors.finish_logout("company", answer, browser="b1")
        assert caught.value.reason == "state_of_another_kind"

    def test_stays_here_where_the_policy_says_so(self, rig: Rig) -> None:
        rig.with_policy(creates=True, ends_there=False)
        session = rig.login(somebody(**self.SAYS))
        ended = rig.hub.broker.logout(session.reference.reveal())
        assert rig.doors.begin_logout(ended, browser="b1", callback=str, back_to="/bye") is None
        assert rig.company.logged_out == []

    @pytest.mark.parametrize(
        ("subject", "sessions", "ends"),
        [
            ("s1", (), True),
            ("s1", ("up-1",), True),
            (None, ("up-1",), True),
            ("s1", ("up-2",), False),
            ("s2", (), False),
            (None, ("up-2",), False),
        ],
    )
    def test_of_the_upstream_ends_ours(
        self, stored_rig: Rig, subject: Any, sessions: Any, ends: bool
    ) -> None:
        rig = stored_rig
        rig.with_policy(creates=True)
        session = rig.login(somebody(**self.SAYS))
        now = rig.hub.clock.now()
        once = SingleUseRecord(
            kind="t", digest=b"1" * 32, created_at=now, expires_at=now + timedelta(hours=1)
        )
        rig.company.say = UpstreamLogout(
            provider="company", subject=subject, sessions=sessions, once=once
        )
        heard = rig.doors.hear_logout("company", Request(method="POST", path="/x"))
        assert heard.answer.status == 200
        assert heard.error is None
        assert (rig.hub.current(session) is None) == ends
        assert len(heard.ended) == ends
        assert rig.doors.hear_logout("company", Request(method="POST", path="/x")).ended == ()

    def test_of_the_upstream_names_whom_it_named_at_the_login(self, stored_rig: Rig) -> None:
        """A NameID, where people are known by an attribute; taking the link back goes by the attribute."""
        rig = stored_rig
        rig.with_policy(creates=True)
        now = rig.hub.clock.now()

        def hear(number: int, subject: str) -> Any:
            once = SingleUseRecord(
                kind="t",
                digest=bytes([number]) * 32,
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
            rig.company.say = UpstreamLogout(provider="company", subject=subject, once=once)
            return rig.doors.hear_logout("company", Request(method="POST", path="/x")).ended

        session = rig.login(somebody(**self.SAYS, session_subject="their NameID"))
        assert hear(1, "s1") == ()
        assert rig.hub.current(session) is not None
        (ended,) = hear(2, "their NameID")
        assert ended.session_id == session.view.session_id
        assert rig.hub.current(session) is None

    def test_that_is_no_good_one_ends_nothing(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        session = rig.login(somebody(**self.SAYS))
        rig.company.say = UpstreamMisbehaved("logout_token_wrong")
        heard = rig.doors.hear_logout("company", Request(method="POST", path="/x"))
        assert heard.answer.status == 400
        assert heard.error is rig.company.say
        assert rig.hub.current(session) is not None


class TestDiscovery:
    def upstreams(self) -> Upstreams:
        return Upstreams(
            [
                Upstream(
                    provider=Company("a"), policy=UpstreamPolicy(domains=frozenset({"A.example"}))
                ),
                Upstream(provider=Company("b")),
                Upstream(
                    provider=Company("c"), policy=UpstreamPolicy(clients=frozenset({"other"}))
                ),
            ]
        )

    def test_offers_what_the_client_may_have_the_remembered_one_first(self) -> None:
        found = doors(self.upstreams(), client_id="hko", remembered="b")
        assert [one.provider.id for one in found.offered] == ["b", "a"]
        assert (found.remembered, found.at_once) == ("b", None)

    def test_a_hint_counts_more_than_an_address_and_opens_no_closed_door(self) -> None:
        ups = self.upstreams()
        assert doors(ups, client_id="hko", hint="b", domain="a.example").at_once == "b"
        assert doors(ups, client_id="hko", domain="a.example").at_once == "a"
        assert doors(ups, client_id="hko", hint="c").at_once is None
        assert doors(ups, client_id="other", hint="c").at_once == "c"
        assert doors(ups, client_id="hko", hint="eid", domain="a.example").at_once is None

    def test_our_own_pages_offer_what_is_for_everybody(self) -> None:
        ups = self.upstreams()
        assert [one.provider.id for one in doors_for(ups, OWN_PAGES).offered] == ["a", "b"]
        other = AuthenticationRequest(client_id="other", audience="https://other.example")
        assert doors_for(ups, other).offers("c")

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("", "ab"),
            ("  ", "ab"),
            ("staff BANK", "b"),
            ("银行", "b"),
            ("ＢＡＮＫ", "b"),
            ("bank school", ""),
            ("chan@a.example", "a"),
            ("@", "ab"),
        ],
    )
    def test_words_are_looked_for_in_names_and_domains(self, typed: str, found: str) -> None:
        names = {Language.ENGLISH: "Bank of Staff", Language.SIMPLIFIED: "银行"}
        named = (
            Upstream(
                provider=Company("a"), policy=UpstreamPolicy(domains=frozenset({"A.example"}))
            ),
            Upstream(provider=Company("b", names=names)),
        )
        assert "".join(one.provider.id for one in matching(named, typed)) == found

    def test_what_is_not_offered_is_not_remembered(self) -> None:
        assert doors(self.upstreams(), client_id="hko", remembered="c").remembered is None
        assert doors(self.upstreams(), client_id="hko", remembered="eid").remembered == "eid"

    @pytest.mark.parametrize(
        ("ids", "domains", "reason"),
        [
            (("a", "a"), ((), ()), "upstream_repeated"),
            (("eid",), ((),), "upstream_id_reserved"),
            (("a", "b"), (("x.hk",), ("X.HK",)), "upstream_domain_repeated"),
        ],
    )
    def test_a_list_that_is_ambiguous_is_refused(self, ids: Any, domains: Any, reason: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Upstreams(
                Upstream(provider=Company(one), policy=UpstreamPolicy(domains=frozenset(names)))
                for one, names in zip(ids, domains, strict=True)
            )
        assert caught.value.reason == reason

    def test_who_waits_for_a_certain_resident_offers_the_own_passkey_alone(self, rig: Rig) -> None:
        wanted = replace(HKO, resident_id="r1", door="company")
        assert rig.doors.doors(HKO, remembered=None).offers("company")
        found = rig.doors.doors(wanted, remembered="company")
        assert (found.offered, found.at_once, found.remembered) == ((), None, None)
        with pytest.raises(NotFound) as caught:
            rig.begin(wanted)
        assert caught.value.reason == "upstream_unknown"
        assert rig.company.asked == []

    def test_a_closed_door_cannot_be_entered_by_its_address(self, rig: Rig) -> None:
        rig.with_policy(clients=frozenset({"other"}))
        with pytest.raises(NotFound) as caught:
            rig.begin()
        assert caught.value.reason == "upstream_unknown"
