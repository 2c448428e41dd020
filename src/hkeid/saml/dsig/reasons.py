"""Why the kernel turned something down: one stable word for each rule."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What tests, metrics and the audit rely on (law 3)."""

    # The octets, before any parser sees them.
    TOO_LARGE = "saml_too_large"
    NOT_UTF8 = "saml_not_utf8"
    XML_DECLARATION = "saml_xml_declaration"
    DOCUMENT_TYPE = "saml_document_type"
    PROCESSING_INSTRUCTION = "saml_processing_instruction"
    COMMENT = "saml_comment"
    CDATA = "saml_cdata"
    TOO_MANY_NODES = "saml_too_many_nodes"
    TOO_MANY_NAMES = "saml_too_many_names"
    NAMESPACE = "saml_namespace"
    NOT_WELL_FORMED = "saml_not_well_formed"

    # The tree.
    TOO_DEEP = "saml_too_deep"
    ID_ATTRIBUTE = "saml_id_attribute"
    ID_NOT_UNIQUE = "saml_id_not_unique"
    MESSAGE_NESTED = "saml_message_nested"
    SIGNATURE_MISPLACED = "saml_signature_misplaced"
    SIGNATURE_REPEATED = "saml_signature_repeated"
    SIGNATURE_OBJECT = "saml_signature_object"

    # One signature.
    UNSIGNED = "saml_unsigned"
    SIGNATURE_UNCHECKED = "saml_signature_unchecked"
    ASSERTION_UNSIGNED = "saml_assertion_unsigned"
    SIGNATURE_SYNTAX = "saml_signature_syntax"
    KEY_INFO = "saml_key_info"
    CANONICALISATION_REFUSED = "saml_canonicalisation_refused"
    CANONICALISATION_FAILED = "saml_canonicalisation_failed"
    TRANSFORM_REFUSED = "saml_transform_refused"
    REFERENCE_COUNT = "saml_reference_count"
    REFERENCE_ELSEWHERE = "saml_reference_elsewhere"
    DIGEST_REFUSED = "saml_digest_refused"
    ALGORITHM_REFUSED = "saml_algorithm_refused"
    NO_KEY = "saml_no_key"
    SIGNATURE_INVALID = "saml_signature_invalid"
    DIGEST_MISMATCH = "saml_digest_mismatch"
    MESSAGE_KIND = "saml_message_kind"

    # Encryption.
    ENCRYPTION_SYNTAX = "saml_encryption_syntax"
    ENCRYPTION_REFUSED = "saml_encryption_refused"
    CBC_REFUSED = "saml_cbc_refused"
    DECRYPTION_FAILED = "saml_decryption_failed"

    # Bindings.
    BASE64 = "saml_base64"
    DEFLATE = "saml_deflate"
    PARAMETER_REPEATED = "saml_parameter_repeated"
    PARAMETER_DISGUISED = "saml_parameter_disguised"
    PARAMETER_MISSING = "saml_parameter_missing"
    PARAMETER_REFUSED = "saml_parameter_refused"
    SIGNATURE_IN_REDIRECT = "saml_signature_in_redirect"

    # What we were asked to write.
    NOT_WRITABLE = "saml_not_writable"
