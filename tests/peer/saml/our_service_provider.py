"""Our service provider, which people of an identity provider written elsewhere log in to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import Entity, read_entity

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.kernel.http import Parameters, Request
from hkeid.ports.keys import KeyState
from hkeid.saml.dsig import EncryptionPolicy, unwrapper
from hkeid.saml.messages import Binding, NameIdFormat, NameIdPolicy
from hkeid.saml.metadata import Endpoint, IndexedEndpoint, SpRole
from hkeid.saml.metadata import Entity as EntityRecord
from hkeid.saml.metadata.publication import OUR_ALGORITHMS, publish, published_keys
from hkeid.saml.sp import (
    AnsweredLogout,
    Authentication,
    LoginWish,
    LogoutSubject,
    Outgoing,
    ReceivedLogout,
    Redirection,
    ServiceProvider,
    ServiceProviderLogout,
    ServiceProviderSettings,
)
from hkeid.testing.browser import Form
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_parties import FakeMetadata

NOW = timedelta(0)


@dataclass(frozen=True)
class Sent:
    """A message on its way: where the browser goes, and what we keep until the answer comes."""

    url: str
    kept: bytes = field(repr=False)


@dataclass
class OurServiceProvider:
    """:class:`hkeid.saml.sp.ServiceProvider` with a memory.

    :ivar name: the first label of its host.
    :ivar called: its entity ID, where it is not that of its host.
    :ivar knows: metadata of identity providers.
    """

    credential: Credential = field(repr=False)
    knows: FakeMetadata = field(repr=False)
    name: str = "sp"
    called: str | None = None
    encryption: EncryptionPolicy = field(default_factory=EncryptionPolicy)

    def __post_init__(self) -> None:
        origin = f"http://{self.name}.localhost:9"
        self._store = MemoryStore(MemoryKeyStore(), SystemClock(), SystemRandom())
        self.settings = ServiceProviderSettings(
            entity_id=self.called or f"{origin}/metadata",
            acs=f"{origin}/acs",
            logout=f"{origin}/slo",
            login_lifetime=timedelta(hours=1),
            want_response_signed=True,
            unsolicited=True,
            encryption=self.encryption,
        )
        key = self.credential.key
        assert isinstance(key, rsa.RSAPrivateKey)
        signer, unwrappers = self.credential.signer, [unwrapper(key)]
        self._logins = ServiceProvider(
            self.settings, self.knows, self._store, signer, SystemRandom(), unwrappers
        )
        self._logouts = ServiceProviderLogout(
            self.settings, self.knows, signer, SystemRandom(), unwrappers
        )
        self.entity: Entity = read_entity(self.metadata(), key.public_key())

    def metadata(self) -> bytes:
        """As we publish it."""
        own = self.credential.own(KeyState.ACTIVE)
        logout, redirect = self.settings.logout, Binding.REDIRECT.value
        assert logout is not None
        consumer = IndexedEndpoint(
            binding=Binding.POST.value, location=self.settings.acs, index=0, default=True
        )
        role = SpRole(
            keys=published_keys(signing=[own], encryption=[own]),
            single_logout_services=(Endpoint(binding=redirect, location=logout),),
            name_id_formats=(NameIdFormat.PERSISTENT.value,),
            algorithms=OUR_ALGORITHMS,
            assertion_consumer_services=(consumer,),
            authn_requests_signed=True,
            wants_assertions_signed=True,
        )
        record = EntityRecord(entity_id=self.settings.entity_id, sp=role)
        identifier = f"_{secrets.token_hex(16)}"
        return publish(record, self.credential.signer, identifier=identifier, now=_at(NOW))

    def begin(self, idp: Entity, **wish: Any) -> Sent:
        """An AuthnRequest by Redirect."""
        policy = NameIdPolicy(format=NameIdFormat.PERSISTENT.value, allow_create=True)
        wanted = LoginWish(identity_provider=idp.entity_id, name_id_policy=policy, **wish)
        relay_state = secrets.token_urlsafe(24)
        begun = self._logins.begin(wanted, relay_state=relay_state, now=_at(NOW))
        return Sent(_url(begun.to), begun.kept)

    def finish(self, form: Form, sent: Sent, *, later: timedelta = NOW) -> Authentication:
        """The Response in a form that goes to our consumer service."""
        return self._logins.finish(sent.kept, self._post(form), _at(later))

    def take_unsolicited(self, form: Form) -> Authentication:
        """The same where we had not asked."""
        return self._logins.take_unsolicited(self._post(form), _at(NOW))

    def _post(self, form: Form) -> Request:
        assert form.action == self.settings.acs
        return Request(method="POST", path="/acs", form=Parameters.of(form.fields))

    def begin_logout(self, login: Authentication) -> Sent:
        """A LogoutRequest by Redirect."""
        assert login.name_id is not None
        subject = LogoutSubject(
            identity_provider=login.identity_provider,
            name_id=login.name_id,
            session_index=login.session_index,
        )
        relay_state = secrets.token_urlsafe(24)
        begun = self._logouts.begin(subject, relay_state=relay_state, now=_at(NOW))
        assert begun is not None
        return Sent(_url(begun.to), begun.kept)

    def finish_logout(self, url: str, sent: Sent) -> AnsweredLogout:
        """The LogoutResponse with which the browser came to ``url``."""
        return self._logouts.finish(sent.kept, _get(url), _at(NOW))

    def receive_logout(self, url: str) -> ReceivedLogout:
        """The LogoutRequest with which the browser came to ``url``."""
        return self._logouts.receive(_get(url), _at(NOW))

    def answer_logout(self, received: ReceivedLogout) -> str:
        """Where the browser goes with our LogoutResponse."""
        answer = self._logouts.answer(received, _at(NOW))
        assert not isinstance(answer, bytes)
        return _url(answer)


def _at(later: timedelta) -> datetime:
    return datetime.now(UTC) + later


def _url(outgoing: Outgoing) -> str:
    assert isinstance(outgoing, Redirection)
    return outgoing.url


def _get(url: str) -> Request:
    query = urlsplit(url).query
    return Request(method="GET", path="/slo", query=Parameters.parse(query), raw_query=query)
