"""Single logout at our identity provider (saml-profiles §4.4, saml-core §3.7)."""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.unit.saml.idp.conftest import (
    BROWSER,
    HOME,
    SoapServices,
    Stage,
    error_of,
    form_of,
    location_of,
    redirect_query,
)

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.saml.dsig import Reason, read_redirect, sign_element, verify_message
from hkeid.saml.idp import SamlLogoutPage
from hkeid.saml.idp.outbox import KEPT_FOR_THE_REQUEST, recipient, write_participation_notices
from hkeid.saml.messages import (
    SUCCESS,
    Binding,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    NameId,
    NameIdFormat,
    NameIdPolicy,
    StatusCode,
    failure,
    soap,
)
from hkeid.saml.messages.bindings import send
from hkeid.saml.metadata import Endpoint
from hkeid.testing.saml_parties import Party

SLO = f"{HOME}/saml/slo"
BROWSER_ALONE = (Endpoint(binding=Binding.REDIRECT.value, location="https://other.example/slo"),)
SECOND = Party.at("https://other.example")
THIRD = Party.at("https://third.example")


def logged_in_at(stage: Stage, *parties: Party) -> dict[str, tuple[NameId, str]]:
    """Names and session indexes that services were given."""
    stage.log_in()
    found = {}
    for party in parties:
        if party.entity_id not in stage.registered:
            stage.enter(party)
        assertion = stage.login(party).only
        assert assertion.subject is not None
        assert assertion.subject.name_id is not None
        index = assertion.authn_statements[0].session_index
        assert index is not None
        found[party.home] = (assertion.subject.name_id, index)
    return found


def asking(
    stage: Stage, party: Party, name: NameId, *indexes: str, **changes: Any
) -> LogoutRequest:
    request = LogoutRequest(
        id=f"_logout-{party.home[8:]}",
        issued_at=stage.now,
        issuer=party.entity_id,
        destination=SLO,
        name_id=name,
        session_indexes=indexes,
    )
    return replace(request, **changes)


def ask(
    stage: Stage,
    request: LogoutRequest,
    party: Party,
    *,
    binding: Binding = Binding.REDIRECT,
    signer: Any = "own",
    **visitor: str | None,
) -> Any:
    out = send(
        request.write(),
        "SAMLRequest",
        binding=binding,
        location=SLO,
        relay_state="theirs",
        signer=party.signer if signer == "own" else signer,
    )
    return stage.bring(out, "/saml/slo", **visitor)


def answer_of(response: Any, stage: Stage) -> LogoutResponse:
    query = redirect_query(response)
    assert query.relay_state == "theirs"
    return LogoutResponse.read(query.verify(stage.our_keys))


def told(response: Any, stage: Stage) -> tuple[LogoutRequest, str]:
    query = redirect_query(response)
    return LogoutRequest.read(query.verify(stage.our_keys)), query.relay_state


def reply(
    stage: Stage,
    party: Party,
    request: LogoutRequest,
    token: str,
    signer: Any = None,
    browser: str | None = BROWSER,
    **changes: Any,
) -> Any:
    answer = LogoutResponse(
        id="_answer",
        issued_at=stage.now,
        issuer=party.entity_id,
        destination=SLO,
        in_response_to=request.id,
        status=SUCCESS,
    )
    out = send(
        replace(answer, **changes).write(),
        "SAMLResponse",
        binding=Binding.REDIRECT,
        location=SLO,
        relay_state=token,
        signer=signer or party.signer,
    )
    return stage.bring(out, "/saml/slo", browser=browser)


def test_a_logout_of_the_only_service(stage: Stage) -> None:
    """saml-profiles §4.4.3."""
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    answer = answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert answer.status == SUCCESS
    assert answer.in_response_to == "_logout-sp.example"
    assert answer.destination == "https://sp.example/slo"
    assert stage.hub.ended == ["session-1"]
    with stage.store.transaction() as tx:
        assert tx.participations.of_session("session-1") == ()


