"""OpenID Provider: a package per endpoint, each an ordered list of small checks."""

from hkeid.op.interactions import (
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

__all__ = [
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
