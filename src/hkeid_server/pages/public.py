"""Pages that are the same for everybody: home, help, privacy, what went wrong, goodbye."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from hkeid.kernel.errors import NotFound
from hkeid_server.house import house
from hkeid_server.models import FarewellPage, PlainPage, ProblemPage
from hkeid_server.pages.registration_visit import left_off, offered
from hkeid_server.problems import KINDS
from hkeid_server.references import REFERENCE_FORM
from hkeid_server.registration_models import HomePage
from hkeid_server.shell import settings, show

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
def home() -> Response:
    """Where one begins."""
    page = HomePage(register=offered(), verify=house().verification is not None, resume=left_off())
    return show("home.html", page)


@blueprint.get("/help")
def help_page() -> Response:
    """Answers to what people ask."""
    return show("help.html", PlainPage())


@blueprint.get("/privacy")
def privacy() -> Response:
    """What is kept, who gets it, what one can do."""
    return show("privacy.html", PlainPage())


@blueprint.get("/.well-known/passkey-endpoints")
def passkey_endpoints() -> Response:
    """Where passkey managers send people (W3C: A Well-Known URL for Relying Party Passkey Endpoints)."""
    origin = settings().origin
    return jsonify(enroll=f"{origin}/account/devices/add", manage=f"{origin}/account")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Nothing here is for search engines."""
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")


@blueprint.get("/farewell/<kind>")
def farewell(kind: str) -> Response:
    """After logging out, staying or freezing."""
    if kind not in {"out", "stayed", "frozen"}:
        raise NotFound("page_unknown")
    return show("farewell.html", FarewellPage(kind=kind))


@blueprint.get("/problem/<kind>/<reference>")
def problem(kind: str, reference: str) -> Response:
    """An error page again, in another language; it tells nothing but its kind."""
    if kind not in KINDS or not REFERENCE_FORM.match(reference):
        raise NotFound("page_unknown")
    return show("problem.html", ProblemPage(kind=kind), reference=reference)
