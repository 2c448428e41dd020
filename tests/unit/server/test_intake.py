"""Request bodies: whole, within their limit, in time; slow ones hold nobody up."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.signing.requests.door import PREFIX
from hkeid_server.house import House
from hkeid_server.intake import CARD_LIMIT, UPLOADS, BodySlow, Intake, Pace
from hkeid_server.signing.mount import BODY_LIMIT
from hkeid_server.wsgi import serve_house

ROOT = Path(__file__).resolve().parents[3]
QUICK = Pace(grace=0.2, rate=1_000_000)


class Trickle:
    """A client that sends a byte now and then."""

    def __init__(self, pause: float, size: int = 10_000) -> None:
        self.pause, self.left = pause, size
        self.ended = threading.Event()
        self.asked = 0

    def read(self, size: int = -1) -> bytes:
        self.asked += 1
        if self.ended.wait(self.pause) or not self.left:
            return b""
        self.left -= 1
        return b"x"


def environ(body: Any, length: int | str | None, path: str = "/token") -> dict[str, Any]:
    found: dict[str, Any] = {"PATH_INFO": path, "wsgi.input": body}
    if length is not None:
        found["CONTENT_LENGTH"] = str(length)
    return found


def test_body_is_there_afterwards() -> None:
    given = environ(BytesIO(b"a=1&b=2&surplus"), 7)
    Intake(100).take(given)
    assert given["wsgi.input"].read() == b"a=1&b=2"
    assert given["CONTENT_LENGTH"] == "7"


@pytest.mark.parametrize("length", [None, "", "0"])
def test_no_body_is_not_waited_for(length: str | None) -> None:
    given = environ(Trickle(60), length)
    Intake(100).take(given)
    assert isinstance(given["wsgi.input"], Trickle)


def test_body_of_unknown_length() -> None:
    given = {**environ(BytesIO(b"x" * 100), None), "HTTP_TRANSFER_ENCODING": "chunked"}
    Intake(100).take(given)
    assert given["CONTENT_LENGTH"] == "100"
    assert "HTTP_TRANSFER_ENCODING" not in given
    given = {**environ(BytesIO(b"x" * 101), None), "HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(MalformedInput) as error:
        Intake(100).take(given)
    assert error.value.reason == "body_too_large"


@pytest.mark.parametrize("length", ["101", "-1", "ten", "٣", "9" * 30])
def test_length_that_cannot_be(length: str) -> None:
    given = environ(Trickle(60), length)
    with pytest.raises(MalformedInput) as error:
        Intake(100).take(given)
    assert error.value.reason == "body_too_large"
    assert given["wsgi.input"].read() == b"", "nobody else waits for this client"


def test_uploads_have_limits_of_their_own() -> None:
    intake = Intake(65_536)
    assert intake.limit_of("/register/card") == CARD_LIMIT + 65_536
    assert intake.limit_of("/register/cards") == 65_536
    pictures = {"/kiosk/face", "/register/card", "/register/selfie"}
    documents = {"/verify", "/verify/signed-revision"}
    reports = {"/verify/report", "/verify/report.json", "/verify/report.xml"}
    assert set(UPLOADS) == pictures | documents | reports


def test_the_proxy_of_the_how_to_lets_uploads_through() -> None:
    text = (ROOT / "docs" / "how-to" / "run-the-server.md").read_text("utf-8")
    (found,) = re.findall(r"location ~ (\S+) \{.*?client_max_body_size (\d+)m;", text, re.DOTALL)
    assert all(re.search(found[0], path) for path in UPLOADS)
    assert int(found[1]) << 20 >= max(UPLOADS.values())


def test_slow_body_is_given_up() -> None:
    began = time.perf_counter()
    with pytest.raises(BodySlow) as error:
        Intake(100_000, pace=QUICK).take(environ(Trickle(0.01), 10_000))
    assert error.value.reason == "body_too_slow"
    assert time.perf_counter() - began < 5


def test_slow_but_steady_body_is_taken() -> None:
    pace = Pace(grace=0.5, rate=50)
    given = environ(Trickle(0.002, size=200), 200)
    Intake(100_000, pace=pace).take(given)
    assert given["CONTENT_LENGTH"] == "200"


def test_silent_clients_leave_the_server_to_requests_without_a_body() -> None:
    intake = Intake(100_000, pace=QUICK, at_once=1)
    silent = Trickle(60)
    waiting = threading.Thread(target=intake.take, args=(environ(silent, 10),))
    waiting.start()
    while silent.asked == 0:
        time.sleep(0.01)
    with pytest.raises(Unavailable) as error:
        intake.take(environ(BytesIO(b"abc"), 3))
    assert error.value.reason == "server_busy"
    intake.take(environ(BytesIO(), None))
    silent.ended.set()
    waiting.join(10)
    given = environ(BytesIO(b"abc"), 3)
    intake.take(given)
    assert given["wsgi.input"].read() == b"abc"


def test_stream_that_breaks() -> None:
    class Broken:
        def read(self, _: int) -> bytes:
            raise OSError("reset by peer")

    with pytest.raises(Unavailable) as error:
        Intake(100).take(environ(Broken(), 3))
    assert error.value.reason == "body_broken"


def test_body_that_ends_early_is_what_came() -> None:
    given = environ(BytesIO(b"ab"), 50)
    Intake(100).take(given)
    assert given["CONTENT_LENGTH"] == "2"


@pytest.mark.parametrize(
    ("path", "said"), [("/token", "invalid_request"), ("/activate", 'data-problem="too-slow"')]
)
def test_slow_client_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.setattr("hkeid_server.wsgi.Intake", lambda limit: Intake(limit, pace=QUICK))
    slow = Trickle(0.3)
    sent = EnvironBuilder(path, method="POST", headers={"Accept-Language": "en"}).get_environ()
    parts, status, _ = run_wsgi_app(serve_house(house), {**sent, **environ(slow, 1000, path)})
    slow.ended.set()
    assert status.startswith("408 ")
    assert said in b"".join(parts).decode()


SERVER = """
import sys
from hkeid_server.cli.serve import listen
listen(sys.argv[1], host="127.0.0.1", port=int(sys.argv[2]), workers=1, threads=1)
"""
APPLICATION = """
from hkeid_server.intake import BodySlow, Intake, Pace

