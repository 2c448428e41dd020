"""The half of a relying party that asks who somebody is, beyond the login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.surroundings import Clock, HttpClient
from hkeid.rp.customer_records import KnowYourCustomerRecord, verify_record
from hkeid.rp.errors import LoginFailed
from hkeid.rp.provider import Provider
from hkeid.rp.records import Resident, changed
from hkeid.rp.userinfo import BearerAccess, ask_userinfo
from hkeid.rp.verified_claims import VerificationPolicy, accepted


class AsksForClaims:
    """Part of :class:`hkeid.rp.RelyingParty`."""

    issuer: str
    client_id: str
    provider: Provider
    _algorithms: frozenset[str]
    _userinfo_algorithm: str | None
    _verification: VerificationPolicy | None
    _http: HttpClient
    _timeout: float
    _clock: Clock

    def userinfo(self, resident: Resident) -> Resident:
        """The same resident with the claims that may be released now (OpenID Connect Core §5.3).

        Verified claims that the policy does not accept are left out.

        :raises LoginDeclined: ``userinfo_refused_invalid_token``: refresh, or log in again.
        :raises ProviderMisbehaved: see :func:`~hkeid.rp.userinfo.ask_userinfo`;
            ``verified_claims_malformed``.
        """
        if resident.tokens is None:
            raise LoginFailed("tokens_not_kept")
        signed = self._userinfo_algorithm
        claims, text = ask_userinfo(
            self._http,
            self.provider,
            access=BearerAccess(resident.tokens.access_token),
            subject=resident.sub,
            client_id=self.client_id,
            algorithms=self._algorithms if signed is None else frozenset({signed}),
            signed=signed is not None,
            timeout=self._timeout,
        )
        told = {**resident.claims, **self._accepted(claims)}
        return changed(resident, claims=told, signed_userinfo=text)

    def customer_record(self, resident: Resident) -> KnowYourCustomerRecord:
        """What the provider said about a resident who has just logged in, as it signed it, for the
        customer's file. Nothing is fetched anew.

        :raises ConfigurationError: ``userinfo_not_signed``: the client has not registered
            ``userinfo_signed_response_alg``, or this object was not told (``userinfo_algorithm``).
        :raises LoginFailed: ``userinfo_not_kept``: no UserInfo answer is there; log in anew, or call
            :meth:`userinfo`.
        :raises RecordRefused: there are no verified claims in it, or none that the policy accepts.
        """
        if self._userinfo_algorithm is None:
            raise ConfigurationError("userinfo_not_signed")
        if resident.signed_userinfo is None:
            raise LoginFailed("userinfo_not_kept")
        now = self._clock.now()
        record = KnowYourCustomerRecord(
            issuer=self.issuer,
            client_id=self.client_id,
            sub=resident.sub,
            userinfo=resident.signed_userinfo,
            keys=tuple(self.provider.keys()),
            obtained_at=now,
        )
        verify_record(record, now, policy=self._verification)
        return record

    def _accepted(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Claims, those verified ones left out that will not do."""
        if "verified_claims" not in claims:
            return dict(claims)
        return accepted(claims, self._verification or VerificationPolicy(), self._clock.now())
