"""Single logout: through the browser from service to service, and by SOAP (saml-profiles §4.4)."""

from __future__ import annotations

from collections.abc import Iterable

from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.http import Request, Response, redirect
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import Won
from hkeid.saml.dsig import decrypt_name_id, sign_element
from hkeid.saml.idp import paths
from hkeid.saml.idp.events import LogoutAsked, LogoutFinished
from hkeid.saml.idp.logout_chain import CHAIN_KIND, Chain, Initiator, Told, find_chain
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import IdentityProviderTransaction, Participation
from hkeid.saml.idp.responses import (
    envelope,
    error_page,
    leave,
    logout_page,
    soap_fault,
)
from hkeid.saml.idp.trust import Peer, peer_of
from hkeid.saml.messages import (
    SUCCESS,
    Binding,
    LogoutCause,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    MessageRefused,
    NameId,
    NameIdFormat,
    SamlStatus,
    StatusCode,
    failure,
    new_identifier,
    soap,
)
from hkeid.saml.messages.bindings import REQUEST, RESPONSE, Arrival, arrival, send, soap_arrival
from hkeid.saml.messages.freshness import check_age, once
from hkeid.saml.metadata import Endpoint, Role, preferred_endpoint
from hkeid.saml.own_keys import unwrappers

LOGOUT_KIND = "saml_idp_logout_request"
_MOST_TOLD = 64
_SOAP_SECONDS = 5.0
_BROWSER = (Binding.REDIRECT, Binding.POST)
_PARTIAL = failure(StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT)


