"""URIs of SAML 2.0 that stand as values in messages (saml-core §8, saml-bindings, saml-profiles)."""

from __future__ import annotations

from enum import StrEnum

VERSION = "2.0"

_SAML1 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
_SAML2 = "urn:oasis:names:tc:SAML:2.0:nameid-format:"

CONFIRMATION_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
"""saml-profiles §3.3."""


class Binding(StrEnum):
    """How a message travels (saml-bindings §3)."""

    REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
    SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"


class NameIdFormat(StrEnum):
    """Formats of name identifiers (saml-core §8.3)."""

    UNSPECIFIED = f"{_SAML1}unspecified"
    EMAIL = f"{_SAML1}emailAddress"
    X509_SUBJECT = f"{_SAML1}X509SubjectName"
    ENTITY = f"{_SAML2}entity"
    PERSISTENT = f"{_SAML2}persistent"
    TRANSIENT = f"{_SAML2}transient"
    ENCRYPTED = f"{_SAML2}encrypted"


class AttributeNameFormat(StrEnum):
    """How an attribute's name is to be read (saml-core §8.2)."""

    UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"
    URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
    BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


class LogoutCause(StrEnum):
    """``Reason`` of a LogoutRequest (saml-core §3.7.3)."""

    USER = "urn:oasis:names:tc:SAML:2.0:logout:user"
    ADMIN = "urn:oasis:names:tc:SAML:2.0:logout:admin"
