"""The ``HKEID`` dictionary of a project's settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.client import RelyingParty
from hkeid.rp.web import WebLogin, WebSettings

# Setting → (constructor, keyword). What is left out takes the constructor's default.
_PARTY = {
    "CLIENT_ID": "client_id",
    "PRIVATE_KEY": "private_key",
    "CLIENT_SECRET": "client_secret",
    "ID_TOKEN_ALGORITHMS": "id_token_algorithms",
    "USERINFO_ALGORITHM": "userinfo_algorithm",
    "VERIFICATION": "verification",
    "TIMEOUT": "timeout",
    "HTTP": "http",
}
_WEB = {
    "BASE_URL": "base_url",
    "PREFIX": "prefix",
    "ACR": "acr",
    "SCOPE": "scope",
    "CLAIMS": "claims",
    "MAX_AGE": "max_age",
    "SESSION_LIFETIME": "session_lifetime",
    "AFTER_LOGIN": "after_login",
    "AFTER_LOGOUT": "after_logout",
    "PROVIDER_LOGOUT": "provider_logout",
}
_OWN = (
    "ISSUER",
    "SESSION_STORE",
    "LOGOUT_STORE",
    "FAILURE_TEMPLATE",
    "SIGNED",
    "FILLED",
    "ACCOUNT_LINKS",
)
REMEMBERS_LOGOUTS = "hkeid.rp.django.store.CacheSessionStore"
REQUIRED = ("ISSUER", "CLIENT_ID")
KNOWN = frozenset((*_PARTY, *_WEB, *_OWN))


def given() -> Mapping[str, Any]:
    """The ``HKEID`` dictionary, with every key known (law 9).

    :raises ConfigurationError: ``setting_missing``, ``setting_unknown`` (with a suggestion).
    """
    values = getattr(settings, "HKEID", None)
    if not isinstance(values, Mapping):
        raise ConfigurationError("setting_missing", detail="HKEID = {…} in the settings")
    check_names(values, known=KNOWN, required=REQUIRED, where="HKEID")
    return values


def check_names(
    values: Mapping[str, Any], *, known: Collection[str], required: Iterable[str], where: str
) -> None:
    """Every key is known, and none that is needed is missing.

    :raises ConfigurationError: ``setting_missing``, ``setting_unknown`` (with a suggestion).
    """
    for name in values:
        if name not in known:
            near = get_close_matches(str(name).upper(), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {sorted(known)}"
            raise ConfigurationError("setting_unknown", detail=f"{where}[{name!r}]{hint}")
    for name in required:
        if not values.get(name):
            raise ConfigurationError("setting_missing", detail=f"{where}[{name!r}]")


@cache
def web_login() -> WebLogin:
    """The project's :class:`~hkeid.rp.web.WebLogin`, made once.

    :raises ConfigurationError: a setting is missing, unknown or cannot be used.
    """
    values = given()
    party = {word: values[name] for name, word in _PARTY.items() if name in values}
    if isinstance(party.get("http"), str):
        party["http"] = import_string(party["http"])()
    return WebLogin(
        RelyingParty(values["ISSUER"], **party),
        secrets=(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS),
        settings=WebSettings(**_web(values)),
        store=_store(values.get("SESSION_STORE")),
        logout_store=_store(
            values.get("LOGOUT_STORE") or values.get("SESSION_STORE") or REMEMBERS_LOGOUTS
        ),
    )


def _web(values: Mapping[str, Any]) -> dict[str, Any]:
    web = {word: values[name] for name, word in _WEB.items() if name in values}
    if isinstance(lifetime := web.get("session_lifetime"), int):
        web["session_lifetime"] = timedelta(seconds=lifetime)
    return web


def _store(value: Any) -> Any:
    """A store itself, or the dotted path of a class (``hkeid.rp.django.store.CacheSessionStore``)."""
    return import_string(value)() if isinstance(value, str) else value


def _forget(*, setting: str, **_: Any) -> None:
    if setting in ("HKEID", "SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        web_login.cache_clear()


setting_changed.connect(_forget)
