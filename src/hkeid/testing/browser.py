"""A small browser without pictures or scripts: cookies, redirects, forms.

Drives the reference server and the relying parties over real HTTP in demonstrations, tests and
benchmarks, where a full browser would be too slow or too heavy::

    browser = Browser()
    page = browser.get("http://localhost:5001/")
    page = browser.submit(page.form("login"), {"language": "en"})
"""

from __future__ import annotations

import http.cookiejar
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 20
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


class UnexpectedPage(AssertionError):
    """A page did not have what the script looked for; the message shows what it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as the page holds it.

    :ivar action: absolute URL.
    :ivar fields: names and values that would be sent, without those of buttons.
    :ivar buttons: name and value of each named submit button, in order.
    :ivar names: what :meth:`Page.form` finds it by: its id, its action's path, its buttons' ids.
    """

    id: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = ()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as the page holds it; ``href`` is absolute."""

    id: str
    href: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the last request brought, after redirects.

    :ivar attributes: attributes of every element with an id, by that id.
    :ivar texts: text of every element with an id, by that id.
    :ivar classes: the class attribute of every element that has one, in order.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    forms: tuple[Form, ...] = ()
    links: tuple[Link, ...] = ()
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    classes: tuple[str, ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)

    def form(self, name: str) -> Form:
        """The form whose id, action's path or button's id is ``name``.

        :raises UnexpectedPage: there is none.
        """
        for form in self.forms:
            if name in form.names:
                return form
        raise self.unexpected(f"no form {name!r}")

    def link(self, name: str) -> Link:
        """The link whose id, path or text is ``name``.

        :raises UnexpectedPage: there is none.
        """
        for link in self.links:
            if name in (link.id, urlsplit(link.href).path, link.text):
                return link
        raise self.unexpected(f"no link {name!r}")

    def count(self, classes: str) -> int:
        """How many elements have exactly this class attribute."""
        return self.classes.count(classes)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def unexpected(self, what: str) -> UnexpectedPage:
        """An error that shows where the script stands."""
        path = urlsplit(self.url)
        seen = " ".join(self.text.split())[:400]
        forms = [form.id or urlsplit(form.action).path for form in self.forms]
        return UnexpectedPage(
            f"{what}, at {path.scheme}://{path.netloc}{path.path} (status {self.status}, "
            f"forms {forms}): {seen!r}"
        )


class Browser:
    """Keeps cookies as a browser on this machine does: ``Secure`` ones too, as localhost counts as
    a secure place, and by host without regard to the port.

    :param stop_at: beginning of addresses that are not opened: a redirect there ends on an empty page
        with that address, for callers that play the relying party themselves.
    :param patience: seconds that an answer may take.
    """

    def __init__(
        self,
        *,
        language: str = "en",
        agent: str = "hkeid-journey/1",
        stop_at: str | None = None,
        patience: float = 30.0,
    ) -> None:
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.cookies = http.cookiejar.CookieJar(policy)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
            _Stay(),
        )
        self._stop_at = stop_at
        self._patience = patience
        self._headers = {"User-Agent": agent, "Accept-Language": language}

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        """Open a page, following redirects."""
        return self._open("GET", url, None, {"Accept": "text/html", **(headers or {})})

    def post(
        self,
        url: str,
        body: bytes,
        media_type: str,
        *,
        headers: Mapping[str, str] | None = None,
        origin: str | None = None,
    ) -> Page:
        """Send a body, as a form or a script of the page would; redirects are followed."""
        parts = urlsplit(origin or url)
        sent = {
            "Content-Type": media_type,
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
            **(headers or {}),
        }
        return self._open("POST", url, body, sent)

    def post_json(self, url: str, value: Any, *, headers: Mapping[str, str] | None = None) -> Page:
        """Send JSON as a script of the same site would."""
        further = {"Accept": "application/json", **(headers or {})}
        return self.post(url, json.dumps(value).encode(), "application/json", headers=further)

    def submit(
        self,
        form: Form,
        values: Mapping[str, str] | None = None,
        *,
        further: Iterable[tuple[str, str]] = (),
        button: tuple[str, str] | None = None,
    ) -> Page:
        """Fill a form and send it.

        :param values: replace or add fields.
        :param further: fields to add as they are (boxes that are ticked, say).
        :param button: name and value of the button that is pressed.
        """
        given = dict(values or {})
        fields = [(name, given.pop(name, value)) for name, value in form.fields]
        fields += [*given.items(), *further]
        if button is not None:
            fields.append(button)
        encoded = urlencode(fields)
        if form.method == "GET":
            return self.get(f"{form.action.split('?')[0]}?{encoded}")
        media_type = "application/x-www-form-urlencoded"
        return self.post(form.action, encoded.encode(), media_type, headers={"Accept": "text/html"})

    def cookie_header(self, url: str) -> str:
        """The Cookie header that this browser would send to ``url``."""
        request = urllib.request.Request(url)  # noqa: S310 - nothing is opened
        self.cookies.add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def _open(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Page:
        for _ in range(_MOST_REDIRECTS):
            request = urllib.request.Request(  # noqa: S310 - the scheme is checked below
                url, data=body, method=method, headers={**self._headers, **headers}
            )
            if request.type not in ("http", "https"):
                raise UnexpectedPage(f"a link to {request.type}:")
            with self._opener.open(request, timeout=self._patience) as answer:
                status, content = answer.status, answer.read()
                got = {name.lower(): value for name, value in answer.headers.items()}
            if status not in _REDIRECTS or "location" not in got:
                return read_page(url, status, got, content)
            url = urljoin(url, got["location"])
            if self._stop_at is not None and url.startswith(self._stop_at):
                return Page(url=url, status=status, headers=got, body=b"")
            if status not in (307, 308):
                method, body = "GET", None
                headers = {"Accept": "text/html"}
        raise UnexpectedPage(f"more than {_MOST_REDIRECTS} redirects")


class _Stay(urllib.request.HTTPErrorProcessor):
    """Neither follows redirects nor raises for error pages: both are answers here."""

    def http_response(self, request: Any, response: Any) -> Any:  # noqa: ARG002
        return response

    https_response = http_response


def read_page(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Page:
    """Read an answer as a browser would; what is not HTML has text only."""
    if "html" not in headers.get("content-type", ""):
        text = body.decode("utf-8", "replace")
        return Page(url=url, status=status, headers=headers, body=body, text=text)
    reader = _Reader(url)
    reader.feed(body.decode("utf-8", "replace"))
    reader.close()
    return Page(
        url=url,
        status=status,
        headers=headers,
        body=body,
        forms=tuple(reader.forms),
        links=tuple(reader.links),
        attributes=reader.attributes,
        texts=reader.texts,
        classes=tuple(reader.classes),
        text=" ".join("".join(reader.text).split()),
    )


class _Reader(HTMLParser):
    """Collects forms, links, ids and text."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self.attributes: dict[str, dict[str, str]] = {}
        self.text: list[str] = []
        self.texts: dict[str, str] = {}
        self.classes: list[str] = []
        self._open: list[tuple[str, str | None, int]] = []
        self._form: dict[str, str] | None = None
        self._names: set[str] = set()
        self._fields: list[tuple[str, str]] = []
        self._buttons: list[tuple[str, str]] = []
        self._link: dict[str, str] | None = None
        self._link_text: list[str] = []
        self._select: str | None = None
        self._textarea: str | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        self._note(tag, at)
        match tag:
            case "form":
                self._form, self._fields, self._buttons, self._names = at, [], [], set()
            case "input" | "button":
                self._control(tag, at)
            case "select":
                self._select = at.get("name")
            case "option" if self._select is not None and "selected" in at:
                self._fields.append((self._select, at.get("value", "")))
            case "textarea" if self._form is not None and "name" in at:
                self._textarea = at["name"]
                self._fields.append((at["name"], ""))
            case "a" if "href" in at:
                self._link, self._link_text = at, []
            case "script" | "style" | "template":
                self._silent += 1

    def _note(self, tag: str, at: dict[str, str]) -> None:
        if "id" in at:
            self.attributes[at["id"]] = at
        if "class" in at:
            self.classes.append(at["class"])
        if tag not in _VOID:
            self._open.append((tag, at.get("id"), len(self.text)))

    def _control(self, tag: str, at: dict[str, str]) -> None:
        name = at.get("name")
        kind = at.get("type", "submit" if tag == "button" else "text").lower()
        if self._form is not None and kind == "submit" and "id" in at:
            self._names.add(at["id"])
        if self._form is None or not name or "disabled" in at:
            return
        if kind in ("submit", "image"):
            self._buttons.append((name, at.get("value", "")))
        elif kind in ("checkbox", "radio"):
            if "checked" in at:
                self._fields.append((name, at.get("value", "on")))
        elif kind not in ("button", "reset", "file"):
            self._fields.append((name, at.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self._close(tag)
        match tag:
            case "form" if self._form is not None:
                self._end_form(self._form)
            case "a" if self._link is not None:
                self.links.append(
                    Link(
                        id=self._link.get("id", ""),
                        href=urljoin(self._url, self._link["href"]),
                        text=" ".join("".join(self._link_text).split()),
                    )
                )
                self._link = None
            case "select":
                self._select = None
            case "textarea":
                self._textarea = None
            case "script" | "style" | "template" if self._silent:
                self._silent -= 1

    def _close(self, tag: str) -> None:
        if tag not in (name for name, _, _ in self._open):
            return
        while self._open:
            name, element, start = self._open.pop()
            if element is not None:
                self.texts[element] = " ".join("".join(self.text[start:]).split())
            if name == tag:
                return

    def _end_form(self, at: dict[str, str]) -> None:
        action = urljoin(self._url, at.get("action", "") or self._url)
        self.forms.append(
            Form(
                id=at.get("id", ""),
                action=action,
                names=frozenset({at.get("id", ""), urlsplit(action).path, *self._names} - {""}),
                method=at.get("method", "get").upper(),
                fields=tuple(self._fields),
                buttons=tuple(self._buttons),
            )
        )
        self._form = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None and self._fields[-1][0] == self._textarea:
            self._fields[-1] = (self._textarea, self._fields[-1][1] + data)
        if self._link is not None:
            self._link_text.append(data)
        if not self._silent:
            self.text.append(data)
