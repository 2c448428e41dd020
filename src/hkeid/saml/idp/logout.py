"""Single logout: through the browser from service to service, and by SOAP (saml-profiles §4.4)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from hkeid.doors.logout.events import LogoutDelivered
from hkeid.doors.logout.telling import NotTold
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.http import Request, Response, redirect
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import Won
from hkeid.ports.surroundings import HttpClient
from hkeid.saml.dsig import decrypt_name_id, sign_element
from hkeid.saml.idp import paths
from hkeid.saml.idp.events import LogoutAsked, LogoutFinished
from hkeid.saml.idp.logout_chain import CHAIN_KIND, Chain, Initiator, find_chain
from hkeid.saml.idp.outbox import Errand, Way, conclude, leave_to_delivery, take_over
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import Participation
from hkeid.saml.idp.responses import (
    envelope,
    error_page,
    leave,
    logout_page,
    soap_fault,
)
from hkeid.saml.idp.telling import (
    logout_endpoint,
    says_ended,
    tell_by_soap,
    told_request,
    ways_of,
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
from hkeid.saml.metadata import preferred_endpoint
from hkeid.saml.own_keys import unwrappers

LOGOUT_KIND = "saml_idp_logout_request"
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
                return self._continue(came, request.browser, now)
            return self._asked(came, request, now)
        except (MalformedInput, Refused) as error:
            return error_page(error)

    def handle_envelope(self, request: Request) -> Response:
        """A LogoutRequest by SOAP: services that are reached through the browser alone are missed."""
        now = self._parts.clock.now()
        try:
            came = soap_arrival(request.body)
            peer, asked = self._read(came, paths.LOGOUT_SOAP, now)
            chain = self._end(peer, asked, came, Chain(), now)
        except (MalformedInput, Refused) as error:
            return soap_fault(error)
        self._record_end(chain)
        answer = self._answer(asked.id, _status(chain), None, now)
        signed = sign_element(answer.write(), self._parts.signer(peer.role))
        return envelope(soap.put_on(signed))

    def come_back(self, request: Request) -> Response:
        """The browser returns from a logout at the identity provider behind the hub, however that went."""
        now = self._parts.clock.now()
        token = request.query.get("logout") or ""
        try:
            chain = self._found(token, request.browser)
            if chain.waiting is not None:
                raise MessageRefused(MessageReason.IN_RESPONSE_TO)
            self._use_up(token, now)
            return self._finish(chain, now)
        except (MalformedInput, Refused) as error:
            return error_page(error)

    def propagate(
        self, session_id: str, *, browser: str | None, then: str | None = None
    ) -> Response | None:
        """Tell the services of a session of the hub that it has ended: through the browser those that are
        reached in no other way; the others are left to the delivery by SOAP, for which nobody waits.

        :param browser: as :attr:`hkeid.kernel.http.Request.browser`; no other goes on with it.
        :param then: an address of ours to which the browser goes in the end.
        :returns: None where no service has to be told through the browser.
        """
        now = self._parts.clock.now()
        ways = ways_of((session_id,), self._parts, now)
        with self._parts.store.transaction() as tx:
            shares = take_over(tx, (session_id,), now, ways=ways)
            for errand in shares.by_soap:
                leave_to_delivery(tx, errand, now, tried=False)
        if not shares.by_browser:
            return None
        chain = Chain(then=then, browser=browser)
        chain.queue(shares.by_browser)
        return self._advance(chain, now)

    def _asked(self, came: Arrival, request: Request, now: Instant) -> Response:
        peer, asked = self._read(came, paths.LOGOUT, now)
        session = self._parts.sessions.current(request.session, now)
        here = None if session is None else session.session_id
        chain = Chain(browser=request.browser, here=here)
        return self._advance(self._end(peer, asked, came, chain, now), now)

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

    def _end(
        self, peer: Peer, asked: LogoutRequest, came: Arrival, chain: Chain, now: Instant
    ) -> Chain:
        """End the sessions that are meant, tell who is told by SOAP, and see who else has to know.

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
            tx.audit.append(
                LogoutAsked(entity_id=entity_id, sessions=sessions, binding=came.binding.value)
            )
        for session_id in sessions:
            parts.ender.end(session_id)
        chain.initiator = Initiator(
            entity_id=entity_id,
            request_id=asked.id,
            binding=came.binding,
            relay_state=came.relay_state,
        )
        if chain.here not in sessions:
            chain.here = None
        self._tell_others(chain, sessions, now)
        return chain

    def _tell_others(self, chain: Chain, sessions: tuple[str, ...], now: Instant) -> None:
        """Those by SOAP at once, within one deadline for them all; the others stay to be told."""
        begun = chain.initiator
        initiator = None if begun is None else begun.entity_id
        ways = ways_of(sessions, self._parts, now)
        if chain.here is None:
            # A request to another service holds the name that one knows. Who brings a logout without the session
            # could be the service that asks for it, and would read that.
            ways = {one: way for one, way in ways.items() if way is not Way.BROWSER}
        with self._parts.store.transaction() as tx:
            shares = take_over(tx, sessions, now, ways=ways, initiator=initiator)
        chain.missed += shares.elsewhere
        chain.queue(shares.by_browser)
        if self._parts.http is not None:
            self._tell_directly(chain, shares.by_soap, self._parts.http)

    def _name(self, asked: LogoutRequest) -> NameId:
        if asked.name_id is not None:
            return asked.name_id
        return NameId.of(decrypt_name_id(asked.encrypted_id, unwrappers(self._parts.keys)))

    def _continue(self, came: Arrival, browser: str | None, now: Instant) -> Response:
        """A service has answered; its answer has to be the one that is waited for, in the browser that was sent.

        :raises MessageRefused: ``saml_in_response_to``, ``saml_issuer_unexpected``, ``saml_replayed`` …
        """
        token, parts = came.relay_state or "", self._parts
        chain = self._found(token, browser)
        if chain.waiting is None:
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
        self._use_up(token, now)
        _note(chain, entity_id, answer.status)
        chain.waiting = None
        return self._advance(chain, now)

    def _found(self, token: str, browser: str | None) -> Chain:
        with self._parts.store.transaction() as tx:
            chain = find_chain(tx.single_use, token)
        if chain is None:
            raise MessageRefused(MessageReason.IN_RESPONSE_TO)
        if chain.browser != browser:
            # The service itself, perhaps: the request to the next one is not for its eyes.
            raise MessageRefused(MessageReason.IN_RESPONSE_TO, detail="another browser")
        return chain

    def _use_up(self, token: str, now: Instant) -> None:
        with self._parts.store.transaction() as tx:
            if not isinstance(tx.single_use.use_up(CHAIN_KIND, secret_digest(token), now), Won):
                raise MessageRefused(MessageReason.REPLAYED)

    def _advance(self, chain: Chain, now: Instant) -> Response:
        """To the next service, or back to where it began."""
        while chain.todo:
            one = chain.todo.pop(0)
            there = logout_endpoint(one.entity_id, _BROWSER, self._parts, now)
            if there is None:
                chain.missed.append(one.entity_id)
                continue
            role, binding, endpoint = there
            asked = told_request(one, endpoint.location, self._parts, now, cause=LogoutCause.USER)
            chain.waiting = (one.entity_id, asked.id)
            token = self._parts.random.token()
            by_page = chain.needs_a_page(binding)
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
            return leave(outgoing, self._parts.script_url, by_page=by_page)
        return self._finish(chain, now)

    def _finish(self, chain: Chain, now: Instant) -> Response:
        """Everybody who could be told has been: the initiator gets its answer (saml-profiles §4.4.3.4)."""
        away = self._to_the_authority(chain, now)
        if away is not None:
            return away
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

    def _to_the_authority(self, chain: Chain, now: Instant) -> Response | None:
        """saml-core §3.7.3.2: to "any session authority on behalf of which the session authority proxied the
        principal's authentication"; once, and back to :meth:`come_back`.
        """
        session_id, chain.here = chain.here, None
        if session_id is None or chain.browser is None:
            return None
        token = self._parts.random.token()
        back_to = f"{paths.LOGOUT_BACK}?{urlencode({'logout': token})}"
        away = self._parts.authority.begin(session_id, browser=chain.browser, back_to=back_to)
        if away is not None:
            with self._parts.store.transaction() as tx:
                tx.single_use.put(chain.record(token, self._parts, now))
        return away

    def _tell_directly(self, chain: Chain, errands: list[Errand], http: HttpClient) -> None:
        """Tell services by SOAP while the initiator waits. Who was not told in time, or said no, is left to the
        delivery, and missed here.
        """
        clock, store = self._parts.clock, self._parts.store
        ends = clock.now() + self._parts.settings.logout_deadline
        for errand in errands:
            left = ends - clock.now()
            tried = left > timedelta(0)
            told = tried and self._told(errand, http, left)
            with store.transaction() as tx:
                if not told:
                    leave_to_delivery(tx, errand, clock.now(), tried=tried)
                elif conclude(tx, errand):
                    tx.audit.append(_delivered(errand))
            if told:
                chain.done += 1
            else:
                chain.missed.append(errand.entity_id)

    def _told(self, errand: Errand, http: HttpClient, left: timedelta) -> bool:
        seconds = left.total_seconds()
        try:
            tell_by_soap(errand.names, self._parts, http, timeout=seconds, cause=LogoutCause.USER)
        except NotTold:
            return False
        return True

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
    if says_ended(status):
        chain.done += 1
    else:
        chain.missed.append(entity_id)


def _delivered(errand: Errand) -> LogoutDelivered:
    notice = errand.notice
    return LogoutDelivered(
        client_id=notice.client_id, session_id=notice.session_id, attempts=notice.attempts
    )


def _fits(one: Participation, name: NameId, identity_provider: str) -> bool:
    """saml-core §3.7.3.1: the same name, format and qualifiers; what is left out is ours and theirs."""
    return (
        name.format in (one.name_id_format, None, NameIdFormat.UNSPECIFIED.value)
        and name.name_qualifier in (None, identity_provider)
        and name.sp_name_qualifier in (None, one.entity_id)
    )
