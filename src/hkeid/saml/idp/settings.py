"""What an operator may choose about the identity provider. Every default is safe for production."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError
from hkeid.saml.dsig import DEFAULT_POLICY, SignaturePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviderSettings:
    """Lifetimes and rules.

    :ivar scope: domain behind the ``@`` of pairwise-id and subject-id (saml-subject-id-attr §3).
    :ivar require_signed_requests: of every service; else of those whose metadata or registration says so.
    :ivar assertion_lifetime: how long an assertion may be presented.
    :ivar session_lifetime: ``SessionNotOnOrAfter``: how long after the login a service may keep its session.
    :ivar message_lifetime: how old a request may be.
    :ivar artifact_lifetime: how long an artifact may be resolved.
    :ivar interaction_lifetime: how long a person may take over one page.
    :ivar logout_deadline: how long a service that wants a logout waits while all others are told by SOAP, one
        after the other; who was not told by then is told afterwards, and the answer is PartialLogout.
    :ivar skew: how far clocks may differ.
    :ivar refusals: of requests that anybody can send in a service's name, how many are recorded within
        ``refusal_window``; every one is answered all the same.
    """

    scope: str
    require_signed_requests: bool = False
    assertion_lifetime: timedelta = timedelta(minutes=5)
    session_lifetime: timedelta = timedelta(hours=12)
    message_lifetime: timedelta = timedelta(minutes=10)
    artifact_lifetime: timedelta = timedelta(minutes=2)
    interaction_lifetime: timedelta = timedelta(minutes=15)
    logout_deadline: timedelta = timedelta(seconds=5)
    skew: timedelta = timedelta(seconds=60)
    refusals: int = 1000
    refusal_window: timedelta = timedelta(minutes=15)
    signatures: SignaturePolicy = field(default=DEFAULT_POLICY)

    def check(self) -> None:
        """Refuse settings that cannot be meant.

        :raises ConfigurationError: ``setting_out_of_range``, naming the setting.
        """
        for name, most in _MOST.items():
            if not timedelta(0) < getattr(self, name) <= most:
                raise ConfigurationError("setting_out_of_range", detail=name)
        if not timedelta(0) <= self.skew <= timedelta(minutes=5):
            raise ConfigurationError("setting_out_of_range", detail="skew")
        if not self.scope or "@" in self.scope or len(self.scope) > 127 or self.refusals < 1:
            raise ConfigurationError("setting_out_of_range", detail="scope")


_MOST = {
    "assertion_lifetime": timedelta(minutes=30),
    "session_lifetime": timedelta(hours=24),
    "message_lifetime": timedelta(hours=1),
    "artifact_lifetime": timedelta(minutes=10),
    "interaction_lifetime": timedelta(hours=1),
    "logout_deadline": timedelta(seconds=30),
    "refusal_window": timedelta(days=1),
}
