"""Who asks, and where an answer may go: nothing is sent anywhere before both are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import SignedElement, UnsignedElement
from hkeid.saml.idp import paths
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.services import Service
from hkeid.saml.messages import (
    ANSWERABLE_BINDINGS,
    AuthnRequest,
    Binding,
    MessageReason,
    MessageRefused,
)
from hkeid.saml.messages.bindings import REQUEST, Arrival
from hkeid.saml.messages.freshness import check_age
from hkeid.saml.metadata import Entity, IndexedEndpoint, SpRole, default_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A registered service with its metadata."""

    service: Service
    entity: Entity
    role: SpRole


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRequest:
    """A request of a service that is known, with the place where its answer goes.

    :ivar acs: out of the service's metadata, always.
    """

    peer: Peer
    request: AuthnRequest
    acs: IndexedEndpoint
    relay_state: str | None = field(repr=False)


def peer_of(entity_id: str | None, parts: Parts, now: Instant) -> Peer:
    """A service that is registered, and that metadata knows.

    :raises MessageRefused: ``saml_issuer_missing``, ``saml_entity_unknown``, ``saml_entity_disabled``,
        ``saml_entity_role``.
    """
    if entity_id is None:
        raise MessageRefused(MessageReason.ISSUER_MISSING)
    service = parts.services.find(entity_id)
    if service is None:
        raise MessageRefused(MessageReason.ENTITY_UNKNOWN)
    if not service.enabled:
        raise MessageRefused(MessageReason.ENTITY_DISABLED)
    entity = parts.metadata.entity(entity_id)
    if entity is None:
        raise MessageRefused(MessageReason.ENTITY_UNKNOWN, detail="no metadata")
    role = entity.sp
    if role is None:
        raise MessageRefused(MessageReason.ENTITY_ROLE)
    if role.valid_until is not None and now >= role.valid_until:
        raise MessageRefused(MessageReason.ENTITY_UNKNOWN, detail="metadata has expired")
    return Peer(service=service, entity=entity, role=role)


def trusted_request(came: Arrival, parts: Parts, now: Instant) -> TrustedRequest:
    """The request that came, verified as the service's metadata, its registration and policy want it.

    :raises hkeid.kernel.errors.HkeidError: the kernel's; ``saml_binding``, ``saml_request_unsigned``,
        ``saml_issuer_unexpected``, ``saml_destination``, ``saml_issued_too_late`` …; as :func:`acs_of`.
    """
    if came.parameter != REQUEST:
        raise MessageRefused(MessageReason.BINDING)
    claimed = came.claimed()
    peer = peer_of(claimed.issuer, parts, now)
    source = _source(came, peer, parts, signed=claimed.signed)
    request = AuthnRequest.read(source)
    if request.issuer != peer.service.entity_id:
        raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
    signed = isinstance(source, SignedElement)
    parts.check_destination(request.destination, paths.SSO, signed=signed)
    settings = parts.settings
    check_age(request, now, skew=settings.skew, lifetime=settings.message_lifetime)
    return TrustedRequest(
        peer=peer,
        request=request,
        acs=acs_of(request, peer.role),
        relay_state=came.relay_state,
    )


def _source(
    came: Arrival, peer: Peer, parts: Parts, *, signed: bool
) -> SignedElement | UnsignedElement:
    """A signature that is there is verified, needed or not."""
    if signed:
        return came.verified(peer.role.verification_keys, parts.settings.signatures)
    if (
        parts.settings.require_signed_requests
        or peer.service.require_signed_requests
        or peer.role.authn_requests_signed
    ):
        raise MessageRefused(MessageReason.REQUEST_UNSIGNED)
    return came.unsigned()


def acs_of(request: AuthnRequest, role: SpRole) -> IndexedEndpoint:
    """Where the answer goes: out of metadata, by what the request says (saml-profiles §4.1.4.1: the identity
    provider MUST make sure that it is the requester's).

    :raises MessageRefused: ``saml_acs_unknown``, ``saml_acs_binding``.
    """
    services = role.assertion_consumer_services
    if request.acs_index is not None:
        named = [one for one in services if one.index == request.acs_index]
    elif request.acs_url is not None:
        named = [one for one in services if one.location == request.acs_url]
    else:
        named = list(services)
    if not named:
        raise MessageRefused(MessageReason.ACS_UNKNOWN)
    wanted = ANSWERABLE_BINDINGS if request.binding is None else {request.binding}
    found = default_endpoint(
        one for one in named if one.binding in wanted and one.binding in ANSWERABLE_BINDINGS
    )
    if found is None:
        raise MessageRefused(MessageReason.ACS_BINDING)
    return found


def default_acs(role: SpRole) -> IndexedEndpoint:
    """Where an answer goes that nobody asked for: by POST.

    :raises MessageRefused: ``saml_acs_unknown``.
    """
    posts = (one for one in role.assertion_consumer_services if one.binding == Binding.POST.value)
    found = default_endpoint(posts)
    if found is None:
        raise MessageRefused(MessageReason.ACS_UNKNOWN)
    return found