def test_a_logout_goes_from_service_to_service(stage: Stage) -> None:
    """saml-profiles §4.4.3.3: every other participant is told, then the one that began is answered."""
    names = logged_in_at(stage, stage.sp, SECOND, THIRD)
    name, index = names["https://sp.example"]
    first = ask(stage, asking(stage, stage.sp, name, index), stage.sp)
    request, token = told(first, stage)
    assert request.destination == "https://other.example/slo"
    assert (request.name_id, *request.session_indexes) == names["https://other.example"]
    second = reply(stage, SECOND, request, token)
    request, token = told(second, stage)
    assert request.destination == "https://third.example/slo"
    last = answer_of(reply(stage, THIRD, request, token), stage)
    assert last.status == SUCCESS


def test_a_browser_is_not_redirected_more_often_than_it_follows(stage: Stage) -> None:
    """20 times in a row, and each service takes two: a page in between begins anew."""
    parties = [Party.at(f"https://s{number}.example") for number in range(12)]
    for one in parties:
        where = Endpoint(binding=Binding.REDIRECT.value, location=f"{one.home}/slo?a='1'&b=2")
        stage.enter(one, {"single_logout_services": (where,)})
    name, index = logged_in_at(stage, stage.sp, *parties)["https://sp.example"]
    answer = ask(stage, asking(stage, stage.sp, name, index), stage.sp)
    by_home = {one.home: one for one in parties}
    in_a_row, longest, visited = 0, 0, []
    while True:
        address = answer.header("Location")
        if address is None:
            page = answer.body.decode()
            (address,) = re.findall(r"""content="0; url='([^']+)'">""", page)
            assert f'href="{address}"' in page
            address, in_a_row = unescape(address), 0
        in_a_row += 2
        longest = max(longest, in_a_row)
        if address.startswith("https://sp.example/"):
            break
        home = address.partition("/slo?a=")[0]
        visited.append(home)
        query = read_redirect(urlsplit(address).query)
        request = LogoutRequest.read(query.verify(stage.our_keys))
        assert query.relay_state is not None
        answer = reply(stage, by_home[home], request, query.relay_state)
    assert sorted(visited) == sorted(by_home)
    assert longest <= 10


