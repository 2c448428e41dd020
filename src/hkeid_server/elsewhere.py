"""Logging in at another identity provider, for the pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from hkeid.broker.discovery import Doors, matching
from hkeid.broker.upstream_login import Visitor
from hkeid.broker.upstreams import Upstream
from hkeid.identity.authentication import AuthenticationRequest
from hkeid.identity.language import Language
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import EMPTY_PARAMETERS, Parameters, Request
from hkeid.upstream.contract import Departure, Form, UpstreamProvider
from hkeid.upstream.errors import UpstreamFailed
from hkeid_server import metrics
from hkeid_server.browser import DOOR_LIFETIME, read_cookies
from hkeid_server.elsewhere_models import DeparturePage, Elsewhere, WaysIn
from hkeid_server.house import house
from hkeid_server.models import MoreLoginsPage, WhoAsks
from hkeid_server.shell import language, show, visit
from hkeid_server.visitors import agent, failed, network, see_other

_FEW = 5
"""Other doors on the login page itself, at most: one thing per page, and the passkey comes first."""

_LONGEST = 100
"""Of what is searched for, in characters."""


def visitor() -> Visitor:
    """Who visits, as the hub wants to know it."""
    return Visitor(
        browser=visit().browser,
        session_reference=visit().session,
        network=network(),
        agent=agent(),
        user_agent=request.headers.get("User-Agent"),
    )


def remembered() -> str | None:
    """The door that this browser used last, by its own word."""
    return read_cookies(request.headers.get("Cookie", "")).get(house().pages.cookies.door)


def remember(answer: Response, door: str) -> Response:
    """Remember which door was used."""
    names = house().pages.cookies
    answer.headers.add(*names.set_cookie(names.door, door, max_age=DOOR_LIFETIME))
    return answer


def name_of(provider: UpstreamProvider) -> str:
    """What people call it, in the language of this request."""
    return provider.names[Language(language().content)]


def doors_at(here: str, asked: AuthenticationRequest) -> WaysIn:
    """The other doors of a login page: the first few, and the address of the page with all where there are more.

    :param here: address of the login page; each door is at ``elsewhere/`` and its id below it.
    """
    found = house().back_doors.doors(asked, remembered=remembered())
    return WaysIn(
        doors=_shown(here, found, found.offered[:_FEW]),
        more=f"{here}/more" if len(found.offered) > _FEW else None,
    )


def all_doors(
    here: str,
    asked: AuthenticationRequest,
    *,
    who: WhoAsks | None = None,
    decline: str | None = None,
    leads_to: tuple[str, ...] = (),
) -> Response:
    """The page with all other doors of a login page, and a search among them.

    :param here: address of the login page.
    """
    found = house().back_doors.doors(asked, remembered=remembered())
    typed = request.args.get("q", "")[:_LONGEST].strip()
    page = MoreLoginsPage(
        who=who,
        search=f"{here}/more",
        typed=typed,
        doors=_shown(here, found, matching(found.offered, typed)),
        total=len(found.offered),
        back=here,
        decline=decline,
    )
    return show(
        "more_logins.html",
        page,
        here=page.search,
        query={"q": typed} if typed else {},
        leads_to=leads_to,
    )


def _shown(here: str, found: Doors, some: Sequence[Upstream]) -> tuple[Elsewhere, ...]:
    return tuple(
        Elsewhere(
            id=one.provider.id,
            name=name_of(one.provider),
            href=f"{here}/elsewhere/{one.provider.id}",
            last=one.provider.id == found.remembered,
        )
        for one in some
    )


def why_not(error: HkeidError, *, where: str) -> str:
    """The word by which a login page explains why somebody was not let in; noted where it was an upstream.

    :param where: for the journal.
    """
    if isinstance(error, UpstreamFailed):
        metrics.count_login(error.reason)
        house().journal.refusal(error, where=where)
        return "elsewhere"
    return "link-unknown" if error.reason == "link_unknown" else failed(error)


def callback(upstream_id: str) -> str:
    """Our address for an upstream's answers."""
    return f"{house().pages.origin}/upstream/{upstream_id}/callback"


def after_logout(upstream_id: str) -> str:
    """Our address for an upstream's answer to a logout."""
    return f"{house().pages.origin}/upstream/{upstream_id}/logged-out"


def send_off(departure: Departure) -> Response:
    """Send the browser where it is to go."""
    match departure.to:
        case Form() as form:
            page = DeparturePage(action=form.action, fields=form.fields)
            return show("departure.html", page, leads_to=("https:", form.action))
        case address:
            return see_other(address)


def targets() -> tuple[str, ...]:
    """CSP sources for a page whose form begins a visit at an upstream: https, and on this machine also http,
    which a sandbox alone takes (see :func:`hkeid_server.names.form_targets`).
    """
    return (
        ("https:", "http://localhost:*", "http://127.0.0.1:*")
        if house().pages.sandbox
        else ("https:",)
    )


def as_request() -> Request:
    """This request as the hub's rooms see it.

    :raises hkeid.kernel.errors.MalformedInput: ``parameters_malformed``.
    """
    body = request.get_data()
    urlencoded = request.mimetype == "application/x-www-form-urlencoded"
    return Request(
        method=request.method,
        path=request.path,
        query=Parameters.parse(request.query_string),
        raw_query=request.query_string.decode("latin-1"),
        form=Parameters.parse(body) if urlencoded else EMPTY_PARAMETERS,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        network=house().network.address(request.environ),
        browser=None if visit().new_browser else visit().browser,
        session=visit().session,
    )
