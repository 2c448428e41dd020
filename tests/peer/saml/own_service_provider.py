"""The service provider that people of an identity provider written elsewhere log in to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import POST, REDIRECT, Entity
from tests.peer.saml.identity_provider import (
    PERSISTENT,
    AskedLogout,
    Login,
    identifier,
    instant,
    name_id,
)

from hkeid.saml.dsig import (
    Element,
    EncryptionPolicy,
    SignedElement,
    VerifiedResponse,
    decode_post,
    decrypt_assertions,
    read_redirect,
    unwrapper,
    verify_response,
    write,
    write_redirect,
)
from hkeid.saml.dsig.namespaces import SAML, SAMLP
from hkeid.testing.browser import Form
from hkeid.testing.saml_specimens import status


@dataclass(frozen=True, kw_only=True)
class Received:
    """A Response that was verified.

    :ivar status: its first and second status code.
    :ivar login: who logged in; None where the identity provider says that nobody did.
    :ivar session: the SessionIndex.
    :ivar encrypted: whether the assertion came encrypted.
    """

    status: tuple[str, ...]
    login: Login | None
    session: str
    encrypted: bool


class OwnServiceProvider(Protocol):
    """What these tests need of a service provider; each method that reads verifies the peer's signature."""

    entity: Entity

    def begin(self, idp: Entity, **attributes: str) -> tuple[str, str]:
        """Id of an AuthnRequest with further ``attributes``, and where the browser goes with it."""

    def finish(self, form: Form, idp: Entity, request: str | None) -> Received:
        """The Response in a form that goes to the consumer service."""

    def begin_logout(self, idp: Entity, received: Received) -> tuple[str, str]:
        """Id of a LogoutRequest, and where the browser goes with it."""

    def logout_status(self, query: str, idp: Entity, request: str) -> str:
        """Status code of the LogoutResponse to ``request``."""

    def read_logout(self, query: str, idp: Entity) -> AskedLogout:
        """A LogoutRequest by Redirect."""

    def finish_logout(self, asked: AskedLogout, idp: Entity) -> str:
        """Where the browser goes with the LogoutResponse."""


