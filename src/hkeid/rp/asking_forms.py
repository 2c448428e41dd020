"""The half of a relying party that has forms filled; what it needs is loaded with the first one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hkeid.kernel.secret import Secret
from hkeid.oidc.forms import FORM_DETAIL, form_detail
from hkeid.oidc.scopes import OFFLINE_ACCESS, OPENID
from hkeid.ports.surroundings import Clock, HttpClient
from hkeid.rp import callback as responses
from hkeid.rp.authorization import authorization_request
from hkeid.rp.errors import FormNotSent, LoginDeclined, LoginFailed
from hkeid.rp.form_records import (
    FilledForm,
    FilledForms,
    FormRequestState,
    WantedForms,
    wanted_forms,
)
from hkeid.rp.id_token import Expected
from hkeid.rp.login_state import LoginState, SpentStates, spend
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import Provider
from hkeid.rp.records import Login, Resident, Tokens
from hkeid.rp.token_endpoint import ClientIdentity, post_form, read_access_token
from hkeid.rp.transport import check_url
from hkeid.rp.userinfo import BearerAccess


class AsksForForms:
    """Part of :class:`hkeid.rp.RelyingParty`."""

    issuer: str
    client_id: str
    provider: Provider
    _identity: ClientIdentity
    _algorithms: frozenset[str]
    _userinfo_algorithm: str | None
    _http: HttpClient
    _timeout: float
    _clock: Clock
    _spent: SpentStates
    _lifetime: timedelta

    if TYPE_CHECKING:

        @property
        def metadata(self) -> ProviderMetadata:
            """The provider's metadata."""

        def _new_login(
            self,
            redirect_uri: str,
            *,
            acr: str | None,
            max_age: int | None,
            again: bool,
            subject: str | None,
            userinfo: bool,
        ) -> LoginState: ...
        def _begun(
            self, login: LoginState, request: Mapping[str, str], *, details: bool
        ) -> Login: ...
        def _read_state(self, state: str) -> LoginState: ...
        def _proof(self, metadata: ProviderMetadata) -> tuple[dict[str, str], dict[str, str]]: ...
        def _ask_tokens(self, form: dict[str, str], before: Tokens | None = None) -> Tokens: ...
        def _expected(self, login: LoginState, tokens: Tokens) -> Expected: ...
        def _verified(
            self, tokens: Tokens, expected: Expected, known: Mapping[str, Any]
        ) -> Resident: ...

    def start_form(
        self,
        forms: WantedForms,
        *,
        redirect_uri: str,
        login: bool = False,
        lasting: bool = False,
        subject: str | None = None,
        id_token_hint: str | None = None,
        acr: str | None = None,
        ui_locales: str | Iterable[str] = (),
    ) -> Login:
        """Have forms filled: where to send the browser, and what to remember until it is back.

        Each form is registered with the provider, with its purpose; the resident sees every value, may write
        another one, leaves out what is voluntary, and sends each form or does not.

        :param forms: ids of forms; or by id the fields that are wanted, None for all.
        :param redirect_uri: registered with the provider; the browser comes back there.
        :param login: the resident logs in with it. False: nobody is logged in, and the forms say no more than
            what is in them.
        :param lasting: ask for a refresh token, to fetch forms that the resident lets stand later (with
            ``login``).
        :param subject: only this ``sub`` will do (with ``login``).
        :param acr: the lowest rung that will do (with ``login``).
        :raises hkeid.kernel.errors.MalformedInput: ``forms_missing``, ``forms_too_many``; the redirect URI is no
            ``https`` (or loopback) URL.
        :raises hkeid.kernel.errors.ConfigurationError: ``pushing_unsupported``.
        """
        check_url(redirect_uri, field="redirect_uri")
        wanted = wanted_forms(forms)
        kept = self._new_login(
            redirect_uri, acr=acr, max_age=None, again=False, subject=subject, userinfo=False
        )
        scopes = (OPENID, *((OFFLINE_ACCESS,) if lasting else ())) if login else ()
        request = authorization_request(
            kept,
            scopes,
            claims={},
            prompt="consent" if login and lasting else None,
            ui_locales=ui_locales,
            login_hint=None,
            id_token_hint=id_token_hint,
            authorization_details=(form_detail(wanted),),
        )
        begun = self._begun(kept, request, details=True)
        state = FormRequestState(login=kept, forms=tuple(wanted), names_resident=login)
        return Login(url=begun.url, state=state.encode(), confirmation_code=begun.confirmation_code)

    def finish_form(self, state: str, callback: responses.Callback) -> FilledForms:
        """Fetch what the resident sent.

        :param state: ``Login.state`` of :meth:`start_form`, as kept for this very browser.
        :param callback: the URL that the browser came back to, or its parameters.
        :raises FormNotSent: the resident sent nothing, or it cannot be fetched any more.
        :raises StartAgain: this browser did not begin this, or it is over.
        :raises LoginFailed: as :meth:`hkeid.rp.RelyingParty.finish_login` does.
        """
        kept = FormRequestState.decode(state)
        login = self._read_state(kept.login.encode())
        parameters = responses.read_callback(callback)
        responses.check_state(parameters, login)
        responses.check_issuer(parameters, self.metadata)
        spend(self._spent, login, self._lifetime, self._clock.now())
        try:
            code = responses.read_code(parameters)
        except LoginDeclined as declined:
            if declined.error != "access_denied":
                raise
            raise FormNotSent("form_declined", error=declined.error) from declined
        resident, access, details = self._redeemed(kept, code)
        forms = {}
        for form in _granted(details):
            if form in kept.forms:
                with suppress(FormNotSent):  # withdrawn since; the others are there all the same
                    forms[form] = self._form(
                        form, access, None if resident is None else resident.sub
                    )
        if not forms:
            raise FormNotSent("form_declined")
        return FilledForms(forms=forms, resident=resident)

    def fetch_form(self, resident: Resident, form: str) -> FilledForm:
        """A form that the resident lets stand, with the values of now.

        :param resident: with tokens; :meth:`hkeid.rp.RelyingParty.refresh` them when they are over.
        :raises FormNotSent: ``form_not_available``: it does not stand (any more).
        :raises LoginDeclined: ``form_refused_invalid_token``: refresh, or ask anew.
        """
        if resident.tokens is None:
            raise LoginFailed("tokens_not_kept")
        return self._form(form, resident.tokens.access_token, resident.sub)

    def _redeemed(
        self, kept: FormRequestState, code: str
    ) -> tuple[Resident | None, Secret, tuple[Mapping[str, Any], ...]]:
        """Who logged in, or None; the access token; what was granted."""
        login = kept.login
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": login.redirect_uri,
            "code_verifier": login.verifier,
        }
        if kept.names_resident:
            tokens = self._ask_tokens(form)
            resident = self._verified(tokens, self._expected(login, tokens), {})
            return resident, tokens.access_token, tokens.authorization_details
        metadata = self.metadata
        answer = post_form(
            self._http,
            metadata.token_endpoint,
            "token",
            self._timeout,
            form,
            self._proof(metadata),
        )
        return (None, *read_access_token(answer))

    def _form(self, form: str, access_token: Secret, subject: str | None) -> FilledForm:
        from hkeid.rp.forms import ask_form

        signed = self._userinfo_algorithm
        return ask_form(
            self._http,
            self.provider,
            form,
            access=BearerAccess(access_token),
            client_id=self.client_id,
            subject=subject,
            algorithms=self._algorithms if signed is None else frozenset({signed}),
            timeout=self._timeout,
            now=self._clock.now(),
        )


def _granted(details: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The forms that were sent, of what was granted (RFC 9396 §7)."""
    found: list[str] = []
    for detail in details:
        forms = detail.get("forms")
        if detail.get("type") != FORM_DETAIL or not isinstance(forms, list):
            continue
        found += [one["form"] for one in forms if isinstance(one, dict) and "form" in one]
    return tuple(one for one in dict.fromkeys(map(str, found)))
