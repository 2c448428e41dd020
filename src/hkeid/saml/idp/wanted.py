"""What a service wants, understood; in a form that can wait in a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.doors.interactions import Detail
from hkeid.identity.assurance import Acr
from hkeid.saml.idp.assurance import NOTHING_ASKED, AssuranceDemand, demand
from hkeid.saml.idp.attributes import wanted_claims
from hkeid.saml.idp.forms import form_of
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.services import Service
from hkeid.saml.idp.trust import Peer, TrustedRequest
from hkeid.saml.messages import (
    AuthnRequest,
    MessageReason,
    MessageRefused,
    NameIdFormat,
    Scoping,
)
from hkeid.saml.metadata import (
    AttributeConsumingService,
    IndexedEndpoint,
    SpRole,
    SubjectIdRequirement,
)

_UNSPECIFIED = frozenset({None, NameIdFormat.UNSPECIFIED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A login that a service waits for.

    :ivar request_id: None: nobody asked for it.
    :ivar acs: where the answer goes.
    :ivar expected: the name under which the service must know the resident, or None.
    :ivar own_only: nobody behind the hub may have authenticated the resident (ProxyCount 0).
    :ivar claims: personal claims that it gets as attributes.
    :ivar form: the form that is to be filled for it instead, with the fields that it asks for; or None.
    :ivar subject_id: saml-subject-id-attr: which one it needs.
    """

    entity_id: str
    request_id: str | None
    acs: str
    acs_binding: str
    relay_state: str | None = field(repr=False)
    name_id_format: NameIdFormat
    expected: str | None = field(default=None, repr=False)
    force_authn: bool = False
    is_passive: bool = False
    assurance: AssuranceDemand = NOTHING_ASKED
    own_only: bool = False
    claims: tuple[str, ...] = ()
    form: Detail | None = None
    subject_id: SubjectIdRequirement | None = None

    def as_record(self) -> dict[str, Any]:
        """JSON values, without what is sealed."""
        least = self.assurance.least
        return {
            "entity_id": self.entity_id,
            "request_id": self.request_id,
            "acs": self.acs,
            "acs_binding": self.acs_binding,
            "name_id_format": self.name_id_format.value,
            "force": self.force_authn,
            "passive": self.is_passive,
            "least": None if least is None else least.value,
            "classes": [[uri, rung.value] for uri, rung in self.assurance.classes],
            "own": self.assurance.own,
            "own_only": self.own_only,
            "claims": list(self.claims),
            "form": None if self.form is None else dict(self.form),
            "subject_id": None if self.subject_id is None else self.subject_id.value,
        }

    def private(self) -> dict[str, Any]:
        """What only who holds the interaction reads: RelayState is the service's, and names are names."""
        return {"relay_state": self.relay_state, "expected": self.expected}


def from_record(record: Mapping[str, Any], private: Mapping[str, Any]) -> Wanted:
    """The inverse of :meth:`Wanted.as_record` and :meth:`Wanted.private`."""
    required = record["subject_id"]
    return Wanted(
        entity_id=record["entity_id"],
        request_id=record["request_id"],
        acs=record["acs"],
        acs_binding=record["acs_binding"],
        relay_state=private["relay_state"],
        name_id_format=NameIdFormat(record["name_id_format"]),
        expected=private["expected"],
        force_authn=record["force"],
        is_passive=record["passive"],
        assurance=AssuranceDemand(
            least=None if record["least"] is None else Acr(record["least"]),
            classes=tuple((uri, Acr(rung)) for uri, rung in record["classes"]),
            own=record["own"],
        ),
        own_only=record["own_only"],
        claims=tuple(record["claims"]),
        # Missing in what an older release kept.
        form=record.get("form"),
        subject_id=None if required is None else SubjectIdRequirement(required),
    )


