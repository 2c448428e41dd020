"""SAML metadata: who a peer is, out of documents that somebody trusted answers for."""

from hkeid.saml.metadata.combination import CombinedMetadata, SeparateMetadata
from hkeid.saml.metadata.document import MetadataDocument, read_metadata
from hkeid.saml.metadata.endpoints import (
    Endpoint,
    IndexedEndpoint,
    default_endpoint,
    preferred_endpoint,
)
from hkeid.saml.metadata.errors import (
    MetadataMalformed,
    MetadataMisconfigured,
    MetadataReason,
    MetadataRefused,
)
from hkeid.saml.metadata.indexing import AggregateLimits
from hkeid.saml.metadata.keys import (
    AlgorithmSupport,
    EncryptionMethod,
    KeyUse,
    RefusedKey,
    RoleKey,
    SigningMethod,
)
from hkeid.saml.metadata.presentation import DiscoHints, Logo, UiInfo
from hkeid.saml.metadata.publication import (
    OUR_ALGORITHMS,
    OUR_ENCRYPTION,
    OwnKey,
    publish,
    published_keys,
)
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
from hkeid.saml.metadata.trust import (
    DEFAULT_METADATA_POLICY,
    LOCAL_METADATA_POLICY,
    MetadataPolicy,
    MetadataTrust,
    SignedBy,
    TrustedAsItIs,
)
from hkeid.saml.metadata.writer import write_entity, write_group

__all__ = [
    "DEFAULT_METADATA_POLICY",
    "LOCAL_METADATA_POLICY",
    "OUR_ALGORITHMS",
    "OUR_ENCRYPTION",
    "AggregateLimits",
    "AlgorithmSupport",
    "AttributeConsumingService",
    "CombinedMetadata",
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
    "MetadataDocument",
    "MetadataMalformed",
    "MetadataMisconfigured",
    "MetadataPolicy",
    "MetadataReason",
    "MetadataRefused",
    "MetadataSource",
    "MetadataTrust",
    "Organization",
    "OwnKey",
    "RefusedKey",
    "Registration",
    "RequestedAttribute",
    "Role",
    "RoleKey",
    "RoleKind",
    "Scope",
    "SeparateMetadata",
    "SignedBy",
    "SigningMethod",
    "SpRole",
    "SubjectIdRequirement",
    "TrustedAsItIs",
    "UiInfo",
    "default_endpoint",
    "preferred_endpoint",
    "publish",
    "published_keys",
    "read_metadata",
    "write_entity",
    "write_group",
]
