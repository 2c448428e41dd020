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


def test_nobody_waits_long_for_a_place(monkeypatch) -> None:
    """Whoever waits keeps a thread that logins need."""
    monkeypatch.setattr(mount, "_PATIENCE", 0.05)
    go_on = Event()

    def handle(request: Request) -> Response:
        assert go_on.wait(timeout=30)
        return Response(status=200)

    refused: list[str] = []
    house: Any = SimpleNamespace(
        signing=SimpleNamespace(door=SimpleNamespace(handle=handle)),
        journal=SimpleNamespace(refusal=lambda error, **_: refused.append(error.reason)),
        random=SystemRandom(),
        network=SimpleNamespace(address=lambda environ: None),
        pages=SimpleNamespace(cookies=SimpleNamespace(secure=False)),
    )
    door = SigningDoor(house)

    def call(_: int) -> str:
        said: list[str] = []
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/signing/requests", "CONTENT_LENGTH": "2",
            "CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(b"{}"),
        }  # fmt: skip
        door(environ, lambda status, headers: said.append(status))
        return said[0]

    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(call, number) for number in range(5)]
        first = next(one for one in iter(lambda: _done(calls), None) if one)
        assert first.startswith("503")
        go_on.set()
        answers = sorted(one.result() for one in calls)
    assert answers == ["200 OK"] * 4 + ["503 Service Unavailable"]
    assert refused == ["server_busy"]
    assert call(0) == "200 OK"


def _done(calls: Any) -> str:
    return next((one.result() for one in calls if one.done()), "")
