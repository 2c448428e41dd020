"""SAML metadata: who a peer is, out of documents that somebody trusted answers for."""

from hkeid.saml.metadata.endpoints import Endpoint, IndexedEndpoint, default_endpoint
from hkeid.saml.metadata.errors import (
    MetadataMalformed,
    MetadataMisconfigured,
    MetadataReason,
    MetadataRefused,
)
from hkeid.saml.metadata.keys import (
    AlgorithmSupport,
    EncryptionMethod,
    KeyUse,
    RefusedKey,
    RoleKey,
    SigningMethod,
)
from hkeid.saml.metadata.presentation import DiscoHints, Logo, UiInfo
from hkeid.saml.metadata.records import (
    AttributeConsumingService,
    Contact,
    Entity,
    EntityAttribute,
    IdpRole,
    Organization,
    Registration,
    RequestedAttribute,
    Role,
    Scope,
    SpRole,
    SubjectIdRequirement,
)
from hkeid.saml.metadata.source import MetadataDirectory, MetadataSource, RoleKind
from hkeid.saml.metadata.texts import LocalisedText

__all__ = [
    "AlgorithmSupport",
    "AttributeConsumingService",
    "Contact",
    "DiscoHints",
    "EncryptionMethod",
    "Endpoint",
    "Entity",
    "EntityAttribute",
    "IdpRole",
    "IndexedEndpoint",
    "KeyUse",
    "LocalisedText",
    "Logo",
    "MetadataDirectory",
    "MetadataMalformed",
    "MetadataMisconfigured",
    "MetadataReason",
    "MetadataRefused",
    "MetadataSource",
    "Organization",
    "RefusedKey",
    "Registration",
    "RequestedAttribute",
    "Role",
    "RoleKey",
    "RoleKind",
    "Scope",
    "SigningMethod",
    "SpRole",
    "SubjectIdRequirement",
    "UiInfo",
    "default_endpoint",
]
