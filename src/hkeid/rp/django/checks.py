"""System checks: what is wrong with the settings is said at start, with a way to put it right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004
from django.urls import NoReverseMatch, reverse

from hkeid.kernel.errors import HkeidError
from hkeid.rp.django.conf import REMEMBERS_LOGOUTS, given, web_login
from hkeid.rp.django.links import linking


def check_settings(**_: Any) -> list[CheckMessage]:
    """The ``HKEID`` dictionary can be used, and the kit's pages are where it says."""
    try:
        web = web_login()
        linking()
    except HkeidError as error:
        return [Error(f"{error.reason}: {error.detail or error.safe_text}", id="hkeid.E001")]
    except (TypeError, ValueError, ImportError) as error:
        return [Error(f"HKEID holds a value that does not fit: {error}", id="hkeid.E002")]
    expected = web.settings.prefix + "/callback"
    try:
        found = reverse("eid:callback")
    except NoReverseMatch:
        hint = 'Add path("eid/", include("hkeid.rp.django.urls")) to the URL patterns.'
        return [Error("The pages of eID login are missing.", hint=hint, id="hkeid.E003")]
    if not found.endswith(expected):
        text = f"The callback is at {found}, but HKEID['PREFIX'] leads to {expected}."
        return [Error(text, id="hkeid.E004")]
    return []


def check_deployment(**_: Any) -> list[CheckMessage]:
    """For ``check --deploy``: what is safe on a laptop only."""
    try:
        values = given()
    except HkeidError:
        return []
    found: list[CheckMessage] = []
    if not values.get("BASE_URL"):
        hint = (
            "Set HKEID['BASE_URL'] to the scheme and host under which browsers reach the service."
        )
        text = "The address of this service is taken from the request's Host header."
        found.append(Warning(text, hint=hint, id="hkeid.W001"))
    if not str(values["ISSUER"]).startswith("https:"):
        found.append(Warning("HKEID['ISSUER'] is not https.", id="hkeid.W002"))
    if values.get("CLIENT_SECRET"):
        hint = "Use HKEID['PRIVATE_KEY']; secrets are for the sandbox."
        found.append(Warning("The client has a secret.", hint=hint, id="hkeid.W003"))
    return [*found, *_forgetful_cache(values)]


def _forgetful_cache(values: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """Django's own caches drop entries beyond a number, and with them that a session has ended."""
    remembers = values.get("LOGOUT_STORE") or values.get("SESSION_STORE")
    if remembers not in (None, REMEMBERS_LOGOUTS):
        return
    kind = str(settings.CACHES["default"]["BACKEND"]).rpartition(".")[2]
    if kind == "LocMemCache":
        hint = "Configure a cache that all processes share, or HKEID['LOGOUT_STORE']."
        text = "Which sessions eID has ended is known to one process alone."
        yield Warning(text, hint=hint, id="hkeid.W004")
    most = getattr(caches["default"], "_max_entries", None)
    if kind in _COUNTING and most is not None and most < _FEWEST_ENTRIES:
        hint = f"Set OPTIONS: MAX_ENTRIES of the cache to {_FEWEST_ENTRIES} or more."
        text = (
            f"The cache forgets beyond {most} entries, and with them which sessions eID has ended."
        )
        yield Warning(text, hint=hint, id="hkeid.W005")


_COUNTING = frozenset({"LocMemCache", "DatabaseCache", "FileBasedCache"})
_FEWEST_ENTRIES = 10_000
