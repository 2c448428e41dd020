"""The account from before eID: its log-in page and its own page."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from relying_party_django.old_accounts import PEOPLE, accounts, current, links


@require_http_methods(["GET", "POST"])
def old_login(request: HttpRequest) -> HttpResponse:
    """User name and password."""
    if request.method != "POST":
        if current(request) is not None and "again" not in request.GET:
            return HttpResponseRedirect(_next_page(request.GET.get("next")))
        return _form(request, request.GET.get("next"))
    found = accounts().check(request.POST.get("user_name", ""), request.POST.get("password", ""))
    if found is None:
        return _form(request, request.POST.get("next"), wrong=True)
    # Nothing that stood in this browser's session before belongs to the account.
    request.session.flush()
    request.session.update({"account": found.key, "since": int(time.time())})
    return HttpResponseRedirect(_next_page(request.POST.get("next")))


@require_POST
def old_logout(request: HttpRequest) -> HttpResponse:
    """Leave the account."""
    request.session.flush()
    return HttpResponseRedirect(reverse("home"))


@require_GET
def old_account(request: HttpRequest) -> HttpResponse:
    """The account, whether the eID or the password led to it."""
    led = request.eid.account  # type: ignore[attr-defined]
    found = accounts().find(led or current(request))
    if found is None:
        page = reverse("old_account")
        return HttpResponseRedirect(f"{reverse('old_login')}?next={page}")
    known = {
        "old": found,
        "linked": bool(links().of_account(found.key)),
        "by_eid": led is not None,
        "by_password": current(request) is not None,
        "history": [kind for kind, _ in links().events(found.key) if kind != "refused"],
    }
    response = render(request, "old_account.html", known)
    response["Cache-Control"] = "no-store"
    return response


def _form(request: HttpRequest, page: str | None, *, wrong: bool = False) -> HttpResponse:
    given = {
        "people": PEOPLE,
        "wrong": wrong,
        "next": page or "",
        "user_name": request.POST.get("user_name", ""),
    }
    return render(request, "old_login.html", given, status=400 if wrong else 200)


def _next_page(page: str | None) -> str:
    fine = url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return page if page and fine and page.startswith("/") else reverse("old_account")
