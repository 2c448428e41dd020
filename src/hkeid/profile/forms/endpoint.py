"""``/forms``: a relying party fetches a form with its access token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hkeid.doors.interactions import Interaction, Outcome
from hkeid.identity.authentication import SessionView
from hkeid.jose import sign_jwt
from hkeid.kernel.errors import NotFound
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.forms import FORM_JWT, FORM_PATH
from hkeid.oidc.scopes import OPENID
from hkeid.op.bearer_tokens import Bearer
from hkeid.op.responses import NO_STORE, direct_error, method_not_allowed, token_answer
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.surroundings import Clock
from hkeid.profile.forms.fetching import FilledForm, FormFetching


class TokenReader(Protocol):
    """Reads access tokens; :class:`hkeid.op.Provider` does."""

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        ...

    def bearer(self, request: Request) -> Bearer:
        """Whom the one access token of a request stands for.

        :raises OAuthError: ``invalid_request``, ``invalid_token``.
        """
        ...


class FormEndpoint:
    """The form endpoint. Its answers are signed, so that a relying party can keep them as proof.

    It is a door without interactions: the forms that it gives were asked for at the authorization endpoint.
    """

    __slots__ = ("_clock", "_fetching", "_keys", "_provider")

    paths: Mapping[str, tuple[str, ...]] = {FORM_PATH: ("GET",)}
    """Every path below the issuer, with its methods."""

    def __init__(
        self, provider: TokenReader, fetching: FormFetching, keys: KeyStore, clock: Clock
    ) -> None:
        self._provider = provider
        self._fetching = fetching
        self._keys = keys
        self._clock = clock

    def handle(self, request: Request) -> Response:
        """Answer with the form that the parameter ``form`` names, as a JWT (``application/jwt``), or with an
        OAuth error (RFC 6750 §3.1).

        404 ``form_not_available``: never sent to this relying party, fetched before, ended or withdrawn.
        """
        if request.method not in self.paths[FORM_PATH]:
            return method_not_allowed(self.paths[FORM_PATH])
        form = request.query.get("form")
        if form is None or len(request.query) > 1:
            return direct_error(invalid_request("form_missing", "Exactly 'form' must be given."))
        try:
            bearer = self._provider.bearer(request)
        except OAuthError as error:
            return direct_error(error)
        try:
            filled = self._fetching.fetch(
                bearer.grant.resident_id, bearer.known.client, form, bearer.authorisation
            )
        except NotFound:
            return token_answer(
                {
                    "error": "form_not_available",
                    "error_description": "There is nothing to fetch: not sent, fetched before, "
                    "ended or withdrawn. Ask the resident again.",
                },
                status=404,
            )
        return self._answer(bearer, filled)

    def look(
        self, interaction_id: str, browser: str | None, session: SessionView | None = None
    ) -> Interaction:
        """There are none.

        :raises NotFound: ``interaction_unknown``.
        """
        del interaction_id, browser, session
        raise NotFound("interaction_unknown")

    def resume(
        self,
        interaction_id: str,
        outcome: Outcome,
        *,
        browser: str | None,
        session: SessionView | None,
    ) -> Response:
        """There are none.

        :raises NotFound: ``interaction_unknown``.
        """
        del interaction_id, outcome, browser, session
        raise NotFound("interaction_unknown")

    def _answer(self, bearer: Bearer, filled: FilledForm) -> Response:
        client = bearer.known.client
        claims: dict[str, Any] = {
            "iss": self._provider.issuer,
            "aud": client.id,
            "iat": epoch_seconds(self._clock.now()),
            "jti": filled.id,
            "form": filled.form,
            "standing": filled.standing,
            "claims": dict(filled.claims),
            "sources": {claim: dict(source) for claim, source in filled.sources.items()},
            "acr": bearer.grant.acr.value,
        }
        if OPENID in bearer.token.scopes:
            # Without it nobody logged in: the form says what is in it, and no more.
            claims["sub"] = bearer.grant.subject
        algorithm = client.userinfo_signed_response_alg or client.id_token_signed_response_alg
        signed = sign_jwt(
            self._keys, KeyPurpose.TOKEN_SIGNING, claims, algorithm=algorithm, typ=FORM_JWT
        )
        return Response(
            status=200,
            headers=(("Content-Type", "application/jwt"), *NO_STORE),
            body=signed.encode("ascii"),
        )
