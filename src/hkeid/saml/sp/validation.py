"""Whether a Response that the kernel answers for is what was waited for (saml-profiles §4.1.4.2, §4.1.4.3).

The order: to whom and in answer to what, then how it went, then each assertion. Everything is refused that does not
fit; nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import EncryptionRefused, Reason, SignedElement, VerifiedResponse
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import (
    CONFIRMATION_BEARER,
    Assertion,
    Attribute,
    AuthnStatement,
    Conditions,
    MessageReason,
    MessageRefused,
    NameId,
    NameIdFormat,
    ProxyRestriction,
    Response,
    Subject,
    SubjectConfirmation,
)
from hkeid.saml.messages.freshness import once
from hkeid.saml.sp.authentication import Authentication, Expectation
from hkeid.saml.sp.errors import StatusRefused

ASSERTION_KIND = "saml_sp_assertion"
_END = datetime.max.replace(tzinfo=UTC)
"""Which some write for "never": nothing may be added to what a peer says."""


def validate(
    verified: VerifiedResponse,
    assertions: Sequence[SignedElement],
    expected: Expectation,
    now: Instant,
    open_name_id: Callable[[XmlElement], NameId] | None = None,
) -> Authentication:
    """The authentication that a Response proves. Replay is not looked at here: see ``Authentication.once``.

    :param assertions: all assertions of the Response, those that came encrypted too.
    :param open_name_id: opens a saml:EncryptedID; None: there is no key for one.
    :raises hkeid.saml.dsig.EncryptionRefused: a name identifier does not open.
    :raises SamlMalformed: what is wrong with a message.
    :raises MessageRefused: the rule that is broken.
    :raises StatusRefused: ``saml_status``.
    """
    response = Response.read(verified.message)
    check_response(response, expected, now, signed=verified.signed_message is not None)
    if not assertions:
        raise MessageRefused(MessageReason.ASSERTION_MISSING)
    read = [_opened(Assertion.read(one), open_name_id) for one in assertions]
    return validate_assertions(read, expected, now)


def _opened(one: Assertion, open_name_id: Callable[[XmlElement], NameId] | None) -> Assertion:
    subject = one.subject
    if subject is None or subject.encrypted_id is None:
        return one
    if open_name_id is None:
        raise EncryptionRefused(Reason.DECRYPTION_FAILED)
    name = open_name_id(subject.encrypted_id)
    return replace(one, subject=replace(subject, name_id=name, encrypted_id=None))


def check_response(
    response: Response, expected: Expectation, now: Instant, *, signed: bool
) -> None:
    """The rules for what is around the assertions.

    :raises MessageRefused: the rule that is broken.
    :raises StatusRefused: ``saml_status``.
    """
    if response.destination is not None:
        if response.destination != expected.acs:
            raise MessageRefused(MessageReason.DESTINATION)
    elif signed:
        # saml-bindings §3.5.5.2: a signed message MUST say where it is sent.
        raise MessageRefused(MessageReason.DESTINATION_MISSING)
    if response.issuer is not None:
        if response.issuer != expected.identity_provider:
            raise MessageRefused(MessageReason.ISSUER_UNEXPECTED)
    elif signed:
        # saml-profiles §4.1.4.2: Issuer may be left out only where the Response is not signed.
        raise MessageRefused(MessageReason.ISSUER_MISSING)
    if response.in_response_to != expected.request_id:
        raise MessageRefused(MessageReason.IN_RESPONSE_TO)
    if response.issued_at > now + expected.skew:
        raise MessageRefused(MessageReason.ISSUED_TOO_EARLY)
    if not response.status.success:
        raise StatusRefused(response.status, answered_for=signed)


def validate_assertions(
    assertions: Sequence[Assertion], expected: Expectation, now: Instant
) -> Authentication:
    """The authentication that assertions prove together.

    :raises MessageRefused: the rule that is broken.
    """
    statements: list[AuthnStatement] = []
    attributes: list[Attribute] = []
    proxy: ProxyRestriction | None = None
    used = []
    skew = expected.skew
    subject = _one_subject(assertions)
    for one in assertions:
        if one.issuer != expected.identity_provider:
            raise MessageRefused(MessageReason.ASSERTION_ISSUER)
        if one.issued_at > now + skew:
            raise MessageRefused(MessageReason.ISSUED_TOO_EARLY)
        until = _check_subject(one.subject, expected, now)
        conditions = _check_conditions(one.conditions, expected, now)
        statements += one.authn_statements
        attributes += one.attributes
        proxy = _both(proxy, conditions.proxy_restriction)
        # saml-profiles §4.1.4.5: the ID is kept for as long as the assertion would be taken.
        until = min(until, _END - 2 * skew) + 2 * skew
        used.append(once(ASSERTION_KIND, one.issuer, one.id, now=now, until=until))
    if not statements:
        raise MessageRefused(MessageReason.AUTHN_STATEMENT_MISSING)
    for statement in statements:
        _check_statement(statement, expected, now)
    if subject is None and expected.require_name_id:
        raise MessageRefused(MessageReason.NAME_ID_MISSING)
    ends = [one.session_not_on_or_after for one in statements if one.session_not_on_or_after]
    first = statements[0]
    return Authentication(
        identity_provider=expected.identity_provider,
        name_id=subject,
        authenticated_at=min(first.authenticated_at, now),
        context=first.context,
        session_index=first.session_index,
        session_not_on_or_after=min(ends, default=None),
        attributes=tuple(attributes),
        one_time_use=any(one.conditions and one.conditions.one_time_use for one in assertions),
        proxy_restriction=proxy,
        solicited=expected.request_id is not None,
        once=tuple(used),
    )


def _both(one: ProxyRestriction | None, other: ProxyRestriction | None) -> ProxyRestriction | None:
    """What keeps to both restrictions; nobody, where they leave no audience."""
    if one is None or other is None:
        return one or other
    counts = [count for count in (one.count, other.count) if count is not None]
    common = [audience for audience in one.audiences if audience in other.audiences]
    if one.audiences and other.audiences and not common:
        return ProxyRestriction(count=0)
    audiences = tuple(common) or one.audiences or other.audiences
    return ProxyRestriction(count=min(counts, default=None), audiences=audiences)


def _one_subject(assertions: Sequence[Assertion]) -> NameId | None:
    """saml-profiles §4.1.4.2: all assertions are about the same principal."""
    subjects = [one.subject for one in assertions]
    names = [None if one is None else one.name_id for one in subjects]
    if len(names) > 1 and any(one != names[0] for one in names):
        raise MessageRefused(MessageReason.SUBJECTS_DIFFER)
    return names[0]


def _check_subject(subject: Subject | None, expected: Expectation, now: Instant) -> Instant:
    """Until when the subject may be presented here: at least one bearer confirmation keeps every rule.

    saml-profiles §4.1.4.2: bearer, Recipient, NotOnOrAfter, InResponseTo, and no NotBefore.
    """
    if subject is None:
        raise MessageRefused(MessageReason.SUBJECT_MISSING)
    name = subject.name_id
    if (
        name is not None
        and name.format in _QUALIFIED
        and name.sp_name_qualifier not in (None, expected.service_provider)
    ):
        raise MessageRefused(MessageReason.NAME_ID_QUALIFIER)
    reason = MessageReason.CONFIRMATION_METHOD
    for one in subject.confirmations:
        if one.method == CONFIRMATION_BEARER:
            broken = _broken(one, expected, now)
            if broken is None and one.not_on_or_after is not None:
                return one.not_on_or_after
            reason = broken or reason
    raise MessageRefused(reason)


_QUALIFIED = frozenset({NameIdFormat.PERSISTENT.value, NameIdFormat.TRANSIENT.value})


def _broken(one: SubjectConfirmation, expected: Expectation, now: Instant) -> MessageReason | None:
    """The rule that a bearer confirmation breaks, or None."""
    if one.recipient != expected.acs:
        return MessageReason.CONFIRMATION_RECIPIENT
    if one.not_before is not None:
        return MessageReason.CONFIRMATION_NOT_BEFORE
    if one.not_on_or_after is None or now - expected.skew >= one.not_on_or_after:
        return MessageReason.CONFIRMATION_EXPIRED
    if one.in_response_to != expected.request_id:
        # saml-profiles §4.1.5: an answer that nobody asked for has none either.
        return MessageReason.CONFIRMATION_IN_RESPONSE_TO
    return None


def _check_conditions(
    conditions: Conditions | None, expected: Expectation, now: Instant
) -> Conditions:
    """saml-core §2.5.1; saml-profiles §4.1.4.2: an AudienceRestriction that names us."""
    if conditions is None:
        raise MessageRefused(MessageReason.CONDITIONS_MISSING)
    if conditions.not_before is not None and now + expected.skew < conditions.not_before:
        raise MessageRefused(MessageReason.CONDITIONS_NOT_YET)
    if conditions.not_on_or_after is not None and now - expected.skew >= conditions.not_on_or_after:
        raise MessageRefused(MessageReason.CONDITIONS_EXPIRED)
    if not conditions.audiences:
        raise MessageRefused(MessageReason.AUDIENCE_MISSING)
    for audiences in conditions.audiences:
        if expected.service_provider not in audiences:
            raise MessageRefused(MessageReason.AUDIENCE)
    return conditions


def _check_statement(one: AuthnStatement, expected: Expectation, now: Instant) -> None:
    """saml-core §2.7.2, §3.4.1 (ForceAuthn), §3.3.2.2.1 (what was asked for)."""
    skew = expected.skew
    if one.session_not_on_or_after is not None and now - skew >= one.session_not_on_or_after:
        raise MessageRefused(MessageReason.SESSION_EXPIRED)
    if one.authenticated_at > now + skew:
        raise MessageRefused(MessageReason.AUTHN_INSTANT_FUTURE)
    if expected.fresh_since is not None and one.authenticated_at + skew < expected.fresh_since:
        raise MessageRefused(MessageReason.AUTHN_NOT_FRESH)
    if expected.max_age is not None and now > one.authenticated_at + expected.max_age + skew:
        raise MessageRefused(MessageReason.AUTHN_TOO_OLD)
    if expected.classes and one.context.class_ref not in expected.classes:
        raise MessageRefused(MessageReason.AUTHN_CONTEXT)
