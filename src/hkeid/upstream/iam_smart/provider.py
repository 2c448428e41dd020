"""iAM Smart as an upstream: the browser's redirect with a code, and what is fetched with it.

It is like OAuth 2.0 but no OpenID Connect: there is no discovery, ID token, nonce or PKCE. What holds the
login together are the state, which comes back through the browser that left, and a code that is
redeemed over a channel both sides authenticate.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from hkeid.identity.language import Language
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.http import Parameters, Request, with_query
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.oidc.errors import ErrorCode
from hkeid.rp.records import same_text
from hkeid.upstream.attributes import NO_ATTRIBUTES, Attributes
from hkeid.upstream.contract import (
    Departure,
    UpstreamAuthentication,
    UpstreamKind,
    UpstreamRequest,
)
from hkeid.upstream.errors import (
    AnswerUnexpected,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamRefused,
)
from hkeid.upstream.iam_smart.api import IamSmartApi
from hkeid.upstream.iam_smart.assurance import FIDO, amr_of, authentication_word
from hkeid.upstream.iam_smart.codes import failure
from hkeid.upstream.iam_smart.person import IamSmartPerson, read_person
from hkeid.upstream.iam_smart.profile import read_profile
from hkeid.upstream.iam_smart.sources import is_phone, language_of, source_of

LIFETIME: Final = timedelta(minutes=18)
"""A login that has not come back by then counts as failed."""
_VERSION: Final = 1
_NAMES: Final = frozenset({"code", "state", "error_code", "businessID"})
_LONGEST_CODE: Final = 256


class IamSmartUpstream:
    """iAM Smart behind us. Safe to share between threads."""

    kind = UpstreamKind.IAM_SMART

    def __init__(self, api: IamSmartApi) -> None:
        self.api = api
        self.settings = api.settings

    @property
    def id(self) -> str:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.id

    @property
    def names(self) -> Mapping[Language, str]:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.names

    @property
    def authority(self) -> str:
        """Its host, which is all the name that iAM Smart has."""
        return self.settings.host

    def begin(self, request: UpstreamRequest) -> Departure:
        """The page with the QR code, or (on a phone) the one that opens the app. Everybody acts anew at
        iAM Smart, so ``fresh`` and ``max_age`` are met in any case.

        A rung that takes a card tap is reached by re-authentication after the login
        (:class:`~hkeid.upstream.iam_smart.calls.IamSmartCalls`).

        :raises UpstreamRefused: ``upstream_acr_out_of_reach``.
        """
        self.settings.assurance.require_reach(request.acr)
        source = source_of(request.user_agent)
        broker_page = self.settings.broker_page and is_phone(source)
        pairs = (
            ("clientID", self.settings.client_id),
            ("responseType", "code"),
            ("source", source),
            ("redirectURI", request.callback),
            ("scope", " ".join(self.settings.scopes)),
            ("lang", language_of(request.ui_locales)),
            ("state", request.state),
            ("brokerPage", "true" if broker_page else "false"),
        )
        kept = {
            "v": _VERSION,
            "client_id": self.settings.client_id,
            "state": request.state,
            "created": epoch_seconds(self.api.clock.now()),
        }
        url = with_query(self.settings.url("qr"), pairs)
        return Departure(to=url, kept=canonical_json.dumps(kept))

    def finish(self, kept: bytes, request: Request, now: Instant) -> UpstreamAuthentication:
        """Read the callback, redeem the code at once (it lives 30 seconds), fetch the profile.

        :raises AnswerUnexpected: ``login_state_malformed``, ``login_state_foreign``,
            ``login_state_expired``, ``state_missing``, ``state_mismatch``.
        :raises UpstreamFailed: the return codes' failures (:mod:`hkeid.upstream.iam_smart.codes`), ``callback_malformed``,
            ``iam_smart_login_declined``, ``scope_not_granted``, ``token_stale``,
            ``token_from_the_future`` and the reasons of :mod:`hkeid.upstream.iam_smart.person` and :mod:`hkeid.upstream.iam_smart.profile`.
        """
        state, created = self._read_kept(kept, now)
        code = _code_of(_parameters(request), state)
        content = self.api.call("token", {"code": code, "grantType": "authorization_code"})
        person = read_person(content, now)
        self._check_person(person, created, now)
        return self._authentication(person, self._profile(person), now)

    def _read_kept(self, kept: bytes, now: Instant) -> tuple[str, Instant]:
        try:
            members = canonical_json.loads_object(kept)
            state, created = members["state"], from_epoch_seconds(members["created"])
            fits = members["v"] == _VERSION and isinstance(state, str)
        except (MalformedInput, KeyError, TypeError, ValueError, OverflowError):
            raise AnswerUnexpected("login_state_malformed") from None
        if not fits:
            raise AnswerUnexpected("login_state_malformed")
        if members.get("client_id") != self.settings.client_id:
            raise AnswerUnexpected("login_state_foreign")
        if not created - timedelta(minutes=1) <= now < created + LIFETIME:
            raise AnswerUnexpected("login_state_expired")
        return state, created

    def _check_person(self, person: IamSmartPerson, created: Instant, now: Instant) -> None:
        """The token belongs to this login, by the clocks; the login was granted what it needs."""
        tolerance = timedelta(seconds=self.settings.tolerance)
        if person.issued_at < created - tolerance:
            raise UpstreamMisbehaved("token_stale")
        if person.issued_at > now + tolerance:
            raise UpstreamMisbehaved("token_from_the_future")
        if "eidapi_auth" not in person.scopes:
            raise UpstreamMisbehaved("scope_not_granted")

    def _profile(self, person: IamSmartPerson) -> Attributes:
        """The verified fields, synchronously, where the person agreed to that at login."""
        fields = self.settings.profile_fields
        if not fields or "eidapi_profiles" not in set(person.scopes) & set(self.settings.scopes):
            return NO_ATTRIBUTES
        content = self.api.call(
            "profiles",
            {
                "accessToken": person.access_token.reveal(),
                "openID": person.open_id,
                "profileFields": list(fields),
                "eMEFields": [],
            },
        )
        return read_profile(content, fields)

    def _authentication(
        self, person: IamSmartPerson, attributes: Attributes, now: Instant
    ) -> UpstreamAuthentication:
        word = authentication_word(FIDO, signs=person.signs)
        return UpstreamAuthentication(
            provider=self.id,
            subject=person.open_id,
            acr=self.settings.assurance.rung(word),
            upstream_acr=word,
            amr=amr_of(FIDO),
            # Their clock may be ahead of ours; nobody acted in our future.
            authenticated_at=min(person.issued_at, now),
            attributes=self.settings.mapping.apply({**attributes, **_about(person)}),
            continuation=person.encode(),
        )


def _about(person: IamSmartPerson) -> Mapping[str, tuple[str, ...]]:
    """What the token answer says of the account, for a mapping that wants it. ``lastModifiedDate`` (in seconds)
    moves when a verified attribute changes or the person registers again: a reason to look at the link anew.
    """
    account: dict[str, tuple[str, ...]] = {"userType": ("sign" if person.signs else "default",)}
    if person.modified_at is not None:
        account["lastModifiedDate"] = (str(epoch_seconds(person.modified_at)),)
    return account


def _parameters(request: Request) -> Parameters:
    if request.method != "GET" or _NAMES.intersection(request.query.repeated()):
        raise UpstreamMalformed("callback_malformed")
    return request.query


def _code_of(parameters: Parameters, state: str) -> str:
    """The code, or why there is none. A callback without our state is nobody's: a login that iAM Smart
    starts by itself (Direct Login) brings none, and could bring a stranger's.
    """
    given = parameters.get("state")
    if given is None:
        raise AnswerUnexpected("state_missing")
    if not same_text(given, state):
        raise AnswerUnexpected("state_mismatch")
    if (failed := parameters.get("error_code")) is not None:
        raise failure(failed)
    code = parameters.get("code")
    if not code:
        # A person who declines may come back with nothing but the state.
        raise UpstreamRefused("iam_smart_login_declined", code=ErrorCode.ACCESS_DENIED)
    if len(code) > _LONGEST_CODE or not code.isascii() or not code.isprintable():
        raise UpstreamMalformed("callback_malformed", field="code")
    return code
