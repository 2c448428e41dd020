"""A service is told by SOAP that a session ended (saml-core §3.7.1, saml-bindings §3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hkeid.doors.logout.records import LogoutNotice
from hkeid.doors.logout.telling import NotTold
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import HttpClient
from hkeid.saml.dsig import sign_element
from hkeid.saml.idp.logout_chain import Told
from hkeid.saml.idp.outbox import Way, entity_of, newest_names
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import Participation
from hkeid.saml.idp.trust import peer_of
from hkeid.saml.messages import (
    Binding,
    LogoutCause,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    MessageRefused,
    SamlStatus,
    StatusCode,
    new_identifier,
    soap,
)
from hkeid.saml.messages.bindings import RESPONSE, soap_arrival
from hkeid.saml.metadata import Endpoint, Role, preferred_endpoint

_ANSWER_LIMIT = 65_536
_HEADERS = {"Content-Type": soap.MEDIA_TYPE, "SOAPAction": f'"{soap.SOAP_ACTION}"'}
_GONE = frozenset({MessageReason.ENTITY_DISABLED, MessageReason.ENTITY_ROLE})


def logout_endpoint(
    entity_id: str, bindings: tuple[Binding, ...], parts: Parts, now: Instant
) -> tuple[Role, Binding, Endpoint] | None:
    """Where a service takes logout messages; None: nowhere, or it has left since."""
    try:
        role = peer_of(entity_id, parts, now).role
    except HkeidError:
        return None
    found = preferred_endpoint(role.single_logout_services, bindings)
    return None if found is None else (role, *found)


def ways_of(sessions: tuple[str, ...], parts: Parts, now: Instant) -> dict[str, Way]:
    """How services of sessions are told; without a carrier nobody by SOAP. Those of which metadata cannot be had
    now are not there. It is asked outside any transaction, since it may have to be fetched.
    """
    with parts.store.transaction() as tx:
        there = {one.entity_id for s in sessions for one in tx.participations.of_session(s)}
    wanted = () if parts.http is None else (Binding.SOAP,)
    found = {}
    for entity_id in sorted(there):
        try:
            role = peer_of(entity_id, parts, now).role
        except HkeidError:
            continue
        by_soap = preferred_endpoint(role.single_logout_services, wanted) is not None
        found[entity_id] = Way.SOAP if by_soap else Way.BROWSER
    return found


def told_request(
    one: Told, location: str, parts: Parts, now: Instant, *, cause: LogoutCause | None = None
) -> LogoutRequest:
    """A LogoutRequest to a service, with an ID of its own (saml-core §3.7.1)."""
    return LogoutRequest(
        id=new_identifier(parts.random),
        issued_at=now,
        issuer=parts.entity_id,
        destination=location,
        name_id=one.name(parts.entity_id),
        session_indexes=(one.session_index,),
        reason=None if cause is None else cause.value,
        not_on_or_after=now + parts.settings.message_lifetime,
    )


def says_ended(status: SamlStatus) -> bool:
    """Whether a service says that there is no such session (any more): it ended it, all of it (saml-core
    §3.7.3.2), or it knows nobody of that name, as after having been told before.
    """
    if status.success:
        return StatusCode.PARTIAL_LOGOUT.value not in status.codes
    return StatusCode.UNKNOWN_PRINCIPAL.value in status.codes


def tell_by_soap(
    names: Iterable[Participation],
    parts: Parts,
    http: HttpClient,
    *,
    timeout: float,
    cause: LogoutCause | None = None,
) -> None:
    """Tell a service of the end of a session, by each name that it knows there; signed, and the answer verified.

    :param names: of one service.
    :param timeout: seconds for all of it.
    :raises NotTold: ``no_soap_endpoint`` and ``client_not_registered`` for good; ``status_…``,
        ``saml_logout_failed``, the reason of the HTTP client or of a message that was not the answer.
    """
    ends = parts.clock.now().timestamp() + timeout
    for one in map(Told.of, names):
        now = parts.clock.now()
        left = ends - now.timestamp()
        if left <= 0:
            raise NotTold("deadline_passed", silent=True)
        role, endpoint = _soap_endpoint(one.entity_id, parts, now)
        asked = told_request(one, endpoint.location, parts, now, cause=cause)
        answer = _exchange(asked, role, endpoint, parts, http, timeout=min(left, timeout))
        if answer.issuer != one.entity_id:
            raise NotTold(MessageReason.ISSUER_UNEXPECTED)
        if answer.in_response_to != asked.id:
            raise NotTold(MessageReason.IN_RESPONSE_TO)
        if not says_ended(answer.status):
            raise NotTold("saml_logout_failed")


def _soap_endpoint(entity_id: str, parts: Parts, now: Instant) -> tuple[Role, Endpoint]:
    if parts.services.find(entity_id) is None:
        raise NotTold("client_not_registered", final=True)
    try:
        role = peer_of(entity_id, parts, now).role
    except MessageRefused as error:
        # Metadata that could not be fetched may be there for another process, or later.
        raise NotTold(error.reason, final=error.reason in _GONE) from None
    found = preferred_endpoint(role.single_logout_services, (Binding.SOAP,))
    if found is None:
        raise NotTold("no_soap_endpoint", final=True)
    return role, found[1]


def _exchange(
    asked: LogoutRequest,
    role: Role,
    endpoint: Endpoint,
    parts: Parts,
    http: HttpClient,
    *,
    timeout: float,
) -> LogoutResponse:
    try:
        answer = http.send(
            "POST",
            endpoint.location,
            headers=_HEADERS,
            body=soap.put_on(sign_element(asked.write(), parts.signer(role))),
            timeout=timeout,
            limit=_ANSWER_LIMIT,
        )
    except Unavailable as error:
        raise NotTold(error.reason, silent=True) from None
    except HkeidError as error:
        raise NotTold(error.reason) from None
    if answer.status != 200:
        raise NotTold(f"status_{answer.status}")
    try:
        came = soap_arrival(answer.body, RESPONSE)
        signatures = parts.settings.signatures
        return LogoutResponse.read(came.verified(role.verification_keys, signatures))
    except HkeidError as error:
        raise NotTold(error.reason) from None


class SoapTeller:
    """:class:`hkeid.doors.logout.telling.Teller` of services that come in by SAML.

    :param http: goes to addresses in services' metadata.
    :param timeout: seconds for telling one service of one session.
    """

    def __init__(self, parts: Parts, http: HttpClient, *, timeout: float) -> None:
        self._parts = parts
        self._http = http
        self._timeout = timeout

    def serves(self, client_id: str) -> bool:
        """See :class:`hkeid.doors.logout.telling.Teller`."""
        return entity_of(client_id) is not None

    def tell(self, notice: LogoutNotice) -> None:
        """See :class:`hkeid.doors.logout.telling.Teller`.

        :raises NotTold: as :func:`tell_by_soap`; ``participation_unknown`` for good: it logged out itself, or
            what we knew of its session has expired.
        """
        entity_id = entity_of(notice.client_id)
        with self._parts.store.transaction() as tx:
            there = tx.participations.of_session(notice.session_id)
        names = newest_names(one for one in there if one.entity_id == entity_id)
        if not names:
            raise NotTold("participation_unknown", final=True)
        tell_by_soap(names, self._parts, self._http, timeout=self._timeout)

    def forget(self, tx: Any, notice: LogoutNotice) -> None:
        """The participation has served."""
        entity_id = entity_of(notice.client_id)
        if entity_id is not None:
            tx.participations.remove(notice.session_id, entity_id)
