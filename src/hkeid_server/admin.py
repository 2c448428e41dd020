"""The admin listener, in a process of its own: health and metrics for operators, and the officers'
console where it is enabled.

So a busy public listener cannot make it look dead, and nobody reaches it by the public port.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.ports import KeyPurpose, KeyState, KeyStore
from hkeid_server import metrics
from hkeid_server.config import Config, load_config

_OPERATORS = frozenset({"/health/live", "/health/ready", "/metrics"})
_THREADS = 4
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class AdminApplication:
    """WSGI: ``/health/live``, ``/health/ready``, ``/metrics``; all else is the console's.

    :param checks: what ``/health/ready`` looks at, by name; each raises what is wrong.
    :param console: the officers' console, or None.
    """

    def __init__(self, checks: dict[str, Callable[[], None]], console: Any = None) -> None:
        self._checks = checks
        self._console = console

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if self._console is not None and path not in _OPERATORS:
            pages: Iterable[bytes] = self._console(environ, start_response)
            return pages
        match environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"):
            case (("GET" | "HEAD"), "/health/live"):
                status, kind, body = 200, "application/json", b'{"live":true}'
            case (("GET" | "HEAD"), "/health/ready"):
                status, body = self._ready()
                kind = "application/json"
            case (("GET" | "HEAD"), "/metrics"):
                status, kind, body = 200, _TEXT, metrics.exposition()
            case _:
                status, kind, body = 404, "application/json", b'{"error":"not_found"}'
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        phrase = {200: "200 OK", 404: "404 Not Found", 503: "503 Service Unavailable"}[status]
        start_response(phrase, headers)
        return (b"" if environ.get("REQUEST_METHOD") == "HEAD" else body,)

    def regular_work(self) -> dict[str, Callable[[], int]]:
        """What the console wants done every few minutes, by the name of its event."""
        if self._console is None:
            return {}
        review = self._console.extensions["hkeid.console"].review
        return {"review:decisions:settled": review.settle}

    def _ready(self) -> tuple[int, bytes]:
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                check()
                found[name] = "ok"
            except HkeidError as error:
                found[name] = error.reason
        ready = set(found.values()) <= {"ok"}
        body = json.dumps({"ready": ready, "checks": found}).encode()
        return (200 if ready else 503), body


def create_admin(config: Config) -> AdminApplication:
    """The admin application of a configuration, with its own connections."""
    from hkeid_server.wiring import MEMORY, open_keys, open_store, open_vault, surroundings

    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    checks: dict[str, Callable[[], None]] = {
        "keys": lambda: _check_keys(keys),
        "listener": lambda: _check_listener(config),
    }
    if config.store.url != MEMORY:
        store = open_store(config, keys, clock, random)
        checks["store"] = lambda: _check_store(store)
    if config.vault.url != MEMORY:
        vault = open_vault(config)
        checks["vault"] = lambda: _check_vault(vault)
    return AdminApplication(checks, open_console(config))


def open_console(config: Config) -> Any:
    """The officers' console as a WSGI application; None where it is not enabled."""
    if not config.officers.enabled:
        return None
    from hkeid_server.console import create_console
    from hkeid_server.wiring import build_console, build_house

    return create_console(build_console(build_house(config)))


def _check_keys(keys: KeyStore) -> None:
    signing = keys.signing_keys(KeyPurpose.TOKEN_SIGNING)
    if not any(key.state is KeyState.ACTIVE for key in signing):
        raise Unavailable("signing_key_missing")


def _check_store(store: Any) -> None:
    """Reachable, and at this release's schema."""
    store.check_schema()


def _check_vault(vault: Any) -> None:
    vault.get("nobody")


def _check_listener(config: Config) -> None:
    """Whether the public listener answers."""
    host = "127.0.0.1" if config.server.host in {"0.0.0.0", "::"} else config.server.host  # noqa: S104
    connection = HTTPConnection(host, config.server.port, timeout=2)
    try:
        connection.request("GET", "/jwks", headers={"Host": config.issuer.partition("://")[2]})
        status = connection.getresponse().status
    except OSError:
        raise Unavailable("listener_silent") from None
    finally:
        connection.close()
    if status != 200:
        raise Unavailable("listener_unwell")


def from_environment() -> AdminApplication:
    """The admin application that ``HKEID_CONFIG`` describes; it makes checkpoints beside it."""
    from hkeid_server.housekeeping import start_regular_work

    config = load_config(Path(os.environ.get("HKEID_CONFIG", "hkeid.toml")))
    admin = create_admin(config)
    start_regular_work(config, admin.regular_work())
    return admin


def main() -> None:
    """Serve until the parent process is gone: then standard input ends."""
    from hkeid_server.cli.serve import listen

    config = load_config(Path(os.environ["HKEID_CONFIG"]))
    Thread(target=_end_with_parent, daemon=True).start()
    listen(
        "hkeid_server.admin:from_environment",
        host=config.admin.host,
        port=config.admin.port,
        workers=1,
        threads=_THREADS,
    )


def _end_with_parent() -> None:
    # Not sys.stdin: a worker forked while its lock is held would wait for it for ever.
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
