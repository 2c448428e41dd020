"""The hub: sessions, single sign-on, step-up and logout that crosses protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.broker.ending import EndedSession
    from hkeid.broker.errors import LoginRefused, StepUpRequired
    from hkeid.broker.hub import Broker
    from hkeid.broker.sessions import LoggedInSession, SessionEntry
    from hkeid.broker.settings import BrokerSettings

__getattr__ = names_on_demand(
    __name__,
    {
        "ending": ("EndedSession",),
        "errors": ("LoginRefused", "StepUpRequired"),
        "hub": ("Broker",),
        "sessions": ("LoggedInSession", "SessionEntry"),
        "settings": ("BrokerSettings",),
    },
)

__all__ = [
    "Broker",
    "BrokerSettings",
    "EndedSession",
    "LoggedInSession",
    "LoginRefused",
    "SessionEntry",
    "StepUpRequired",
]
