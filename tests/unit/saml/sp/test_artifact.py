"""Answers that come as artifacts (saml-bindings §3.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.saml.sp.conftest import RELAY, Stage

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request
from hkeid.ports.surroundings import HttpAnswer
from hkeid.saml.dsig import Reason, sign_element, verify_message
from hkeid.saml.messages import (
    SUCCESS,
    Artifact,
    ArtifactResolve,
    ArtifactResponse,
    AuthnRequest,
    Binding,
    MessageReason,
    StatusCode,
    failure,
    soap,
)
from hkeid.saml.metadata import IndexedEndpoint
from hkeid.saml.sp import Authentication, ServiceProvider
from hkeid.testing.saml_parties import Party

ARS = IndexedEndpoint(binding=Binding.SOAP, location="https://idp.example/artifact", index=0)
OTHER = Party.at("https://other.example")


class Idp:
    """:class:`hkeid.ports.HttpClient` with an identity provider behind it."""

    def __init__(self, stage: Stage, changes: dict[str, Any]) -> None:
        self.stage, self.changes = stage, changes
        self.request: AuthnRequest | None = None
        self.asked: list[ArtifactResolve] = []

    def send(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> HttpAnswer:
        assert (method, url) == ("POST", ARS.location)
        assert body is not None
        assert self.request is not None
        stage, changes = self.stage, self.changes
        ours = [stage.us.signing.public_key()]
        asked = ArtifactResolve.read(verify_message(soap.take_off(body), ours))
        self.asked.append(asked)
        envelope = ArtifactResponse(
            id="_artifact",
            issued_at=stage.now,
            issuer=stage.idp.entity_id,
            in_response_to=asked.id,
            status=SUCCESS,
        )
        around = replace(envelope, **changes.get("around", {}))
        signer = changes.get("signer", stage.idp.signer)
        assertion = stage.assertion(self.request.id).write()
        if changes.get("sign_assertion", True):
            assertion = sign_element(assertion, signer)
        response = replace(stage.response(self.request.id), destination=stage.settings.artifact)
        inside = replace(response, **changes.get("inside", {})).write(assertion)
        element = around.write(*(() if changes.get("empty") else (inside,)))
        if changes.get("sign_envelope", False):
            element = sign_element(element, signer)
        return HttpAnswer(status=changes.get("status", 200), body=soap.put_on(element))


def login(stage: Stage, art: str | None = None, **changes: Any) -> tuple[Authentication, Idp]:
    stage.configure(artifact="https://sp.example/artifact")
    stage.metadata.put(stage.idp.idp(artifact_resolution_services=(ARS,)))
    http = Idp(stage, changes)
    begun, http.request = stage.begin(artifact=True)
    assert http.request.binding == Binding.ARTIFACT
    assert http.request.acs_url == "https://sp.example/artifact"
    own = stage.assertion
    stage.assertion = lambda *a: _for_artifacts(own(*a))  # type: ignore[method-assign]
    value = art or Artifact.new(stage.idp.entity_id, 0, SystemRandom()).encoded()
    query = Parameters.of({"SAMLart": value, "RelayState": changes.get("relay", RELAY)})
    provider = ServiceProvider(
        stage.settings,
        stage.metadata,
        stage.store,
        stage.us.signer,
        SystemRandom(),
        [stage.us.unwrapper],
        http=http,
    )
    request = Request(method="GET", path="/artifact", query=query)
    return provider.finish(begun.kept, request, stage.now), http


def _for_artifacts(one: Any) -> Any:
    (only,) = one.subject.confirmations
    moved = replace(only, recipient="https://sp.example/artifact")
    return replace(one, subject=replace(one.subject, confirmations=(moved,)))


@pytest.mark.parametrize("changes", [{}, {"sign_envelope": True}, {"sign_envelope": True, "sign_assertion": False}])  # fmt: skip
def test_a_login_by_artifact(stage: Stage, changes: dict[str, Any]) -> None:
    authentication, http = login(stage, **changes)
    assert authentication.session_index == "s1"
    (asked,) = http.asked
    assert asked.issuer == stage.settings.entity_id
    assert asked.destination == ARS.location


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"around": {"in_response_to": "_x"}}, MessageReason.IN_RESPONSE_TO),
        ({"around": {"in_response_to": None}}, MessageReason.IN_RESPONSE_TO),
        ({"around": {"issuer": "https://other.example"}}, MessageReason.ISSUER_UNEXPECTED),
        ({"around": {"issuer": None}, "sign_envelope": True}, MessageReason.ISSUER_MISSING),
        ({"around": {"status": failure(StatusCode.REQUESTER)}}, MessageReason.STATUS),
        ({"inside": {"in_response_to": "_x"}}, MessageReason.IN_RESPONSE_TO),
        ({"inside": {"destination": "https://sp.example/acs"}}, MessageReason.DESTINATION),
        ({"inside": {"issuer": "https://other.example"}}, MessageReason.ISSUER_UNEXPECTED),
        ({"signer": OTHER.signer}, Reason.SIGNATURE_INVALID),
        ({"sign_assertion": False}, Reason.UNSIGNED),
        ({"empty": True}, Reason.MESSAGE_KIND),
        ({"status": 500}, "saml_artifact_unavailable"),
        ({"relay": "another-reference-altogether"}, MessageReason.RELAY_STATE),
        ({"art": "AAQ="}, MessageReason.ARTIFACT),
        ({"art": Artifact.new(OTHER.entity_id, 0, SystemRandom()).encoded()}, MessageReason.ARTIFACT),
        ({"art": Artifact.new("https://idp.example/metadata", 1, SystemRandom()).encoded()}, MessageReason.ARTIFACT),
    ],
)  # fmt: skip
def test_an_artifact_that_brings_nothing(
    stage: Stage, changes: dict[str, Any], expected: str
) -> None:
    """saml-bindings §3.6.6; saml-core §3.5.2; saml-profiles §4.1.4.3 for what is inside."""
    with pytest.raises(HkeidError) as caught:
        login(stage, **changes)
    assert caught.value.reason == expected


def test_policy_may_want_the_response_signed(stage: Stage) -> None:
    stage.configure(want_response_signed=True)
    with pytest.raises(HkeidError) as caught:
        login(stage)
    assert caught.value.reason == MessageReason.RESPONSE_UNSIGNED
    assert login(Stage(), sign_envelope=True)[0].session_index == "s1"


def test_an_artifact_that_nobody_asked_for(stage: Stage) -> None:
    """A login that waits for a form takes no artifact."""
    begun, _ = stage.begin()
    value = Artifact.new(stage.idp.entity_id, 0, SystemRandom()).encoded()
    query = Parameters.of({"SAMLart": value, "RelayState": RELAY})
    request = Request(method="GET", path="/acs", query=query, raw_query=query.encode())
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, request, stage.now)
    assert caught.value.reason == Reason.PARAMETER_MISSING
    with pytest.raises(HkeidError) as caught:
        stage.begin(artifact=True)
    assert caught.value.reason == MessageReason.BINDING
