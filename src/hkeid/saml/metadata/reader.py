"""EntityDescriptor elements (saml-metadata §2.3.2), from trees that the kernel gave out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata import syntax
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.extension_reader import read_entity_attributes, read_registration
from hkeid.saml.metadata.records import Contact, Entity, Organization
from hkeid.saml.metadata.role_reader import earliest, read_idp, read_sp, speaks_saml2

ENTITY = syntax.qualified("md:EntityDescriptor")
GROUP = syntax.qualified("md:EntitiesDescriptor")
_CONTACT_TYPES = frozenset({"technical", "support", "administrative", "billing", "other"})
_SECURITY = "http://refeds.org/metadata/contactType/security"
_SECURITY_TYPE = syntax.qualified("remd:contactType")
_MAILTO = "mailto:"


@dataclass(frozen=True, slots=True)
class Validity:
    """How long something may be used, and when it should be asked for anew.

    :ivar until: ``validUntil``; None where nothing says.
    :ivar cache: ``cacheDuration``; likewise.
    """

    until: Instant | None = None
    cache: timedelta | None = None

    def within(self, element: XmlElement) -> Validity:
        """That of an element inside: the earliest, and the shortest (saml-metadata §2.3.1, §4.3.1).

        :raises MetadataMalformed: ``saml_metadata_instant``, ``saml_metadata_duration``.
        """
        if element.get("validUntil") is None and element.get("cacheDuration") is None:
            return self
        until = syntax.instant(element, "validUntil")
        cache = syntax.duration(element, "cacheDuration")
        if self.cache is not None and cache is not None:
            cache = min(self.cache, cache)
        return Validity(earliest(self.until, until), self.cache if cache is None else cache)


FOREVER = Validity()


def read_entity(element: XmlElement, around: Validity = FOREVER) -> Entity:
    """An entity with its roles of SAML 2.0; of several of one kind the first counts.

    :param around: of the groups that it stands in.
    :raises MetadataMalformed: ``saml_metadata_root``, ``saml_metadata_entity_id``, ``saml_metadata_structure``,
        ``saml_metadata_value``, ``saml_metadata_instant``, ``saml_metadata_duration``.
    """
    if element.tag != ENTITY:
        raise MetadataMalformed(MetadataReason.ROOT)
    validity = around.within(element)
    extensions = syntax.child(element, "md:Extensions")
    idp = _role(element, "md:IDPSSODescriptor")
    sp = _role(element, "md:SPSSODescriptor")
    return Entity(
        entity_id=syntax.entity_id(element),
        idp=None if idp is None else read_idp(idp, extensions, validity.until),
        sp=None if sp is None else read_sp(sp, extensions, validity.until),
        attributes=read_entity_attributes(extensions),
        registration=read_registration(extensions),
        organization=_organization(syntax.child(element, "md:Organization")),
        contacts=tuple(
            found
            for one in syntax.children(element, "md:ContactPerson")
            if (found := _contact(one))
        ),
        valid_until=validity.until,
        cache_duration=validity.cache,
    )


def at(entity: Entity, now: Instant) -> Entity | None:
    """What of an entity may be used ``now``: expired roles are taken out, an expired entity is none."""
    if is_over(entity.valid_until, now):
        return None
    idp, sp = entity.idp, entity.sp
    if idp is not None and is_over(idp.valid_until, now):
        idp = None
    if sp is not None and is_over(sp.valid_until, now):
        sp = None
    same = idp is entity.idp and sp is entity.sp
    return entity if same else replace(entity, idp=idp, sp=sp)


def is_over(until: Instant | None, now: Instant) -> bool:
    """Whether something that ends at ``until``, if it does, has ended."""
    return until is not None and until <= now


def _role(element: XmlElement, name: str) -> XmlElement | None:
    return next(filter(speaks_saml2, syntax.children(element, name)), None)


def _organization(element: XmlElement | None) -> Organization | None:
    if element is None:
        return None
    return Organization(
        names=syntax.localised(element, "md:OrganizationName"),
        display_names=syntax.localised(element, "md:OrganizationDisplayName"),
        urls=syntax.localised(element, "md:OrganizationURL", urls=True),
    )


def _contact(element: XmlElement) -> Contact | None:
    kind = syntax.attribute(element, "contactType")
    if kind not in _CONTACT_TYPES:
        return None
    return Contact(
        kind=kind,
        company=syntax.text(syntax.child(element, "md:Company")),
        given_name=syntax.text(syntax.child(element, "md:GivenName")),
        surname=syntax.text(syntax.child(element, "md:SurName")),
        emails=tuple(one.removeprefix(_MAILTO) for one in syntax.texts(element, "md:EmailAddress")),
        telephones=syntax.texts(element, "md:TelephoneNumber"),
        security=element.get(_SECURITY_TYPE) == _SECURITY,
    )
