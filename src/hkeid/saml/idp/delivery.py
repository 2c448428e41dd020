"""How a Response leaves: by POST, or by an artifact that the service has resolved (saml-bindings §3.5, §3.6)."""

from __future__ import annotations

from hkeid.doors.form_post import form_post_page
from hkeid.doors.sealing import open_members, seal_members
from hkeid.kernel import canonical_json
from hkeid.kernel.http import Response, redirect, with_query
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import SingleUse, SingleUseRecord, Won
from hkeid.saml.dsig import Element, encode_post, write
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import IdentityProviderTransaction
from hkeid.saml.idp.wanted import Wanted
from hkeid.saml.messages import Artifact, Binding
from hkeid.saml.messages.bindings import ARTIFACT, RELAY_STATE, RESPONSE

ARTIFACT_KIND = "saml_idp_artifact"


def deliver(
    response: Element, wanted: Wanted, parts: Parts, tx: IdentityProviderTransaction, now: Instant
) -> Response:
    """The answer to the browser.

    :param tx: keeps the message behind an artifact.
    """
    octets = write(response)
    state = () if wanted.relay_state is None else ((RELAY_STATE, wanted.relay_state),)
    if wanted.acs_binding == Binding.ARTIFACT.value:
        artifact = _kept(octets, wanted.entity_id, parts, tx, now)
        return redirect(with_query(wanted.acs, ((ARTIFACT, artifact), *state)))
    fields = ((str(RESPONSE), encode_post(octets)), *state)
    return form_post_page(wanted.acs, fields, script_url=parts.script_url)


def _kept(
    octets: bytes, entity_id: str, parts: Parts, tx: IdentityProviderTransaction, now: Instant
) -> str:
    """An artifact. What it stands for is sealed under it: personal data are not read in the store."""
    artifact = Artifact.new(parts.entity_id, 0, parts.random).encoded()
    sealed = seal_members(artifact, {"message": octets.decode()}, parts.random.token_bytes(12))
    tx.single_use.put(
        SingleUseRecord(
            kind=ARTIFACT_KIND,
            digest=secret_digest(artifact),
            payload=canonical_json.dumps({"for": entity_id, "sealed": sealed}),
            created_at=now,
            expires_at=now + parts.settings.artifact_lifetime,
        )
    )
    return artifact


def resolve(single_use: SingleUse, artifact: str, entity_id: str, now: Instant) -> bytes | None:
    """The message behind an artifact, once, for the service that it was made for; else None.

    saml-bindings §3.6.5.2: another service gets nothing, and does not use it up.
    """
    record = single_use.look(ARTIFACT_KIND, secret_digest(artifact))
    if record is None or canonical_json.loads_object(record.payload)["for"] != entity_id:
        return None
    if not isinstance(single_use.use_up(ARTIFACT_KIND, record.digest, now), Won):
        return None
    members = open_members(artifact, canonical_json.loads_object(record.payload)["sealed"])
    message: str = members["message"]
    return message.encode()
