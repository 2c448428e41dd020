"""Metadata written: an entity as an EntityDescriptor that :mod:`hkeid.saml.metadata.reader` reads the same.

Prefixes are always those of :data:`hkeid.saml.dsig.namespaces.PREFIXES`, and the order is that of the schema
(saml-metadata §2.3.2, §2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element, XmlSigner, sign_element
from hkeid.saml.dsig import write as write_xml
from hkeid.saml.dsig.namespaces import SAMLP
from hkeid.saml.metadata.endpoints import Endpoint, IndexedEndpoint
from hkeid.saml.metadata.extension_writer import (
    entity_extensions,
    extensions,
    given,
    localised,
    plain,
    role_extensions,
    service_extensions,
)
from hkeid.saml.metadata.instants import write_duration, write_instant
from hkeid.saml.metadata.key_writer import key_descriptor
from hkeid.saml.metadata.records import (
    AttributeConsumingService,
    Contact,
    Entity,
    IdpRole,
    Organization,
    RequestedAttribute,
    Role,
    SpRole,
)

_SECURITY = "http://refeds.org/metadata/contactType/security"


def write_entity(
    entity: Entity, *, identifier: str | None = None, signer: XmlSigner | None = None
) -> bytes:
    """An EntityDescriptor, signed if there is a signer.

    :param identifier: its ``ID``, an NCName; a signature needs one.
    :raises hkeid.saml.dsig.NotWritable: ``saml_not_writable``.
    """
    element = entity_element(entity, identifier=identifier)
    return write_xml(element if signer is None else sign_element(element, signer))


def write_group(
    entities: Sequence[Entity | Element],
    *,
    identifier: str | None = None,
    name: str | None = None,
    valid_until: Instant | None = None,
    cache_duration: timedelta | None = None,
    signer: XmlSigner | None = None,
) -> bytes:
    """An EntitiesDescriptor (saml-metadata §2.3.1), for federations and tests.

    :param entities: or elements that are written already, such as groups inside.
    :raises hkeid.saml.dsig.NotWritable: ``saml_not_writable``.
    """
    inside = [one if isinstance(one, Element) else entity_element(one) for one in entities]
    validity = _validity(valid_until, cache_duration)
    element = Element(
        "md:EntitiesDescriptor", {**given(ID=identifier, Name=name), **validity}, inside
    )
    return write_xml(element if signer is None else sign_element(element, signer))


def entity_element(entity: Entity, *, identifier: str | None = None) -> Element:
    """The same, not yet written."""
    inside = extensions(entity_extensions(entity))
    if entity.idp is not None:
        inside.append(_idp(entity.idp, entity.valid_until))
    if entity.sp is not None:
        inside.append(_sp(entity.sp, entity.valid_until))
    if entity.organization is not None:
        inside.append(_organization(entity.organization))
    inside += map(_contact, entity.contacts)
    return Element(
        "md:EntityDescriptor",
        {
            **given(entityID=entity.entity_id, ID=identifier),
            **_validity(entity.valid_until, entity.cache_duration),
        },
        inside,
    )


def _validity(until: Instant | None, cache: timedelta | None) -> dict[str, str]:
    return given(
        validUntil=None if until is None else write_instant(until),
        cacheDuration=None if cache is None else write_duration(cache),
    )


def _idp(role: IdpRole, around: Instant | None) -> Element:
    """saml-metadata §2.4.3."""
    return Element(
        "md:IDPSSODescriptor",
        {
            **_role_attributes(role, around),
            **_flags(WantAuthnRequestsSigned=role.want_authn_requests_signed),
        },
        [
            *extensions(role_extensions(role)),
            *_role_children(role),
            *_endpoints("md:SingleSignOnService", role.single_sign_on_services),
        ],
    )


def _sp(role: SpRole, around: Instant | None) -> Element:
    """saml-metadata §2.4.4."""
    return Element(
        "md:SPSSODescriptor",
        {
            **_role_attributes(role, around),
            **_flags(
                AuthnRequestsSigned=role.authn_requests_signed,
                WantAssertionsSigned=role.wants_assertions_signed,
            ),
        },
        [
            *extensions([*role_extensions(role), *service_extensions(role)]),
            *_role_children(role),
            *_endpoints("md:AssertionConsumerService", role.assertion_consumer_services),
            *map(_attribute_consuming_service, role.attribute_consuming_services),
        ],
    )


def _role_attributes(role: Role, around: Instant | None) -> dict[str, str]:
    until = role.valid_until
    return given(
        protocolSupportEnumeration=SAMLP,
        errorURL=role.error_url,
        validUntil=None if until is None or until == around else write_instant(until),
    )


def _role_children(role: Role) -> list[Element]:
    """saml-metadata §2.4.1, §2.4.2."""
    return [
        *map(key_descriptor, role.keys),
        *_endpoints("md:ArtifactResolutionService", role.artifact_resolution_services),
        *_endpoints("md:SingleLogoutService", role.single_logout_services),
        *plain("md:NameIDFormat", role.name_id_formats),
    ]


def _flags(**values: bool | None) -> dict[str, str]:
    return {
        name: "true" if value else "false" for name, value in values.items() if value is not None
    }


def _endpoints(name: str, endpoints: Sequence[Endpoint]) -> list[Element]:
    return [_endpoint(name, one) for one in endpoints]


def _endpoint(name: str, endpoint: Endpoint) -> Element:
    attributes = given(
        Binding=endpoint.binding,
        Location=endpoint.location,
        ResponseLocation=endpoint.response_location,
    )
    if isinstance(endpoint, IndexedEndpoint):
        attributes |= {"index": str(endpoint.index), **_flags(isDefault=endpoint.default)}
    return Element(name, attributes)


def _attribute_consuming_service(service: AttributeConsumingService) -> Element:
    return Element(
        "md:AttributeConsumingService",
        {"index": str(service.index), **_flags(isDefault=service.default)},
        [
            *localised("md:ServiceName", service.names),
            *localised("md:ServiceDescription", service.descriptions),
            *map(_requested, service.requested),
        ],
    )


def _requested(attribute: RequestedAttribute) -> Element:
    names = given(
        Name=attribute.name,
        NameFormat=attribute.name_format,
        FriendlyName=attribute.friendly_name,
    )
    return Element(
        "md:RequestedAttribute",
        {**names, **_flags(isRequired=attribute.required)},
        plain("saml:AttributeValue", attribute.values),
    )


def _organization(organization: Organization) -> Element:
    return Element(
        "md:Organization",
        {},
        [
            *localised("md:OrganizationName", organization.names),
            *localised("md:OrganizationDisplayName", organization.display_names),
            *localised("md:OrganizationURL", organization.urls),
        ],
    )


def _contact(contact: Contact) -> Element:
    security = {"remd:contactType": _SECURITY} if contact.security else {}
    names = (
        ("md:Company", contact.company),
        ("md:GivenName", contact.given_name),
        ("md:SurName", contact.surname),
    )
    return Element(
        "md:ContactPerson",
        {"contactType": contact.kind, **security},
        [
            *(Element(name, {}, [value]) for name, value in names if value is not None),
            *plain("md:EmailAddress", (f"mailto:{one}" for one in contact.emails)),
            *plain("md:TelephoneNumber", contact.telephones),
        ],
    )
