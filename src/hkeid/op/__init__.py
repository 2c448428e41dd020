"""OpenID Provider: a package per endpoint, each an ordered list of small checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.op.interactions import (
        Approved,
        ConsentGiven,
        Declined,
        Interaction,
        InteractionKind,
        LoggedIn,
        LogoutConfirmed,
        LogoutDeclined,
        Outcome,
    )
    from hkeid.op.provider import Provider
    from hkeid.op.responses import ErrorPage, LogoutPage
    from hkeid.op.settings import Profile, ProviderSettings

__getattr__ = names_on_demand(
    __name__,
    {
        "interactions": (
            "Approved",
            "ConsentGiven",
            "Declined",
            "Interaction",
            "InteractionKind",
            "LoggedIn",
            "LogoutConfirmed",
            "LogoutDeclined",
            "Outcome",
        ),
        "provider": ("Provider",),
        "responses": ("ErrorPage", "LogoutPage"),
        "settings": ("Profile", "ProviderSettings"),
    },
)

__all__ = [
    "Approved",
    "ConsentGiven",
    "Declined",
    "ErrorPage",
    "Interaction",
    "InteractionKind",
    "LoggedIn",
    "LogoutConfirmed",
    "LogoutDeclined",
    "LogoutPage",
    "Outcome",
    "Profile",
    "Provider",
    "ProviderSettings",
]
