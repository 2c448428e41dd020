"""The Flask application: every page that a person sees."""

from __future__ import annotations

from io import BytesIO
from time import perf_counter
from typing import IO

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from hkeid.kernel.errors import HkeidError
from hkeid.op import ErrorPage, LogoutPage
from hkeid.saml.idp.responses import SamlErrorPage, SamlLogoutPage
from hkeid_server import metrics
from hkeid_server.browser import form_token_matches
from hkeid_server.front import ForwardedError
from hkeid_server.house import House, house
from hkeid_server.intake import UPLOADS
from hkeid_server.interactions import views as interactions
from hkeid_server.leaving import farewell
from hkeid_server.models import ProblemPage
from hkeid_server.pages import (
    account,
    activation,
    consents,
    devices,
    elsewhere,
    life_guardian,
    life_new_phone,
    life_notices,
    life_notifications,
    life_recovery,
    life_step_up,
    life_stopping,
    login,
    own_data,
    profile,
    public,
    registration,
    registration_passkey,
    reinstating,
    sandbox,
)
from hkeid_server.problems import problem_of
from hkeid_server.references import new_reference, visit_of
from hkeid_server.shell import begin, install_templates, send_headers, show, visit

_STATUS_KINDS = {404: "not-found", 405: "not-found", 413: "too-large", 400: "form"}


class PageRequest(Request):
    """A request whose uploads stay in memory: a picture of a person never becomes a temporary file."""

    def _get_file_stream(self, *_sizes: object, **_names: object) -> IO[bytes]:
        """Where the form parser puts a file."""
        return BytesIO()


def create_pages(parts: House) -> Flask:
    """The application over a house."""
    app = Flask("hkeid_server", static_folder="static", template_folder="templates")
    app.request_class = PageRequest
    # The intake of the front has the exact limit of each path; this is the last line.
    largest = max(parts.config.server.body_limit, *UPLOADS.values())
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = largest
    app.extensions["hkeid"] = parts
    app.extensions["hkeid.pages"] = parts.pages
    install_templates(app)
    app.before_request(_begin)
    app.before_request(_forwarded)
    app.before_request(_check_form)
    app.after_request(send_headers)
    app.after_request(_note)
    app.register_error_handler(HkeidError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crashed)
    for blueprint in (
        public.blueprint,
        activation.blueprint,
        login.blueprint,
        interactions.blueprint,
        account.blueprint,
        consents.blueprint,
        devices.blueprint,
        elsewhere.blueprint,
        registration.blueprint,
        registration_passkey.blueprint,
        reinstating.blueprint,
        life_guardian.blueprint,
        life_new_phone.blueprint,
        life_notices.blueprint,
        life_notifications.blueprint,
        life_recovery.blueprint,
        life_step_up.blueprint,
        life_stopping.blueprint,
        profile.blueprint,
        own_data.blueprint,
    ):
        app.register_blueprint(blueprint)
    _register_optional(app, parts)
    return app


def _register_optional(app: Flask, parts: House) -> None:
    """The pages of what this installation serves beside the rest."""
    if parts.stations is not None:
        from hkeid_server.pages import kiosk, kiosk_person, kiosk_problem, upgrade

        for blueprint in (
            kiosk.blueprint,
            kiosk_person.blueprint,
            kiosk_problem.blueprint,
            upgrade.blueprint,
        ):
            app.register_blueprint(blueprint)
    if parts.signing is not None:
        from hkeid_server.pages import signing

        app.register_blueprint(signing.blueprint)
    if parts.verification is not None:
        from hkeid_server.pages import verification

        app.register_blueprint(verification.blueprint)
    if parts.pages.sandbox:
        from hkeid_server import gallery

        app.register_blueprint(sandbox.blueprint)
        app.register_blueprint(gallery.blueprint)


def _begin() -> None:
    g.began = perf_counter()
    reference = request.environ.get("hkeid.reference") or new_reference(house().random)
    begin(
        visit_of(
            request.headers.get("Cookie", ""),
            house().pages.cookies,
            house().random,
            reference=reference,
        )
    )


def _forwarded() -> Response | None:
    """Make the page for what a door answered to a browser but cannot show itself."""
    match request.environ.get("hkeid.answer"):
        case (ErrorPage() | SamlErrorPage()) as refused:
            error: HkeidError = refused.error
            house().journal.event(
                "server:request:refused", reason=error.reason, detail=error.detail,
                kind=type(error).__name__, where=request.path,
            )  # fmt: skip
            metrics.count_refusal(error.reason)
            return show(
                "problem.html",
                ProblemPage(kind="service"),
                status=refused.status,
                here=f"/problem/service/{visit().reference}",
            )
        case LogoutPage(signed_out=signed_out):
            return farewell("out" if signed_out else "stayed")
        case SamlLogoutPage():
            # The page says that a service may go on with a login of its own, which is all there is to say.
            return farewell("out")
        case ForwardedError(error=failure):
            raise failure
        case _:
            return None


def _check_form() -> Response | None:
    """Every form must come from a page of this browser (Origin, Sec-Fetch-Site, form token)."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_posts_from_elsewhere", False):
        return None
    origin = request.headers.get("Origin")
    same_origin = origin is None or origin == house().pages.origin
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        same_origin = False
    known = None if visit().new_browser else visit().browser
    if same_origin and form_token_matches(known, request.form.get("csrf")):
        return None
    metrics.count_refusal("form_not_ours")
    house().journal.event("server:form:refused", reason="form_not_ours", where=_route())
    return _problem("form", 403)


def _refused(error: HkeidError) -> Response:
    house().journal.refusal(error, where=_route())
    metrics.count_refusal(error.reason)
    kind, status = problem_of(error)
    return _problem(kind, status)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    answer = _problem(_STATUS_KINDS.get(status, "internal"), status)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _crashed(error: Exception) -> Response:
    house().journal.crash(error, where=_route())
    return _problem("internal", 500)


def _problem(kind: str, status: int) -> Response:
    if house().stations is not None:
        from hkeid_server.pages.kiosk_problem import at_a_station, show_kiosk_problem

        if at_a_station(request.path):
            return show_kiosk_problem(kind, status)
    return show(
        "problem.html",
        ProblemPage(kind=kind),
        status=status,
        here=f"/problem/{kind}/{visit().reference}",
    )


def _route() -> str:
    """The path's template: never a path with values in it."""
    return request.url_rule.rule if request.url_rule is not None else "(none)"


def _note(answer: Response) -> Response:
    answer.headers["HKEID-Reference"] = visit().reference
    seconds = perf_counter() - g.began
    route, method = _route(), metrics.known_method(request.method)
    metrics.count_request(route, method, answer.status_code, seconds)
    if request.method == "POST" and answer.status_code < 400:
        # Whatever was done may have ended a session, this browser's or another one; what was refused has not.
        house().logouts.nudge()
    if house().config.log.access:
        house().journal.event(
            "http:request:answered", route=route, method=method,
            status=answer.status_code, milliseconds=round(seconds * 1000, 2),
        )  # fmt: skip
    return answer
