"""Responses: the good ones, and those that say why not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.doors.subjects import session_identifier
from hkeid.identity.authentication import Proxying, SessionView
from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import (
    OAEP_SHA1,
    OAEP_SHA256,
    ContentCipher,
    Element,
    OaepParameters,
    encrypt_assertion,
    sign_element,
)
from hkeid.saml.idp.naming import name_id, subject_identifiers
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import Participation
from hkeid.saml.idp.services import Encrypts, Signs
from hkeid.saml.idp.trust import Peer
from hkeid.saml.idp.wanted import Wanted
from hkeid.saml.messages import (
    SUCCESS,
    Assertion,
    Attribute,
    AuthnContext,
    AuthnStatement,
    Conditions,
    MessageReason,
    MessageRefused,
    NameId,
    ProxyRestriction,
    Response,
    SamlStatus,
    StatusCode,
    Subject,
    SubjectConfirmation,
    failure,
    new_identifier,
)
from hkeid.saml.metadata import RoleKey, SpRole

_OAEP_XENC11 = OAEP_SHA256.algorithm

_STATUSES: dict[str, tuple[StatusCode, StatusCode | None]] = {
    MessageReason.NAME_ID_FORMAT: (StatusCode.REQUESTER, StatusCode.INVALID_NAME_ID_POLICY),
    MessageReason.PASSIVE: (StatusCode.RESPONDER, StatusCode.NO_PASSIVE),
    MessageReason.AUTHN_CONTEXT_UNREACHABLE: (StatusCode.RESPONDER, StatusCode.NO_AUTHN_CONTEXT),
    MessageReason.PROXY_COUNT: (StatusCode.RESPONDER, StatusCode.PROXY_COUNT_EXCEEDED),
    MessageReason.IDP_NOT_LISTED: (StatusCode.RESPONDER, StatusCode.NO_SUPPORTED_IDP),
    MessageReason.SUBJECT_IN_REQUEST: (StatusCode.RESPONDER, StatusCode.UNKNOWN_PRINCIPAL),
    MessageReason.SUBJECT_ID_REQUIRED: (StatusCode.RESPONDER, StatusCode.REQUEST_DENIED),
    MessageReason.ATTRIBUTE_SERVICE_UNKNOWN: (StatusCode.REQUESTER, StatusCode.REQUEST_DENIED),
    MessageReason.DECLINED: (StatusCode.RESPONDER, StatusCode.REQUEST_DENIED),
    MessageReason.LOGIN_FAILED: (StatusCode.RESPONDER, StatusCode.AUTHN_FAILED),
    MessageReason.UPSTREAM_UNAVAILABLE: (StatusCode.RESPONDER, StatusCode.NO_AVAILABLE_IDP),
    MessageReason.ENCRYPTION_KEY_MISSING: (StatusCode.RESPONDER, None),
}


def status_of(error: MessageRefused) -> SamlStatus:
    """How a refusal is told to a service (saml-core §3.2.2.2)."""
    top, lower = _STATUSES.get(error.reason, (StatusCode.RESPONDER, None))
    return failure(top, lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A Response with what has to be kept of it."""

    response: Element = field(repr=False)
    assertion_id: str
    participation: Participation


def issue(
    wanted: Wanted,
    peer: Peer,
    session: SessionView,
    class_ref: str,
    released: tuple[Attribute, ...],
    parts: Parts,
    now: Instant,
) -> Issued:
    """A Response with an assertion about the session's resident.

    :param class_ref: the context to state.
    :param released: attributes that the resident has agreed to.
    :raises MessageRefused: ``saml_encryption_key_missing``: the service's assertions are encrypted always, and
        there is no key for that.
    """
    about, service = session.authentication, peer.service
    name = name_id(
        wanted.name_id_format,
        identity_provider=parts.entity_id,
        service=service,
        resident_id=about.resident_id,
        keys=parts.keys,
        random=parts.random,
    )
    index = session_identifier(parts.keys, service.entity_id, session.session_id)
    ends = _end(session, parts, now)
    authority = parts.origins.authority(session)
    statement = AuthnStatement(
        authenticated_at=about.authenticated_at,
        context=AuthnContext(
            class_ref=class_ref, authorities=() if authority is None else (authority,)
        ),
        session_index=index,
        session_not_on_or_after=ends,
    )
    identifiers = subject_identifiers(
        wanted.subject_id,
        service=service,
        resident_id=about.resident_id,
        keys=parts.keys,
        scope=parts.settings.scope,
    )
    assertion = _assertion(wanted, name, statement, (*identifiers, *released), parts, now)
    assertion = _restricted(assertion, session.proxying)
    return Issued(
        response=_written(wanted, peer, assertion, parts, now),
        assertion_id=assertion.id,
        participation=Participation(
            session_id=session.session_id,
            entity_id=service.entity_id,
            session_index=index,
            name_id=name.value,
            name_id_format=wanted.name_id_format.value,
            created_at=now,
            expires_at=ends + timedelta(days=1),
        ),
    )


