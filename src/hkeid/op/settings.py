"""What an operator may choose about the provider. Every default is safe for production."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

from hkeid.kernel.errors import ConfigurationError


class Profile(StrEnum):
    """What the provider is run for."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Lifetimes and limits.

    :ivar code_lifetime: authorization codes (at most 60 s, ASVS 10.4.3).
    :ivar id_token_lifetime: ``exp`` of ID tokens.
    :ivar refresh_idle: a refresh token that is not used for so long is dead.
    :ivar refresh_lifetime: absolute lifetime of a grant with ``offline_access``.
    :ivar refresh_grace: how long a rotated refresh token still gives the same successor, for a
        client that retries; 0: a second use is always a replay.
    :ivar pushed_lifetime: how long a pushed authorization request is good (RFC 9126 §2.2).
    :ivar require_pushed_authorization_requests: of every client; else each as it registered.
    :ivar interaction_lifetime: how long a person may take over one page, a visit to another identity provider
        included (iAM Smart gives 18 minutes).
    :ivar assertion_lifetime: how far ahead a client assertion may expire.
    :ivar clock_leeway: tolerated difference of clocks.
    :ivar client_cache: how long a registered client is kept in memory; a change of a client takes
        effect after so long at the latest.
    :ivar refusals: of what anybody can cause in a client's name (failed authentications, refused
        codes, refused refreshes, declined authorizations), how many of each are recorded within
        ``refusal_window``; every one is answered all the same.
    :ivar jwks_max_age: ``Cache-Control: max-age`` of the JWKS; keys must be published longer than
        this before they sign.
    """

    profile: Profile = Profile.PRODUCTION
    code_lifetime: timedelta = timedelta(seconds=60)
    access_token_lifetime: timedelta = timedelta(minutes=10)
    id_token_lifetime: timedelta = timedelta(minutes=10)
    refresh_idle: timedelta = timedelta(days=30)
    refresh_lifetime: timedelta = timedelta(days=180)
    refresh_grace: timedelta = timedelta(seconds=10)
    interaction_lifetime: timedelta = timedelta(minutes=20)
    pushed_lifetime: timedelta = timedelta(seconds=90)
    require_pushed_authorization_requests: bool = False
    assertion_lifetime: timedelta = timedelta(minutes=5)
    clock_leeway: timedelta = timedelta(seconds=10)
    client_cache: timedelta = timedelta(seconds=5)
    refusals: int = 1000
    refusal_window: timedelta = timedelta(minutes=15)
    jwks_max_age: timedelta = timedelta(minutes=15)
    service_documentation: str | None = None
    policy_uri: str | None = None

    def check(self) -> None:
        """Refuse settings that cannot be meant.

        :raises ConfigurationError: ``setting_out_of_range``, naming the setting.
        """
        may_be_zero = {"refresh_grace", "clock_leeway", "client_cache"}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, timedelta) and (
                value < timedelta(0) or (not value and one.name not in may_be_zero)
            ):
                raise _out_of_range(one.name)
        if self.refusals < 1:
            raise _out_of_range("refusals")
        for name, most in _MOST.items():
            if getattr(self, name) > most:
                raise _out_of_range(name)


_MOST = {
    "code_lifetime": timedelta(seconds=60),
    "access_token_lifetime": timedelta(hours=1),
    "refresh_grace": timedelta(minutes=2),
    "interaction_lifetime": timedelta(hours=1),
    "pushed_lifetime": timedelta(minutes=10),
    "clock_leeway": timedelta(minutes=1),
    "client_cache": timedelta(minutes=1),
}


def _out_of_range(name: str) -> ConfigurationError:
    return ConfigurationError("setting_out_of_range", detail=name)
