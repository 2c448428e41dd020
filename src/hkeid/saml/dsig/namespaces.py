"""The namespaces of SAML and XML security, and the prefixes under which they are written."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
XML = "http://www.w3.org/XML/1998/namespace"

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "alg": "urn:oasis:names:tc:SAML:metadata:algsupport",
        "ds": DS,
        "dsig11": "http://www.w3.org/2009/xmldsig11#",
        "ec": EXC_C14N,
        "idpdisc": "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
        "init": "urn:oasis:names:tc:SAML:profiles:SSO:request-init",
        "md": MD,
        "mdattr": "urn:oasis:names:tc:SAML:metadata:attribute",
        "mdrpi": "urn:oasis:names:tc:SAML:metadata:rpi",
        "mdui": "urn:oasis:names:tc:SAML:metadata:ui",
        "remd": "http://refeds.org/metadata",
        "saml": SAML,
        "samlp": SAMLP,
        "shibmd": "urn:mace:shibboleth:metadata:1.0",
        "soap11": "http://schemas.xmlsoap.org/soap/envelope/",
        "xenc": XENC,
        "xenc11": XENC11,
        "xml": XML,
        "xs": "http://www.w3.org/2001/XMLSchema",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    }
)
"""What the writer knows. One prefix stands for one namespace everywhere, so that being in scope is one set."""

ASSERTION = f"{{{SAML}}}Assertion"
ENCRYPTED_ASSERTION = f"{{{SAML}}}EncryptedAssertion"
ENCRYPTED_ID = f"{{{SAML}}}EncryptedID"
ISSUER = f"{{{SAML}}}Issuer"
NAME_ID = f"{{{SAML}}}NameID"
RESPONSE = f"{{{SAMLP}}}Response"
ARTIFACT_RESPONSE = f"{{{SAMLP}}}ArtifactResponse"
SIGNATURE = f"{{{DS}}}Signature"

PROTOCOL_MESSAGES = frozenset(
    f"{{{SAMLP}}}{name}"
    for name in (
        "ArtifactResolve", "ArtifactResponse", "AssertionIDRequest", "AttributeQuery", "AuthnQuery",
        "AuthnRequest", "AuthzDecisionQuery", "LogoutRequest", "LogoutResponse", "ManageNameIDRequest",
        "ManageNameIDResponse", "NameIDMappingRequest", "NameIDMappingResponse", "Response",
    )
)  # fmt: skip
"""saml-core §3: each derives from RequestAbstractType or StatusResponseType."""

METADATA_ELEMENTS = frozenset(
    f"{{{MD}}}{name}"
    for name in (
        "AffiliationDescriptor", "AttributeAuthorityDescriptor", "AuthnAuthorityDescriptor",
        "EntitiesDescriptor", "EntityDescriptor", "IDPSSODescriptor", "PDPDescriptor",
        "RoleDescriptor", "SPSSODescriptor",
    )
)  # fmt: skip
"""saml-metadata §2: each may carry a signature as its first child."""
