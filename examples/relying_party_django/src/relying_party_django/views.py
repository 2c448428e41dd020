"""The pages. ``login_required`` is all that they know of eID."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from hkeid.rp.django import login_required
from relying_party_django.figures import BASIC_ALLOWANCE, YEAR, Confirmations, tax_return
from relying_party_django.old_accounts import accounts
from relying_party_django.words import local_date, local_time, masked, words

CONFIRMATIONS = Confirmations()
_ONE_YEAR = 365 * 24 * 3600


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What this service is for."""
    return render(request, "home.html")


@require_GET
@login_required
def summary(request: HttpRequest) -> HttpResponse:
    """The resident's return: any eID login will do."""
    return render(request, "summary.html", _return_of(request))


@require_http_methods(["GET", "POST"])
@login_required(acr=settings.ACR_STRONG)
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the return: this needs a device of the resident's own, so a step-up may come first."""
    if request.method == "POST":
        CONFIRMATIONS.add(_sub(request))
        return HttpResponseRedirect(reverse("confirmed"))
    return render(request, "confirm.html", _return_of(request))


@require_GET
@login_required
def confirmed(request: HttpRequest) -> HttpResponse:
    """The return was confirmed."""
    known = _return_of(request)
    if known["confirmed_at"] is None:
        return HttpResponseRedirect(reverse("summary"))
    return render(request, "confirmed.html", known)


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What eID told this service."""
    resident = request.eid.resident
    language = request.LANGUAGE_CODE
    moment = resident.auth_time
    level = resident.acr.rsplit(":", 1)[1] if resident.acr else "none"
    known = {
        **_return_of(request),
        "resident": resident,
        "birthdate": local_date(resident.claim("birthdate"), language),
        "hkic": masked(resident.claim("hkic_number")),
        "acr": words(language).get(f"acr_{level}", level),
        "auth_time": None if moment is None else local_time(moment, language),
        "my_eid": settings.HKEID["ISSUER"].rstrip("/") + "/account",
        "old": accounts().find(request.eid.account),
    }
    return render(request, "account.html", known)


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What this service keeps."""
    return render(request, "privacy.html")


@require_GET
def language(request: HttpRequest, tag: str) -> HttpResponse:
    """Remember the visitor's language and show the same page again."""
    if tag not in dict(settings.LANGUAGES):
        raise Http404
    page = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts=None) or not page.startswith("/"):
        page = reverse("home")
    response = HttpResponse(status=303, headers={"Location": page})
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, tag, max_age=_ONE_YEAR, samesite="Lax", httponly=True
    )
    return response


@require_GET
def live(_request: HttpRequest) -> HttpResponse:
    """For whoever watches over the process."""
    return JsonResponse({"status": "live"})


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page."""
    del exception
    return render(request, "missing.html", {"what": "missing"}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Our own fault."""
    return render(request, "missing.html", {"what": "failed"}, status=500)


def _sub(request: HttpRequest) -> str:
    return str(request.eid.resident.sub)


def _return_of(request: HttpRequest) -> dict[str, Any]:
    resident, language = request.eid.resident, request.LANGUAGE_CODE
    when = CONFIRMATIONS.of(resident.sub)
    script = None if language == "en" else "zh-Hant-HK"
    return {
        "return": tax_return(resident.sub),
        "year": YEAR,
        "allowance": BASIC_ALLOWANCE,
        "name": resident.claim("name", script),
        "confirmed_at": None if when is None else local_time(when, language),
    }
