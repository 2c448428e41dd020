"""What the simulated company can do wrong beside :class:`hkeid.testing.fake_provider.Fault`."""

from __future__ import annotations

from enum import StrEnum


class CompanyFault(StrEnum):
    """Faults of pushed requests, proofs of possession and logout tokens."""

    PUSHED_REFUSED = "pushed-refused"
    PUSHED_NO_URI = "pushed-no-uri"
    DPOP_NONCE_WANTED = "dpop-nonce-wanted"
    """Wants a nonce in every proof. Nothing is wrong with that."""
    DPOP_NONCE_EVER_NEW = "dpop-nonce-ever-new"
    """Refuses every nonce and gives another."""
    DPOP_ANSWERED_BEARER = "dpop-answered-bearer"
    LOGOUT_ALG_NONE = "logout-alg-none"
    LOGOUT_ALG_HS256 = "logout-alg-hs256"
    LOGOUT_OTHER_KEY = "logout-other-key"
    LOGOUT_TYP_OTHER = "logout-typ-other"
    LOGOUT_ISSUER_OTHER = "logout-issuer-other"
    LOGOUT_AUDIENCE_OTHER = "logout-audience-other"
    LOGOUT_AUDIENCE_WITH_OTHERS = "logout-audience-with-others"
    LOGOUT_EXPIRED = "logout-expired"
    LOGOUT_FUTURE = "logout-future"
    LOGOUT_LONG_LIVED = "logout-long-lived"
    LOGOUT_IAT_MISSING = "logout-iat-missing"
    LOGOUT_EXP_MISSING = "logout-exp-missing"
    LOGOUT_TIME_TEXT = "logout-time-text"
    LOGOUT_JTI_MISSING = "logout-jti-missing"
    LOGOUT_EVENT_MISSING = "logout-event-missing"
    LOGOUT_EVENT_OTHER = "logout-event-other"
    LOGOUT_EVENT_TEXT = "logout-event-text"
    LOGOUT_NONCE = "logout-nonce"
    LOGOUT_NAMES_NOBODY = "logout-names-nobody"
    LOGOUT_SUBJECT_NUMBER = "logout-subject-number"
    LOGOUT_SESSION_LIST = "logout-session-list"
    LOGOUT_IS_ID_TOKEN = "logout-is-id-token"
    """An ID token is sent in the place of a logout token."""
