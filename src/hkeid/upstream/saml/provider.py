"""A SAML identity provider behind us, as the upstream contract wants it. The rules are those of :mod:`hkeid.saml.sp`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hkeid.identity.authentication import Proxying
from hkeid.identity.language import Language
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import ErrorCode
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.saml.messages import (
    Binding,
    NameId,
    NameIdFormat,
    NameIdPolicy,
    ProxyRestriction,
    RequestedAuthnContext,
    new_identifier,
    soap,
)
from hkeid.saml.messages.bindings import FormPost, Outgoing
from hkeid.saml.metadata import Endpoint, Entity, IndexedEndpoint, MetadataSource, SpRole
from hkeid.saml.metadata.publication import (
    OUR_ALGORITHMS,
    publish,
    published_keys,
)
from hkeid.saml.sp import (
    Authentication,
    LoginWish,
    LogoutSubject,
    ReceivedLogout,
    ServiceProvider,
    ServiceProviderLogout,
    ServiceProviderSettings,
    ServiceProviderTransaction,
)
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.contract import (
    Departure,
    Form,
    LogoutOutcome,
    UpstreamAuthentication,
    UpstreamKind,
    UpstreamLogout,
    UpstreamLogoutRequest,
    UpstreamRequest,
)
from hkeid.upstream.errors import UpstreamMisbehaved, UpstreamRefused
from hkeid.upstream.saml.failures import as_upstream
from hkeid.upstream.saml.keys import SamlUpstreamKeyReader
from hkeid.upstream.saml.settings import SamlUpstreamSettings

_NOBODY = NameId(value="-")
"""Stands where a name is not needed any more: the answer to a logout names nobody."""


class SamlUpstream:
    """One upstream SAML identity provider. Safe to share between threads.

    :param address: base of our addresses for it, without a trailing slash; ``/callback``, ``/logout``,
        ``/logged-out`` and ``/metadata`` follow.
    :param metadata: where its entity is found.
    :param store: remembers which assertions were used.
    :param keys: gives our keys as they are now.
    :raises hkeid.kernel.errors.ConfigurationError: ``setting_out_of_range``; as ``keys``.
    """

    kind = UpstreamKind.SAML

    def __init__(
        self,
        settings: SamlUpstreamSettings,
        *,
        address: str,
        metadata: MetadataSource,
        store: Store[ServiceProviderTransaction],
        keys: SamlUpstreamKeyReader,
        clock: Clock,
        random: Random,
    ) -> None:
        self.settings = settings
        self._address = address
        self._keys = keys
        self._metadata = metadata
        self._store = store
        self._clock = clock
        self._random = random
        common = {
            "entity_id": f"{address}/metadata",
            "acs": f"{address}/callback",
            "want_response_signed": settings.want_response_signed,
            "want_encrypted": settings.want_encrypted,
        }
        # Requests of the upstream and its answers come to two addresses, as the contract has two verbs for them.
        self._hears = ServiceProviderSettings(**common, logout=f"{address}/logout")  # type: ignore[arg-type]
        self._asks = ServiceProviderSettings(**common, logout=f"{address}/logged-out")  # type: ignore[arg-type]
        # What is wrong is said at the start, not to the first who logs in.
        self._service()
        self._logout(self._asks)

    def _service(self) -> ServiceProvider:
        """Logins, with our keys as they are now."""
        keys = self._keys()
        return ServiceProvider(
            self._hears, self._metadata, self._store, keys.signer, self._random, keys.unwrappers
        )

    def _logout(self, settings: ServiceProviderSettings) -> ServiceProviderLogout:
        """Logouts, with our keys as they are now."""
        keys = self._keys()
        return ServiceProviderLogout(
            settings, self._metadata, keys.signer, self._random, keys.unwrappers
        )

    @property
    def id(self) -> str:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.id

    @property
    def names(self) -> Mapping[Language, str]:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.names

    @property
    def authority(self) -> str:
        """Its entity ID."""
        return self.settings.entity_id

    def metadata(self) -> bytes:
        """What the upstream has to know of us, signed."""
        acs = IndexedEndpoint(
            binding=Binding.POST.value,
            location=f"{self._address}/callback",
            index=0,
            default=True,
        )
        keys = self._keys()
        role = SpRole(
            keys=published_keys(signing=keys.signing, encryption=keys.decryption),
            algorithms=OUR_ALGORITHMS,
            assertion_consumer_services=(acs,),
            single_logout_services=(
                *(self._logout_endpoint(one) for one in (Binding.REDIRECT, Binding.POST)),
                Endpoint(binding=Binding.SOAP.value, location=f"{self._address}/logout"),
            ),
            name_id_formats=(NameIdFormat.PERSISTENT.value,),
            authn_requests_signed=True,
            wants_assertions_signed=True,
        )
        return publish(
            Entity(entity_id=f"{self._address}/metadata", sp=role),
            keys.signer,
            identifier=new_identifier(self._random),
            now=self._clock.now(),
        )

    def _logout_endpoint(self, binding: Binding) -> Endpoint:
        return Endpoint(
            binding=binding.value,
            location=f"{self._address}/logout",
            response_location=f"{self._address}/logged-out",
        )

    def begin(self, request: UpstreamRequest) -> Departure:
        """A signed AuthnRequest (saml-profiles §4.1.3.3).

        :raises UpstreamRefused: ``upstream_acr_out_of_reach``.
        :raises UpstreamFailed: metadata does not know the upstream, or has no address.
        """
        assurance = self.settings.assurance
        assurance.require_reach(request.acr)
        classes = assurance.asking(request.acr)
        by_name = self.settings.subject_attribute is None
        wish = LoginWish(
            identity_provider=self.settings.entity_id,
            force_authn=request.fresh,
            max_age=None if request.max_age is None else timedelta(seconds=request.max_age),
            requested_context=RequestedAuthnContext(classes=classes) if classes else None,
            name_id_policy=(
                NameIdPolicy(format=NameIdFormat.PERSISTENT.value, allow_create=True)
                if by_name
                else None
            ),
        )
        with as_upstream():
            begun = self._service().begin(wish, relay_state=request.state, now=self._clock.now())
        return Departure(to=_to(begun.to), kept=begun.kept)

    def finish(self, kept: bytes, request: Request, now: Instant) -> UpstreamAuthentication:
        """Read the Response (saml-profiles §4.1.4.3), with every rule of the profile.

        :raises AnswerUnexpected: ``saml_relay_state``, ``saml_issued_too_late``.
        :raises UpstreamRefused: the upstream's status; ``upstream_subject_missing``,
            ``upstream_subject_transient``, ``upstream_acr_unknown``, ``attribute_required_missing``.
        :raises UpstreamFailed: the reasons of :mod:`hkeid.saml`.
        """
        with as_upstream():
            login = self._service().finish(kept, request, now)
        told = _texts(login)
        context = login.context.class_ref
        return UpstreamAuthentication(
            provider=self.id,
            subject=self._subject(login, told),
            acr=self.settings.assurance.rung(context),
            upstream_acr=context,
            authenticated_at=min(login.authenticated_at, now),
            attributes=self.settings.mapping.apply(Attributes(told)),
            session=login.session_index,
            session_subject=None if login.name_id is None else self._session_name(login.name_id),
            logout=_logout_of(login),
            ends_at=login.session_not_on_or_after,
            proxying=_proxying_of(login.proxy_restriction),
        )

    def _subject(self, login: Authentication, told: Mapping[str, tuple[str, ...]]) -> str:
        wanted = self.settings.subject_attribute
        if wanted is not None:
            values = told.get(wanted, ())
            if len(values) != 1 or not values[0]:
                raise UpstreamRefused("upstream_subject_missing", code=ErrorCode.SERVER_ERROR)
            return values[0]
        if login.name_id is None:
            raise UpstreamRefused("upstream_subject_missing", code=ErrorCode.SERVER_ERROR)
        return _name(login.name_id)

    def _session_name(self, name: NameId) -> str:
        """All that makes two identifiers strongly match (saml-core §3.3.4); qualifiers that are left out are the
        upstream's and ours (§8.3.7).
        """
        parts = (
            name.format or NameIdFormat.UNSPECIFIED.value,
            name.name_qualifier or self.settings.entity_id,
            name.sp_name_qualifier or f"{self._address}/metadata",
            name.value,
        )
        return canonical_json.dumps(list(parts)).decode()

    # --- logout ----------------------------------------------------------------------------------

    def begin_logout(self, request: UpstreamLogoutRequest) -> Departure | None:
        """A signed LogoutRequest (saml-profiles §4.4.3.1), or None where the upstream has no address for it."""
        subject = LogoutSubject.decode(request.logout)
        with as_upstream():
            begun = self._logout(self._asks).begin(
                subject, relay_state=request.state, now=self._clock.now()
            )
        return None if begun is None else Departure(to=_to(begun.to), kept=begun.kept)

    def finish_logout(self, kept: bytes, request: Request, now: Instant) -> LogoutOutcome:
        """Read the LogoutResponse (saml-profiles §4.4.3.4)."""
        with as_upstream():
            answer = self._logout(self._asks).finish(kept, request, now)
        if answer.done:
            return LogoutOutcome.DONE
        return LogoutOutcome.PARTIAL if answer.status.success else LogoutOutcome.FAILED

    def read_logout(self, request: Request, now: Instant) -> UpstreamLogout:
        """Verify a LogoutRequest (saml-profiles §4.4.4.1), through the browser or by SOAP."""
        enveloped = (request.header("content-type") or "").lower().startswith("text/xml")
        with as_upstream():
            received = (
                self._logout(self._hears).receive_envelope(request.body, now)
                if enveloped
                else self._logout(self._hears).receive(request, now)
            )
        if received.identity_provider != self.settings.entity_id:
            raise UpstreamMisbehaved("logout_of_another_upstream")
        return UpstreamLogout(
            provider=self.id,
            # saml-core §3.7.3.2: the sessions named, of this subject alone; all of them where none is named.
            subject=self._session_name(received.name_id),
            sessions=received.session_indexes,
            once=received.once,
            browser=received.by_browser,
            kept=canonical_json.dumps(
                {
                    "id": received.request_id,
                    "binding": received.binding.value,
                    "relay": received.relay_state,
                }
            ),
        )

    def answer_logout(self, logout: UpstreamLogout, outcome: LogoutOutcome) -> Response | Departure:
        """The LogoutResponse, the way that the request came."""
        said: dict[str, Any] = canonical_json.loads_object(logout.kept)
        received = ReceivedLogout(
            request_id=said["id"],
            identity_provider=self.settings.entity_id,
            name_id=_NOBODY,
            binding=Binding(said["binding"]),
            relay_state=said["relay"],
            once=logout.once,
        )
        with as_upstream():
            answer = self._logout(self._hears).answer(
                received,
                self._clock.now(),
                ended=outcome is not LogoutOutcome.FAILED,
                partial=outcome is LogoutOutcome.PARTIAL,
            )
        if isinstance(answer, bytes):
            return _envelope(answer, status=200)
        return Departure(to=_to(answer))

    def refuse_logout(self, error: Exception) -> Response:
        """saml-bindings §3.2.3.3: a fault for who speaks SOAP; for a browser its status says it."""
        reason = error.reason if isinstance(error, HkeidError) else "server_error"
        return _envelope(soap.fault("Client", reason), status=400)


def _to(outgoing: Outgoing) -> str | Form:
    if isinstance(outgoing, FormPost):
        return Form(action=outgoing.action, fields=outgoing.fields)
    return outgoing.url


def _texts(login: Authentication) -> dict[str, tuple[str, ...]]:
    """Attributes by name and, where nothing else has it, by friendly name."""
    told = {one.name: one.texts for one in login.attributes if one.texts}
    for one in login.attributes:
        if one.friendly_name and one.texts:
            told.setdefault(one.friendly_name, one.texts)
    return told


def _name(name: NameId) -> str:
    """A persistent name with its qualifiers (saml-core §8.3.7): only all of it names one person.

    :raises UpstreamRefused: ``upstream_subject_transient``.
    """
    if name.format != NameIdFormat.PERSISTENT.value:
        raise UpstreamRefused("upstream_subject_transient", code=ErrorCode.SERVER_ERROR)
    parts = (name.name_qualifier or "", name.sp_name_qualifier or "", name.value)
    return canonical_json.dumps(list(parts)).decode()


def _proxying_of(said: ProxyRestriction | None) -> Proxying | None:
    if said is None:
        return None
    return Proxying(count=said.count, audiences=frozenset(said.audiences))


def _logout_of(login: Authentication) -> bytes | None:
    if login.name_id is None:
        return None
    subject = LogoutSubject(
        identity_provider=login.identity_provider,
        name_id=login.name_id,
        session_index=login.session_index,
    )
    return subject.encode()


def _envelope(octets: bytes, *, status: int) -> Response:
    headers = (("Content-Type", soap.MEDIA_TYPE), ("Cache-Control", "no-store"))
    return Response(status=status, headers=headers, body=octets)
