"""What a login begins with and what it ends with: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from hkeid.identity.assurance import Acr
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.rp.errors import ProviderMisbehaved

if TYPE_CHECKING:
    from hkeid.rp.verified_claims import VerifiedClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that has begun.

    :ivar url: where to send the browser.
    :ivar state: what to keep for this browser, and nobody else, until it comes back: hand it to
        ``finish_login`` once, then forget it. Text; it holds the PKCE verifier, so it is not shown.
    :ivar confirmation_code: four characters to show the resident, who finds the same on the provider's
        page; None where there are none.
    """

    url: str
    state: str = field(repr=False)
    confirmation_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the token endpoint answered, verified where it can be.

    :ivar id_token: the ID token as it came; a hint for logging out.
    :ivar expires_at: when the access token ends, or None where the provider does not say.
    :ivar scope: the scope that was granted, or None where it is the one asked for.
    :ivar authorization_details: what was granted of them (RFC 9396 §7).
    """

    access_token: Secret
    id_token: Secret
    refresh_token: Secret | None = None
    expires_at: Instant | None = None
    scope: str | None = None
    authorization_details: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A resident who logged in, as verified.

    :ivar sub: the resident at this relying party; no other relying party sees the same value.
    :ivar acr: how well person and login were proved, or None where the provider does not say.
    :ivar amr: how the login was done (RFC 8176).
    :ivar auth_time: when the resident acted.
    :ivar sid: the provider's session, for logout.
    :ivar claims: personal claims that the resident agreed to release, by wire name.
    :ivar tokens: the tokens, or None where a kit did not keep them.
    :ivar signed_userinfo: the UserInfo answer as it was signed, or None: not signed, or not kept.
    """

    issuer: str
    sub: str = field(repr=False)
    acr: str | None = None
    amr: tuple[str, ...] = ()
    auth_time: Instant | None = None
    sid: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
    signed_userinfo: str | None = field(default=None, repr=False)

    @property
    def verified_claims(self) -> tuple[VerifiedClaims, ...]:
        """Claims that the provider verified, with what it tells of how; only those that the policy of the
        relying party accepted at the login.
        """
        if "verified_claims" not in self.claims:
            return ()
        from hkeid.rp.verified_claims import read_verified_claims

        return read_verified_claims(self.claims["verified_claims"])

    def reaches(self, acr: str) -> bool:
        """Whether this login is at ``acr`` or higher on the ladder; unknown values never are."""
        return reaches(self.acr, acr)

    def claim(self, name: str, language: str | None = None) -> Any:
        """A claim in the language asked for where there is one (OpenID Connect Core §5.2), or None.

        ``claim("name", "zh-Hant-HK")`` looks for ``name#zh-Hant-HK``, then for ``name``.
        """
        if language is not None and (tagged := f"{name}#{language}") in self.claims:
            return self.claims[tagged]
        return self.claims.get(name)


def changed(resident: Resident, **changes: Any) -> Resident:
    """The same resident with other values."""
    return replace(resident, **changes)


def continued(before: Resident, after: Resident) -> Resident:
    """A refreshed login is still the same authentication (OpenID Connect Core §12.2).

    :raises ProviderMisbehaved: ``id_token_auth_time_changed``.
    """
    if None not in (before.auth_time, after.auth_time) and before.auth_time != after.auth_time:
        raise ProviderMisbehaved("id_token_auth_time_changed")
    return changed(
        after,
        acr=after.acr or before.acr,
        amr=after.amr or before.amr,
        auth_time=after.auth_time or before.auth_time,
        sid=after.sid or before.sid,
    )


def reaches(reached: str | None, wanted: str) -> bool:
    """Whether ``reached`` is ``wanted`` or a higher rung; values off the ladder are equal or nothing."""
    if reached is None:
        return False
    try:
        return Acr(reached).at_least(Acr(wanted))
    except ValueError:
        return reached == wanted


def same_text(given: str, kept: str) -> bool:
    """Compare in constant time; any text will do, lone surrogates (JSON can hold them) included."""
    return compare_digest(
        given.encode("utf-8", "surrogatepass"), kept.encode("utf-8", "surrogatepass")
    )