def understand(trusted: TrustedRequest, parts: Parts) -> Wanted:
    """The wish behind a request whose answer has a place to go.

    :raises MessageRefused: ``saml_name_id_format``, ``saml_subject_in_request``,
        ``saml_authn_context_unreachable``, ``saml_idp_not_listed``, ``saml_attribute_service_unknown``,
        ``saml_subject_id_required``.
    """
    request, peer = trusted.request, trusted.peer
    own_only = _scoping(request.scoping, parts)
    name_format = _name_id_format(request, peer.service, peer.role)
    asked = _asked(request, peer.role)
    form = None if request.attribute_service is None else form_of(peer.service, asked)
    return Wanted(
        entity_id=peer.service.entity_id,
        request_id=request.id,
        acs=trusted.acs.location,
        acs_binding=trusted.acs.binding,
        relay_state=trusted.relay_state,
        name_id_format=name_format,
        expected=_expected(request),
        force_authn=request.force_authn,
        is_passive=request.is_passive,
        assurance=demand(request.requested_context),
        own_only=own_only,
        claims=() if form is not None else _claims(peer, asked, parts),
        form=form,
        subject_id=_subject_id(peer),
    )


def unasked(peer: Peer, acs: IndexedEndpoint, target: str | None, parts: Parts) -> Wanted:
    """The wish behind a login that begins here (saml-profiles §4.1.5)."""
    return Wanted(
        entity_id=peer.service.entity_id,
        request_id=None,
        acs=acs.location,
        acs_binding=acs.binding,
        relay_state=target,
        name_id_format=_preferred(peer.service, peer.role),
        claims=_claims(peer, peer.role.default_attribute_consuming_service, parts),
        subject_id=_subject_id(peer),
    )


def _scoping(scoping: Scoping | None, parts: Parts) -> bool:
    """saml-core §3.4.1.2, §3.4.1.3: whether nobody behind us may be asked."""
    if scoping is None:
        return False
    if scoping.idps is not None and parts.entity_id not in scoping.idps:
        raise MessageRefused(MessageReason.IDP_NOT_LISTED)
    return scoping.proxy_count == 0


def _name_id_format(request: AuthnRequest, service: Service, role: SpRole) -> NameIdFormat:
    """saml-core §3.4.1.1; only names that mean nothing elsewhere are given."""
    policy = request.name_id_policy
    if policy is None or policy.format in _UNSPECIFIED:
        chosen = _preferred(service, role)
    else:
        chosen = next((one for one in service.name_id_formats if one == policy.format), None)  # type: ignore[assignment]
    if chosen is None or chosen not in _GIVEN:
        raise MessageRefused(MessageReason.NAME_ID_FORMAT)
    if policy is not None and policy.sp_name_qualifier not in (None, service.entity_id):
        # Affiliations (saml-metadata §2.5) are not known here.
        raise MessageRefused(MessageReason.NAME_ID_FORMAT)
    return chosen


_GIVEN = frozenset({NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT})


def _preferred(service: Service, role: SpRole) -> NameIdFormat:
    """The first that metadata lists and registration allows; else the first that registration allows."""
    allowed = [one for one in service.name_id_formats if one in _GIVEN]
    for listed in role.name_id_formats:
        for one in allowed:
            if one == listed:
                return one
    if not allowed:
        raise MessageRefused(MessageReason.NAME_ID_FORMAT)
    return allowed[0]


def _expected(request: AuthnRequest) -> str | None:
    """saml-core §3.4.1: a Subject in the request is who has to be logged in."""
    subject = request.subject
    if subject is None:
        return None
    name = subject.name_id
    if name is None or subject.confirmations or name.format != NameIdFormat.PERSISTENT:
        raise MessageRefused(MessageReason.SUBJECT_IN_REQUEST)
    return name.value


def _asked(request: AuthnRequest, role: SpRole) -> AttributeConsumingService | None:
    if request.attribute_service is None:
        return role.default_attribute_consuming_service
    found = role.attribute_consuming_service(request.attribute_service)
    if found is None:
        raise MessageRefused(MessageReason.ATTRIBUTE_SERVICE_UNKNOWN)
    return found


def _claims(peer: Peer, asked: AttributeConsumingService | None, parts: Parts) -> tuple[str, ...]:
    registered = peer.service.relying_party.claims
    return wanted_claims(peer.entity, asked, registered, parts.claims.supported())


def _subject_id(peer: Peer) -> SubjectIdRequirement | None:
    """saml-subject-id-attr §5: what metadata requires. What is the same for several services is only for those that
    may have it.
    """
    required = peer.entity.subject_id_requirement
    if required is SubjectIdRequirement.SUBJECT_ID and not peer.service.correlatable:
        raise MessageRefused(MessageReason.SUBJECT_ID_REQUIRED)
    return None if required is SubjectIdRequirement.NONE else required
