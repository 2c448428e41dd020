"""IDPSSODescriptor and SPSSODescriptor elements (saml-metadata §2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig.namespaces import SAMLP
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata import syntax
from hkeid.saml.metadata.endpoints import Endpoint, IndexedEndpoint
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.extension_reader import (
    read_algorithms,
    read_hints,
    read_scopes,
    read_ui,
)
from hkeid.saml.metadata.key_reader import read_keys
from hkeid.saml.metadata.records import (
    AttributeConsumingService,
    IdpRole,
    RequestedAttribute,
    SpRole,
)


def read_idp(element: XmlElement, around: XmlElement | None, until: Instant | None) -> IdpRole:
    """An identity provider.

    :param around: Extensions of the entity.
    :param until: ``validUntil`` of the entity and all around it.
    :raises MetadataMalformed: ``saml_metadata_structure``, ``saml_metadata_value``, ``saml_metadata_instant``.
    """
    extensions = syntax.child(element, "md:Extensions")
    return IdpRole(
        **_common(element, around, until),
        single_sign_on_services=_endpoints(element, "md:SingleSignOnService"),
        want_authn_requests_signed=syntax.boolean(element, "WantAuthnRequestsSigned") or False,
        scopes=read_scopes(extensions, around),
        hints=read_hints(extensions),
    )


def read_sp(element: XmlElement, around: XmlElement | None, until: Instant | None) -> SpRole:
    """A service provider; parameters and errors as :func:`read_idp`."""
    extensions = syntax.child(element, "md:Extensions")
    return SpRole(
        **_common(element, around, until),
        assertion_consumer_services=_indexed(element, "md:AssertionConsumerService"),
        attribute_consuming_services=tuple(
            _attribute_consuming_service(one)
            for one in syntax.children(element, "md:AttributeConsumingService")
        ),
        authn_requests_signed=syntax.boolean(element, "AuthnRequestsSigned") or False,
        wants_assertions_signed=syntax.boolean(element, "WantAssertionsSigned") or False,
        discovery_responses=_indexed(extensions, "idpdisc:DiscoveryResponse"),
        request_initiators=_endpoints(extensions, "init:RequestInitiator"),
    )


def speaks_saml2(role: XmlElement) -> bool:
    """Whether a role is one of SAML 2.0 (saml-metadata §2.4.1)."""
    supported = role.get("protocolSupportEnumeration") or ""
    return supported == SAMLP or SAMLP in supported.split()


def _common(
    element: XmlElement, around: XmlElement | None, until: Instant | None
) -> dict[str, Any]:
    keys, refused = read_keys(element)
    extensions = syntax.child(element, "md:Extensions")
    return {
        "keys": keys,
        "refused_keys": refused,
        "single_logout_services": _endpoints(element, "md:SingleLogoutService"),
        "artifact_resolution_services": _indexed(element, "md:ArtifactResolutionService"),
        "name_id_formats": syntax.texts(element, "md:NameIDFormat"),
        "algorithms": read_algorithms(extensions, around),
        "ui": read_ui(extensions),
        "error_url": syntax.web_url(syntax.attribute(element, "errorURL")),
        "valid_until": earliest(until, syntax.instant(element, "validUntil")),
    }


def earliest(one: Instant | None, other: Instant | None) -> Instant | None:
    """The earlier of two moments, of which either may be missing."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _locations(
    element: XmlElement | None, name: str
) -> Iterator[tuple[XmlElement, dict[str, Any]]]:
    """Endpoints that people, or we, may be sent to."""
    for one in syntax.children(element, name):
        binding, location = syntax.required(one, "Binding"), syntax.required(one, "Location")
        if syntax.web_url(location) is None:
            continue
        answers = syntax.web_url(syntax.attribute(one, "ResponseLocation"))
        yield one, {"binding": binding, "location": location, "response_location": answers}


def _endpoints(element: XmlElement | None, name: str) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(**values) for _, values in _locations(element, name))


def _indexed(element: XmlElement | None, name: str) -> tuple[IndexedEndpoint, ...]:
    found = tuple(
        IndexedEndpoint(**values, index=_index(one), default=syntax.boolean(one, "isDefault"))
        for one, values in _locations(element, name)
    )
    _once(found, name)
    return found


def _index(element: XmlElement) -> int:
    value = syntax.unsigned(element, "index")
    if value is None:
        raise MetadataMalformed(MetadataReason.STRUCTURE, field="index")
    return value


def _once(
    found: tuple[IndexedEndpoint, ...] | tuple[AttributeConsumingService, ...], name: str
) -> None:
    """saml-metadata §2.2.3: an index is unique, or nobody knows which is meant."""
    if len({one.index for one in found}) != len(found):
        raise MetadataMalformed(MetadataReason.STRUCTURE, field=name, detail="index repeated")


def _attribute_consuming_service(element: XmlElement) -> AttributeConsumingService:
    return AttributeConsumingService(
        index=_index(element),
        default=syntax.boolean(element, "isDefault"),
        names=syntax.localised(element, "md:ServiceName"),
        descriptions=syntax.localised(element, "md:ServiceDescription"),
        requested=tuple(
            RequestedAttribute(
                name=syntax.required(one, "Name"),
                name_format=syntax.attribute(one, "NameFormat"),
                friendly_name=syntax.attribute(one, "FriendlyName"),
                required=syntax.boolean(one, "isRequired") or False,
                values=syntax.texts(one, "saml:AttributeValue"),
            )
            for one in syntax.children(element, "md:RequestedAttribute")
        ),
    )
