"""What the endpoints answer with, beside messages."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.doors.form_post import form_post_page
from hkeid.doors.onward import onward_page
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Response, redirect
from hkeid.saml.messages import soap
from hkeid.saml.messages.bindings import FormPost, Outgoing

_PLAIN = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
NOT_FOUND = Response(status=404, headers=(("Cache-Control", "no-store"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlErrorPage(Response):
    """An error for the person's eyes: there is nowhere to send it that could be trusted.

    The body is plain text; a server shows a page of its own from :attr:`error`.
    """

    error: HkeidError


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlLogoutPage(Response):
    """The end of a logout that began here; a server shows a page of its own.

    :ivar missed: entity IDs of services that did not say that they ended their sessions.
    """

    missed: tuple[str, ...] = ()


def error_page(error: HkeidError, *, status: int = 400) -> SamlErrorPage:
    """The page for an error that has nowhere to go."""
    return SamlErrorPage(
        status=status,
        headers=_PLAIN,
        body=f"{error.safe_text}\n".encode(),
        error=error,
    )


def logout_page(missed: tuple[str, ...]) -> SamlLogoutPage:
    """The page after a logout that began here."""
    text = "You are signed out here.\n" if missed else "You are signed out.\n"
    return SamlLogoutPage(status=200, headers=_PLAIN, body=text.encode(), missed=missed)


def envelope(octets: bytes, *, status: int = 200) -> Response:
    """An answer by SOAP (saml-bindings §3.2.3.3)."""
    headers = (
        ("Content-Type", soap.MEDIA_TYPE),
        ("Cache-Control", "no-cache, no-store"),
        ("Pragma", "no-cache"),
    )
    return Response(status=status, headers=headers, body=octets)


def soap_fault(error: HkeidError) -> Response:
    """saml-bindings §3.2.3.3: what is no SAML request is answered by a fault, with status 500."""
    return envelope(soap.fault("Client", error.reason), status=500)


def leave(outgoing: Outgoing, script_url: str, *, by_page: bool = False) -> Response:
    """Send the browser on its way (saml-bindings §3.4.5, §3.5.5: nobody keeps it).

    :param by_page: a page leads on, where a redirect could be one too many.
    """
    if isinstance(outgoing, FormPost):
        return form_post_page(outgoing.action, outgoing.fields, script_url=script_url)
    return onward_page(outgoing.url) if by_page else redirect(outgoing.url)


def method_not_allowed(allowed: tuple[str, ...]) -> Response:
    """RFC 9110 §15.5.6."""
    headers = (("Allow", ", ".join(allowed)), ("Cache-Control", "no-store"))
    return Response(status=405, headers=headers)
