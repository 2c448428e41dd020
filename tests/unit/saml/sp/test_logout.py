"""Single logout at a service provider, in both directions (saml-profiles §4.4, saml-core §3.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.unit.saml.sp.conftest import RELAY, Stage, post, redirected

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request
from hkeid.saml.dsig import (
    Reason,
    SignatureRefused,
    read_redirect,
    sign_element,
    verify_message,
    write,
)
from hkeid.saml.messages import (
    SUCCESS,
    Binding,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    NameId,
    NameIdFormat,
    StatusCode,
    failure,
    soap,
)
from hkeid.saml.messages.bindings import FormPost, Redirection, send
from hkeid.saml.sp import LogoutSubject
from hkeid.testing.saml_parties import Party

NAME = NameId(
    value="4711", format=NameIdFormat.PERSISTENT, sp_name_qualifier="https://sp.example/metadata"
)


def subject(stage: Stage) -> LogoutSubject:
    return LogoutSubject(identity_provider=stage.idp.entity_id, name_id=NAME, session_index="s1")


def test_a_subject_is_kept_as_octets(stage: Stage) -> None:
    assert LogoutSubject.decode(subject(stage).encode()) == subject(stage)
    assert "4711" not in repr(subject(stage))


def test_the_identity_provider_is_asked(stage: Stage) -> None:
    """saml-profiles §4.4.4.1."""
    begun = stage.logout.begin(subject(stage), relay_state=RELAY, now=stage.now)
    assert begun is not None
    assert isinstance(begun.to, Redirection)
    query = read_redirect(urlsplit(begun.to.url).query)
    request = LogoutRequest.read(query.verify([stage.us.signing.public_key()]))
    assert request.name_id == NAME
    assert request.session_indexes == ("s1",)
    assert request.destination == "https://idp.example/slo"
    assert request.not_on_or_after == stage.now + timedelta(minutes=5)


def test_nobody_is_asked_who_cannot_be(stage: Stage) -> None:
    stage.metadata.put(stage.idp.idp(single_logout_services=()))
    assert stage.logout.begin(subject(stage), relay_state=RELAY, now=stage.now) is None


def answered(stage: Stage, relay_state: str = RELAY, signer: Any = None, **changes: Any) -> Request:
    begun = stage.logout.begin(subject(stage), relay_state=RELAY, now=stage.now)
    assert begun is not None
    stage.kept = begun.kept  # type: ignore[attr-defined]
    assert isinstance(begun.to, Redirection)
    request = LogoutRequest.read(
        read_redirect(urlsplit(begun.to.url).query).verify([stage.us.signing.public_key()])
    )
    answer = LogoutResponse(
        id="_answer",
        issued_at=stage.now,
        issuer=stage.idp.entity_id,
        destination=stage.settings.logout,
        in_response_to=request.id,
        status=SUCCESS,
    )
    out = send(
        replace(answer, **changes).write(),
        "SAMLResponse",
        binding=Binding.REDIRECT,
        location="https://sp.example/slo",
        relay_state=relay_state,
        signer=signer or stage.idp.signer,
    )
    assert isinstance(out, Redirection)
    return redirected(out.url)


def finish(stage: Stage, request: Request) -> Any:
    return stage.logout.finish(stage.kept, request, stage.now)  # type: ignore[attr-defined]


def test_the_answer_is_read(stage: Stage) -> None:
    assert finish(stage, answered(stage)).done
    partial = failure(StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT)
    some = finish(stage, answered(stage, status=partial))
    assert some.partial
    assert not some.done


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"in_response_to": "_x"}, MessageReason.IN_RESPONSE_TO),
        ({"issuer": "https://other.example"}, MessageReason.ISSUER_UNEXPECTED),
        ({"issuer": None}, MessageReason.ISSUER_UNEXPECTED),
        ({"destination": "https://other.example/slo"}, MessageReason.DESTINATION),
        ({"destination": None}, MessageReason.DESTINATION_MISSING),
        ({"relay_state": "another-reference-altogether"}, MessageReason.RELAY_STATE),
        ({"signer": Party.at("https://other.example").signer}, Reason.SIGNATURE_INVALID),
    ],
)
def test_an_answer_that_is_not_the_one(
    stage: Stage, changes: dict[str, Any], expected: str
) -> None:
    request = answered(stage, **changes)
    with pytest.raises(HkeidError) as caught:
        finish(stage, request)
    assert caught.value.reason == expected


def test_an_answer_without_signature_is_none(stage: Stage) -> None:
    """saml-profiles §4.4.4.2: through the browser it MUST be signed."""
    request = answered(stage)
    bare = request.raw_query.partition("&SigAlg")[0]
    with pytest.raises(HkeidError) as caught:
        finish(stage, redirected(f"https://sp.example/slo?{bare}"))
    assert caught.value.reason == Reason.UNSIGNED


# The identity provider asks.


def asking(stage: Stage, **changes: Any) -> LogoutRequest:
    request = LogoutRequest(
        id="_logout",
        issued_at=stage.now,
        issuer=stage.idp.entity_id,
        destination=stage.settings.logout,
        name_id=NAME,
        session_indexes=("s1", "s2"),
        not_on_or_after=stage.now + timedelta(minutes=5),
    )
    return replace(request, **changes)


def by_browser(stage: Stage, binding: Binding, signer: Any = None, **changes: Any) -> Request:
    out = send(
        asking(stage, **changes).write(),
        "SAMLRequest",
        binding=binding,
        location="https://sp.example/slo",
        relay_state="theirs",
        signer=signer or stage.idp.signer,
    )
    return redirected(out.url) if isinstance(out, Redirection) else post(dict(out.fields))


@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_request_through_the_browser_is_answered_there(stage: Stage, binding: Binding) -> None:
    received = stage.logout.receive(by_browser(stage, binding), stage.now)
    assert received.identity_provider == stage.idp.entity_id
    assert received.name_id == NAME
    assert received.session_indexes == ("s1", "s2")
    assert received.by_browser
    out = stage.logout.answer(received, stage.now)
    keys = [stage.us.signing.public_key()]
    if binding is Binding.REDIRECT:
        assert isinstance(out, Redirection)
        query = read_redirect(urlsplit(out.url).query)
        assert query.relay_state == "theirs"
        answer = LogoutResponse.read(query.verify(keys))
    else:
        assert isinstance(out, FormPost)
        from hkeid.saml.messages.bindings import arrival

        answer = LogoutResponse.read(arrival(post(dict(out.fields))).verified(keys))
    assert answer.in_response_to == "_logout"
    assert answer.destination == "https://idp.example/slo"
    assert answer.status == SUCCESS


@pytest.mark.parametrize(
    ("outcome", "top", "lower"),
    [
        ({"partial": True}, StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT),
        ({"ended": False}, StatusCode.RESPONDER, None),
    ],
)
def test_a_request_in_an_envelope_is_answered_in_one(
    stage: Stage, outcome: dict[str, bool], top: StatusCode, lower: StatusCode | None
) -> None:
    """saml-bindings §3.2; saml-core §3.7.3.2 (PartialLogout)."""
    element = sign_element(asking(stage, destination=None).write(), stage.idp.signer)
    received = stage.logout.receive_envelope(soap.put_on(element), stage.now)
    assert not received.by_browser
    out = stage.logout.answer(received, stage.now, **outcome)
    assert isinstance(out, bytes)
    signed = verify_message(soap.take_off(out), [stage.us.signing.public_key()])
    answer = LogoutResponse.read(signed)
    assert answer.status.codes[0] == top
    assert answer.status.lower == lower


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"issuer": None}, MessageReason.ISSUER_MISSING),
        ({"issuer": "https://other.example"}, MessageReason.ENTITY_UNKNOWN),
        ({"destination": "https://other.example/slo"}, MessageReason.DESTINATION),
        ({"destination": None}, MessageReason.DESTINATION_MISSING),
        ({"signer": Party.at("https://other.example").signer}, Reason.SIGNATURE_INVALID),
    ],
)
def test_a_request_that_breaks_a_rule(stage: Stage, changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(HkeidError) as caught:
        stage.logout.receive(by_browser(stage, Binding.POST, **changes), stage.now)
    assert caught.value.reason == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-2, MessageReason.ISSUED_TOO_EARLY), (6, MessageReason.ISSUED_TOO_LATE)],
)
def test_a_request_of_another_time(stage: Stage, minutes: int, expected: MessageReason) -> None:
    request = by_browser(stage, Binding.POST)
    stage.clock.advance(timedelta(minutes=minutes))
    with pytest.raises(HkeidError) as caught:
        stage.logout.receive(request, stage.now)
    assert caught.value.reason == expected


def test_a_request_that_has_expired(stage: Stage) -> None:
    """saml-core §3.7.1: NotOnOrAfter."""
    request = by_browser(stage, Binding.POST, not_on_or_after=stage.now - timedelta(minutes=1))
    with pytest.raises(HkeidError) as caught:
        stage.logout.receive(request, stage.now)
    assert caught.value.reason == MessageReason.LOGOUT_EXPIRED


def test_a_request_counts_once(stage: Stage) -> None:
    request = by_browser(stage, Binding.POST)
    first = stage.logout.receive(request, stage.now)
    again = stage.logout.receive(request, stage.now)
    with stage.store.transaction() as tx:
        assert tx.single_use.put(first.once)
        assert not tx.single_use.put(again.once)


def test_an_unsigned_request_is_none(stage: Stage) -> None:
    """saml-profiles §4.4.4.1."""
    octets = write(asking(stage).write())
    from hkeid.saml.dsig import encode_post

    with pytest.raises(SignatureRefused) as caught:
        stage.logout.receive(post({"SAMLRequest": encode_post(octets)}), stage.now)
    assert caught.value.reason == Reason.UNSIGNED
    with pytest.raises(SignatureRefused) as caught:
        stage.logout.receive_envelope(soap.put_on(asking(stage).write()), stage.now)
    assert caught.value.reason == Reason.UNSIGNED
