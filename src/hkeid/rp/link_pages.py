"""The pages about linking: what will happen, in which account, and the ways on from here. No script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from hkeid.oidc.locales import best_locale
from hkeid.rp.account_links import LinkingPolicy
from hkeid.rp.link_forms import ShownForm
from hkeid.rp.link_texts import PAGES, VALUES, WAYS, PageText
from hkeid.rp.web import BrowserRequest, SetCookie

if TYPE_CHECKING:
    from hkeid.rp.web import WebLogin

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
<main id="eid-link" data-kind="{kind}">
<h1 id="eid-title">{title}</h1>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way on: a link, or a button of the page's form.

    :ivar id: stable id of the element.
    :ivar href: where a link leads; None for a button.
    :ivar value: what a button sends as ``by``.
    """

    id: str
    text: str
    href: str | None = None
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """A page as a whole, or as the parts of which an application makes its own.

    :ivar kind: ``have_account``, ``confirm``, ``linked``, ``unlink`` or ``unlinked``.
    :ivar account: what the account is called, or None where none is logged in.
    :ivar action: where the form posts to, or None where there is no form.
    :ivar hidden: its hidden fields; a framework's own form token goes beside them.
    :ivar ways: the first is the page's main action.
    :ivar asks: scheme and host of eID, to which the form's answer leads (``form-action``).
    """

    kind: str
    locale: str
    text: PageText
    ways: tuple[Way, ...]
    account: str | None = None
    action: str | None = None
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: tuple[SetCookie, ...] = field(default=(), repr=False)
    asks: str = ""

    @property
    def content_security_policy(self) -> str:
        """The strictest policy under which the page works."""
        # The answer to the form leads on to eID; browsers check that against this list.
        forms = f"'self' {self.asks}" if self.action else "'none'"
        return (
            f"default-src 'none'; style-src 'self'; form-action {forms}; "
            "frame-ancestors 'none'; base-uri 'none'"
        )

    def html(self, style: str, more: Mapping[str, str] | None = None) -> str:
        """The whole page.

        :param style: address of :data:`hkeid.rp.kit_style.STYLE`.
        :param more: hidden fields of the framework's own.
        """
        return _PAGE.format(
            locale=self.locale,
            kind=self.kind,
            title=escape(self.text.title),
            style=escape(style),
            body="\n".join(self._body({**self.hidden, **(more or {})})),
        )

    def _body(self, hidden: Mapping[str, str]) -> list[str]:
        lines = [f'<p id="eid-lead">{escape(self.text.lead)}</p>']
        if self.account is not None:
            lines.append(f'<p class="account" id="eid-account">{escape(self.account)}</p>')
        if self.text.points:
            points = "".join(f"<li>{escape(point)}</li>" for point in self.text.points)
            lines.append(f'<ul class="points" id="eid-points">{points}</ul>')
        ways = "\n".join(_drawn(way, main=place == 0) for place, way in enumerate(self.ways))
        actions = f'<p class="actions">{ways}</p>'
        if self.action is None:
            return [*lines, actions]
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in hidden.items()
        )
        action = escape(self.action)
        return [
            *lines,
            f'<form method="post" action="{action}" id="eid-form">{fields}{actions}</form>',
        ]


def _drawn(way: Way, *, main: bool) -> str:
    dress = ' class="primary"' if main else ""
    if way.href is not None:
        return f'<a id="{way.id}"{dress} href="{escape(way.href)}">{escape(way.text)}</a>'
    dress = dress or ' class="quiet"'
    return f'<button id="{way.id}"{dress} name="by" value="{way.value}">{escape(way.text)}</button>'


class LinkPages:
    """Makes the pages."""

    def __init__(self, login: WebLogin, policy: LinkingPolicy) -> None:
        self._login = login
        self._policy = policy

    def have_account(self, request: BrowserRequest, after: str) -> LinkPage:
        """No account is logged in: whoever has one logs in to it first."""
        back = self._own(request, "/link", after)
        ways = (
            self._way(request, "eid-account-login", self._account_login(request, back)),
            self._way(request, "eid-without", after),
        )
        return self._page(request, "have_account", None, ways)

    def confirm(
        self, request: BrowserRequest, account: str, after: str, form: ShownForm
    ) -> LinkPage:
        """What will happen; the button agrees to it."""
        ways = (
            self._way(request, "eid-link-now", None, value="eid"),
            self._way(request, "eid-not-now", after),
        )
        return self._page(request, "confirm", account, ways, form=form, page="/link", after=after)

    def linked(self, request: BrowserRequest, account: str, after: str) -> LinkPage:
        """The account has its eID."""
        unlink = self._own(request, "/unlink", after)
        ways = (
            self._way(request, "eid-go-on", after),
            self._way(request, "eid-unlink", unlink),
        )
        return self._page(request, "linked", account, ways)

    def unlink(
        self,
        request: BrowserRequest,
        account: str,
        after: str,
        form: ShownForm,
        *,
        fresh: bool | None,
    ) -> LinkPage:
        """What unlinking means."""
        ways = [self._way(request, "eid-unlink-with-eid", None, value="eid")]
        if fresh:
            ways.append(self._way(request, "eid-unlink-now", None, value="account"))
        elif fresh is not None:
            back = self._own(request, "/unlink", after)
            anew = self._account_login(request, back, again="1")
            ways.append(self._way(request, "eid-account-login-again", anew))
        ways.append(self._way(request, "eid-keep", after))
        return self._page(
            request, "unlink", account, tuple(ways), form=form, page="/unlink", after=after
        )

    def unlinked(self, request: BrowserRequest, account: str | None, after: str) -> LinkPage:
        """The account has no eID any more."""
        again = self._own(request, "/link", after)
        ways = (
            self._way(request, "eid-go-on", after),
            self._way(request, "eid-link-again", again),
        )
        return self._page(request, "unlinked", account, ways)

    def _page(
        self,
        request: BrowserRequest,
        kind: str,
        account: str | None,
        ways: tuple[Way, ...],
        *,
        form: ShownForm | None = None,
        page: str = "",
        after: str = "",
    ) -> LinkPage:
        locale = best_locale(request.ui_locales)
        issuer = urlsplit(self._login.party.issuer)
        return LinkPage(
            kind=kind,
            locale=locale,
            text=self._text(kind, locale),
            account=None if account is None else self._policy.account_name(account),
            ways=ways,
            action=self._login.prefix(request) + page if form else None,
            hidden={**form.hidden, "next": after} if form else {},
            cookies=(form.cookie,) if form else (),
            asks=f"{issuer.scheme}://{issuer.netloc}",
        )

    def _text(self, kind: str, locale: str) -> PageText:
        text, match = PAGES[kind][locale], self._policy.match
        if kind != "confirm" or match is None:
            return text
        sentence, values, comma = VALUES[locale]
        named = [values[claim] for claim in values if claim in match.claims]
        point = sentence.format(values=comma.join(named))
        return PageText(text.title, text.lead, (text.points[0], point, *text.points[1:]))

    def _way(self, request: BrowserRequest, name: str, href: str | None, *, value: str = "") -> Way:
        text = WAYS[name][best_locale(request.ui_locales)]
        return Way(id=name, text=text, href=href, value=value)

    def _account_login(self, request: BrowserRequest, back: str, **members: str) -> str:
        page = request.root + self._policy.account_login
        return f"{page}{'&' if '?' in page else '?'}{urlencode({'next': back, **members})}"

    def _own(self, request: BrowserRequest, page: str, after: str) -> str:
        return f"{self._login.prefix(request)}{page}?{urlencode({'next': after})}"
