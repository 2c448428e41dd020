"""LOGIN: a passkey says who is there. SELECT_ACCOUNT: the resident says which eID to use."""

from __future__ import annotations

from flask import Response

from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.op import Declined, LoggedIn
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.models import ChoosePage, LoginPage
from hkeid_server.passkey_login import finish_login
from hkeid_server.residents import own_names
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_form,
    failed,
    forget_signal,
    give_session,
)


class LoginHandler:
    """The page with the one big button."""

    def show(self, turn: Turn) -> Response:
        """The login page with a new challenge."""
        return self._page(turn)

    def act(self, turn: Turn, action: str) -> Response:
        """``passkey`` or ``decline``."""
        match action:
            case "passkey":
                return self._passkey(turn)
            case "decline":
                return turn.finish(Declined(), turn.session)
            case _:
                raise NotFound("action_unknown")

    def _passkey(self, turn: Turn) -> Response:
        try:
            session = finish_login()
        except CEREMONY_FAILURES as error:
            return self._page(turn, error)
        return give_session(turn.finish(LoggedIn(), session.view), session)

    def _page(self, turn: Turn, error: HkeidError | None = None) -> Response:
        asked = turn.interaction.request
        assert asked is not None
        begun = house().broker.start_login(
            asked, browser=visit().browser, session_reference=visit().session
        )
        page = LoginPage(
            who=turn.who(),
            ceremony=ceremony_form(
                "get",
                begun.id,
                begun.options,
                action=turn.action("passkey"),
                restart=turn.here,
                autofill=asked.resident_id is None,
            ),
            decline=turn.action("decline"),
            will_ask=bool(turn.client.claims),
            fresh=turn.session is not None,
            stronger=_wants_stronger(turn),
            problem=None if error is None else failed(error),
            signal=None if error is None else forget_signal(error),
        )
        status = 200 if error is None else 403
        return show("login.html", page, here=turn.here, status=status, leads_to=turn.leads_to)


def _wants_stronger(turn: Turn) -> bool:
    asked, session = turn.interaction.request, turn.session
    if asked is None or asked.acr is None or session is None:
        return False
    return not session.authentication.acr.at_least(asked.acr)


class ChooseHandler:
    """The page that asks which eID to use."""

    def __init__(self, login: LoginHandler) -> None:
        self._login = login

    def show(self, turn: Turn) -> Response:
        """The question; without a session there is nothing to choose, so: the login page."""
        who = turn.who()
        if turn.session is None or who is None:
            return self._login.show(turn)
        page = ChoosePage(
            who=who,
            name=own_names(turn.session.authentication.resident_id)[0].text,
            keep=turn.action("keep"),
            change=turn.action("change"),
            decline=turn.action("decline"),
        )
        return show("choose.html", page, here=turn.here, leads_to=turn.leads_to)

    def act(self, turn: Turn, action: str) -> Response:
        """``keep``, ``change``, or what the login page offers."""
        match action:
            case "keep" if turn.session is not None:
                return turn.finish(LoggedIn(), turn.session)
            case "keep" | "change":
                return self._login.show(turn)
            case _:
                return self._login.act(turn, action)
