"""The end of every login with a passkey, whatever page it was on."""

from __future__ import annotations

from hkeid.broker import LoggedInSession
from hkeid_server import metrics
from hkeid_server.house import house
from hkeid_server.shell import visit
from hkeid_server.visitors import agent, ceremony_answer, network


def finish_login() -> LoggedInSession:
    """Give the browser's answer to the broker; the login is counted when it is one.

    :raises hkeid.kernel.errors.Refused: a rule of the ceremony, the passkey or the eID says no.
    :raises hkeid.kernel.errors.MalformedInput: the answer does not parse.
    """
    ceremony_id, response = ceremony_answer()
    session = house().broker.finish_login(
        ceremony_id,
        response,
        browser=visit().browser,
        session_reference=visit().session,
        network=network(),
        agent=agent(),
    )
    metrics.count_login("logged_in")
    return session
