"""The small browser reads pages as a person's browser would, and keeps cookies like one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from hkeid.testing.browser import Browser, UnexpectedPage

PAGE = """<!doctype html><title>t</title><h1 id="page-title">Good <em>morning</em></h1>
<p class="card device">Line<br>break</p><script>var hidden = "no";</script>
<form id="one" action="/echo?x=1" method="post"><input type="hidden" name="csrf" value="a&amp;b">
<input type="checkbox" name="off" value="1"><input type="checkbox" name="on" value="2" checked>
<textarea name="text">some
words</textarea><select name="pick"><option value="a"><option value="b" selected></select>
<input name="dead" value="x" disabled><button id="go" name="decision" value="yes">Go</button></form>
<form action="/echo" method="post"><button id="plain">Plain</button></form>
<a id="next" href="/far">Far <b>away</b></a>"""


class _Site(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str, str, str]]] = []

    def _answer(self, status: int, body: str = "", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        self.seen.append(("GET", self.path, self.headers.get("Cookie", ""), ""))
        match self.path:
            case "/":
                self._answer(
                    200, PAGE, Content_Type="text/html", Set_Cookie="__Host-s=1; Secure; Path=/"
                )
            case "/far":
                self._answer(303, Location="/json")
            case "/round":
                self._answer(303, Location="/round")
            case "/mail":
                self._answer(303, Location="mailto:someone@example.com")
            case "/json":
                self._answer(200, '{"a": 1}', Content_Type="application/json")
            case _:
                self._answer(404, "<p>gone</p>", Content_Type="text/html")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append(("POST", self.path, self.headers["Origin"], body))
        self._answer(303, Location="/json")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    _Site.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_reads_texts_links_and_forms(site: str) -> None:
    page = Browser().get(site + "/")
    assert page.texts["page-title"] == "Good morning"
    assert "hidden" not in page.text
    assert page.count("card device") == 1
    assert page.link("Far away").href == site + "/far"
    assert page.link("next") == page.link("/far")
    form = page.form("one")
    assert form.fields == (("csrf", "a&b"), ("on", "2"), ("text", "some\nwords"), ("pick", "b"))
    assert form.buttons == (("decision", "yes"),)
    assert page.form("go") is form
    assert page.form("plain").action == site + "/echo"


def test_sends_forms_and_follows_with_get(site: str) -> None:
    browser = Browser()
    page = browser.get(site + "/")
    after = browser.submit(
        page.form("one"),
        {"text": "é", "new": "1"},
        further=[("off", "1")],
        button=("decision", "yes"),
    )
    assert after.json() == {"a": 1}
    method, path, origin, body = _Site.seen[-2]
    assert (method, path, origin) == ("POST", "/echo?x=1", site)
    assert body == "csrf=a%26b&on=2&text=%C3%A9&pick=b&new=1&off=1&decision=yes"
    assert _Site.seen[-1][:2] == ("GET", "/json")


def test_keeps_secure_cookies_on_localhost(site: str) -> None:
    browser = Browser()
    browser.get(site + "/")
    assert browser.cookie_header(site + "/x") == "__Host-s=1"
    browser.get(site + "/json")
    assert _Site.seen[-1][2] == "__Host-s=1"


def test_error_pages_are_answers(site: str) -> None:
    page = Browser().get(site + "/nowhere")
    assert (page.status, page.text) == (404, "gone")


@pytest.mark.parametrize("path", ["/round", "/mail"])
def test_gives_up_on_senseless_redirects(site: str, path: str) -> None:
    with pytest.raises(UnexpectedPage):
        Browser().get(site + path)


def test_says_where_it_stands_when_something_is_missing(site: str) -> None:
    page = Browser().get(site + "/")
    with pytest.raises(UnexpectedPage, match=r"no form 'nine'.*'one'.*Good morning"):
        page.form("nine")
    with pytest.raises(UnexpectedPage, match="no link"):
        page.link("nine")


def test_stops_before_an_address_that_the_caller_plays(site: str) -> None:
    page = Browser(stop_at=site + "/json").get(site + "/far")
    assert (page.url, page.status) == (site + "/json", 303)
    assert _Site.seen[-1][1] == "/far"
