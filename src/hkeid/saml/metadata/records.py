"""What is known of a SAML entity: its roles, keys, endpoints, and what it says of itself.

::

    entity = source.entity("https://sp.example/metadata")          # an Entity, or None
    entity.sp.default_assertion_consumer_service.location
    verify_message(octets, entity.sp.verification_keys)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import PublicKey
from hkeid.saml.metadata.endpoints import Endpoint, IndexedEndpoint, default_endpoint
from hkeid.saml.metadata.keys import AlgorithmSupport, KeyUse, RefusedKey, RoleKey
from hkeid.saml.metadata.presentation import NO_HINTS, NO_TEXT, NO_UI, DiscoHints, UiInfo
from hkeid.saml.metadata.texts import LocalisedText

ENTITY_CATEGORY = "http://macedir.org/entity-category"
ENTITY_CATEGORY_SUPPORT = "http://macedir.org/entity-category-support"
ASSURANCE_CERTIFICATION = "urn:oasis:names:tc:SAML:attribute:assurance-certification"
SUBJECT_ID_REQUIREMENT = "urn:oasis:names:tc:SAML:profiles:subject-id:req"

_NO_ALGORITHMS = AlgorithmSupport()


class SubjectIdRequirement(StrEnum):
    """What a service wants its subjects to be named by (saml-subject-id-attr §5)."""

    SUBJECT_ID = "subject-id"
    PAIRWISE_ID = "pairwise-id"
    NONE = "none"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """``shibmd:Scope``: scopes of attribute values that an identity provider may assert.

    :ivar regexp: whether ``value`` is a regular expression; such are for operators to read, never matched here.
    """

    value: str
    regexp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What each role has (saml-metadata §2.4).

    :ivar keys: usable ones, in the order of the document.
    :ivar refused_keys: the others.
    :ivar valid_until: until when it may be used; the earliest of its own and all around it.
    :ivar error_url: where people are sent with a problem (saml-metadata §2.4.1, REFEDS error URL).
    """

    keys: tuple[RoleKey, ...] = ()
    refused_keys: tuple[RefusedKey, ...] = ()
    single_logout_services: tuple[Endpoint, ...] = ()
    artifact_resolution_services: tuple[IndexedEndpoint, ...] = ()
    name_id_formats: tuple[str, ...] = ()
    algorithms: AlgorithmSupport = _NO_ALGORITHMS
    ui: UiInfo = NO_UI
    error_url: str | None = None
    valid_until: Instant | None = None

    @property
    def verification_keys(self) -> tuple[PublicKey, ...]:
        """Under which its signatures are verified."""
        return tuple(one.public for one in self.keys if one.serves(KeyUse.SIGNING))

    @property
    def encryption_keys(self) -> tuple[RoleKey, ...]:
        """To which content is encrypted for it, with the methods that each can decrypt."""
        return tuple(one for one in self.keys if one.serves(KeyUse.ENCRYPTION))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpRole(Role):
    """``md:IDPSSODescriptor`` (saml-metadata §2.4.3).

    :ivar scopes: of the role and of the entity.
    """

    single_sign_on_services: tuple[Endpoint, ...] = ()
    want_authn_requests_signed: bool = False
    scopes: tuple[Scope, ...] = ()
    hints: DiscoHints = NO_HINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAttribute:
    """``md:RequestedAttribute`` (saml-metadata §2.4.4.2).

    :ivar values: those that are asked for, where not any will do.
    """

    name: str
    name_format: str | None = None
    friendly_name: str | None = None
    required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeConsumingService:
    """``md:AttributeConsumingService`` (saml-metadata §2.4.4.1)."""

    index: int
    default: bool | None = None
    names: LocalisedText = NO_TEXT
    descriptions: LocalisedText = NO_TEXT
    requested: tuple[RequestedAttribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpRole(Role):
    """``md:SPSSODescriptor`` (saml-metadata §2.4.4).

    :ivar discovery_responses: where a discovery service may return people (Identity Provider Discovery
        Service Protocol §2.5).
    :ivar request_initiators: where people begin a login (Service Provider Request Initiation Protocol).
    """

    assertion_consumer_services: tuple[IndexedEndpoint, ...] = ()
    attribute_consuming_services: tuple[AttributeConsumingService, ...] = ()
    authn_requests_signed: bool = False
    wants_assertions_signed: bool = False
    discovery_responses: tuple[IndexedEndpoint, ...] = ()
    request_initiators: tuple[Endpoint, ...] = ()

    @property
    def default_assertion_consumer_service(self) -> IndexedEndpoint | None:
        """Where a Response goes when the request does not say."""
        return default_endpoint(self.assertion_consumer_services)

    @property
    def default_attribute_consuming_service(self) -> AttributeConsumingService | None:
        """What is asked for when the request does not say."""
        for wanted in (True, None, False):
            for one in self.attribute_consuming_services:
                if one.default is wanted:
                    return one
        return None

    def assertion_consumer_service(self, index: int) -> IndexedEndpoint | None:
        """That of one index."""
        return next((one for one in self.assertion_consumer_services if one.index == index), None)

    def attribute_consuming_service(self, index: int) -> AttributeConsumingService | None:
        """That of one index."""
        return next((one for one in self.attribute_consuming_services if one.index == index), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityAttribute:
    """One attribute out of ``mdattr:EntityAttributes`` (Metadata Extension for Entity Attributes 1.0)."""

    name: str
    values: tuple[str, ...]
    name_format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """``mdrpi:RegistrationInfo``: who entered the entity (Metadata Extensions for Registration and
    Publication Information 1.0 §2.1).
    """

    authority: str
    instant: Instant | None = None
    policies: LocalisedText = NO_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """``md:Organization`` (saml-metadata §2.3.2.1)."""

    names: LocalisedText
    display_names: LocalisedText
    urls: LocalisedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """``md:ContactPerson`` (saml-metadata §2.3.2.2).

    :ivar kind: technical, support, administrative, billing or other.
    :ivar security: of the security response (REFEDS Sirtfi).
    :ivar emails: with ``mailto:`` taken off.
    """

    kind: str
    company: str | None = None
    given_name: str | None = None
    surname: str | None = None
    emails: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()
    security: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """``md:EntityDescriptor`` (saml-metadata §2.3.2) with its SAML 2.0 roles.

    :ivar valid_until: until when it may be used; the earliest of its own and of all groups around it.
    :ivar cache_duration: after which time it should be asked for anew; likewise the shortest.
    """

    entity_id: str
    idp: IdpRole | None = None
    sp: SpRole | None = None
    attributes: tuple[EntityAttribute, ...] = ()
    registration: Registration | None = None
    organization: Organization | None = None
    contacts: tuple[Contact, ...] = ()
    valid_until: Instant | None = None
    cache_duration: timedelta | None = None

    def attribute(self, name: str) -> tuple[str, ...]:
        """All values of an entity attribute."""
        return tuple(value for one in self.attributes if one.name == name for value in one.values)

    @property
    def categories(self) -> tuple[str, ...]:
        """Entity categories that it belongs to (RFC 8409 §3)."""
        return self.attribute(ENTITY_CATEGORY)

    @property
    def supported_categories(self) -> tuple[str, ...]:
        """Entity categories whose members it serves as they ask (RFC 8409 §4)."""
        return self.attribute(ENTITY_CATEGORY_SUPPORT)

    @property
    def assurance_certifications(self) -> tuple[str, ...]:
        """Identity assurance that it is certified for (SAML V2.0 Identity Assurance Profiles §3)."""
        return self.attribute(ASSURANCE_CERTIFICATION)

    @property
    def subject_id_requirement(self) -> SubjectIdRequirement | None:
        """What it wants subjects to be named by; None where it does not say, or says what nobody knows."""
        values = self.attribute(SUBJECT_ID_REQUIREMENT)
        if len(values) != 1:
            return None
        return next((one for one in SubjectIdRequirement if one == values[0]), None)

    def names(self) -> LocalisedText:
        """Under which people know it: by its user interface information, else by its organization."""
        for role in (self.idp, self.sp):
            if role is not None and role.ui.display_names:
                return role.ui.display_names
        return NO_TEXT if self.organization is None else self.organization.display_names
