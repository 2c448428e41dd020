"""LOGIN: a passkey says who is there. SELECT_ACCOUNT: the resident says which eID to use."""

from __future__ import annotations

from flask import Response, request

from hkeid.broker import LoggedInSession
from hkeid.broker.upstreams import OWN
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.oidc.errors import ErrorCode
from hkeid.op import Declined, LoggedIn
from hkeid.upstream.errors import UpstreamFailed
from hkeid_server import elsewhere
from hkeid_server.elsewhere_models import NOWHERE_ELSE
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.models import ChoosePage, LoginPage
from hkeid_server.passkey_login import finish_login
from hkeid_server.residents import own_names
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_form,
    forget_signal,
    give_session,
    see_other,
)


class LoginHandler:
    """The page with the one big button."""

    def show(self, turn: Turn) -> Response:
        """The login page with a new challenge; where the relying party names another identity provider,
        the person is sent there.
        """
        at_once = self._at_once(turn)
        return self._page(turn) if at_once is None else self.visit_elsewhere(turn, at_once)

    def visit_elsewhere(self, turn: Turn, upstream_id: str) -> Response:
        """Send the person to another identity provider.

        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``.
        """
        asked = turn.interaction.request
        assert asked is not None
        who = turn.who()
        try:
            departure = house().back_doors.begin_login(
                upstream_id,
                asked,
                elsewhere.visitor(),
                callback=elsewhere.callback(upstream_id),
                back_to=turn.here,
                client_name=None if who is None else who.name,
            )
        except UpstreamFailed as error:
            return self.refused_elsewhere(turn, upstream_id, error)
        return elsewhere.send_off(departure)

    def more(self, turn: Turn) -> Response:
        """All other identity providers, and a search among them."""
        asked = turn.interaction.request
        assert asked is not None
        return elsewhere.all_doors(
            turn.here,
            asked,
            who=turn.who(),
            decline=turn.action("decline"),
            leads_to=turn.leads_to,
        )

    def refused_elsewhere(self, turn: Turn, upstream_id: str, error: HkeidError) -> Response:
        """Another identity provider did not let the person in, or its answer did not lead to a login.

        Where the relying party had named it, it is told why; else the person chooses another way.
        """
        asked = turn.interaction.request
        assert asked is not None
        if self._at_once(turn) == upstream_id:
            code = error.code if isinstance(error, UpstreamFailed) else ErrorCode.ACCESS_DENIED
            return turn.finish(Declined(reason=code.value), turn.session)
        return self._page(turn, error)

    def arrived(self, turn: Turn, session: LoggedInSession) -> Response:
        """Somebody came back logged in. A rung that the other login does not reach may still be reached
        with the person's own passkey, on top.
        """
        asked = turn.interaction.request
        reached = session.view.authentication
        own = house().devices.of_resident(reached.resident_id, session_id=session.view.session_id)
        if (
            asked is not None
            and asked.acr is not None
            and not reached.acr.at_least(asked.acr)
            and own
        ):
            return give_session(see_other(f"{turn.here}?on-top=yes"), session)
        return give_session(turn.finish(LoggedIn(), session.view), session)

    def _at_once(self, turn: Turn) -> str | None:
        asked = turn.interaction.request
        if asked is None or request.args.get("on-top"):
            return None
        return house().back_doors.doors(asked, remembered=None).at_once

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
        answer = give_session(turn.finish(LoggedIn(), session.view), session)
        return elsewhere.remember(answer, OWN)

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
            elsewhere=(
                NOWHERE_ELSE if _wants_stronger(turn) else elsewhere.doors_at(turn.here, asked)
            ),
            will_ask=bool(turn.client.claims),
            fresh=turn.session is not None,
            stronger=_wants_stronger(turn),
            problem=(
                None if error is None else elsewhere.why_not(error, where="interaction:elsewhere")
            ),
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
        self.login = login

    def show(self, turn: Turn) -> Response:
        """The question; without a session there is nothing to choose, so: the login page."""
        who = turn.who()
        if turn.session is None or who is None:
            return self.login.show(turn)
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
                return self.login.show(turn)
            case _:
                return self.login.act(turn, action)
