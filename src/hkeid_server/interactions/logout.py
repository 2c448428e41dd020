"""LOGOUT: a relying party asks to log out (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from flask import Response

from hkeid.kernel.errors import NotFound
from hkeid.op import LogoutConfirmed, LogoutDeclined
from hkeid_server import elsewhere
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.models import LogoutPage
from hkeid_server.shell import show, visit
from hkeid_server.visitors import as_answer, drop_session


class LogoutHandler:
    """The page that asks first, where it must (RP-Initiated Logout §2)."""

    def show(self, turn: Turn) -> Response:
        """The question; none where the door says that nothing needs to be asked, or nobody is logged in (any
        more: the person may come back from logging out elsewhere).
        """
        if not turn.interaction.ask or turn.session is None:
            return self._confirm(turn)
        page = LogoutPage(
            who=turn.who(), confirm=turn.action("confirm"), decline=turn.action("decline")
        )
        return show("logout.html", page, here=turn.here, leads_to=turn.leads_to)

    def act(self, turn: Turn, action: str) -> Response:
        """``confirm`` or ``decline``."""
        match action:
            case "confirm":
                return self._confirm(turn)
            case "decline":
                return turn.finish(LogoutDeclined(), turn.session)
            case _:
                raise NotFound("action_unknown")

    def _confirm(self, turn: Turn) -> Response:
        away = log_out(back_to=turn.here)
        return drop_session(away or turn.finish(LogoutConfirmed(), None))


def log_out(*, back_to: str) -> Response | None:
    """End the session of this browser; the way to where it ends as well, if there is such a place.

    :param back_to: where the person goes on, coming from there.
    """
    ended = house().broker.logout(visit().session)
    if ended is None:
        return None
    departure = house().back_doors.begin_logout(
        ended, browser=visit().browser, callback=elsewhere.after_logout, back_to=back_to
    )
    saml = house().saml
    if saml is not None:
        # Services first; the last of them leads to the upstream, or back to where the person was.
        on = None if departure is None else departure.to
        then = on if isinstance(on, str) else house().pages.origin + back_to
        told = saml.propagate_logout(ended.session_id, browser=visit().browser, then=then)
        if told is not None:
            return as_answer(told)
    return None if departure is None else elsewhere.send_off(departure)
