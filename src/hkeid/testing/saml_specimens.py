"""Genuine SAML documents of every kind, signed in every way that applies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.saml.dsig import Element, XmlSigner, constant, sign_element, write
from hkeid.saml.dsig.algorithms import PublicKey

INSTANT = "2026-11-28T08:00:00Z"
LATER = "2026-11-28T08:05:00Z"
ISSUER = "https://idp.example/metadata"
RECIPIENT = "https://sp.example/acs"
NAME_ID = "resident-4711"


class Kind(Enum):
    """What is signed."""

    RESPONSE = "samlp:Response"
    ASSERTION = "saml:Assertion"
    AUTHN_REQUEST = "samlp:AuthnRequest"
    LOGOUT_REQUEST = "samlp:LogoutRequest"
    LOGOUT_RESPONSE = "samlp:LogoutResponse"
    ARTIFACT_RESPONSE = "samlp:ArtifactResponse"
    METADATA = "md:EntityDescriptor"


class SignedWhere(Enum):
    """Which of its elements carry a signature."""

    MESSAGE = "message"
    ASSERTION = "assertion"
    BOTH = "both"


# What an identity provider says the same in each message to a service.
_ISSUER = constant(Element("saml:Issuer", {}, [ISSUER]))
_STATUS = constant(
    Element(
        "samlp:Status",
        {},
        [Element("samlp:StatusCode", {"Value": "urn:oasis:names:tc:SAML:2.0:status:Success"})],
    )
)
_AUDIENCES = constant(
    Element(
        "saml:AudienceRestriction",
        {},
        [Element("saml:Audience", {}, ["https://sp.example/metadata"])],
    )
)
_CONTEXT = constant(
    Element(
        "saml:AuthnContext",
        {},
        [Element("saml:AuthnContextClassRef", {}, ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"])],
    )
)

COMBINATIONS = tuple(
    (kind, signed)
    for kind in Kind
    for signed in SignedWhere
    if signed is SignedWhere.MESSAGE or kind in (Kind.RESPONSE, Kind.ARTIFACT_RESPONSE)
)
"""Those that exist: only two kinds have assertions inside."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One genuine document.

    :ivar octets: as an honest peer sends it.
    """

    kind: Kind
    signed: SignedWhere
    octets: bytes = field(repr=False)


@dataclass(slots=True)
class SpecimenPeer:
    """A peer with a key, and what it sends. ``stranger`` is a key that is not in its metadata."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
        repr=False,
    )
    stranger: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )

    _made: dict[tuple[Kind, SignedWhere], Specimen] = field(default_factory=dict, repr=False)

    @property
    def keys(self) -> list[PublicKey]:
        """What its metadata says."""
        return [self.key.public_key()]

    @property
    def signer(self) -> XmlSigner:
        """Its own."""
        return XmlSigner.from_key(self.key)

    def specimen(self, kind: Kind, signed: SignedWhere) -> Specimen:
        """A document of ``kind``, the same each time."""
        if (kind, signed) not in self._made:
            octets = write(self.element(kind, signed))
            self._made[kind, signed] = Specimen(kind, signed, octets)
        return self._made[kind, signed]

    def element(self, kind: Kind, signed: SignedWhere) -> Element:
        """The same, not yet written."""
        inner = self.signer if signed in (SignedWhere.ASSERTION, SignedWhere.BOTH) else None
        match kind:
            case Kind.ASSERTION:
                return sign_element(assertion(), self.signer)
            case Kind.RESPONSE:
                made = response(inner)
            case Kind.ARTIFACT_RESPONSE:
                made = artifact_response(response(inner))
            case Kind.METADATA:
                made = metadata()
            case _:
                made = _MESSAGES[kind]()
        return made if signed is SignedWhere.ASSERTION else sign_element(made, self.signer)


