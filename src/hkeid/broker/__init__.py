"""The hub: sessions, single sign-on, step-up and logout that crosses protocols."""

from hkeid.broker.ending import EndedSession
from hkeid.broker.errors import LoginRefused, StepUpRequired
from hkeid.broker.hub import Broker
from hkeid.broker.sessions import LoggedInSession, SessionEntry
from hkeid.broker.settings import BrokerSettings

__all__ = [
    "Broker",
    "BrokerSettings",
    "EndedSession",
    "LoggedInSession",
    "LoginRefused",
    "SessionEntry",
    "StepUpRequired",
]
