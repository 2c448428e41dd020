"""The service provider: sends people to identity providers, and reads what they come back with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUse, Store
from hkeid.ports.surroundings import HttpClient, Random
from hkeid.saml.dsig import (
    KeyUnwrapper,
    Reason,
    SignatureRefused,
    SignedElement,
    VerifiedResponse,
    XmlSigner,
    decrypt_assertions,
    decrypt_name_id,
    read_unsigned,
    verify_response,
)
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import (
    AuthnRequest,
    Binding,
    Comparison,
    MessageReason,
    MessageRefused,
    NameId,
    NameIdPolicy,
    RequestedAuthnContext,
    Response,
    Scoping,
    new_identifier,
)
from hkeid.saml.messages.bindings import (
    REQUEST,
    RESPONSE,
    Arrival,
    Outgoing,
    arrival,
    check_reference,
    send,
)
from hkeid.saml.metadata import IdpRole, MetadataSource, preferred_endpoint
from hkeid.saml.sp.artifact import ArtifactResolver, arrived_artifact
from hkeid.saml.sp.authentication import Authentication, Expectation, KeptLogin
from hkeid.saml.sp.peer import identity_provider
from hkeid.saml.sp.settings import ServiceProviderSettings
from hkeid.saml.sp.validation import check_response, validate


class ServiceProviderTransaction(Protocol):
    """What the service provider needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginWish:
    """What an identity provider is asked for.

    :ivar identity_provider: entity ID.
    :ivar force_authn: the person has to act anew (saml-core §3.4.1).
    :ivar is_passive: the identity provider must show nothing.
    :ivar max_age: greatest age of the authentication, or None; SAML cannot ask for it, so that it is only
        checked.
    :ivar binding: by which the request goes; None: Redirect where there is such an address.
    :ivar artifact: the answer is to come as an artifact, which is fetched from the identity provider.
    """

    identity_provider: str
    force_authn: bool = False
    is_passive: bool = False
    max_age: timedelta | None = None
    requested_context: RequestedAuthnContext | None = None
    name_id_policy: NameIdPolicy | None = None
    scoping: Scoping | None = None
    attribute_service: int | None = None
    binding: Binding | None = None
    artifact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request on its way.

    :ivar to: how it leaves through the browser.
    :ivar kept: what :meth:`ServiceProvider.finish` needs. Store it for one use, under the RelayState.
    """

    to: Outgoing = field(repr=False)
    kept: bytes = field(repr=False)


class ServiceProvider:
    """A SAML service provider (saml-profiles §4.1), sans-IO.

    :param metadata: of identity providers; whoever is in it is trusted by who asks it for a login.
    :param store: remembers which assertions were used.
    :param signer: signs requests.
    :param http: fetches what artifacts stand for; None: none is read.
    :param unwrappers: our decryption keys, the current one first; none: nothing encrypted is read.
    :raises ConfigurationError: ``setting_out_of_range``.
    """

    def __init__(
        self,
        settings: ServiceProviderSettings,
        metadata: MetadataSource,
        store: Store[ServiceProviderTransaction],
        signer: XmlSigner,
        random: Random,
        unwrappers: Sequence[KeyUnwrapper] = (),
        http: HttpClient | None = None,
    ) -> None:
        settings.check()
        self.settings = settings
        self._metadata = metadata
        self._store = store
        self._signer = signer
        self._random = random
        self._unwrappers = tuple(unwrappers)
        self._resolver = None
        if http is not None:
            self._resolver = ArtifactResolver(
                entity_id=settings.entity_id,
                http=http,
                signer=signer,
                random=random,
                signatures=settings.signatures,
            )

    def begin(self, wish: LoginWish, *, relay_state: str, now: Instant) -> Begun:
        """Ask an identity provider for a login (saml-profiles §4.1.3.3).

        :param relay_state: a reference of 16 to 80 unpredictable characters ``[A-Za-z0-9_-]``, under which
            the caller keeps what is to be kept. It comes back with the answer.
        :raises MessageRefused: ``saml_entity_unknown``, ``saml_relay_state``, ``saml_binding``: the identity
            provider has no address for it.
        """
        role = identity_provider(self._metadata, wish.identity_provider, now)
        wanted = (Binding.REDIRECT, Binding.POST) if wish.binding is None else (wish.binding,)
        found = preferred_endpoint(role.single_sign_on_services, wanted)
        if found is None:
            raise MessageRefused(MessageReason.BINDING, detail="no SingleSignOnService")
        binding, location = found[0], found[1].location
        request = AuthnRequest(
            id=new_identifier(self._random),
            issued_at=now,
            issuer=self.settings.entity_id,
            destination=location,
            force_authn=wish.force_authn,
            is_passive=wish.is_passive,
            acs_url=self._acs(artifact=wish.artifact),
            binding=(Binding.ARTIFACT if wish.artifact else Binding.POST).value,
            attribute_service=wish.attribute_service,
            name_id_policy=wish.name_id_policy,
            requested_context=wish.requested_context,
            scoping=wish.scoping,
        )
        outgoing = send(
            request.write(),
            REQUEST,
            binding=binding,
            location=location,
            relay_state=check_reference(relay_state),
            signer=self._signer,
        )
        age = wish.max_age
        kept = KeptLogin(
            request_id=request.id,
            identity_provider=wish.identity_provider,
            relay_state=relay_state,
            sent_at=now,
            force_authn=wish.force_authn,
            max_age=None if age is None else int(age.total_seconds()),
            classes=_exact_classes(wish.requested_context),
            artifact=wish.artifact,
        )
        return Begun(to=outgoing, kept=kept.encode())

    def finish(self, kept: bytes, request: Request, now: Instant) -> Authentication:
        """Read the answer to a request of ours.

        The caller has used up the record that ``kept`` was in.

        :raises hkeid.kernel.errors.HkeidError: as :func:`hkeid.saml.dsig.verify_response` and
            :func:`hkeid.saml.sp.validation.validate`; ``saml_issued_too_late`` (our request is too old),
            ``saml_relay_state`` (not the one that went out), ``saml_replayed``, ``saml_entity_unknown``.
        """
        login = KeptLogin.decode(kept)
        if now >= login.sent_at + self.settings.login_lifetime:
            raise MessageRefused(MessageReason.ISSUED_TOO_LATE)
        expected = Expectation(
            identity_provider=login.identity_provider,
            service_provider=self.settings.entity_id,
            acs=self._acs(artifact=login.artifact),
            request_id=login.request_id,
            skew=self.settings.skew,
            fresh_since=login.sent_at if login.force_authn else None,
            max_age=None if login.max_age is None else timedelta(seconds=login.max_age),
            classes=frozenset(login.classes),
            require_name_id=self.settings.require_name_id,
        )
        if login.artifact:
            return self._once(self._resolved(request, login, expected, now))
        came = self._response(request)
        if came.relay_state != login.relay_state:
            raise MessageRefused(MessageReason.RELAY_STATE)
        return self._once(self._judge(came, expected, now))

    def take_unsolicited(self, request: Request, now: Instant) -> Authentication:
        """Read a Response that nobody asked for (saml-profiles §4.1.5), where policy takes such.

        Its RelayState is somebody else's wish, which the caller looks up or passes over, and never follows as
        an address.

        :raises hkeid.kernel.errors.HkeidError: as :meth:`finish`; ``saml_unsolicited``.
        """
        if not self.settings.unsolicited:
            raise MessageRefused(MessageReason.UNSOLICITED)
        came = self._response(request)
        issuer = came.claimed().issuer
        if issuer is None:
            raise MessageRefused(MessageReason.ISSUER_MISSING)
        expected = Expectation(
            identity_provider=issuer,
            service_provider=self.settings.entity_id,
            acs=self.settings.acs,
            request_id=None,
            skew=self.settings.skew,
            require_name_id=self.settings.require_name_id,
        )
        return self._once(self._judge(came, expected, now))

    def _response(self, request: Request) -> Arrival:
        """saml-profiles §4.1.2: a Response with assertions does not come by Redirect."""
        came = arrival(request)
        if came.parameter != RESPONSE or came.binding is not Binding.POST:
            raise MessageRefused(MessageReason.BINDING)
        return came

    def _judge(self, came: Arrival, expected: Expectation, now: Instant) -> Authentication:
        settings = self.settings
        role = identity_provider(self._metadata, expected.identity_provider, now)
        try:
            verified = verify_response(
                came.octets,
                role.verification_keys,
                policy=settings.signatures,
                want_message_signed=settings.want_response_signed,
            )
        except SignatureRefused as error:
            if error.reason == Reason.UNSIGNED:
                _failure(came, expected, now)
            raise
        return self._validated(verified, role, expected, now)

    def _resolved(
        self, request: Request, login: KeptLogin, expected: Expectation, now: Instant
    ) -> Authentication:
        """The same for an answer that came as an artifact."""
        came = arrived_artifact(request)
        if came.relay_state != login.relay_state:
            raise MessageRefused(MessageReason.RELAY_STATE)
        if self._resolver is None:
            raise MessageRefused(MessageReason.BINDING, detail="no client for artifacts")
        role = identity_provider(self._metadata, expected.identity_provider, now)
        verified = self._resolver.resolve(
            came.value,
            expected.identity_provider,
            role,
            now,
            want_message_signed=self.settings.want_response_signed,
        )
        return self._validated(verified, role, expected, now)

    def _validated(
        self, verified: VerifiedResponse, role: IdpRole, expected: Expectation, now: Instant
    ) -> Authentication:
        if self.settings.want_encrypted and verified.assertions:
            raise MessageRefused(MessageReason.NOT_ENCRYPTED)
        assertions = verified.assertions + self._decrypted(verified, role)
        return validate(verified, assertions, expected, now, self._name_id)

    def _acs(self, *, artifact: bool) -> str:
        if not artifact:
            return self.settings.acs
        if self.settings.artifact is None:
            raise MessageRefused(MessageReason.BINDING, detail="no address for artifacts")
        return self.settings.artifact

    def _decrypted(self, verified: VerifiedResponse, role: IdpRole) -> tuple[SignedElement, ...]:
        if not verified.encrypted:
            return ()
        return decrypt_assertions(
            verified,
            self._unwrappers,
            role.verification_keys,
            encryption=self.settings.encryption,
            policy=self.settings.signatures,
        )

    def _name_id(self, encrypted: XmlElement) -> NameId:
        opened = decrypt_name_id(encrypted, self._unwrappers, encryption=self.settings.encryption)
        return NameId.of(opened)

    def _once(self, login: Authentication) -> Authentication:
        """saml-profiles §4.1.4.5: a bearer assertion is used once."""
        with self._store.transaction() as tx:
            for record in login.once:
                if not tx.single_use.put(record):
                    raise MessageRefused(MessageReason.REPLAYED)
        return login


def _failure(came: Arrival, expected: Expectation, now: Instant) -> None:
    """Many identity providers do not sign a refusal. It may end the login that it answers, and no more.

    :raises StatusRefused: it is one.
    """
    try:
        response = Response.read(read_unsigned(came.octets))
    except Refused:
        return
    if not response.status.success:
        check_response(response, expected, now, signed=False)


def _exact_classes(wanted: RequestedAuthnContext | None) -> tuple[str, ...]:
    """saml-core §3.3.2.2.1: with ``exact`` the answer must be one of these; the rest is for who knows a ladder."""
    if wanted is None or wanted.comparison is not Comparison.EXACT:
        return ()
    return wanted.classes