def message(name: str, identifier: str, *children: Element, **attributes: str) -> Element:
    """A protocol message with what each has (saml-core §3.2)."""
    common = {"ID": identifier, "Version": "2.0", "IssueInstant": INSTANT}
    return Element(name, {**common, **attributes}, [issuer(), *children])


def issuer() -> Element:
    """Who sends it."""
    return _ISSUER


def status() -> Element:
    """Success."""
    return _STATUS


def name_id(value: str = NAME_ID) -> Element:
    """A persistent one."""
    form = {"Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}
    return Element("saml:NameID", form, [value])


def assertion(identifier: str = "_assertion", *, attributes: int = 5) -> Element:
    """A login at a service, with some attributes."""
    data = {"InResponseTo": "_request", "NotOnOrAfter": LATER, "Recipient": RECIPIENT}
    confirmation = Element(
        "saml:SubjectConfirmation",
        {"Method": "urn:oasis:names:tc:SAML:2.0:cm:bearer"},
        [Element("saml:SubjectConfirmationData", data)],
    )
    released = [
        Element(
            "saml:Attribute",
            {
                "Name": f"urn:oid:2.5.4.{number}",
                "NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
                "FriendlyName": f"attribute{number}",
            },
            [Element("saml:AttributeValue", {}, [f"value 值 {number}"])],
        )
        for number in range(attributes)
    ]
    return Element(
        "saml:Assertion",
        {"ID": identifier, "Version": "2.0", "IssueInstant": INSTANT},
        [
            issuer(),
            Element("saml:Subject", {}, [name_id(), confirmation]),
            Element(
                "saml:Conditions",
                {"NotBefore": INSTANT, "NotOnOrAfter": LATER},
                [_AUDIENCES],
            ),
            Element(
                "saml:AuthnStatement",
                {"AuthnInstant": INSTANT, "SessionIndex": "_session"},
                [_CONTEXT],
            ),
            Element("saml:AttributeStatement", {}, released),
        ],
    )


def response(signer: XmlSigner | None = None) -> Element:
    """A Response around one assertion, which ``signer`` signs."""
    inner = assertion()
    return message(
        "samlp:Response",
        "_response",
        status(),
        inner if signer is None else sign_element(inner, signer),
        Destination=RECIPIENT,
        InResponseTo="_request",
    )


def artifact_response(inner: Element) -> Element:
    """What an artifact is resolved to."""
    return message("samlp:ArtifactResponse", "_artifact", status(), inner, InResponseTo="_resolve")


def authn_request() -> Element:
    """A service asks for a login."""
    return message(
        "samlp:AuthnRequest",
        "_request",
        Element("samlp:NameIDPolicy", {"AllowCreate": "true"}),
        Destination="https://idp.example/sso",
        AssertionConsumerServiceURL=RECIPIENT,
    )


def logout_request() -> Element:
    """One side wants to end a session."""
    return message(
        "samlp:LogoutRequest",
        "_logout",
        name_id(),
        Element("samlp:SessionIndex", {}, ["_session"]),
        Destination="https://sp.example/slo",
    )


def logout_response() -> Element:
    """The other says that it has."""
    return message(
        "samlp:LogoutResponse",
        "_logout-answer",
        status(),
        Destination="https://idp.example/slo",
        InResponseTo="_logout",
    )


def metadata() -> Element:
    """An identity provider."""
    service = Element(
        "md:SingleSignOnService",
        {
            "Binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
            "Location": "https://idp.example/sso",
        },
    )
    role = Element(
        "md:IDPSSODescriptor",
        {"protocolSupportEnumeration": "urn:oasis:names:tc:SAML:2.0:protocol"},
        [service],
    )
    return Element(
        "md:EntityDescriptor",
        {"ID": "_entity", "entityID": ISSUER, "validUntil": "2026-12-05T08:00:00Z"},
        [role],
    )


_MESSAGES = {
    Kind.AUTHN_REQUEST: authn_request,
    Kind.LOGOUT_REQUEST: logout_request,
    Kind.LOGOUT_RESPONSE: logout_response,
}
