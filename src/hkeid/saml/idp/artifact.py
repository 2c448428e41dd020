"""``/saml/artifact``: services fetch what an artifact stands for (saml-bindings §3.6.5)."""

from __future__ import annotations

from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.http import Request, Response
from hkeid.saml.idp import paths
from hkeid.saml.idp.delivery import resolve
from hkeid.saml.idp.events import ArtifactResolved
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.responses import envelope, soap_fault
from hkeid.saml.idp.trust import peer_of
from hkeid.saml.messages import (
    SUCCESS,
    Artifact,
    ArtifactResolve,
    ArtifactResponse,
    MessageReason,
    MessageRefused,
    new_identifier,
    soap,
    source_id,
)
from hkeid.saml.messages.bindings import soap_arrival
from hkeid.saml.messages.freshness import check_age


class ArtifactEndpoint:
    """ArtifactResolutionService by SOAP."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer an ArtifactResolve, which has to be signed. An artifact that is unknown, used, or another
        service's is answered with success and no message (saml-bindings §3.6.5.2).
        """
        parts = self._parts
        now = parts.clock.now()
        try:
            came = soap_arrival(request.body)
            peer = peer_of(came.claimed().issuer, parts, now)
            settings, entity_id = parts.settings, peer.service.entity_id
            asked = ArtifactResolve.read(
                came.verified(peer.role.verification_keys, settings.signatures)
            )
            if asked.issuer != entity_id:
                raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
            parts.check_destination(asked.destination, paths.ARTIFACT, signed=False)
            check_age(asked, now, skew=settings.skew, lifetime=settings.message_lifetime)
            if Artifact.parse(asked.artifact).source != source_id(parts.entity_id):
                raise MessageRefused(MessageReason.ARTIFACT)
        except (MalformedInput, Refused) as error:
            return soap_fault(error)
        with parts.store.transaction() as tx:
            message = resolve(tx.single_use, asked.artifact, entity_id, now)
            if message is not None:
                tx.audit.append(ArtifactResolved(entity_id=entity_id))
        answer = ArtifactResponse(
            id=new_identifier(parts.random),
            issued_at=now,
            issuer=parts.entity_id,
            in_response_to=asked.id,
            status=SUCCESS,
        )
        return envelope(_with(soap.put_on(answer.write()), message))


def _with(around: bytes, message: bytes | None) -> bytes:
    """The message as it was signed, in its place. The ArtifactResponse has no signature: the message has."""
    end = b"</samlp:ArtifactResponse>"
    if message is None:
        return around
    head, _, tail = around.rpartition(end)
    return head + message + end + tail
