"""The kit's pages: log in, come back, log out."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from hkeid.rp.django import links
from hkeid.rp.django.bridge import browser_request, finish, send
from hkeid.rp.django.conf import given, web_login
from hkeid.rp.errors import LoginFailed
from hkeid.rp.kit_style import STYLE
from hkeid.rp.page_texts import FORM_KINDS, LINK_KINDS, SIGNING_KINDS, kind_of
from hkeid.rp.pages import CONTENT_SECURITY_POLICY, failure_page
from hkeid.rp.surroundings import SystemRandom
from hkeid.rp.web import Answer, BrowserRequest


@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Send the browser to eID; ``?next=`` is the page that it comes back to."""
    return _answered(request, web_login().begin)


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """The browser is back from eID."""
    if links.awaited(request):
        return links.linked(request)
    return _answered(request, web_login().finish)


@require_POST
@csrf_protect
def logout(request: HttpRequest) -> HttpResponse:
    """Log out here and at eID. The form carries Django's own ``csrf_token``."""
    return _answered(request, lambda seen: web_login().end(seen, form_checked=True))


@require_POST
@csrf_exempt
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """EID says that a session ended."""
    answer = web_login().told_of_logout(request.POST.getlist("logout_token"))
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.media_type)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def signed(request: HttpRequest) -> HttpResponse:
    """The visitor is back from signing: ``HKEID["SIGNED"]`` gets what was signed."""
    view = given().get("SIGNED")
    if view is None:
        raise Http404
    seen = browser_request(request)
    try:
        done = web_login().signing.finish(seen)
    except LoginFailed as failed:
        return failure_response(request, failed)
    handle = import_string(view) if isinstance(view, str) else view
    response: HttpResponse = handle(request, done.signed, done.context)
    return finish(response, Answer(location="", cookies=done.cookies))


@require_GET
def filled(request: HttpRequest) -> HttpResponse:
    """The visitor is back from filling forms: ``HKEID["FILLED"]`` gets what was sent."""
    view = given().get("FILLED")
    if view is None:
        raise Http404
    seen = browser_request(request)
    try:
        done = web_login().forms.finish(seen)
    except LoginFailed as failed:
        return failure_response(request, failed)
    handle = import_string(view) if isinstance(view, str) else view
    response: HttpResponse = handle(request, done.forms, done.context)
    return finish(response, Answer(location="", cookies=done.cookies))


@require_GET
def style(_request: HttpRequest) -> HttpResponse:
    """The style sheet of the failure page."""
    response = HttpResponse(STYLE, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


def _answered(request: HttpRequest, act: Callable[[BrowserRequest], Answer]) -> HttpResponse:
    seen = browser_request(request)
    try:
        return send(act(seen))
    except LoginFailed as failed:
        return failure_response(request, failed)


def failure_response(request: HttpRequest, failed: LoginFailed) -> HttpResponse:
    """The page about something that failed, for views that ask eID themselves."""
    web, seen = web_login(), browser_request(request)
    signing = kind_of(failed) in SIGNING_KINDS
    gone = web.forget_login(seen)
    if signing and failed.reason != "signature_waiting":
        gone = (*gone, *web.signing.forget(seen))
    retry = web.signing.retry_path(seen) if signing else web.retry_path(seen)
    if kind_of(failed) in FORM_KINDS or web.forms.awaits(seen):
        retry = web.forms.retry_path(seen)
        gone = (*gone, *web.forms.forget(seen))
    linking = links.linking()
    if linking is not None:
        gone = (*gone, *linking.web.forget(seen))
        if kind_of(failed) in LINK_KINDS or linking.web.awaits(seen):
            retry = linking.web.retry_path(seen)
    page = failure_page(
        failed,
        ui_locales=seen.ui_locales,
        retry=retry,
        home=seen.root + web.settings.after_logout,
        random=SystemRandom(),
    )
    template = given().get("FAILURE_TEMPLATE")
    if template is not None:
        response = HttpResponse(render_to_string(template, {"failure": page}, request))
    else:
        response = HttpResponse(page.html(reverse("eid:style")))
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.status_code = page.status
    return finish(response, Answer(location="", cookies=gone))
