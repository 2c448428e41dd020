"""The hub: sessions, single sign-on, step-up and logout that crosses protocols."""

from typing import TYPE_CHECKING, Any

from hkeid.broker.ending import EndedSession
from hkeid.broker.errors import LoginRefused, StepUpRequired
from hkeid.broker.sessions import LoggedInSession, SessionEntry
from hkeid.broker.settings import BrokerSettings

if TYPE_CHECKING:
    from hkeid.broker.hub import Broker

__all__ = [
    "Broker",
    "BrokerSettings",
    "EndedSession",
    "LoggedInSession",
    "LoginRefused",
    "SessionEntry",
    "StepUpRequired",
]


def __getattr__(name: str) -> Any:
    """``Broker`` on first use: it needs the ``webauthn`` extra, and a store needs only the records."""
    if name == "Broker":
        from hkeid.broker.hub import Broker

        return Broker
    raise AttributeError(name)
