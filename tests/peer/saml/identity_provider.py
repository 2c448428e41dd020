"""An identity provider that says whatever a test wants, also what an honest one would not.

What it has to say to a service in the honest way is said by :mod:`tests.peer.saml.our_identity_provider`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import Entity
from tests.peer.saml.soap import envelope, opened

from hkeid.adapters.system import SystemRandom
from hkeid.saml.dsig import (
    OAEP_SHA1,
    Element,
    SignedElement,
    encode_post,
    encrypt_assertion,
    read_redirect,
    sign_element,
    verify_message,
    write,
    write_redirect,
)
from hkeid.saml.dsig.namespaces import SAML, SAMLP
from hkeid.testing.browser import Form
from hkeid.testing.saml_specimens import SignedWhere, status

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
X509 = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
NAME, LEVEL = "urn:hkeid:test:name", "urn:hkeid:test:level"


class SignatureKey(Enum):
    """Which of its keys the identity provider signs with."""

    RSA = "rsa"
    EC = "ec"


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who somebody is at a service provider."""

    name_id: str
    attributes: Mapping[str, tuple[str, ...]]


RESIDENT = Login(
    name_id="k7Jm-4711",
    attributes={NAME: ("CHAN Tai Man 陳大文 & Co",), LEVEL: ("eid", "eid-plus")},
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the identity provider says, and how.

    :ivar audience: another one than the service that asked.
    :ivar recipient: likewise, of Recipient and Destination.
    :ivar in_response_to: another request than the one that came.
    :ivar age: how long ago it was made.
    """

    login: Login = RESIDENT
    signed: SignedWhere = SignedWhere.ASSERTION
    key: SignatureKey = SignatureKey.RSA
    encrypted: bool = False
    audience: str | None = None
    recipient: str | None = None
    in_response_to: str | None = None
    age: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class AskedLogin:
    """A signed AuthnRequest that was verified."""

    id: str
    consumer: str
    relay_state: str | None
    algorithm: str
    message: SignedElement = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AskedLogout:
    """A signed LogoutRequest that was verified."""

    id: str
    name_id: str
    sessions: tuple[str, ...]
    relay_state: str | None


class SmallIdentityProvider:
    """Out of the canonical writer and signer; each method that reads verifies the peer's signature."""

    def __init__(
        self, entity_id: str, credentials: Mapping[SignatureKey, Credential] | None = None
    ) -> None:
        origin = entity_id.rpartition("/")[0]
        self.entity_id = entity_id
        self.sso_url = f"{origin}/sso"
        self.slo_url = f"{origin}/slo"
        self.credentials = credentials or {
            SignatureKey.RSA: Credential.make(),
            SignatureKey.EC: Credential.make(ec.generate_private_key(ec.SECP256R1())),
        }
        self.sessions: dict[str, str] = {}

    def read_request(self, query: str, peer: Entity) -> AskedLogin:
        """An AuthnRequest by Redirect; ``query`` as it was sent."""
        read = read_redirect(query)
        message = read.verify(peer.signing_keys)
        element = message.element
        assert message.tag == f"{{{SAMLP}}}AuthnRequest"
        assert element.findtext(f"{{{SAML}}}Issuer") == peer.entity_id
        assert element.get("Destination") == self.sso_url
        consumer = element.get("AssertionConsumerServiceURL")
        assert consumer is None or consumer in peer.consumers
        return AskedLogin(
            id=message.id or "",
            consumer=consumer or peer.consumers[0],
            relay_state=read.relay_state,
            algorithm=message.algorithm,
            message=message,
        )

    def sso(self, asked: AskedLogin, peer: Entity, answer: Answer) -> Form:
        """The form with the Response."""
        signer = self.credentials[answer.key].signer
        now = datetime.now(UTC) - answer.age
        recipient = answer.recipient or asked.consumer
        request = answer.in_response_to or asked.id
        audience = answer.audience or peer.entity_id
        assertion = self._assertion(answer.login, now, recipient, request, audience)
        if answer.signed is not SignedWhere.MESSAGE:
            assertion = sign_element(assertion, signer)
        if answer.encrypted:
            assertion = encrypt_assertion(
                assertion, peer.encryption_key, SystemRandom(), transport=OAEP_SHA1
            )
        response = self._message(
            "samlp:Response", now, status(), assertion, Destination=recipient, InResponseTo=request
        )
        if answer.signed is not SignedWhere.ASSERTION:
            response = sign_element(response, signer)
        fields = [("SAMLResponse", encode_post(write(response)))]
        if asked.relay_state is not None:
            fields.append(("RelayState", asked.relay_state))
        return Form(id="response", action=asked.consumer, method="POST", fields=tuple(fields))

    def _assertion(
        self, login: Login, now: datetime, recipient: str, request: str, audience: str
    ) -> Element:
        end = instant(now + timedelta(minutes=5))
        session = self.sessions[login.name_id] = identifier()
        confirmed = {"InResponseTo": request, "NotOnOrAfter": end, "Recipient": recipient}
        confirmation = Element(
            "saml:SubjectConfirmation",
            {"Method": "urn:oasis:names:tc:SAML:2.0:cm:bearer"},
            [Element("saml:SubjectConfirmationData", confirmed)],
        )
        audiences = Element(
            "saml:AudienceRestriction", {}, [Element("saml:Audience", {}, [audience])]
        )
        conditions = {"NotBefore": instant(now - timedelta(seconds=5)), "NotOnOrAfter": end}
        context = Element(
            "saml:AuthnContext",
            {},
            [Element("saml:AuthnContextClassRef", {}, [X509])],
        )
        statement = {"AuthnInstant": instant(now), "SessionIndex": session}
        return self._message(
            "saml:Assertion",
            now,
            Element("saml:Subject", {}, [name_id(login), confirmation]),
            Element("saml:Conditions", conditions, [audiences]),
            Element("saml:AuthnStatement", statement, [context]),
            Element("saml:AttributeStatement", {}, _attributes(login.attributes)),
        )

    def _message(self, name: str, now: datetime, *children: Element, **attributes: str) -> Element:
        common = {"ID": identifier(), "Version": "2.0", "IssueInstant": instant(now)}
        issuer = Element("saml:Issuer", {}, [self.entity_id])
        return Element(name, {**common, **attributes}, [issuer, *children])

    def read_logout(self, query: str, peer: Entity) -> AskedLogout:
        """A LogoutRequest by Redirect."""
        read = read_redirect(query)
        message = read.verify(peer.signing_keys)
        element = message.element
        assert message.tag == f"{{{SAMLP}}}LogoutRequest"
        assert element.findtext(f"{{{SAML}}}Issuer") == peer.entity_id
        assert element.get("Destination") == self.slo_url
        return AskedLogout(
            id=message.id or "",
            name_id=(element.findtext(f"{{{SAML}}}NameID") or "").strip(),
            sessions=tuple(one.text for one in element.iter(f"{{{SAMLP}}}SessionIndex")),
            relay_state=read.relay_state,
        )

    def finish_logout(self, asked: AskedLogout, peer: Entity) -> str:
        """Where the browser goes with the LogoutResponse."""
        place = peer.logout_answer_url
        made = self._message(
            "samlp:LogoutResponse",
            datetime.now(UTC),
            status(),
            Destination=place,
            InResponseTo=asked.id,
        )
        return self._redirect(place, "SAMLResponse", made, asked.relay_state)

    def _logout_request(self, login: Login, place: str) -> Element:
        now = datetime.now(UTC)
        return self._message(
            "samlp:LogoutRequest",
            now,
            name_id(login),
            Element("samlp:SessionIndex", {}, [self.sessions[login.name_id]]),
            Destination=place,
            NotOnOrAfter=instant(now + timedelta(minutes=5)),
        )

    def begin_logout(self, peer: Entity, login: Login) -> tuple[str, str]:
        """Id of a LogoutRequest, and where the browser goes with it."""
        made = self._logout_request(login, peer.logout_url)
        return made.attributes["ID"], self._redirect(peer.logout_url, "SAMLRequest", made, "kept")

    def _redirect(
        self, place: str, parameter: str, message: Element, relay_state: str | None
    ) -> str:
        signer = self.credentials[SignatureKey.RSA].signer
        assert parameter in ("SAMLRequest", "SAMLResponse")
        query = write_redirect(write(message), parameter, relay_state=relay_state, signer=signer)
        return f"{place}{'&' if '?' in place else '?'}{query}"

    def logout_status(self, query: str, peer: Entity, request: str) -> str:
        """Status code of the LogoutResponse to ``request``."""
        read = read_redirect(query)
        element = read.verify(peer.signing_keys).element
        assert read.relay_state == "kept"
        assert element.get("Destination") == self.slo_url
        return _logout_status(element, peer, request)

    def soap_logout(self, peer: Entity, login: Login) -> tuple[str, bytes]:
        """Id of a LogoutRequest, and the SOAP envelope that it goes in to the peer itself."""
        signer = self.credentials[SignatureKey.RSA].signer
        made = sign_element(self._logout_request(login, peer.logout_soap), signer)
        return made.attributes["ID"], write(envelope(made))

    def soap_logout_status(self, envelope: bytes, peer: Entity, request: str) -> str:
        """Status code of the LogoutResponse in the peer's answer."""
        message = verify_message(opened(envelope), peer.signing_keys)
        return _logout_status(message.element, peer, request)


def _logout_status(element: etree._Element, peer: Entity, request: str) -> str:
    assert element.tag == f"{{{SAMLP}}}LogoutResponse"
    assert element.get("InResponseTo") == request
    assert element.findtext(f"{{{SAML}}}Issuer") == peer.entity_id
    return str(element.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode").get("Value"))


def identifier() -> str:
    """Of a message or session."""
    return f"_{secrets.token_hex(16)}"


def instant(moment: datetime) -> str:
    """As SAML writes it (saml-core §1.3.3)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def name_id(login: Login) -> Element:
    """Of a subject."""
    return Element("saml:NameID", {"Format": PERSISTENT}, [login.name_id])


def _attributes(released: Mapping[str, Sequence[str]]) -> list[Element]:
    form = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
    return [
        Element(
            "saml:Attribute",
            {"Name": name, "NameFormat": form},
            [Element("saml:AttributeValue", {}, [value]) for value in values],
        )
        for name, values in released.items()
    ]
