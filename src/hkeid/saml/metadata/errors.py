"""Refusals of the metadata room; ``reason`` is a :class:`MetadataReason`, or one of the XML kernel's."""

from __future__ import annotations

from enum import StrEnum

from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused


class MetadataReason(StrEnum):
    """What tests, metrics and the audit rely on (law 3)."""

    # The document.
    ROOT = "saml_metadata_root"
    STRUCTURE = "saml_metadata_structure"
    ENTITY_ID = "saml_metadata_entity_id"
    ENTITY_REPEATED = "saml_metadata_entity_repeated"
    TOO_MANY_ENTITIES = "saml_metadata_too_many_entities"
    VALUE = "saml_metadata_value"
    INSTANT = "saml_metadata_instant"
    DURATION = "saml_metadata_duration"

    # Its trust and time.
    NO_VALID_UNTIL = "saml_metadata_no_valid_until"
    VALID_TOO_LONG = "saml_metadata_valid_too_long"
    EXPIRED = "saml_metadata_expired"
    ANOTHER_ENTITY = "saml_metadata_another_entity"

    # Keys.
    KEY_SYNTAX = "saml_key_syntax"
    KEY_KIND = "saml_key_kind"
    KEY_TOO_SMALL = "saml_key_too_small"
    KEY_TOO_LARGE = "saml_key_too_large"
    NO_TRUST = "saml_metadata_no_trust"

    # Where it comes from.
    URL = "saml_metadata_url"
    FILE = "saml_metadata_file"
    STATUS = "saml_metadata_status"
    REDIRECT = "saml_metadata_redirect"
    ENCODED = "saml_metadata_encoded"
    NOT_LOADED = "saml_metadata_not_loaded"


class MetadataMalformed(MalformedInput):
    """A document that is no metadata, or an entity in it that cannot be read."""

    default_safe_text = "The SAML metadata is not in the expected form."


class MetadataRefused(Refused):
    """Metadata in good form that policy turns down: too old, valid for ever, somebody else's."""

    default_safe_text = "The SAML metadata was not accepted."


class MetadataMisconfigured(ConfigurationError):
    """The operator has to change where metadata comes from or who is trusted for it."""
