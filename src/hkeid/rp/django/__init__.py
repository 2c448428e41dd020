"""Log in with eID in a Django project.

::

    INSTALLED_APPS += ["hkeid.rp.django"]
    MIDDLEWARE += ["hkeid.rp.django.middleware.EidMiddleware"]
    HKEID = {"ISSUER": "https://eid.example.hk", "CLIENT_ID": "…", "PRIVATE_KEY": "client.pem"}

    urlpatterns += [path("eid/", include("hkeid.rp.django.urls"))]

    from hkeid.rp.django import login_required

    @login_required(acr="urn:hkeid:acr:eid")
    def account(request):
        return HttpResponse(f"Hello {request.eid.resident.sub}")

Asking for a signature (an eID+ is needed; register ``<base URL>/eid/signed`` as redirect URI too)::

    HKEID = {…, "SIGNED": "myproject.views.signed"}       # signed(request, signed, context)

    asked = request_signature(request, pdf, document_name="Tax return")
    return asked.remember(render(request, "sign.html", {"asked": asked}))

Having a form filled from what residents keep at eID (register ``<base URL>/eid/filled`` as redirect URI too)::

    HKEID = {…, "FILLED": "myproject.views.filled"}       # filled(request, forms, context)

    return fill_form(request, "visit")

Accounts that the project has already (``/eid/link``, ``/eid/unlink``, ``request.eid.account``)::

    HKEID = {…, "ACCOUNT_LINKS": {
        "LINKS": "myproject.accounts.links",                  # hkeid.rp.account_links.AccountLinks
        "CURRENT_ACCOUNT": "myproject.accounts.current",      # current(request) -> str | None
        "ACCOUNT_LOGIN": "/login",
        "HAS_OTHER_LOGIN": "myproject.accounts.has_password", # has_password(account) -> bool
    }}

Neither ``django.contrib.sessions`` nor ``django.contrib.auth`` nor a database is needed. Register
``<base URL>/eid/callback`` as redirect URI, ``<base URL>/`` as post-logout redirect URI, and
``<base URL>/eid/backchannel-logout`` as ``backchannel_logout_uri``: a logout elsewhere then ends the session here.
Which sessions eID has ended stands in the cache called ``default``; several processes need one that they share.
"""

from hkeid.kernel.errors import MissingExtra

try:
    import django as _django  # noqa: F401
except ImportError:
    raise MissingExtra("django", "django") from None

from hkeid.rp.django.decorators import login_required
from hkeid.rp.django.forms import fill_form
from hkeid.rp.django.signatures import request_signature

__all__ = ["fill_form", "login_required", "request_signature"]
