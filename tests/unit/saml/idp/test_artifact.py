"""Artifacts (saml-bindings §3.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.saml.idp.conftest import HOME, RESIDENT, Stage, location_of

from hkeid.kernel.http import Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.saml.dsig import (
    PublicKey,
    Reason,
    UnsignedElement,
    read_unsigned,
    sign_element,
    verify_artifact_response,
)
from hkeid.saml.idp.delivery import ARTIFACT_KIND
from hkeid.saml.messages import (
    Artifact,
    ArtifactResolve,
    ArtifactResponse,
    Assertion,
    MessageReason,
    soap,
)
from hkeid.saml.messages import Response as SamlResponse
from hkeid.testing.saml_parties import Party


def artifact(stage: Stage) -> str:
    stage.log_in()
    return location_of(stage.ask(acs_index=1))[1]["SAMLart"]


def resolve(
    stage: Stage, value: str, party: Party | None = None, *, signed: bool = True, **changes: Any
) -> Response:
    party = party or stage.sp
    asked = ArtifactResolve(
        id="_resolve",
        issued_at=stage.now,
        issuer=party.entity_id,
        destination=f"{HOME}/saml/artifact",
        artifact=value,
    )
    element = replace(asked, **changes).write()
    octets = soap.put_on(sign_element(element, party.signer) if signed else element)
    answer = stage.idp.handle(Request(method="POST", path="/saml/artifact", body=octets))
    assert isinstance(answer, Response)
    return answer


def message_in(answer: Response, keys: list[PublicKey]) -> SamlResponse | None:
    octets = soap.take_off(answer.body)
    if b"<samlp:Response" not in octets:
        read = ArtifactResponse.read(read_unsigned(octets))
        assert read.status.success
        assert read.in_response_to == "_resolve"
        return None
    verified = verify_artifact_response(octets, keys)
    assert isinstance(verified.envelope, UnsignedElement)
    assert [Assertion.read(one).id for one in verified.response.assertions]
    return SamlResponse.read(verified.response.message)


def test_an_artifact_is_resolved_once(stage: Stage) -> None:
    """saml-bindings §3.6.5.2: "MUST enforce one-time use"."""
    value = artifact(stage)
    assert Artifact.parse(value).endpoint == 0
    first = resolve(stage, value)
    assert first.status == 200
    assert first.header("Content-Type") == "text/xml; charset=utf-8"
    message = message_in(first, stage.our_keys)
    assert message is not None
    assert message.status.success
    assert message.destination == "https://sp.example/artifact"
    assert message_in(resolve(stage, value), stage.our_keys) is None


def test_another_service_gets_nothing_and_uses_nothing_up(stage: Stage) -> None:
    """saml-bindings §3.6.5.2: only for whom the artifact was made."""
    other = Party.at("https://other.example")
    stage.enter(other)
    value = artifact(stage)
    assert message_in(resolve(stage, value, other), stage.our_keys) is None
    assert message_in(resolve(stage, value), stage.our_keys) is not None


def test_an_artifact_of_another_time_or_nobody(stage: Stage) -> None:
    value = artifact(stage)
    stage.clock.advance(timedelta(minutes=2))
    assert message_in(resolve(stage, value), stage.our_keys) is None
    made_up = replace(Artifact.parse(value), handle=bytes(20)).encoded()
    assert message_in(resolve(stage, made_up), stage.our_keys) is None


def test_what_an_artifact_stands_for_is_not_read_in_the_store(stage: Stage) -> None:
    value = artifact(stage)
    with stage.store.transaction() as tx:
        record = tx.single_use.look(ARTIFACT_KIND, secret_digest(value))
    assert record is not None
    assert b"Assertion" not in record.payload
    assert RESIDENT.encode() not in record.payload


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signed": False}, Reason.UNSIGNED),
        ({"issuer": None}, MessageReason.ISSUER_MISSING),
        ({"issuer": "https://nobody.example"}, MessageReason.ENTITY_UNKNOWN),
        ({"destination": "https://other.example"}, MessageReason.DESTINATION),
        ({"artifact": "AAQ="}, MessageReason.ARTIFACT),
        ({"artifact": Artifact(endpoint=0, source=bytes(20), handle=bytes(20)).encoded()}, MessageReason.ARTIFACT),
    ],
)  # fmt: skip
def test_what_is_answered_by_a_fault(stage: Stage, changes: dict[str, Any], expected: str) -> None:
    """saml-bindings §3.2.3.3."""
    answer = resolve(stage, artifact(stage), **changes)
    assert answer.status == 500
    assert f"<faultstring>{expected}</faultstring>".encode() in answer.body


def test_an_old_request_is_answered_by_a_fault(stage: Stage) -> None:
    value = artifact(stage)
    old = resolve(stage, value, issued_at=stage.now - timedelta(hours=1))
    assert MessageReason.ISSUED_TOO_LATE.encode() in old.body