intake = Intake(65536, pace=Pace(grace=1.0, rate=1_000_000))

def make():
    def application(environ, start_response):
        try:
            intake.take(environ)
        except BodySlow:
            start_response("408 Request Timeout", [])
            return [b"slow"]
        start_response("200 OK", [])
        return [b"good " + environ["wsgi.input"].read(20)]
    return application
"""


def test_real_server_answers_others_while_bodies_trickle(tmp_path: Path) -> None:
    """granian hands bodies over as streams: silent clients must not take all its threads."""
    (tmp_path / "slow_application.py").write_text(APPLICATION, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join((str(tmp_path), *sys.path))
    with ExitStack() as stack:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, "slow_application:make", str(port)],
            env={**os.environ, "PYTHONPATH": path},
        )
        stack.callback(server.wait, 30)
        stack.callback(server.terminate)
        for _ in range(8):
            stack.enter_context(_post(port, b"a="))
        quick = stack.enter_context(_post(port, b"a=" + b"1" * 298))
        assert b"good a=111" in quick.recv(1000)
        slow = stack.enter_context(_post(port, b"a="))
        time.sleep(1.2)
        slow.sendall(b"1" * 100)
        assert b"408" in slow.recv(1000)


def _post(port: int, body: bytes) -> socket.socket:
    for _ in range(300):
        try:
            found = socket.create_connection(("127.0.0.1", port), timeout=30)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300\r\n\r\n"
    found.sendall(head.encode() + body)
    return found


def test_the_documented_proxy_lets_documents_to_be_signed_through() -> None:
    text = (ROOT / "docs" / "how-to" / "run-the-server.md").read_text("utf-8")
    (found,) = re.findall(r"location \^~ (\S+) \{.*?client_max_body_size (\d+)m;", text, re.DOTALL)
    assert found == (PREFIX, str(BODY_LIMIT >> 20))
