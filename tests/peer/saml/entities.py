"""What a peer says of itself in the metadata that it publishes."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from hkeid.saml.dsig.algorithms import PublicKey
from hkeid.saml.dsig.namespaces import DS, MD

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One role of a peer.

    :ivar consumers: places for Responses by POST, the default first.
    :ivar sso_url: place for AuthnRequests by Redirect, of an identity provider.
    :ivar logout_url: place for LogoutRequests by Redirect.
    :ivar logout_answer_url: place for LogoutResponses by Redirect.
    :ivar logout_soap: place for LogoutRequests by SOAP; empty where there is none.
    """

    entity_id: str
    consumers: tuple[str, ...]
    sso_url: str
    logout_url: str
    logout_answer_url: str
    logout_soap: str
    signing_keys: tuple[PublicKey, ...] = field(repr=False)
    encryption_keys: tuple[PublicKey, ...] = field(repr=False)

    @property
    def encryption_key(self) -> rsa.RSAPublicKey:
        key = self.encryption_keys[0]
        assert isinstance(key, rsa.RSAPublicKey)
        return key


def read_entity(metadata: bytes) -> Entity:
    """The one role in an EntityDescriptor."""
    root = etree.fromstring(metadata)
    assert root.tag == f"{{{MD}}}EntityDescriptor", metadata[:500]
    role = root.find(f"{{{MD}}}SPSSODescriptor")
    if role is None:
        role = root.find(f"{{{MD}}}IDPSSODescriptor")

    def places(name: str, binding: str) -> list[etree._Element]:
        found = role.findall(f"{{{MD}}}{name}[@Binding='{binding}']")
        return sorted(found, key=lambda one: one.get("isDefault") != "true")

    def place(name: str, binding: str, attribute: str = "Location") -> str:
        for one in places(name, binding):
            return str(one.get(attribute) or one.get("Location"))
        return ""

    return Entity(
        entity_id=str(root.get("entityID")),
        consumers=tuple(
            str(one.get("Location")) for one in places("AssertionConsumerService", POST)
        ),
        sso_url=place("SingleSignOnService", REDIRECT),
        logout_url=place("SingleLogoutService", REDIRECT),
        logout_answer_url=place("SingleLogoutService", REDIRECT, "ResponseLocation"),
        logout_soap=place("SingleLogoutService", SOAP),
        signing_keys=_keys(role, "signing"),
        encryption_keys=_keys(role, "encryption"),
    )


def _keys(role: etree._Element, use: str) -> tuple[PublicKey, ...]:
    found = []
    for descriptor in role.findall(f"{{{MD}}}KeyDescriptor"):
        if descriptor.get("use", use) == use:
            for one in descriptor.iter(f"{{{DS}}}X509Certificate"):
                octets = b64decode("".join((one.text or "").split()))
                found.append(x509.load_der_x509_certificate(octets).public_key())
    return tuple(found)  # type: ignore[arg-type]
