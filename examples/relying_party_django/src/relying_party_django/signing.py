"""Signing the return with eID: ask, show the code, keep what comes back."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hkeid.rp.django import login_required, request_signature
from hkeid.rp.django.views import failure_response
from hkeid.rp.errors import LoginFailed
from hkeid.rp.signature_records import Signed
from relying_party_django.figures import YEAR, tax_return
from relying_party_django.return_sheet import SignedReturns, return_sheet

RETURNS = SignedReturns()


@require_POST
@login_required
def sign(request: HttpRequest) -> HttpResponse:
    """Ask eID; the page shows the code and the way there."""
    sub = str(request.eid.resident.sub)
    try:
        asked = request_signature(
            request,
            return_sheet(tax_return(sub)),
            document_name=f"Tax return {YEAR}.pdf",
            purpose=f"eTAX {YEAR}",
        )
    except LoginFailed as failed:
        return failure_response(request, failed)
    return asked.remember(render(request, "sign.html", {"asked": asked}))


def signed(request: HttpRequest, result: Signed, _context: str) -> HttpResponse:
    """eID brought the signed return (``HKEID["SIGNED"]``)."""
    del request
    RETURNS.add(result.sub, result.pdf)
    return HttpResponseRedirect(reverse("signed_return"))


@require_GET
@login_required
def signed_return(request: HttpRequest) -> HttpResponse:
    """The return is signed."""
    if RETURNS.of(str(request.eid.resident.sub)) is None:
        return HttpResponseRedirect(reverse("summary"))
    return render(request, "signed.html")


@require_GET
@login_required
def signed_file(request: HttpRequest) -> HttpResponse:
    """The signed return itself."""
    pdf = RETURNS.of(str(request.eid.resident.sub))
    if pdf is None:
        raise Http404
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="tax-return.pdf"'
    return response