@dataclass
class SmallServiceProvider:
    """A service provider out of the signature kernel.

    :ivar encryption: what it opens.
    """

    credential: Credential = field(repr=False)
    name: str = "sp"
    encryption: EncryptionPolicy = field(default_factory=EncryptionPolicy)
    entity: Entity = field(init=False)

    def __post_init__(self) -> None:
        origin = f"http://{self.name}.localhost:9"
        key = self.credential.key.public_key()
        self.entity = Entity(
            entity_id=f"{origin}/metadata",
            consumers=(f"{origin}/acs",),
            sso_url="",
            logout_url=f"{origin}/slo",
            logout_answer_url=f"{origin}/slo",
            logout_soap="",
            signing_keys=(key,),
            encryption_keys=(key,),
        )

    def metadata(self) -> bytes:
        """For identity providers that read metadata."""
        entity = self.entity
        services = [
            Element("md:SingleLogoutService", {"Binding": REDIRECT, "Location": entity.logout_url}),
            Element("md:NameIDFormat", {}, [PERSISTENT]),
            Element(
                "md:AssertionConsumerService",
                {"Binding": POST, "Location": entity.consumers[0], "index": "0"},
            ),
        ]
        role = Element(
            "md:SPSSODescriptor",
            {"protocolSupportEnumeration": SAMLP, "AuthnRequestsSigned": "true"},
            [Element("md:KeyDescriptor", {}, [self.credential.key_info]), *services],
        )
        return write(Element("md:EntityDescriptor", {"entityID": entity.entity_id}, [role]))

    def _message(self, name: str, place: str, *children: Element, **attributes: str) -> Element:
        common = {
            "ID": identifier(),
            "Version": "2.0",
            "IssueInstant": instant(datetime.now(UTC)),
            "Destination": place,
        }
        issuer = Element("saml:Issuer", {}, [self.entity.entity_id])
        return Element(name, {**common, **attributes}, [issuer, *children])

    def _redirect(self, place: str, message: Element, relay_state: str | None) -> str:
        parameter = "SAMLResponse" if message.name.endswith("Response") else "SAMLRequest"
        query = write_redirect(
            write(message), parameter, relay_state=relay_state, signer=self.credential.signer
        )
        return f"{place}?{query}"

    def begin(self, idp: Entity, **attributes: str) -> tuple[str, str]:
        policy = Element("samlp:NameIDPolicy", {"Format": PERSISTENT, "AllowCreate": "true"})
        consumer = {"AssertionConsumerServiceURL": self.entity.consumers[0]}
        made = self._message("samlp:AuthnRequest", idp.sso_url, policy, **consumer, **attributes)
        return made.attributes["ID"], self._redirect(idp.sso_url, made, "kept")

    def finish(self, form: Form, idp: Entity, request: str | None) -> Received:
        assert form.action == self.entity.consumers[0]
        fields = dict(form.fields)
        octets = decode_post(fields["SAMLResponse"])
        response = verify_response(octets, idp.signing_keys, want_message_signed=True)
        message = response.message.element
        assert message.get("Destination") == form.action
        assert message.get("InResponseTo") == request
        assert message.findtext(f"{{{SAML}}}Issuer") == idp.entity_id
        codes = tuple(str(one.get("Value")) for one in message.iter(f"{{{SAMLP}}}StatusCode"))
        assertions = response.assertions + self._decrypted(response, idp)
        if not assertions:
            return Received(status=codes, login=None, session="", encrypted=False)
        (assertion,) = assertions
        self._check(assertion, idp, request)
        return Received(
            status=codes,
            login=_login(assertion),
            session=str(assertion.element.find(f"{{{SAML}}}AuthnStatement").get("SessionIndex")),
            encrypted=bool(response.encrypted),
        )

    def _decrypted(self, response: VerifiedResponse, idp: Entity) -> tuple[SignedElement, ...]:
        key = self.credential.key
        assert isinstance(key, rsa.RSAPrivateKey)
        return decrypt_assertions(
            response, [unwrapper(key)], idp.signing_keys, encryption=self.encryption
        )

    def _check(self, assertion: SignedElement, idp: Entity, request: str | None) -> None:
        """saml-profiles §4.1.4.3."""
        element, now = assertion.element, datetime.now(UTC)
        soon, before = instant(now + timedelta(minutes=1)), instant(now - timedelta(minutes=1))
        assert element.findtext(f"{{{SAML}}}Issuer") == idp.entity_id
        assert element.findtext(f".//{{{SAML}}}Audience") == self.entity.entity_id
        conditions = element.find(f"{{{SAML}}}Conditions")
        assert conditions.get("NotBefore") < soon
        assert conditions.get("NotOnOrAfter") > before
        confirmed = element.find(f".//{{{SAML}}}SubjectConfirmationData")
        assert confirmed.get("Recipient") == self.entity.consumers[0]
        assert confirmed.get("InResponseTo") == request
        assert confirmed.get("NotOnOrAfter") > before

    def begin_logout(self, idp: Entity, received: Received) -> tuple[str, str]:
        assert received.login is not None
        made = self._message(
            "samlp:LogoutRequest",
            idp.logout_url,
            name_id(received.login),
            Element("samlp:SessionIndex", {}, [received.session]),
        )
        return made.attributes["ID"], self._redirect(idp.logout_url, made, "kept")

    def logout_status(self, query: str, idp: Entity, request: str) -> str:
        read = read_redirect(query)
        element = read.verify(idp.signing_keys).element
        assert element.tag == f"{{{SAMLP}}}LogoutResponse"
        assert element.get("InResponseTo") == request
        assert element.findtext(f"{{{SAML}}}Issuer") == idp.entity_id
        return str(element.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode").get("Value"))

    def read_logout(self, query: str, idp: Entity) -> AskedLogout:
        read = read_redirect(query)
        message = read.verify(idp.signing_keys)
        element = message.element
        assert message.tag == f"{{{SAMLP}}}LogoutRequest"
        assert element.findtext(f"{{{SAML}}}Issuer") == idp.entity_id
        assert element.get("Destination") == self.entity.logout_url
        return AskedLogout(
            id=message.id or "",
            name_id=(element.findtext(f"{{{SAML}}}NameID") or "").strip(),
            sessions=tuple(one.text for one in element.iter(f"{{{SAMLP}}}SessionIndex")),
            relay_state=read.relay_state,
        )

    def finish_logout(self, asked: AskedLogout, idp: Entity) -> str:
        place = idp.logout_answer_url
        made = self._message("samlp:LogoutResponse", place, status(), InResponseTo=asked.id)
        return self._redirect(place, made, asked.relay_state)


def _login(assertion: SignedElement) -> Login:
    element = assertion.element
    return Login(
        name_id=str(element.findtext(f"{{{SAML}}}Subject/{{{SAML}}}NameID")),
        attributes={
            str(one.get("Name")): tuple(
                str(value.text) for value in one.iter(f"{{{SAML}}}AttributeValue")
            )
            for one in element.iter(f"{{{SAML}}}Attribute")
        },
    )
