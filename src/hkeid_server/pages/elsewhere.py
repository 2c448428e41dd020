"""Coming back from another identity provider; logouts that one sends; links of the resident."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ParamSpec

from flask import Blueprint, Response, request

from hkeid.broker.departures import DepartureKind
from hkeid.broker.upstream_login import ReturnRefused
from hkeid.identity.authentication import SessionView
from hkeid.kernel import base64url
from hkeid.kernel.errors import NotFound
from hkeid.kernel.http import Response as CoreResponse
from hkeid.upstream.saml import SamlUpstream
from hkeid_server import elsewhere, metrics
from hkeid_server.account_content import addable
from hkeid_server.coming_again import coming_again
from hkeid_server.elsewhere_models import ElsewhereAddPage
from hkeid_server.house import house
from hkeid_server.interactions.views import login_of
from hkeid_server.pages import login as own_login
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.shell import show, visit
from hkeid_server.visitors import as_answer, see_other, with_session

blueprint = Blueprint("elsewhere", __name__)

P = ParamSpec("P")

_INTERACTION = re.compile(r"/interaction/([a-z0-9-]+)/([A-Za-z0-9_-]+)")
_LINKING = "/account"
_NOT_LINKED = {
    "link_of_another": "link-of-another",
    "authentication_too_low": "link-too-low",
}


def takes_posts_from_elsewhere(view: Callable[P, Response]) -> Callable[P, Response]:
    """Other sites' forms and programs may post to this view: what they send proves itself."""
    view.takes_posts_from_elsewhere = True  # type: ignore[attr-defined]
    return view


@blueprint.route("/upstream/<upstream_id>/callback", methods=["GET", "POST"])
@takes_posts_from_elsewhere
def arrive(upstream_id: str) -> Response:
    """The browser comes back with an upstream's answer."""
    again = _once_more(upstream_id)
    if again is not None:
        return again
    try:
        arrival = house().back_doors.finish(
            upstream_id, elsewhere.as_request(), elsewhere.visitor()
        )
    except ReturnRefused as refused:
        return _refused(upstream_id, refused)
    if arrival.kind is DepartureKind.LINK or arrival.session is None:
        return see_other(f"{_LINKING}?done=linked#elsewhere")
    metrics.count_login("logged_in_elsewhere")
    at = _INTERACTION.fullmatch(arrival.back_to)
    if at is None:
        answer = own_login.arrived(arrival.session)
    else:
        turn, login = login_of(*at.groups())
        answer = login.arrived(turn, arrival.session)
    return elsewhere.remember(answer, upstream_id)


@blueprint.route("/upstream/<upstream_id>/logged-out", methods=["GET", "POST"])
@takes_posts_from_elsewhere
def logged_out(upstream_id: str) -> Response:
    """The browser comes back from logging out at an upstream; here it is logged out already."""
    again = _once_more(upstream_id)
    if again is not None:
        return again
    returned = house().back_doors.finish_logout(
        upstream_id, elsewhere.as_request(), browser=visit().browser
    )
    return see_other(returned.back_to)


@blueprint.route("/upstream/<upstream_id>/logout", methods=["GET", "POST"])
@takes_posts_from_elsewhere
def hear_logout(upstream_id: str) -> Response:
    """An upstream says that somebody logged out there, through the browser or directly."""
    heard = house().back_doors.hear_logout(upstream_id, elsewhere.as_request())
    if heard.error is not None:
        house().journal.refusal(heard.error, where="upstream:logout")
        metrics.count_refusal(heard.error.reason)
    if heard.ended and request.method != "POST":
        # After a form relying parties are told in any case.
        house().logouts.nudge()
    if isinstance(heard.answer, CoreResponse):
        return as_answer(heard.answer)
    return elsewhere.send_off(heard.answer)


@blueprint.get("/upstream/<upstream_id>/metadata")
def metadata(upstream_id: str) -> Response:
    """What a SAML identity provider has to know of us."""
    provider = house().back_doors.upstreams.named(upstream_id).provider
    if not isinstance(provider, SamlUpstream):
        raise NotFound("upstream_has_no_metadata")
    answer = Response(provider.metadata(), content_type="application/samlmetadata+xml")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@blueprint.get("/upstream/jwks")
def client_keys() -> Response:
    """The keys by which we prove ourselves to upstreams (RFC 7517): what they register."""
    from hkeid.jose import public_jwks
    from hkeid.kernel import canonical_json
    from hkeid.ports.keys import KeyPurpose

    body = canonical_json.dumps(public_jwks(house().keys, KeyPurpose.UPSTREAM_CLIENT))
    answer = Response(body, content_type="application/jwk-set+json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@blueprint.get("/account/elsewhere")
@with_fresh_session("elsewhere")
def choose_what_to_link(session: SessionView) -> Response:
    """Which other login is to lead here; a button for each."""
    page = ElsewhereAddPage(doors=addable(session.authentication.resident_id))
    return show("elsewhere_add.html", page, leads_to=elsewhere.targets())


@blueprint.post("/account/elsewhere/<upstream_id>")
@with_fresh_session("elsewhere")
def begin_linking(session: SessionView, upstream_id: str) -> Response:
    """Log in there as well, so that both are one. By a form of our own page, never by a link: no other site
    begins it.
    """
    departure = house().back_doors.begin_linking(
        upstream_id,
        session,
        elsewhere.visitor(),
        callback=elsewhere.callback(upstream_id),
        back_to=_LINKING,
    )
    return elsewhere.send_off(departure)


@blueprint.post("/account/elsewhere/<upstream_id>/<subject>/remove")
@with_session
def unlink(session: SessionView, upstream_id: str, subject: str) -> Response:
    """Take a link back."""
    try:
        digest = base64url.decode(subject)
    except ValueError:
        raise NotFound("link_absent") from None
    house().back_doors.unlink(session.authentication.resident_id, upstream_id, digest)
    return see_other(f"{_LINKING}?done=unlinked#elsewhere")


def _refused(upstream_id: str, refused: ReturnRefused) -> Response:
    if refused.kind is DepartureKind.LINK:
        house().journal.refusal(refused.why, where="account:elsewhere")
        word = _NOT_LINKED.get(refused.reason, "not-linked")
        return see_other(f"{_LINKING}?done={word}#elsewhere")
    at = _INTERACTION.fullmatch(refused.back_to)
    if at is None:
        return own_login.refused_elsewhere(refused.why)
    turn, login = login_of(*at.groups())
    return login.refused_elsewhere(turn, upstream_id, refused.why)


def _once_more(upstream_id: str) -> Response | None:
    """Another site's form came without our cookies: the browser sends it again from here.

    :raises NotFound: ``upstream_unknown``.
    """
    house().back_doors.upstreams.named(upstream_id)
    from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if request.method == "POST" and visit().new_browser and from_elsewhere:
        fields = elsewhere.as_request().form
        language = request.headers.get("Accept-Language")
        return as_answer(coming_again(request.path, fields, accept_language=language))
    return None
