"""Artifacts that an identity provider sent, resolved at its own address (saml-bindings §3.6)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import HttpClient, Random
from hkeid.saml.dsig import (
    SignaturePolicy,
    SignedElement,
    VerifiedArtifactResponse,
    VerifiedResponse,
    XmlSigner,
    sign_element,
    verify_artifact_response,
)
from hkeid.saml.messages import (
    Artifact,
    ArtifactResolve,
    ArtifactResponse,
    Binding,
    MessageReason,
    MessageRefused,
    new_identifier,
    soap,
    source_id,
)
from hkeid.saml.messages.bindings import ARTIFACT, RELAY_STATE
from hkeid.saml.metadata import IdpRole
from hkeid.saml.sp.errors import StatusRefused

_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedArtifact:
    """``SAMLart`` as the browser brought it."""

    value: str = field(repr=False)
    relay_state: str | None = field(default=None, repr=False)


def arrived_artifact(request: Request) -> ArrivedArtifact:
    """The artifact in a request, by Redirect or in a form (saml-bindings §3.6.3).

    :raises MessageRefused: ``saml_binding_parameters``.
    """
    parameters = request.form if request.method == "POST" else request.query
    value = parameters.get(ARTIFACT)
    if value is None or not {ARTIFACT, RELAY_STATE}.isdisjoint(parameters.repeated()):
        raise MessageRefused(MessageReason.BINDING_PARAMETERS, detail=ARTIFACT)
    return ArrivedArtifact(value=value, relay_state=parameters.get(RELAY_STATE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactResolver:
    """Fetches what artifacts stand for.

    :ivar entity_id: our name.
    """

    entity_id: str
    http: HttpClient
    signer: XmlSigner = field(repr=False)
    random: Random
    signatures: SignaturePolicy

    def resolve(
        self,
        value: str,
        identity_provider: str,
        role: IdpRole,
        now: Instant,
        *,
        want_message_signed: bool,
    ) -> VerifiedResponse:
        """The Response behind an artifact, from the identity provider that was asked for the login and no other.

        :param want_message_signed: refuse it where neither the ArtifactResponse nor the Response is signed.
        :raises hkeid.kernel.errors.HkeidError: the kernel's; ``saml_artifact`` (no artifact, another issuer's, or an
            endpoint that metadata does not know), ``saml_artifact_unavailable``, ``saml_in_response_to``,
            ``saml_issuer_unexpected``, ``saml_issuer_missing``, ``saml_status``.
        """
        artifact = Artifact.parse(value)
        if artifact.source != source_id(identity_provider):
            raise MessageRefused(MessageReason.ARTIFACT, detail="of another issuer")
        location = _location(artifact, role)
        asked = ArtifactResolve(
            id=new_identifier(self.random),
            issued_at=now,
            issuer=self.entity_id,
            destination=location,
            artifact=value,
        )
        verified = verify_artifact_response(
            self._fetched(asked, location), role.verification_keys, policy=self.signatures
        )
        check_envelope(verified, asked.id, identity_provider)
        if want_message_signed and verified.response.signed_message is None:
            raise MessageRefused(MessageReason.RESPONSE_UNSIGNED)
        return verified.response

    def _fetched(self, asked: ArtifactResolve, location: str) -> bytes:
        answer = self.http.send(
            "POST",
            location,
            headers={
                "Content-Type": soap.MEDIA_TYPE,
                "SOAPAction": f'"{soap.SOAP_ACTION}"',
            },
            body=soap.put_on(sign_element(asked.write(), self.signer)),
            timeout=_SECONDS,
        )
        if answer.status != 200:
            raise Unavailable("saml_artifact_unavailable", detail=f"status {answer.status}")
        return soap.take_off(answer.body)


def check_envelope(
    verified: VerifiedArtifactResponse, request_id: str, identity_provider: str
) -> None:
    """The rules for an ArtifactResponse (saml-core §3.5.2, saml-bindings §3.6.6).

    :raises MessageRefused: the rule that is broken.
    :raises StatusRefused: ``saml_status``.
    """
    around = ArtifactResponse.read(verified.envelope)
    signed = isinstance(verified.envelope, SignedElement)
    if around.in_response_to != request_id:
        raise MessageRefused(MessageReason.IN_RESPONSE_TO)
    if around.issuer is None:
        if signed:
            raise MessageRefused(MessageReason.ISSUER_MISSING)
    elif around.issuer != identity_provider:
        raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
    if not around.status.success:
        raise StatusRefused(around.status, answered_for=signed)


def _location(artifact: Artifact, role: IdpRole) -> str:
    for one in role.artifact_resolution_services:
        if one.index == artifact.endpoint and one.binding == Binding.SOAP.value:
            return one.location
    raise MessageRefused(MessageReason.ARTIFACT, detail="no such ArtifactResolutionService")