def _end(session: SessionView, parts: Parts, now: Instant) -> Instant:
    """SessionNotOnOrAfter: no later than an upstream lets its own session be (saml-core §2.7.2)."""
    settings = parts.settings
    about = session.authentication
    ends = max(
        about.authenticated_at + settings.session_lifetime, now + settings.assertion_lifetime
    )
    return ends if session.ends_at is None else min(ends, session.ends_at)


def _assertion(
    wanted: Wanted,
    name: NameId,
    statement: AuthnStatement,
    said: tuple[Attribute, ...],
    parts: Parts,
    now: Instant,
) -> Assertion:
    """saml-profiles §4.1.4.2: a bearer's, for one service, for minutes."""
    until = now + parts.settings.assertion_lifetime
    confirmation = SubjectConfirmation(
        recipient=wanted.acs, not_on_or_after=until, in_response_to=wanted.request_id
    )
    return Assertion(
        id=new_identifier(parts.random),
        issued_at=now,
        issuer=parts.entity_id,
        subject=Subject(name_id=name, confirmations=(confirmation,)),
        conditions=Conditions(
            not_before=now - parts.settings.skew,
            not_on_or_after=until,
            audiences=((wanted.entity_id,),),
        ),
        authn_statements=(statement,),
        attributes=said,
    )


def _restricted(assertion: Assertion, proxying: Proxying | None) -> Assertion:
    """saml-core §2.5.1.6: what an upstream lets be passed on so far is passed on with one provider fewer."""
    if proxying is None or assertion.conditions is None:
        return assertion
    left = proxying.passed_on
    restriction = ProxyRestriction(count=left.count, audiences=tuple(sorted(left.audiences)))
    conditions = replace(assertion.conditions, proxy_restriction=restriction)
    return replace(assertion, conditions=conditions)


def _written(
    wanted: Wanted, peer: Peer, assertion: Assertion, parts: Parts, now: Instant
) -> Element:
    """Signed and encrypted as the service needs it: signed first, encrypted then (saml-core §6.2)."""
    signer, signs = parts.signer(peer.role), peer.service.signs
    element = assertion.write()
    if signs is not Signs.RESPONSE or peer.role.wants_assertions_signed:
        element = sign_element(element, signer)
    key = encryption_key(peer)
    if key is not None:
        public, cipher, transport = key
        element = encrypt_assertion(
            element, public, parts.random, cipher=cipher, transport=transport
        )
    response = _around(wanted, SUCCESS, parts, now).write(element)
    return response if signs is Signs.ASSERTION else sign_element(response, signer)


def refusal(
    wanted: Wanted, role: SpRole, status: SamlStatus, parts: Parts, now: Instant
) -> Element:
    """A signed Response that says that nobody is logged in."""
    return sign_element(_around(wanted, status, parts, now).write(), parts.signer(role))


def _around(wanted: Wanted, status: SamlStatus, parts: Parts, now: Instant) -> Response:
    return Response(
        id=new_identifier(parts.random),
        issued_at=now,
        issuer=parts.entity_id,
        destination=wanted.acs,
        in_response_to=wanted.request_id,
        status=status,
    )


def encryption_key(
    peer: Peer,
) -> tuple[rsa.RSAPublicKey, ContentCipher, OaepParameters] | None:
    """With what an assertion for a service is encrypted; None: not at all.

    A service that lists methods and no AES-GCM among them is not sent CBC (SAML2int: no unauthenticated ciphers).

    :raises MessageRefused: ``saml_encryption_key_missing``.
    """
    wish = peer.service.encrypts
    if wish is Encrypts.NEVER:
        return None
    for key in peer.role.encryption_keys:
        cipher = _cipher(key)
        if isinstance(key.public, rsa.RSAPublicKey) and cipher is not None:
            return key.public, cipher, _transport(key)
    if wish is Encrypts.ALWAYS:
        raise MessageRefused(MessageReason.ENCRYPTION_KEY_MISSING)
    return None


def _cipher(key: RoleKey) -> ContentCipher | None:
    listed = [one.algorithm for one in key.encryption_methods]
    contents = [uri for uri in listed if "oaep" not in uri and "rsa-1_5" not in uri]
    if not contents:
        return ContentCipher.AES256_GCM
    return next((one for uri in contents for one in ContentCipher if one.uri == uri), None)


def _transport(key: RoleKey) -> OaepParameters:
    """RSA-OAEP of XML Encryption 1.1 only for who lists it: older peers know nothing but SHA-1 within it."""
    for method in key.encryption_methods:
        if method.algorithm == _OAEP_XENC11 and (
            method.digest == OAEP_SHA256.digest and method.mask == OAEP_SHA256.mgf
        ):
            return OAEP_SHA256
    return OAEP_SHA1
