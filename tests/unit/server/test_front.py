"""The dispatcher: doors get requests as they are, browsers keep their cookies, errors have pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import Request, Response
from hkeid_server.house import House
from hkeid_server.wsgi import serve_house


class EchoDoor:
    """A door that tells what it was given."""

    paths: Mapping[str, tuple[str, ...]] = {"/echo": ("GET", "POST"), "/authorize": ("GET",)}

    def __init__(self, error: Exception | None = None) -> None:
        self.requests: list[Request] = []
        self.error = error

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return Response(status=200, headers=(("X-Door", "echo"),), body=b"echo")


def served(house: House, door: EchoDoor) -> Client:
    return Client(serve_house(replace(house, doors={"echo": door})))


def test_door_gets_the_request_as_it_is(house: House) -> None:
    door = EchoDoor()
    answer = served(house, door).post(
        "/echo?a=1&a=2&empty=",
        data={"b": "3"},
        headers={"Authorization": "Bearer x", "X-Odd": "y"},
        environ_base={"REMOTE_ADDR": "198.51.100.7"},
    )
    assert answer.status_code == 200
    assert answer.headers["X-Door"] == "echo"
    (request,) = door.requests
    assert request.method == "POST"
    assert request.path == "/echo"
    assert request.query.all("a") == ("1", "2")
    assert request.query.get("empty") == ""
    assert request.form.get("b") == "3"
    assert request.body == b"b=3"
    assert request.header("authorization") == "Bearer x"
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.network == "198.51.100.7"
    assert request.browser is None
    assert request.session is None


def test_programs_get_no_cookies(house: House) -> None:
    answer = served(house, EchoDoor()).get("/echo")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["HKEID-Reference"]


def test_browsers_are_known_again(house: House) -> None:
    door = EchoDoor()
    client = served(house, door)
    first = client.get("/authorize")
    assert "hkeid_browser=" in first.headers["Set-Cookie"]
    second = client.get("/authorize")
    assert "Set-Cookie" not in second.headers
    assert door.requests[0].browser == door.requests[1].browser is not None


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("store_busy", detail="inside"), 503, "temporarily_unavailable"),
        (KeyError("sesame"), 500, "server_error"),
    ],
)
def test_programs_get_json_when_the_door_fails(
    house: House, log: Any, error: Exception, status: int, code: str
) -> None:
    answer = served(house, EchoDoor(error)).get("/echo")
    assert answer.status_code == status
    assert answer.json == {"error": code}
    assert "sesame" not in log.getvalue()
    assert "sesame" not in answer.text


def test_browsers_get_a_page_when_the_door_fails(house: House) -> None:
    answer = served(house, EchoDoor(Unavailable("store_busy"))).get("/authorize")
    assert answer.status_code == 503
    assert 'data-problem="unavailable"' in answer.text


@pytest.mark.parametrize("query", ["a=%ff", "&".join(f"p{n}=1" for n in range(300))])
def test_parameters_that_do_not_parse(house: House, query: str) -> None:
    assert served(house, EchoDoor()).get(f"/echo?{query}").status_code == 400


def test_body_limit(house: House) -> None:
    door = EchoDoor()
    answer = served(house, door).post("/echo", data=b"x" * 70_000)
    assert answer.status_code == 413
    assert door.requests == []


@pytest.mark.parametrize("length", ["-1", "ten", "99999999999999999999"])
def test_content_length_that_cannot_be(house: House, length: str) -> None:
    answer = served(house, EchoDoor()).open(
        "/echo", method="POST", environ_overrides={"CONTENT_LENGTH": length}
    )
    assert answer.status_code == 413


def test_head_has_no_body(house: House) -> None:
    answer = served(house, EchoDoor()).head("/echo")
    assert answer.status_code == 200
    assert answer.data == b""


def test_post_from_another_site_comes_again_with_cookies(
    front: Any, authorize: Callable[..., str]
) -> None:
    """SameSite=Lax keeps cookies away from a cross-site POST, so a page of ours posts once more:
    what was sent in a body never turns up in a URL.
    """
    wanted = {name: values[0] for name, values in parse_qs(urlsplit(authorize()).query).items()}
    answer = Client(front).post(
        "/authorize",
        data=wanted,
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://rp.example.hk"},
    )
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text)
    assert {name: unescape(value) for name, value in fields} == wanted
    assert '<form id="form-post" method="post" action="/authorize">' in answer.text


def test_such_a_post_may_be_malformed(front: Any) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    answer = Client(front).post("/authorize", data={"a": '"><script>'}, headers=cross)
    assert "<script>" not in answer.text
    body = Client(front).post(
        "/authorize", data=b"a=%ff", headers=cross, content_type="application/x-www-form-urlencoded"
    )
    assert body.status_code == 400


def test_request_that_must_not_redirect_gets_a_page(front: Any, log: Any) -> None:
    answer = Client(front).get("/authorize?client_id=nobody&state=sesame")
    assert answer.status_code == 400
    assert 'data-problem="service"' in answer.text
    assert "sesame" not in answer.text
    assert "sesame" not in log.getvalue()
    (line,) = log.events("server:request:refused")
    assert line["reference"] == answer.headers["HKEID-Reference"]


def test_metadata_and_token_endpoint_are_answered_by_the_door(front: Any) -> None:
    client = Client(front)
    found = client.get("/.well-known/openid-configuration").json
    assert found["issuer"] == "http://localhost:8000"
    answer = client.post("/token", data={"grant_type": "authorization_code"})
    assert answer.status_code in {400, 401}
    assert json.loads(answer.text)["error"]


def test_https_adds_hsts_to_every_answer(house: House) -> None:
    from hkeid_server.browser import CookieNames

    names = CookieNames.for_issuer("https://eid.example.hk")
    secure = replace(house, pages=replace(house.pages, cookies=names), doors={"echo": EchoDoor()})
    client = Client(serve_house(secure))
    for path in ("/echo", "/help"):
        assert "max-age=63072000" in client.get(path).headers["Strict-Transport-Security"]
