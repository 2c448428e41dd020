"""Security headers of the pages. Protocol answers carry the headers their room gave them."""

from __future__ import annotations

from functools import lru_cache

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action {targets}"
)
_CAMERA_POLICY = "; connect-src 'self'"
"""The camera page fetches its challenge when the person is ready."""
HSTS = "max-age=63072000; includeSubDomains"
"""Two years (RFC 6797)."""

_PERMISSIONS = (
    "publickey-credentials-get=(self), publickey-credentials-create=(self), camera={camera}, "
    "microphone=(), geolocation=(), usb=(), payment=(), browsing-topics=()"
)


@lru_cache(maxsize=256)
def page_headers(
    *,
    secure: bool,
    leads_to: tuple[str, ...],
    camera: bool = False,
    frames: tuple[str, ...] = (),
) -> dict[str, str]:
    """The headers of a page.

    :param secure: the server is reached by https: HSTS for two years (RFC 6797).
    :param leads_to: CSP sources to which a form of the page may lead in the end (see
        :func:`hkeid_server.names.form_targets`).
    :param camera: the page may use the camera; no other page may.
    :param frames: CSP sources of what the page may frame; no other page frames anything.
    """
    targets = " ".join(("'self'", *leads_to))
    policy = _POLICY.format(targets=targets) + (_CAMERA_POLICY if camera else "")
    if frames:
        policy += f"; frame-src {' '.join(dict.fromkeys(frames))}"
    headers = {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS.format(camera="(self)" if camera else "()"),
        # Not no-referrer: under that policy browsers send "Origin: null" with our own forms.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if secure:
        headers["Strict-Transport-Security"] = HSTS
    return headers
