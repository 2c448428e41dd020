"""The relying parties' door when all its places are taken."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import Any

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.http import Request, Response
from hkeid_server.signing import mount
from hkeid_server.signing.mount import SigningDoor


def a_house(door: Any, refused: list[str]) -> Any:
    return SimpleNamespace(
        signing=SimpleNamespace(door=door),
        journal=SimpleNamespace(refusal=lambda error, **_: refused.append(error.reason)),
        random=SystemRandom(),
        network=SimpleNamespace(address=lambda environ: None),
        pages=SimpleNamespace(cookies=SimpleNamespace(secure=False)),
    )


def call(door: SigningDoor, body: Any, length: int) -> str:
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/signing/requests", "CONTENT_LENGTH": str(length),
        "CONTENT_TYPE": "application/json", "wsgi.input": body,
    }  # fmt: skip
    door(environ, lambda status, headers: said.append(status))
    return said[0]


def test_nobody_waits_long_for_a_place(monkeypatch) -> None:
    """Whoever waits keeps a thread that logins need."""
    monkeypatch.setattr(mount, "_PATIENCE", 0.05)
    go_on = Event()

    def handle(request: Request) -> Response:
        assert go_on.wait(timeout=30)
        return Response(status=200)

    refused: list[str] = []
    door = SigningDoor(a_house(SimpleNamespace(handle=handle), refused))
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(call, door, io.BytesIO(b"{}"), 2) for _ in range(5)]
        first = next(one for one in iter(lambda: _done(calls), None) if one)
        assert first.startswith("503")
        go_on.set()
        answers = sorted(one.result() for one in calls)
    assert answers == ["200 OK"] * 4 + ["503 Service Unavailable"]
    assert refused == ["server_busy"]
    assert call(door, io.BytesIO(b"{}"), 2) == "200 OK"


def test_slow_uploads_do_not_keep_others_from_collecting(monkeypatch) -> None:
    """Four connections that drip could otherwise keep every relying party away, for as long as they like."""
    go_on = Event()

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert go_on.wait(timeout=30)
            return b""

    answered = SimpleNamespace(handle=lambda request: Response(status=200))
    door = SigningDoor(a_house(answered, []))
    with ThreadPoolExecutor(4) as pool:
        large = [
            pool.submit(call, door, Dripping(), mount.BODY_LIMIT) for _ in range(mount._AT_ONCE)
        ]
        while call(door, io.BytesIO(b"x" * 70_000), 70_000) != "503 Service Unavailable":
            pass
        assert call(door, io.BytesIO(b"{}"), 2) == "200 OK"
        go_on.set()
        for one in large:
            one.result()


def test_large_bodies_have_to_come_fast() -> None:
    seconds = mount._PACE.grace + mount.BODY_LIMIT / mount._PACE.rate
    assert seconds < 180


def _done(calls: Any) -> str:
    return next((one.result() for one in calls if one.done()), "")
