"""Authorization responses (RFC 6749 §4.1.2, RFC 9207 §2: every one names the issuer)."""

from __future__ import annotations

from urllib.parse import urlencode

from hkeid.doors.form_post import form_post_page
from hkeid.kernel.http import Response, redirect
from hkeid.oidc.errors import OAuthError
from hkeid.op import paths
from hkeid.op.authorization.request import ReplyTo, ResponseMode


def render_code(reply_to: ReplyTo, code: str, issuer: str) -> Response:
    """The successful answer."""
    return _render(reply_to, [("code", code)], issuer)


def render_error(reply_to: ReplyTo, error: OAuthError, issuer: str) -> Response:
    """The error answer (RFC 6749 §4.1.2.1)."""
    parameters = [("error", error.code.value), ("error_description", error.description)]
    return _render(reply_to, parameters, issuer)


def _render(reply_to: ReplyTo, parameters: list[tuple[str, str]], issuer: str) -> Response:
    if reply_to.state is not None:
        parameters.append(("state", reply_to.state))
    parameters.append(("iss", issuer))
    if reply_to.response_mode is ResponseMode.FORM_POST:
        return form_post_page(
            reply_to.redirect_uri,
            parameters,
            script_url=issuer + paths.FORM_POST_SCRIPT,
            ui_locales=reply_to.ui_locales,
        )
    # The registered URI as it is, with more query; it has no fragment (RFC 6749 §3.1.2).
    separator = "&" if "?" in reply_to.redirect_uri else "?"
    return redirect(f"{reply_to.redirect_uri}{separator}{urlencode(parameters)}")
