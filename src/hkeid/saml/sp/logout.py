"""Single logout as a service provider sees it, in both directions (saml-profiles §4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hkeid.kernel import canonical_json
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.storage import SingleUseRecord
from hkeid.ports.surroundings import Random
from hkeid.saml.dsig import KeyUnwrapper, XmlSigner, decrypt_name_id, sign_element
from hkeid.saml.messages import (
    SUCCESS,
    Binding,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    MessageRefused,
    NameId,
    SamlStatus,
    StatusCode,
    failure,
    new_identifier,
    soap,
)
from hkeid.saml.messages.bindings import (
    REQUEST,
    RESPONSE,
    Arrival,
    Outgoing,
    arrival,
    check_reference,
    send,
    soap_arrival,
)
from hkeid.saml.messages.freshness import check_age, once
from hkeid.saml.metadata import MetadataSource, preferred_endpoint
from hkeid.saml.sp.peer import identity_provider
from hkeid.saml.sp.settings import ServiceProviderSettings

LOGOUT_KIND = "saml_sp_logout"
_BROWSER = (Binding.REDIRECT, Binding.POST)
_NOT_EVERYWHERE = failure(StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT)
_FAILED = failure(StatusCode.RESPONDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutSubject:
    """Whose session at an identity provider; to be kept with the session here."""

    identity_provider: str
    name_id: NameId = field(repr=False)
    session_index: str | None = field(default=None, repr=False)

    def encode(self) -> bytes:
        """As octets; personal, since the name identifier is in it."""
        name = self.name_id
        return canonical_json.dumps(
            {
                "idp": self.identity_provider,
                "name": [
                    name.value,
                    name.format,
                    name.name_qualifier,
                    name.sp_name_qualifier,
                    name.sp_provided_id,
                ],
                "session": self.session_index,
            }
        )

    @classmethod
    def decode(cls, octets: bytes) -> LogoutSubject:
        """The inverse, of octets of our own."""
        said = canonical_json.loads_object(octets)
        value, form, qualifier, sp_qualifier, provided = said["name"]
        name = NameId(
            value=value,
            format=form,
            name_qualifier=qualifier,
            sp_name_qualifier=sp_qualifier,
            sp_provided_id=provided,
        )
        return cls(identity_provider=said["idp"], name_id=name, session_index=said["session"])


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogout:
    """A LogoutRequest on its way; ``kept`` is for :meth:`ServiceProviderLogout.finish`."""

    to: Outgoing = field(repr=False)
    kept: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLogout:
    """What an identity provider answered.

    :ivar partial: some of its other services did not end their sessions (saml-core §3.7.3.2).
    """

    status: SamlStatus
    partial: bool

    @property
    def done(self) -> bool:
        """Everywhere."""
        return self.status.success and not self.partial


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLogout:
    """A LogoutRequest of an identity provider's, every rule kept.

    :ivar session_indexes: which sessions end; empty: all of the subject's.
    :ivar once: put it (``tx.single_use.put``) in the transaction that ends the sessions; where that says
        False, the request was used before.
    """

    request_id: str
    identity_provider: str
    name_id: NameId = field(repr=False)
    session_indexes: tuple[str, ...] = field(default=(), repr=False)
    binding: Binding
    relay_state: str | None = field(default=None, repr=False)
    once: SingleUseRecord = field(repr=False)

    @property
    def by_browser(self) -> bool:
        """The answer goes back through the browser, else in an envelope."""
        return self.binding is not Binding.SOAP


class ServiceProviderLogout:
    """Single logout of a service provider.

    :param unwrappers: our decryption keys, for name identifiers that come encrypted.
    :raises ConfigurationError: ``setting_out_of_range``.
    """

    def __init__(
        self,
        settings: ServiceProviderSettings,
        metadata: MetadataSource,
        signer: XmlSigner,
        random: Random,
        unwrappers: Sequence[KeyUnwrapper] = (),
    ) -> None:
        settings.check()
        self._settings = settings
        self._metadata = metadata
        self._signer = signer
        self._random = random
        self._unwrappers = tuple(unwrappers)

    def begin(
        self, subject: LogoutSubject, *, relay_state: str, now: Instant
    ) -> BegunLogout | None:
        """Ask the identity provider to end its session and those that hang on it (saml-profiles §4.4.3.1).

        :returns: None where it has no address for that.
        :raises MessageRefused: ``saml_entity_unknown``, ``saml_entity_role``, ``saml_relay_state``.
        """
        role = identity_provider(self._metadata, subject.identity_provider, now)
        found = preferred_endpoint(role.single_logout_services, _BROWSER)
        if found is None:
            return None
        binding, there = found
        request = LogoutRequest(
            id=new_identifier(self._random),
            issued_at=now,
            issuer=self._settings.entity_id,
            destination=there.location,
            name_id=subject.name_id,
            session_indexes=() if subject.session_index is None else (subject.session_index,),
            not_on_or_after=now + self._settings.message_lifetime,
        )
        outgoing = send(
            request.write(),
            REQUEST,
            binding=binding,
            location=there.location,
            relay_state=check_reference(relay_state),
            signer=self._signer,
        )
        kept = {
            "id": request.id,
            "idp": subject.identity_provider,
            "relay": relay_state,
            "at": epoch_microseconds(now),
        }
        return BegunLogout(to=outgoing, kept=canonical_json.dumps(kept))

    def finish(self, kept: bytes, request: Request, now: Instant) -> AnsweredLogout:
        """Read the answer to a LogoutRequest of ours.

        :raises hkeid.kernel.errors.HkeidError: the kernel's, and ``saml_binding``, ``saml_relay_state``,
            ``saml_in_response_to``, ``saml_issuer_unexpected``, ``saml_destination``.
        """
        said = canonical_json.loads_object(kept)
        if now >= from_epoch_microseconds(said["at"]) + self._settings.login_lifetime:
            raise MessageRefused(MessageReason.ISSUED_TOO_LATE)
        came = arrival(request)
        if came.parameter != RESPONSE:
            raise MessageRefused(MessageReason.BINDING)
        if came.relay_state != said["relay"]:
            raise MessageRefused(MessageReason.RELAY_STATE)
        role = identity_provider(self._metadata, said["idp"], now)
        signed = came.verified(role.verification_keys, self._settings.signatures)
        answer = LogoutResponse.read(signed)
        if answer.issuer != said["idp"]:
            raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
        if answer.in_response_to != said["id"]:
            raise MessageRefused(MessageReason.IN_RESPONSE_TO)
        self._check_destination(answer.destination)
        partial = StatusCode.PARTIAL_LOGOUT.value in answer.status.codes
        return AnsweredLogout(status=answer.status, partial=partial)

    def receive(self, request: Request, now: Instant) -> ReceivedLogout:
        """Read a LogoutRequest that came through the browser (saml-profiles §4.4.3.3).

        :raises hkeid.kernel.errors.HkeidError: the kernel's, and as :meth:`receive_envelope`.
        """
        came = arrival(request)
        if came.parameter != REQUEST:
            raise MessageRefused(MessageReason.BINDING)
        return self._received(came, now)

    def receive_envelope(self, body: bytes, now: Instant) -> ReceivedLogout:
        """Read a LogoutRequest that came by SOAP.

        :raises hkeid.kernel.errors.HkeidError: the kernel's, and ``saml_issuer_missing``,
            ``saml_entity_unknown``, ``saml_entity_role``, ``saml_destination``, ``saml_destination_missing``,
            ``saml_issued_too_early``, ``saml_issued_too_late``, ``saml_logout_expired``.
        """
        return self._received(soap_arrival(body), now)

    def _received(self, came: Arrival, now: Instant) -> ReceivedLogout:
        issuer = came.claimed().issuer
        if issuer is None:
            raise MessageRefused(MessageReason.ISSUER_MISSING)
        role = identity_provider(self._metadata, issuer, now)
        # saml-profiles §4.4.3.1: it MUST be signed, or authenticated otherwise; here it is signed.
        signed = came.verified(role.verification_keys, self._settings.signatures)
        request = LogoutRequest.read(signed)
        if request.issuer != issuer:
            raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
        if came.binding is not Binding.SOAP or request.destination is not None:
            self._check_destination(request.destination)
        skew, lifetime = self._settings.skew, self._settings.message_lifetime
        check_age(request, now, skew=skew, lifetime=lifetime)
        return ReceivedLogout(
            request_id=request.id,
            identity_provider=issuer,
            name_id=self._name_id(request),
            session_indexes=request.session_indexes,
            binding=came.binding,
            relay_state=came.relay_state,
            once=once(LOGOUT_KIND, issuer, request.id, now=now, until=now + lifetime + 2 * skew),
        )

    def answer(
        self, received: ReceivedLogout, now: Instant, *, ended: bool = True, partial: bool = False
    ) -> Outgoing | bytes:
        """The answer to a LogoutRequest: through the browser, or as an envelope where it came in one.

        :param ended: our sessions have ended.
        :param partial: but not all that hang on them.
        :raises MessageRefused: ``saml_logout_endpoint_missing``: there is no address for it.
        """
        status = SUCCESS if ended and not partial else _NOT_EVERYWHERE if ended else _FAILED
        answer = LogoutResponse(
            id=new_identifier(self._random),
            issued_at=now,
            issuer=self._settings.entity_id,
            in_response_to=received.request_id,
            status=status,
        )
        if not received.by_browser:
            return soap.put_on(sign_element(answer.write(), self._signer))
        role = identity_provider(self._metadata, received.identity_provider, now)
        found = preferred_endpoint(role.single_logout_services, (received.binding, *_BROWSER))
        if found is None:
            raise MessageRefused(MessageReason.LOGOUT_ENDPOINT_MISSING)
        binding, there = found
        location = there.answers_at
        addressed = LogoutResponse(
            id=answer.id,
            issued_at=now,
            issuer=answer.issuer,
            destination=location,
            in_response_to=answer.in_response_to,
            status=status,
        )
        return send(
            addressed.write(),
            RESPONSE,
            binding=binding,
            location=location,
            relay_state=received.relay_state,
            signer=self._signer,
        )

    def _name_id(self, request: LogoutRequest) -> NameId:
        if request.name_id is not None:
            return request.name_id
        return NameId.of(
            decrypt_name_id(
                request.encrypted_id, self._unwrappers, encryption=self._settings.encryption
            )
        )

    def _check_destination(self, destination: str | None) -> None:
        if destination is None:
            raise MessageRefused(MessageReason.DESTINATION_MISSING)
        if destination != self._settings.logout:
            raise MessageRefused(MessageReason.DESTINATION)