def test_a_service_is_told_by_its_newest_names(stage: Stage) -> None:
    """A transient name for each login, of which it remembers the last: none keeps others from being told."""
    stage.enter(SECOND, {"single_logout_services": BROWSER_ALONE})
    stage.enter(THIRD)
    stage.http = SoapServices(stage, THIRD)
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    policy = NameIdPolicy(format=NameIdFormat.TRANSIENT)
    for _ in range(70):
        stage.clock.advance(1)
        last = stage.login(SECOND, name_id_policy=policy).only.subject
        stage.login(THIRD, name_id_policy=policy)
    assert last is not None
    request, token = told(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert request.name_id == last.name_id
    assert answer_of(reply(stage, SECOND, request, token), stage).status == SUCCESS
    assert len(stage.http.asked) == 8
    with stage.store.transaction() as tx:
        assert tx.participations.of_session("session-1") == ()


def test_a_service_that_does_not_end_its_session(stage: Stage) -> None:
    """saml-core §3.7.3.2: PartialLogout."""
    name, index = logged_in_at(stage, stage.sp, SECOND)["https://sp.example"]
    request, token = told(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    refused = reply(stage, SECOND, request, token, status=failure(StatusCode.RESPONDER))
    status = answer_of(refused, stage).status
    assert status.codes == (StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT)


def test_a_service_that_cannot_be_told(stage: Stage) -> None:
    names = logged_in_at(stage, stage.sp, SECOND)
    stage.enter(SECOND, {"single_logout_services": ()})
    name, index = names["https://sp.example"]
    answer = answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert answer.status.lower == StatusCode.PARTIAL_LOGOUT
    assert stage.hub.ended == ["session-1"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"issuer": "https://sp.example/metadata"}, MessageReason.ISSUER_UNEXPECTED),
        ({"in_response_to": "_other"}, MessageReason.IN_RESPONSE_TO),
        ({"destination": "https://other.example"}, MessageReason.DESTINATION),
        ({"destination": None}, MessageReason.DESTINATION_MISSING),
        ({"signer": THIRD.signer}, Reason.SIGNATURE_INVALID),
    ],
)
def test_an_answer_that_is_not_the_one(
    stage: Stage, changes: dict[str, Any], expected: str
) -> None:
    """And it does not spoil the right one, which may still come; once."""
    name, index = logged_in_at(stage, stage.sp, SECOND)["https://sp.example"]
    request, token = told(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert error_of(reply(stage, SECOND, request, token, **changes)) == expected
    assert answer_of(reply(stage, SECOND, request, token), stage).status == SUCCESS
    assert error_of(reply(stage, SECOND, request, token)) == MessageReason.REPLAYED


@pytest.mark.parametrize("session", [None, "of-another-resident"])
@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_service_does_not_read_by_what_name_others_know_its_resident(
    stage: Stage, binding: Binding, session: str | None
) -> None:
    """It may bring its request itself, without the browser: the next service's request would be its answer."""
    names = logged_in_at(stage, stage.sp, SECOND)
    name, index = names["https://sp.example"]
    stage.sessions.put("of-another-resident", replace(stage.log_in(), session_id="another"))
    request = asking(stage, stage.sp, name, index)
    answer = ask(stage, request, stage.sp, binding=binding, browser="a-program", session=session)
    assert stage.hub.ended == ["session-1"]
    if binding is Binding.REDIRECT:
        assert answer_of(answer, stage).status.lower == StatusCode.PARTIAL_LOGOUT
    assert names["https://other.example"][0].value.encode() not in decoded(answer)


def decoded(answer: Response) -> bytes:
    """The message in a redirect or a form."""
    if answer.header("Location") is not None:
        return bytes(redirect_query(answer).message)
    fields, _ = form_of(answer)
    return b64decode(next(iter(fields.values())))


def test_a_logout_goes_on_in_its_browser_alone(stage: Stage) -> None:
    """A service that is told could send its answer itself, and read the request to the next one."""
    name, index = logged_in_at(stage, stage.sp, SECOND, THIRD)["https://sp.example"]
    request, token = told(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    for other in ("another-browser", None):
        refused = reply(stage, SECOND, request, token, browser=other)
        assert error_of(refused) == MessageReason.IN_RESPONSE_TO
    request, _ = told(reply(stage, SECOND, request, token), stage)
    assert request.destination == "https://third.example/slo"


def back(stage: Stage, browser: str | None = BROWSER, to: str | None = None) -> Any:
    """The browser comes from whoever is behind the hub."""
    place = urlsplit(to or stage.hub.sent_on[-1][2])
    return stage.idp.handle(
        Request(
            method="GET",
            path=place.path,
            query=Parameters.parse(place.query),
            raw_query=place.query,
            browser=browser,
        )
    )


def test_a_logout_goes_on_to_who_is_behind_the_hub(stage: Stage) -> None:
    """saml-core §3.7.3.2: after the services, and then the one that began is answered."""
    name, index = logged_in_at(stage, stage.sp, SECOND)["https://sp.example"]
    stage.hub.behind = "https://behind.example"
    request, token = told(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert stage.hub.sent_on == []
    assert (
        error_of(back(stage, to=f"/saml/slo/back?logout={token}")) == MessageReason.IN_RESPONSE_TO
    )
    there, _ = location_of(reply(stage, SECOND, request, token))
    assert there == "https://behind.example/slo"
    assert [one[:2] for one in stage.hub.sent_on] == [("session-1", BROWSER)]
    assert error_of(back(stage, browser="another")) == MessageReason.IN_RESPONSE_TO
    assert error_of(back(stage, to="/saml/slo/back")) == MessageReason.IN_RESPONSE_TO
    assert answer_of(back(stage), stage).status == SUCCESS
    assert error_of(back(stage)) == MessageReason.REPLAYED
    assert len(stage.hub.sent_on) == 1


def test_who_is_behind_the_hub_is_not_asked_by_another_browser(stage: Stage) -> None:
    """Nor where the logout began here: the server goes there itself."""
    stage.hub.behind = "https://behind.example"
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    answer = ask(stage, asking(stage, stage.sp, name, index), stage.sp, session=None)
    assert answer_of(answer, stage).status == SUCCESS
    logged_in_at(stage, stage.sp)
    stage.idp.propagate_logout("session-1", browser=BROWSER, then=f"{HOME}/bye")
    assert stage.hub.sent_on == []


def test_an_answer_that_nobody_waits_for(stage: Stage) -> None:
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    request = asking(stage, stage.sp, name, index)
    refused = reply(stage, stage.sp, request, "unknown-token-of-some-length")
    assert error_of(refused) == MessageReason.IN_RESPONSE_TO


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"destination": None}, MessageReason.DESTINATION_MISSING),
        ({"destination": f"{SLO}/soap"}, MessageReason.DESTINATION),
        ({"issuer": None}, MessageReason.ISSUER_MISSING),
        ({"issuer": "https://nobody.example"}, MessageReason.ENTITY_UNKNOWN),
    ],
)
@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_request_that_breaks_a_rule(
    stage: Stage, changes: dict[str, Any], expected: str, binding: Binding
) -> None:
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    request = asking(stage, stage.sp, name, index, **changes)
    assert error_of(ask(stage, request, stage.sp, binding=binding)) == expected
    assert stage.hub.ended == []


