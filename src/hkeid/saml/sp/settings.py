"""What an operator may choose about our service provider. Every default is safe for production."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError
from hkeid.saml.dsig import DEFAULT_POLICY, EncryptionPolicy, SignaturePolicy

_MOST_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderSettings:
    """One service provider of ours.

    :ivar entity_id: our name.
    :ivar acs: address of our AssertionConsumerService (POST).
    :ivar artifact: address of our AssertionConsumerService for artifacts, or None.
    :ivar logout: address of our SingleLogoutService (Redirect and POST), or None.
    :ivar skew: how far clocks may differ, at most 5 minutes.
    :ivar login_lifetime: how long after its request an answer is taken.
    :ivar message_lifetime: how old a logout message may be.
    :ivar unsolicited: take a Response that nobody asked for (saml-profiles §4.1.5). Whoever can make a browser
        post can then log it in as somebody else; only for identity providers that know no other way.
    :ivar want_response_signed: refuse a Response of which only the assertions are signed.
    :ivar want_encrypted: refuse assertions that came in the clear.
    :ivar require_name_id: refuse a subject without name identifier.
    """

    entity_id: str
    acs: str
    artifact: str | None = None
    logout: str | None = None
    skew: timedelta = timedelta(seconds=60)
    login_lifetime: timedelta = timedelta(minutes=15)
    message_lifetime: timedelta = timedelta(minutes=5)
    unsolicited: bool = False
    want_response_signed: bool = False
    want_encrypted: bool = False
    require_name_id: bool = False
    signatures: SignaturePolicy = field(default=DEFAULT_POLICY)
    encryption: EncryptionPolicy = field(default_factory=EncryptionPolicy)

    def check(self) -> None:
        """Refuse settings that cannot be meant.

        :raises ConfigurationError: ``setting_out_of_range``, naming the setting.
        """
        if not timedelta(0) <= self.skew <= _MOST_SKEW:
            raise ConfigurationError("setting_out_of_range", detail="skew")
        for name in ("login_lifetime", "message_lifetime"):
            if not timedelta(0) < getattr(self, name) <= timedelta(hours=1):
                raise ConfigurationError("setting_out_of_range", detail=name)
