"""Forms at this door: asked for by the index of an AttributeConsumingService, told as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hkeid.doors.interactions import Approved, Detail
from hkeid.kernel.errors import NotFound
from hkeid.oidc.forms import form_detail
from hkeid.saml.idp.attributes import claim_of
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.services import Service
from hkeid.saml.idp.trust import Peer
from hkeid.saml.messages import MessageReason, MessageRefused
from hkeid.saml.metadata import AttributeConsumingService


def form_of(service: Service, asked: AttributeConsumingService | None) -> Detail | None:
    """The form that an AttributeConsumingService stands for, as residents are asked for it; None: it stands for a login's
    attributes.

    Its fields are those that metadata requests there, as far as they are registered; all of them where it names none.

    :raises MessageRefused: ``saml_attribute_service_unknown``: it requests nothing that is registered.
    """
    form_id = None if asked is None else service.forms.get(asked.index)
    if asked is None or form_id is None:
        return None
    registered = next((one for one in service.relying_party.forms if one.id == form_id), None)
    if registered is None:
        raise MessageRefused(MessageReason.ATTRIBUTE_SERVICE_UNKNOWN)
    wanted = {claim_of(one) for one in asked.requested}
    fields = [claim for claim in registered.claims if claim in wanted]
    if asked.requested and not fields:
        raise MessageRefused(MessageReason.ATTRIBUTE_SERVICE_UNKNOWN)
    return form_detail({form_id: fields or None})


def told(
    form: Detail, approved: Approved, peer: Peer, resident_id: str, parts: Parts
) -> Mapping[str, Any]:
    """What the resident sent, by wire name.

    :raises MessageRefused: ``saml_declined``: it was withdrawn before it went.
    """
    (asked,) = form["forms"]
    party = peer.service.relying_party
    try:
        return parts.forms.fetch(resident_id, party, asked["form"], approved.authorisation).claims
    except NotFound as error:
        raise MessageRefused(MessageReason.DECLINED, detail=error.reason) from None