@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_logout_is_signed(stage: Stage, binding: Binding) -> None:
    """saml-profiles §4.4.4.1."""
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    request = asking(stage, stage.sp, name, index)
    refused = ask(stage, request, stage.sp, binding=binding, signer=None)
    assert error_of(refused) == Reason.UNSIGNED
    refused = ask(stage, request, stage.sp, binding=binding, signer=SECOND.signer)
    assert error_of(refused) == Reason.SIGNATURE_INVALID
    assert stage.hub.ended == []


def test_a_logout_expires_and_counts_once(stage: Stage) -> None:
    """saml-core §3.7.1."""
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    old = asking(stage, stage.sp, name, index, not_on_or_after=stage.now - timedelta(minutes=2))
    assert error_of(ask(stage, old, stage.sp)) == MessageReason.LOGOUT_EXPIRED
    request = asking(stage, stage.sp, name, index)
    assert answer_of(ask(stage, request, stage.sp), stage).status == SUCCESS
    assert error_of(ask(stage, request, stage.sp)) == MessageReason.REPLAYED
    stage.clock.advance(timedelta(minutes=12))
    assert error_of(ask(stage, request, stage.sp)) == MessageReason.ISSUED_TOO_LATE


def test_a_logout_that_never_expires(stage: Stage) -> None:
    """The end of time is a moment like any other, and nothing is added to it."""
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    request = asking(stage, stage.sp, name, index, not_on_or_after=datetime.max.replace(tzinfo=UTC))
    assert answer_of(ask(stage, request, stage.sp), stage).status == SUCCESS


def test_a_service_ends_only_sessions_that_it_was_told_of(stage: Stage) -> None:
    """Another service's name, another index, another format: nothing ends."""
    names = logged_in_at(stage, stage.sp, SECOND)
    name, index = names["https://sp.example"]
    theirs, their_index = names["https://other.example"]
    for wrong, at in (
        (theirs, their_index),
        (name, their_index),
        (replace(name, format=NameIdFormat.TRANSIENT), index),
        (replace(name, sp_name_qualifier=SECOND.entity_id), index),
        (replace(name, name_qualifier="https://other-idp.example"), index),
    ):
        request = asking(stage, stage.sp, wrong, at, id=f"_{abs(hash((wrong, at)))}")
        assert answer_of(ask(stage, request, stage.sp), stage).status == SUCCESS
        assert stage.hub.ended == []


def test_without_session_index_all_sessions_end(stage: Stage) -> None:
    """saml-core §3.7.3.2."""
    logged_in_at(stage, stage.sp)
    stage.log_in(session_id="session-2")
    subject = stage.login().only.subject
    assert subject is not None
    assert subject.name_id is not None
    ask(stage, asking(stage, stage.sp, subject.name_id), stage.sp)
    assert sorted(stage.hub.ended) == ["session-1", "session-2"]


def test_a_transient_name_ends_its_session(stage: Stage) -> None:
    stage.log_in()
    assertion = stage.login(name_id_policy=NameIdPolicy(format=NameIdFormat.TRANSIENT)).only
    assert assertion.subject is not None
    assert assertion.subject.name_id is not None
    ask(stage, asking(stage, stage.sp, assertion.subject.name_id), stage.sp)
    assert stage.hub.ended == ["session-1"]


