"""SAML 2.0 messages and assertions as plain values.

::

    request = AuthnRequest.read(verify_message(octets, keys))
    response = Response(id=new_identifier(random), issued_at=now, issuer=…, status=SUCCESS)
    write(sign_element(response.write(assertion), signer))

Reading takes only what the kernel gives (:class:`~hkeid.saml.dsig.SignedElement`,
:class:`~hkeid.saml.dsig.UnsignedElement`), and is strict: what is not understood is refused, but for
samlp:Extensions. What a message says is judged in :mod:`hkeid.saml.idp` and :mod:`hkeid.saml.sp`.
"""

from hkeid.saml.messages import soap
from hkeid.saml.messages.artifact import Artifact, ArtifactResolve, ArtifactResponse, source_id
from hkeid.saml.messages.assertion import Assertion, AuthnStatement
from hkeid.saml.messages.attributes import Attribute
from hkeid.saml.messages.authn_context import AuthnContext, Comparison, RequestedAuthnContext
from hkeid.saml.messages.authn_request import (
    ANSWERABLE_BINDINGS,
    AuthnRequest,
    NameIdPolicy,
    Scoping,
)
from hkeid.saml.messages.conditions import Conditions, ProxyRestriction
from hkeid.saml.messages.errors import MessageRefused
from hkeid.saml.messages.identifiers import is_identifier, new_identifier
from hkeid.saml.messages.instants import read_instant, write_instant
from hkeid.saml.messages.logout import LogoutRequest, LogoutResponse
from hkeid.saml.messages.message import Message, StatusResponse
from hkeid.saml.messages.name_id import NameId
from hkeid.saml.messages.names import (
    CONFIRMATION_BEARER,
    AttributeNameFormat,
    Binding,
    LogoutCause,
    NameIdFormat,
)
from hkeid.saml.messages.reasons import MessageReason
from hkeid.saml.messages.response import Response
from hkeid.saml.messages.status import SUCCESS, SamlStatus, StatusCode, failure
from hkeid.saml.messages.subject import Subject, SubjectConfirmation

__all__ = [
    "ANSWERABLE_BINDINGS",
    "CONFIRMATION_BEARER",
    "SUCCESS",
    "Artifact",
    "ArtifactResolve",
    "ArtifactResponse",
    "Assertion",
    "Attribute",
    "AttributeNameFormat",
    "AuthnContext",
    "AuthnRequest",
    "AuthnStatement",
    "Binding",
    "Comparison",
    "Conditions",
    "LogoutCause",
    "LogoutRequest",
    "LogoutResponse",
    "Message",
    "MessageReason",
    "MessageRefused",
    "NameId",
    "NameIdFormat",
    "NameIdPolicy",
    "ProxyRestriction",
    "RequestedAuthnContext",
    "Response",
    "SamlStatus",
    "Scoping",
    "StatusCode",
    "StatusResponse",
    "Subject",
    "SubjectConfirmation",
    "failure",
    "is_identifier",
    "new_identifier",
    "read_instant",
    "soap",
    "source_id",
    "write_instant",
]
