"""What happens next to an authorization request: pure decisions (OpenID Connect Core §3.1.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.prompts import Prompt
from hkeid.op.authorization.request import AuthorizationRequest
from hkeid.op.interactions import InteractionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A request on its way, with the stops that are behind it.

    :ivar done: interactions that the resident has been through.
    :ivar began: when the first of them began; an authentication since then is a fresh one.
    :ivar stale: the authentication that was there when it began: never a fresh one, although clocks
        may differ by more than its age.
    """

    request: AuthorizationRequest
    began: Instant
    stale: Instant | None = None
    done: frozenset[InteractionKind] = frozenset()

    def after(self, kind: InteractionKind, *, same_session: bool) -> Journey:
        """The journey with one more stop behind it.

        :param same_session: the session is the one with which the stop began. In another one
            somebody else may sit, and consent and approval are the resident's own: they are asked for
            again.
        """
        own = {InteractionKind.CONSENT, InteractionKind.APPROVAL}
        done = self.done if same_session else self.done - own
        return Journey(request=self.request, began=self.began, stale=self.stale, done=done | {kind})


@dataclass(frozen=True, slots=True)
class Ask:
    """A human is needed."""

    kind: InteractionKind
    claims: tuple[str, ...] = ()
    fresh: bool = False


_ASK_LOGIN = Ask(InteractionKind.LOGIN)
_ASK_FRESH_LOGIN = Ask(InteractionKind.LOGIN, fresh=True)
_ASK_ACCOUNT = Ask(InteractionKind.SELECT_ACCOUNT)


def decide_login(
    journey: Journey,
    session: SessionView | None,
    subject: str | None,
    now: Instant,
    leeway: timedelta,
) -> Ask | None:
    """Whether the session will do; None when it does.

    :param subject: the pairwise ``sub`` of the session's resident for this client.
    :raises OAuthError: it will not do, and nobody may be asked, or asking did not help.
    """
    wanted = journey.request
    logged_in = InteractionKind.LOGIN in journey.done
    if session is None:
        return _ask_or_refuse(wanted, _ASK_LOGIN, "session_missing")
    if not session.serves(wanted.client_id):
        return _decide_not_for_it(wanted, logged_in=logged_in)
    if wanted.expected and subject not in wanted.expected:
        if logged_in:
            raise _login_required("session_of_another")
        return _ask_or_refuse(wanted, _ASK_LOGIN, "session_of_another")
    fresh = _wants_fresh(wanted, session, now)
    if fresh and not (logged_in and _authenticated_since(journey, session, leeway)):
        return _ask_or_refuse(wanted, _ASK_FRESH_LOGIN, "session_not_fresh")
    if wanted.acr is not None and not session.authentication.acr.at_least(wanted.acr):
        step_up = _decide_step_up(wanted, logged_in=logged_in)
        if step_up is not None:
            return step_up
    if logged_in or InteractionKind.SELECT_ACCOUNT in journey.done or wanted.silent:
        return None
    if Prompt.SELECT_ACCOUNT in wanted.prompts or wanted.hinted not in (None, subject):
        return _ASK_ACCOUNT
    return None


def decide_consent(journey: Journey, undecided: frozenset[str]) -> Ask | None:
    """Whether the resident must be asked about claims; None when not.

    :param undecided: claims about which the resident has not decided for this client.
    :raises OAuthError: ``consent_required``: there is something to ask, and nobody may be asked.
    """
    wanted = journey.request
    if InteractionKind.CONSENT in journey.done:
        return None
    if Prompt.CONSENT in wanted.prompts:
        return Ask(InteractionKind.CONSENT, wanted.claims)
    if not undecided:
        return None
    if wanted.silent:
        raise OAuthError(
            ErrorCode.CONSENT_REQUIRED, "consent_missing", "The resident must be asked for consent."
        )
    return Ask(InteractionKind.CONSENT, tuple(name for name in wanted.claims if name in undecided))


def decide_approval(journey: Journey, *, needed: bool) -> Ask | None:
    """Whether the resident must approve an authorization detail; None when not.

    :param needed: the request has one that is approved by itself, and it has not been yet.
    :raises OAuthError: ``interaction_required``, reason ``approval_missing``.
    """
    if not needed:
        return None
    if journey.request.silent:
        raise OAuthError(
            ErrorCode.INTERACTION_REQUIRED, "approval_missing", "The resident must approve this."
        )
    return Ask(InteractionKind.APPROVAL)


def _wants_fresh(wanted: AuthorizationRequest, session: SessionView, now: Instant) -> bool:
    """``prompt=login``, or the authentication is older than ``max_age``; 0 is always older."""
    if Prompt.LOGIN in wanted.prompts or wanted.max_age == 0:
        return True
    if wanted.max_age is None:
        return False
    age = now - session.authentication.authenticated_at
    return age.total_seconds() > wanted.max_age


def _authenticated_since(journey: Journey, session: SessionView, leeway: timedelta) -> bool:
    at = session.authentication.authenticated_at
    return at != journey.stale and at >= journey.began - leeway


def _decide_step_up(wanted: AuthorizationRequest, *, logged_in: bool) -> Ask | None:
    """The session's rung is too low: an essential ``acr`` is a condition, others are a wish.

    For a wish the resident is asked once; the ID token says what rung it came to.
    """
    if wanted.acr_required and (wanted.silent or logged_in):
        raise OAuthError(
            ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
            "acr_unmet",
            "The requested level of authentication was not reached.",
        )
    return None if wanted.silent or logged_in else _ASK_LOGIN


def _decide_not_for_it(wanted: AuthorizationRequest, *, logged_in: bool) -> Ask:
    """An upstream proved it for others, or for us alone (saml-core §2.5.1.6): another login may do."""
    if logged_in:
        raise OAuthError(
            ErrorCode.ACCESS_DENIED,
            "upstream_forbids_proxying",
            "The login may not be passed on to this client.",
        )
    return _ask_or_refuse(wanted, _ASK_LOGIN, "session_for_others")


def _ask_or_refuse(wanted: AuthorizationRequest, ask: Ask, reason: str) -> Ask:
    if wanted.silent:
        raise _login_required(reason)
    return ask


def _login_required(reason: str) -> OAuthError:
    return OAuthError(ErrorCode.LOGIN_REQUIRED, reason, "The resident must log in.")