# By SOAP.


def in_envelope(
    stage: Stage, request: LogoutRequest, party: Party, *, signed: bool = True
) -> Response:
    element = request.write()
    body = soap.put_on(sign_element(element, party.signer) if signed else element)
    answer = stage.idp.handle(Request(method="POST", path="/saml/slo/soap", body=body))
    assert isinstance(answer, Response)
    return answer


def test_a_logout_in_an_envelope(stage: Stage) -> None:
    """saml-bindings §3.2; who is reached through the browser alone is missed."""
    names = logged_in_at(stage, stage.sp)
    name, index = names["https://sp.example"]
    request = asking(stage, stage.sp, name, index, destination=f"{SLO}/soap")
    read = in_envelope(stage, request, stage.sp)
    signed = verify_message(soap.take_off(read.body), stage.our_keys)
    assert LogoutResponse.read(signed).status == SUCCESS
    assert stage.hub.ended == ["session-1"]
    names = logged_in_at(stage, stage.sp, SECOND)
    name, index = names["https://sp.example"]
    again = asking(stage, stage.sp, name, index, id="_again", destination=None)
    partial = verify_message(
        soap.take_off(in_envelope(stage, again, stage.sp).body), stage.our_keys
    )
    assert LogoutResponse.read(partial).status.lower == StatusCode.PARTIAL_LOGOUT


def test_an_envelope_that_breaks_a_rule(stage: Stage) -> None:
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    request = asking(stage, stage.sp, name, index, destination=f"{SLO}/soap")
    for answer, expected in (
        (in_envelope(stage, request, stage.sp, signed=False), Reason.UNSIGNED),
        (
            in_envelope(stage, replace(request, destination=SLO), stage.sp),
            MessageReason.DESTINATION,
        ),
        (in_envelope(stage, request, SECOND), Reason.SIGNATURE_INVALID),
    ):
        assert answer.status == 500
        assert expected.encode() in answer.body
    assert stage.hub.ended == []


@pytest.mark.parametrize(
    ("behaviour", "lower"),
    [
        ({}, None),
        ({"fails": True}, StatusCode.PARTIAL_LOGOUT),
        ({"status": 500}, StatusCode.PARTIAL_LOGOUT),
        ({"answers": failure(StatusCode.RESPONDER)}, StatusCode.PARTIAL_LOGOUT),
        ({"answers": failure(StatusCode.REQUESTER, StatusCode.UNKNOWN_PRINCIPAL)}, None),
        ({"signer": THIRD.signer}, StatusCode.PARTIAL_LOGOUT),
    ],
)
def test_services_are_told_without_the_browser(
    stage: Stage, behaviour: dict[str, Any], lower: str | None
) -> None:
    stage.http = SoapServices(stage, SECOND, **behaviour)
    name, index = logged_in_at(stage, stage.sp, SECOND)["https://sp.example"]
    answer = answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert answer.status.lower == lower
    assert stage.http.asked == ["https://other.example/slo/soap"]


def soap_logout(stage: Stage) -> Any:
    """``stage.sp`` logs out, with the browser; what it is answered."""
    name, index = logged_in_at(stage, stage.sp, SECOND, THIRD)["https://sp.example"]
    return answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)


def waiting(stage: Stage, session: str = "session-1") -> dict[str, Any]:
    with stage.store.transaction() as tx:
        return {one.client_id: one for one in tx.logout_notices.of_session(session)}


def test_who_was_told_is_not_told_again(stage: Stage) -> None:
    stage.http = SoapServices(stage, SECOND, THIRD)
    assert soap_logout(stage).status == SUCCESS
    assert waiting(stage) == {}
    with stage.store.transaction() as tx:
        assert tx.participations.of_session("session-1") == ()


