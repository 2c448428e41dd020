"""Having a form filled by a visitor."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.django.bridge import browser_request, send
from hkeid.rp.django.conf import given, web_login
from hkeid.rp.errors import LoginFailed
from hkeid.rp.form_records import WantedForms


def fill_form(
    request: HttpRequest,
    forms: WantedForms,
    *,
    login: bool = False,
    lasting: bool = False,
    context: str = "",
) -> HttpResponse:
    """Send the visitor to fill forms at eID. ``HKEID["FILLED"]`` is the dotted path of what is called with the
    request, :class:`~hkeid.rp.form_records.FilledForms` and ``context`` afterwards.

    Whoever is logged in is the only one who may fill them. If nobody is, nobody is named by them either, unless
    ``login`` says so. Parameters are those of :meth:`hkeid.rp.RelyingParty.start_form`.

    :raises ConfigurationError: ``filled_view_missing``.
    """
    if given().get("FILLED") is None:
        raise ConfigurationError("filled_view_missing", detail='HKEID["FILLED"]')
    try:
        answer = web_login().forms.begin(
            browser_request(request), forms, login=login, lasting=lasting, context=context
        )
    except LoginFailed as failed:
        from hkeid.rp.django.views import failure_response

        return failure_response(request, failed)
    return send(answer)
