"""An identity provider that says whatever a test wants, and our service provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request
from hkeid.saml.dsig import (
    Element,
    UnsignedElement,
    XmlSigner,
    encode_post,
    read_redirect,
    sign_element,
    write,
)
from hkeid.saml.messages import (
    SUCCESS,
    Assertion,
    Attribute,
    AuthnContext,
    AuthnRequest,
    AuthnStatement,
    Conditions,
    NameId,
    NameIdFormat,
    Response,
    Subject,
    SubjectConfirmation,
)
from hkeid.saml.sp import (
    Authentication,
    Begun,
    LoginWish,
    Redirection,
    ServiceProvider,
    ServiceProviderLogout,
    ServiceProviderSettings,
)
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_parties import FakeMetadata, Party

RELAY = "reference-of-32-characters-abcde"
CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"
Change = Callable[[Any], Any]


def same(value: Any) -> Any:
    return value


def post(form: dict[str, str]) -> Request:
    return Request(method="POST", path="/acs", form=Parameters.of(form))


def redirected(url: str) -> Request:
    query = urlsplit(url).query
    return Request(method="GET", path="/", query=Parameters.parse(query), raw_query=query)


@dataclass
class Stage:
    """Both sides."""

    clock: SettableClock = field(default_factory=SettableClock)
    idp: Party = field(default_factory=lambda: Party.at("https://idp.example"))
    us: Party = field(default_factory=lambda: Party.at("https://sp.example"))
    metadata: FakeMetadata = field(default_factory=FakeMetadata)
    settings: ServiceProviderSettings = field(
        default_factory=lambda: ServiceProviderSettings(
            entity_id="https://sp.example/metadata",
            acs="https://sp.example/acs",
            logout="https://sp.example/slo",
        )
    )

    def __post_init__(self) -> None:
        self.metadata.put(self.idp.idp())
        self.store = MemoryStore(MemoryKeyStore(), self.clock, SystemRandom())

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def sp(self) -> ServiceProvider:
        return ServiceProvider(
            self.settings,
            self.metadata,
            self.store,
            self.us.signer,
            SystemRandom(),
            [self.us.unwrapper],
        )

    @property
    def logout(self) -> ServiceProviderLogout:
        return ServiceProviderLogout(
            self.settings, self.metadata, self.us.signer, SystemRandom(), [self.us.unwrapper]
        )

    def configure(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)

    def begin(self, **wish: Any) -> tuple[Begun, AuthnRequest]:
        """A request, and what the identity provider reads of it."""
        begun = self.sp.begin(
            LoginWish(identity_provider=self.idp.entity_id, **wish), relay_state=RELAY, now=self.now
        )
        assert isinstance(begun.to, Redirection)
        query = read_redirect(urlsplit(begun.to.url).query)
        return begun, AuthnRequest.read(query.verify([self.us.signing.public_key()]))

    def assertion(self, request_id: str | None, identifier: str = "_a") -> Assertion:
        until = self.now + timedelta(minutes=5)
        return Assertion(
            id=identifier,
            issued_at=self.now,
            issuer=self.idp.entity_id,
            subject=Subject(
                name_id=NameId(value="4711", format=NameIdFormat.PERSISTENT),
                confirmations=(
                    SubjectConfirmation(
                        recipient=self.settings.acs,
                        not_on_or_after=until,
                        in_response_to=request_id,
                    ),
                ),
            ),
            conditions=Conditions(
                not_before=self.now,
                not_on_or_after=until,
                audiences=((self.settings.entity_id,),),
            ),
            authn_statements=(
                AuthnStatement(
                    authenticated_at=self.now,
                    context=AuthnContext(class_ref=CLASS),
                    session_index="s1",
                    session_not_on_or_after=self.now + timedelta(hours=8),
                ),
            ),
            attributes=(Attribute(name="urn:oid:2.5.4.42", values=("大文",)),),
        )

    def response(self, request_id: str | None) -> Response:
        return Response(
            id="_r",
            issued_at=self.now,
            issuer=self.idp.entity_id,
            destination=self.settings.acs,
            in_response_to=request_id,
            status=SUCCESS,
        )

    def answer(
        self,
        request_id: str | None,
        *,
        assertion: Change = same,
        response: Change = same,
        element: Change = same,
        sign_response: bool = False,
        sign_assertion: bool = True,
        signer: XmlSigner | None = None,
        relay_state: str | None = RELAY,
    ) -> Request:
        """What the browser posts."""
        signer = signer or self.idp.signer
        made = assertion(self.assertion(request_id)).write()
        if sign_assertion:
            made = sign_element(made, signer)
        whole: Element = response(self.response(request_id)).write(element(made))
        if sign_response:
            whole = sign_element(whole, signer)
        form = {"SAMLResponse": encode_post(write(whole))}
        if relay_state is not None:
            form["RelayState"] = relay_state
        return post(form)

    def login(self, wish: dict[str, Any] | None = None, **changes: Any) -> Authentication:
        """A whole login with changes to the answer."""
        begun, request = self.begin(**(wish or {}))
        return self.sp.finish(begun.kept, self.answer(request.id, **changes), self.now)

    def refusal(self, wish: dict[str, Any] | None = None, **changes: Any) -> str:
        with pytest.raises(HkeidError) as caught:
            self.login(wish, **changes)
        return caught.value.reason


@pytest.fixture
def stage() -> Stage:
    return Stage()


__all__ = ["CLASS", "RELAY", "Stage", "UnsignedElement", "post", "redirected"]