def test_all_services_together_have_one_deadline(stage: Stage) -> None:
    """Who hangs holds the initiator up once, and for no longer; the rest is told afterwards."""
    stage.http = SoapServices(stage, SECOND, THIRD, hangs=True)
    began = stage.now
    answer = soap_logout(stage)
    assert stage.now - began == stage.settings.logout_deadline == timedelta(seconds=5)
    assert answer.status.codes == (StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT)
    assert stage.http.asked == ["https://other.example/slo/soap"]
    assert stage.http.timeouts == [5.0]
    left = waiting(stage)
    assert [(name, one.attempts, one.next_at) for name, one in sorted(left.items())] == [
        (recipient(SECOND.entity_id), 1, stage.now),
        (recipient(THIRD.entity_id), 0, stage.now),
    ]


def test_who_is_slow_leaves_less_for_the_next(stage: Stage) -> None:
    stage.http = SoapServices(stage, SECOND, THIRD, takes=2.0)
    assert soap_logout(stage).status == SUCCESS
    assert stage.http.timeouts == [5.0, 3.0]


def test_the_delivery_leaves_alone_whom_the_request_is_telling(stage: Stage) -> None:
    seen: list[Any] = []
    stage.http = SoapServices(stage, SECOND, THIRD)
    stage.http.meanwhile = lambda: seen.append((stage.due(), sorted(waiting(stage))))
    soap_logout(stage)
    both = sorted(recipient(one.entity_id) for one in (SECOND, THIRD))
    assert seen == [((), both), ((), both[1:])]


def test_a_request_leaves_alone_whom_the_delivery_is_telling(stage: Stage) -> None:
    """And says so: it does not know how that ends."""
    stage.http = SoapServices(stage, SECOND, THIRD)
    name, index = logged_in_at(stage, stage.sp, SECOND, THIRD)["https://sp.example"]
    with stage.store.transaction() as tx:
        write_participation_notices(tx, "session-1", stage.now, due=stage.now)
        notice = tx.logout_notices.due(recipient(SECOND.entity_id), stage.now, limit=1)[0]
        later = stage.now + timedelta(minutes=1)
        assert tx.logout_notices.take(notice, replace(notice, attempts=1, next_at=later))
    answer = answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
    assert answer.status.lower == StatusCode.PARTIAL_LOGOUT
    assert stage.http.asked == ["https://third.example/slo/soap"]
    assert list(waiting(stage)) == [recipient(SECOND.entity_id)], "the initiator knows"


def test_a_request_that_dies_leaves_everything_to_the_delivery(stage: Stage) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    stage.http = SoapServices(stage, SECOND, THIRD)
    stage.http.meanwhile = die
    with pytest.raises(Killed):
        soap_logout(stage)
    assert stage.due() == ()
    stage.clock.advance(60)
    assert stage.due() == tuple(sorted(recipient(one.entity_id) for one in (SECOND, THIRD)))


class AwayFor:
    """Metadata of one service cannot be had; and it is seen whether a transaction is open when it is asked for."""

    def __init__(self, stage: Stage, entity_id: str) -> None:
        self.entity_id, self.inner, self.store = entity_id, stage.metadata, stage.store
        self.away = True
        self.open = 0
        self.within: list[str] = []
        begin = stage.store.transaction

        @contextmanager
        def transaction() -> Any:
            with begin() as tx:
                self.open += 1
                try:
                    yield tx
                finally:
                    self.open -= 1

        stage.store.transaction = transaction  # type: ignore[method-assign]

    def entity(self, entity_id: str) -> Any:
        if self.open:
            self.within.append(entity_id)
        if self.away and entity_id == self.entity_id:
            raise Unavailable("http_no_answer")
        return self.inner.entity(entity_id)

    def entity_of_source(self, source_id: bytes) -> Any:
        return self.inner.entity_of_source(source_id)


