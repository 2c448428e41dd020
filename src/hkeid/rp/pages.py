"""The kits' own pages: what happened, what was kept, a way out, a reference number.

Plain HTML with a style sheet beside it and no script, so that they stand under the strictest content
security policy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from hkeid.oidc.locales import SUPPORTED, best_locale
from hkeid.ports.surroundings import Random
from hkeid.rp.errors import LoginDeclined, LoginFailed, ProviderUnavailable, StartAgain
from hkeid.rp.link_refusals import LinkRefused
from hkeid.rp.page_texts import (
    Frame,
    Words,
    frame_of,
    kind_of,
    words_of,
)

_LOG = logging.getLogger("hkeid.rp")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_PAGE = """<!doctype html>
<html lang="{locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<main id="eid-failure" data-kind="{kind}">
<h1 id="eid-title">{title}</h1>
<p id="eid-happened">{happened}</p>
<p id="eid-advice">{advice}</p>
<p class="actions"><a id="eid-retry" class="primary" href="{retry}">{retry_text}</a>
<a id="eid-home" href="{home}">{home_text}</a></p>
<p class="reference">{reference_text}: <strong id="eid-reference">{reference}</strong><br>{help}</p>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePage:
    """A failure as a page, or as the parts of which an application makes its own.

    :ivar status: HTTP status.
    :ivar kind: ``again``, ``declined``, ``stronger``, ``other_resident``, ``unavailable``,
        ``unverified``, ``not_sent``, ``form_lost``, ``not_signed``, ``not_taken``, ``signature_lost`` or ``logout``; about linking
        ``link_again``, ``link_eid_taken``, ``link_account_taken``, ``link_not_compared``, ``link_not_made`` or
        ``link_only_way_in``.
    :ivar reference: number under which the reason is in the log.
    :ivar locale: language of the texts.
    """

    status: int
    kind: str
    reference: str
    locale: str
    words: Words
    frame: Frame
    retry: str
    home: str

    def html(self, style: str) -> str:
        """The whole page; ``style`` is the address of :data:`hkeid.rp.kit_style.STYLE`."""
        return _PAGE.format(
            locale=self.locale,
            kind=self.kind,
            title=escape(self.words.title),
            happened=escape(self.words.happened),
            advice=escape(self.words.advice),
            retry=escape(self.retry),
            retry_text=escape(self.frame.retry),
            home=escape(self.home),
            home_text=escape(self.frame.home),
            reference_text=escape(self.frame.reference),
            reference=self.reference,
            help=escape(self.frame.help),
            style=escape(style),
        )


def failure_page(
    failed: LoginFailed,
    *,
    ui_locales: Iterable[str],
    retry: str,
    home: str,
    random: Random,
) -> FailurePage:
    """Make the page about ``failed`` and write its reason to the log under the page's number."""
    locale = best_locale(tuple(ui_locales))
    reference = random.token_bytes(4).hex().upper()
    _LOG.warning(
        "login failed: reference=%s reason=%s detail=%s",
        reference,
        failed.reason,
        failed.detail or "-",
    )
    return FailurePage(
        status=_status(failed),
        kind=kind_of(failed),
        reference=reference,
        locale=locale,
        words=words_of(failed, locale),
        frame=frame_of(failed, locale),
        retry=retry,
        home=home,
    )


def _status(failed: LoginFailed) -> int:
    if isinstance(failed, StartAgain):
        return 400
    if failed.reason == "link_form_invalid":
        return 400
    if isinstance(failed, LoginDeclined | LinkRefused) or kind_of(failed) in (
        "stronger",
        "other_resident",
    ):
        return 403
    return 503 if isinstance(failed, ProviderUnavailable) else 502


def accepted_locales(header: str | None, limit: int = 10) -> tuple[str, ...]:
    """Languages of an ``Accept-Language`` header, best first (RFC 9110 §12.5.4); never raises."""
    weighted: list[tuple[float, int, str]] = []
    for position, item in enumerate((header or "").split(",")[:limit]):
        tag, _, parameter = item.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        try:
            quality = float(weight)
        except ValueError:
            continue
        if tag and quality > 0 and tag != "*" and tag.isascii() and tag.replace("-", "").isalnum():
            weighted.append((-quality, position, tag))
    return tuple(tag for _, _, tag in sorted(weighted))


__all__ = [
    "CONTENT_SECURITY_POLICY",
    "SUPPORTED",
    "FailurePage",
    "accepted_locales",
    "failure_page",
]