class LogoutEndpoint:
    """``/saml/slo`` and ``/saml/slo/soap``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """A LogoutRequest, or a LogoutResponse of a service that was told, through the browser."""
        now = self._parts.clock.now()
        try:
            came = arrival(request)
            if came.parameter == RESPONSE:
                return self._continue(came, now)
            return self._asked(came, now)
        except (MalformedInput, Refused) as error:
            return error_page(error)

    def handle_envelope(self, request: Request) -> Response:
        """A LogoutRequest by SOAP: services that are reached through the browser alone are missed."""
        now = self._parts.clock.now()
        try:
            came = soap_arrival(request.body)
            peer, asked = self._read(came, paths.LOGOUT_SOAP, now)
            chain = self._end(peer, asked, came, now)
        except (MalformedInput, Refused) as error:
            return soap_fault(error)
        self._tell_directly(chain, now)
        chain.missed += [one.entity_id for one in chain.todo]
        self._record_end(chain)
        answer = self._answer(asked.id, _status(chain), None, now)
        signed = sign_element(answer.write(), self._parts.signer(peer.role))
        return envelope(soap.put_on(signed))

    def propagate(self, session_id: str, *, then: str | None = None) -> Response | None:
        """Tell all services of a session of the hub that it has ended.

        :param then: an address of ours to which the browser goes in the end.
        :returns: None where no service has to be told.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            there = tx.participations.of_session(session_id)
            _forget(tx, there)
        if not there:
            return None
        return self._advance(Chain(then=then, todo=list(map(Told.of, there))), now)

    def _asked(self, came: Arrival, now: Instant) -> Response:
        peer, asked = self._read(came, paths.LOGOUT, now)
        return self._advance(self._end(peer, asked, came, now), now)

    def _read(self, came: Arrival, path: str, now: Instant) -> tuple[Peer, LogoutRequest]:
        """A LogoutRequest, verified: saml-profiles §4.4.4.1: it MUST be signed.

        :raises hkeid.kernel.errors.HkeidError: the kernel's; ``saml_issuer_unexpected``, ``saml_destination`` …
        """
        if came.parameter != REQUEST:
            raise MessageRefused(MessageReason.BINDING)
        peer = peer_of(came.claimed().issuer, self._parts, now)
        settings = self._parts.settings
        asked = LogoutRequest.read(came.verified(peer.role.verification_keys, settings.signatures))
        if asked.issuer != peer.service.entity_id:
            raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
        by_browser = came.binding is not Binding.SOAP
        self._parts.check_destination(asked.destination, path, signed=by_browser)
        check_age(asked, now, skew=settings.skew, lifetime=settings.message_lifetime)
        return peer, asked

    def _end(self, peer: Peer, asked: LogoutRequest, came: Arrival, now: Instant) -> Chain:
        """End the sessions that are meant, and see who else has to know.

        :raises MessageRefused: ``saml_replayed``.
        """
        parts, entity_id = self._parts, peer.service.entity_id
        name = self._name(asked)
        until = now + parts.settings.message_lifetime + 2 * parts.settings.skew
        with parts.store.transaction() as tx:
            if not tx.single_use.put(once(LOGOUT_KIND, entity_id, asked.id, now=now, until=until)):
                raise MessageRefused(MessageReason.REPLAYED)
            meant = [
                one
                for one in tx.participations.of_name(entity_id, name.value)
                if _fits(one, name, parts.entity_id)
                and (not asked.session_indexes or one.session_index in asked.session_indexes)
            ]
            sessions = tuple(dict.fromkeys(one.session_id for one in meant))
            there = [one for s in sessions for one in tx.participations.of_session(s)]
            _forget(tx, there)
            tx.audit.append(
                LogoutAsked(entity_id=entity_id, sessions=sessions, binding=came.binding.value)
            )
        for session_id in sessions:
            parts.ender.end(session_id)
        return Chain(
            initiator=Initiator(
                entity_id=entity_id,
                request_id=asked.id,
                binding=came.binding,
                relay_state=came.relay_state,
            ),
            todo=[Told.of(one) for one in there if one.entity_id != entity_id],
        )

    def _name(self, asked: LogoutRequest) -> NameId:
        if asked.name_id is not None:
            return asked.name_id
        return NameId.of(decrypt_name_id(asked.encrypted_id, unwrappers(self._parts.keys)))

    def _continue(self, came: Arrival, now: Instant) -> Response:
        """A service has answered; its answer has to be the one that is waited for.

        :raises MessageRefused: ``saml_in_response_to``, ``saml_issuer_unexpected``, ``saml_replayed`` …
        """
        token, parts = came.relay_state or "", self._parts
        with parts.store.transaction() as tx:
            chain = find_chain(tx.single_use, token)
        if chain is None or chain.waiting is None:
            raise MessageRefused(MessageReason.IN_RESPONSE_TO)
        entity_id, request_id = chain.waiting
        peer = peer_of(entity_id, parts, now)
        answer = LogoutResponse.read(
            came.verified(peer.role.verification_keys, parts.settings.signatures)
        )
        if answer.issuer != entity_id:
            raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
        if answer.in_response_to != request_id:
            raise MessageRefused(MessageReason.IN_RESPONSE_TO)
        parts.check_destination(answer.destination, paths.LOGOUT, signed=True)
        with parts.store.transaction() as tx:
            if not isinstance(tx.single_use.use_up(CHAIN_KIND, secret_digest(token), now), Won):
                raise MessageRefused(MessageReason.REPLAYED)
        _note(chain, entity_id, answer.status)
        chain.waiting = None
        return self._advance(chain, now)

    def _advance(self, chain: Chain, now: Instant) -> Response:
        """To the next service, or back to where it began."""
        self._tell_directly(chain, now)
        while chain.todo:
            one = chain.todo.pop(0)
            there = self._endpoint(one, _BROWSER, now)
            if there is None:
                chain.missed.append(one.entity_id)
                continue
            role, binding, endpoint = there
            asked = self._request(one, endpoint.location, now)
            chain.waiting = (one.entity_id, asked.id)
            token = self._parts.random.token()
            with self._parts.store.transaction() as tx:
                tx.single_use.put(chain.record(token, self._parts, now))
            outgoing = send(
                asked.write(),
                REQUEST,
                binding=binding,
                location=endpoint.location,
                relay_state=token,
                signer=self._parts.signer(role),
            )
            return leave(outgoing, self._parts.script_url)
        return self._finish(chain, now)

    def _finish(self, chain: Chain, now: Instant) -> Response:
        """Everybody who could be told has been: the initiator gets its answer (saml-profiles §4.4.3.4)."""
        self._record_end(chain)
        begun = chain.initiator
        if begun is None:
            missed = tuple(chain.missed)
            return logout_page(missed) if chain.then is None else redirect(chain.then)
        peer = peer_of(begun.entity_id, self._parts, now)
        found = preferred_endpoint(peer.role.single_logout_services, (begun.binding, *_BROWSER))
        if found is None:
            raise MessageRefused(MessageReason.LOGOUT_ENDPOINT_MISSING)
        binding, endpoint = found
        location = endpoint.answers_at
        answer = self._answer(begun.request_id, _status(chain), location, now)
        outgoing = send(
            answer.write(),
            RESPONSE,
            binding=binding,
            location=location,
            relay_state=begun.relay_state,
            signer=self._parts.signer(peer.role),
        )
        return leave(outgoing, self._parts.script_url)

    def _tell_directly(self, chain: Chain, now: Instant) -> None:
        """Tell those that can be reached without the browser; the others stay to be told."""
        remaining = []
        for place, one in enumerate(chain.todo):
            there = None
            if self._parts.http is not None and place < _MOST_TOLD:
                there = self._endpoint(one, (Binding.SOAP,), now)
            if there is None:
                remaining.append(one)
            elif self._told_by_soap(one, there[0], there[2], now):
                chain.done += 1
            else:
                chain.missed.append(one.entity_id)
        chain.missed += [one.entity_id for one in remaining[_MOST_TOLD:]]
        chain.todo = remaining[:_MOST_TOLD]

    def _told_by_soap(self, one: Told, role: Role, endpoint: Endpoint, now: Instant) -> bool:
        """Whether a service said by SOAP that its session ended. What goes wrong there is no matter here."""
        http = self._parts.http
        if http is None:
            return False
        asked = self._request(one, endpoint.location, now)
        signed = sign_element(asked.write(), self._parts.signer(role))
        try:
            answer = http.send(
                "POST",
                endpoint.location,
                headers={
                    "Content-Type": soap.MEDIA_TYPE,
                    "SOAPAction": f'"{soap.SOAP_ACTION}"',
                },
                body=soap.put_on(signed),
                timeout=_SOAP_SECONDS,
            )
            if answer.status != 200:
                return False
            came = soap_arrival(answer.body, RESPONSE)
            signatures = self._parts.settings.signatures
            read = LogoutResponse.read(came.verified(role.verification_keys, signatures))
        except HkeidError:
            return False
        return (
            read.issuer == one.entity_id
            and read.in_response_to == asked.id
            and read.status.success
            and StatusCode.PARTIAL_LOGOUT.value not in read.status.codes
        )

    def _endpoint(
        self, one: Told, bindings: tuple[Binding, ...], now: Instant
    ) -> tuple[Role, Binding, Endpoint] | None:
        try:
            role = peer_of(one.entity_id, self._parts, now).role
        except HkeidError:
            # It may have left since: then nobody can tell it.
            return None
        found = preferred_endpoint(role.single_logout_services, bindings)
        return None if found is None else (role, *found)

    def _request(self, one: Told, location: str, now: Instant) -> LogoutRequest:
        return LogoutRequest(
            id=new_identifier(self._parts.random),
            issued_at=now,
            issuer=self._parts.entity_id,
            destination=location,
            name_id=one.name(self._parts.entity_id),
            session_indexes=(one.session_index,),
            reason=LogoutCause.USER.value,
            not_on_or_after=now + self._parts.settings.message_lifetime,
        )

    def _answer(
        self, request_id: str, status: SamlStatus, location: str | None, now: Instant
    ) -> LogoutResponse:
        return LogoutResponse(
            id=new_identifier(self._parts.random),
            issued_at=now,
            issuer=self._parts.entity_id,
            destination=location,
            in_response_to=request_id,
            status=status,
        )

    def _record_end(self, chain: Chain) -> None:
        begun = chain.initiator
        with self._parts.store.transaction() as tx:
            tx.audit.append(
                LogoutFinished(
                    initiator=None if begun is None else begun.entity_id,
                    told=chain.done,
                    missed=tuple(chain.missed),
                )
            )


def _status(chain: Chain) -> SamlStatus:
    """saml-core §3.7.3.2: PartialLogout where somebody was not told."""
    return _PARTIAL if chain.missed else SUCCESS


def _note(chain: Chain, entity_id: str, status: SamlStatus) -> None:
    if status.success and StatusCode.PARTIAL_LOGOUT.value not in status.codes:
        chain.done += 1
    else:
        chain.missed.append(entity_id)


def _forget(tx: IdentityProviderTransaction, there: Iterable[Participation]) -> None:
    for session_id, entity_id in {(one.session_id, one.entity_id) for one in there}:
        tx.participations.remove(session_id, entity_id)


def _fits(one: Participation, name: NameId, identity_provider: str) -> bool:
    """saml-core §3.7.3.1: the same name, format and qualifiers; what is left out is ours and theirs."""
    return (
        name.format in (one.name_id_format, None, NameIdFormat.UNSPECIFIED.value)
        and name.name_qualifier in (None, identity_provider)
        and name.sp_name_qualifier in (None, one.entity_id)
    )