@pytest.mark.parametrize("begins_here", [True, False])
def test_a_service_whose_metadata_cannot_be_had_stays_to_be_told(
    stage: Stage, begins_here: bool
) -> None:
    """By whoever can, later; and nobody waits for metadata with the store in his hands."""
    stage.http = SoapServices(stage, SECOND, THIRD)
    name, index = logged_in_at(stage, stage.sp, SECOND, THIRD)["https://sp.example"]
    with stage.store.transaction() as tx:
        until = stage.now + KEPT_FOR_THE_REQUEST
        write_participation_notices(tx, "session-1", stage.now, due=until)
    stage.metadata = away = AwayFor(stage, SECOND.entity_id)  # type: ignore[assignment]
    if begins_here:
        stage.idp.propagate_logout("session-1", browser=BROWSER)
    else:
        answer = answer_of(ask(stage, asking(stage, stage.sp, name, index), stage.sp), stage)
        assert answer.status.lower == StatusCode.PARTIAL_LOGOUT
    assert away.within == []
    left = waiting(stage)[recipient(SECOND.entity_id)]
    assert (left.attempts, left.next_at) == (0, until)
    with stage.store.transaction() as tx:
        assert any(
            one.entity_id == SECOND.entity_id for one in tx.participations.of_session("session-1")
        )


# A logout that begins here.


def test_a_logout_that_begins_here(stage: Stage) -> None:
    """Whoever ended the session: services are told, and the browser goes on."""
    assert stage.idp.propagate_logout("session-1", browser=BROWSER) is None
    logged_in_at(stage, stage.sp, SECOND)
    first = stage.idp.propagate_logout("session-1", browser=BROWSER, then=f"{HOME}/goodbye")
    request, token = told(first, stage)
    assert request.destination == "https://other.example/slo"
    request, token = told(reply(stage, SECOND, request, token), stage)
    there, _ = location_of(reply(stage, stage.sp, request, token))
    assert there == f"{HOME}/goodbye"
    assert stage.idp.propagate_logout("session-1", browser=BROWSER) is None


def test_nobody_waits_for_services_that_soap_reaches(stage: Stage) -> None:
    """A logout that begins here leaves them to the delivery, at once; the browser has nowhere to go."""
    logged_in_at(stage, stage.sp, SECOND)
    stage.http = SoapServices(stage, stage.sp, SECOND)
    with stage.store.transaction() as tx:
        until = stage.now + KEPT_FOR_THE_REQUEST
        write_participation_notices(tx, "session-1", stage.now, due=until)
    assert stage.due() == ()
    assert stage.idp.propagate_logout("session-1", browser=BROWSER, then=f"{HOME}/goodbye") is None
    assert stage.http.asked == []
    assert stage.due() == tuple(sorted(recipient(one.entity_id) for one in (stage.sp, SECOND)))
    assert {one.attempts for one in waiting(stage).values()} == {0}


def test_each_service_is_told_by_one_way(stage: Stage) -> None:
    """By SOAP or through the browser, never by both."""
    logged_in_at(stage, stage.sp, SECOND)
    stage.enter(SECOND, {"single_logout_services": BROWSER_ALONE})
    stage.http = SoapServices(stage, stage.sp)
    with stage.store.transaction() as tx:
        until = stage.now + KEPT_FOR_THE_REQUEST
        write_participation_notices(tx, "session-1", stage.now, due=until)
    request, token = told(
        stage.idp.propagate_logout("session-1", browser=BROWSER, then=f"{HOME}/bye"), stage
    )
    assert request.destination == "https://other.example/slo"
    assert stage.due() == (recipient(stage.sp.entity_id),)
    assert location_of(reply(stage, SECOND, request, token))[0] == f"{HOME}/bye"
    stage.clock.advance(timedelta(hours=1))
    assert stage.due() == (recipient(stage.sp.entity_id),)


def test_a_page_says_who_was_missed(stage: Stage) -> None:
    logged_in_at(stage, stage.sp)
    stage.enter(stage.sp, {"single_logout_services": ()})
    page = stage.idp.propagate_logout("session-1", browser=BROWSER)
    assert isinstance(page, SamlLogoutPage)
    assert page.missed == (stage.sp.entity_id,)


def test_answers_go_where_metadata_wants_them(stage: Stage) -> None:
    """saml-metadata §2.2.2: ResponseLocation."""
    name, index = logged_in_at(stage, stage.sp)["https://sp.example"]
    there = Endpoint(
        binding=Binding.REDIRECT.value,
        location="https://sp.example/slo",
        response_location="https://sp.example/slo/answers",
    )
    stage.enter(stage.sp, {"single_logout_services": (there,)})
    response = ask(stage, asking(stage, stage.sp, name, index), stage.sp)
    assert location_of(response)[0] == "https://sp.example/slo/answers"
