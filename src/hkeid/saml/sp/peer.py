"""Identity providers as metadata tells of them."""

from __future__ import annotations

from hkeid.kernel.instants import Instant
from hkeid.saml.messages import MessageReason, MessageRefused
from hkeid.saml.metadata import IdpRole, MetadataSource


def identity_provider(source: MetadataSource, entity_id: str, now: Instant) -> IdpRole:
    """The role of an identity provider that metadata knows.

    :raises MessageRefused: ``saml_entity_unknown`` (not there, or expired), ``saml_entity_role``.
    :raises hkeid.kernel.errors.HkeidError: the source cannot be asked, or the entity not be read.
    """
    entity = source.entity(entity_id)
    if entity is None:
        raise MessageRefused(MessageReason.ENTITY_UNKNOWN)
    role = entity.idp
    if role is None:
        raise MessageRefused(MessageReason.ENTITY_ROLE)
    if role.valid_until is not None and now >= role.valid_until:
        raise MessageRefused(MessageReason.ENTITY_UNKNOWN, detail="expired")
    return role
