"""Nothing that the canaries stand for is anywhere outside ciphertext (laws 3, 4, 5, 6).

Each place is searched for every canary in every spelling. What may be found, and why, stands in
``ALLOWED``; a permission that nothing needs fails too. That the search can find is shown by planting
a canary in each place.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from hkeid.adapters.system import SystemClock
from hkeid.audit.events import AuditEvent
from hkeid.testing import left_behind
from hkeid.testing.canaries import Canary, CanarySearch
from hkeid.testing.left_behind import Pieces
from hkeid.testing.processes import _tree
from hkeid.testing.recording import RecordingBrowser
from hkeid_server.journal import Journal

PSEUDONYM = (
    "the random number under which everything about a resident is kept; says nothing by itself"
)
PENDING = "must be given back to the service with the answer; no key to anything"
FRESH = "a new form of the same browser, under its own cookie"
NAMED = "the page begins again; the holder's passkey is kept under the holder's name"
ON_RECORD = "what the resident agreed to have verified for this customer's file"
DELIVERED = "this is how it is given to the one browser that may have it"

ALLOWED = {
    # place, canary, where (a pattern): why
    ("database", "internal id", ""): PSEUDONYM,
    ("database", "state", ""): PENDING,
    ("database", "nonce", ""): PENDING,
    ("vault", "internal id", ""): PSEUDONYM,
    ("backups", "internal id", ""): PSEUDONYM,
    ("backups", "state", ""): PENDING,
    ("backups", "nonce", ""): PENDING,
    ("audit", "internal id", ""): PSEUDONYM,
    ("records", "english name", ""): ON_RECORD,
    ("records", "chinese name", ""): ON_RECORD,
    ("records", "birth date", ""): ON_RECORD,
    ("records", "hkic number", ""): ON_RECORD,
    ("addresses", "state", r" \?state$"): PENDING,
    (
        "addresses",
        "code",
        r"/callback \?code$",
    ): "the way that OAuth gives it; useless without the key",
    ("addresses", "interaction id", r"^/interaction/"): "of no use without the browser's cookie",
    ("headers", "browser cookie", r" set-cookie$"): DELIVERED,
    ("headers", "session cookie", r" set-cookie$"): DELIVERED,
    ("errors", "form token", r"html$"): FRESH,
    ("errors", "interaction id", r"html$"): FRESH,
    ("errors", "activation code", r"/activate/passkey html$"): "a field of the resident's own form",
    ("errors", "stranger's value", r"/account/data/correction html$"): (
        "a field of the resident's own form"
    ),
    ("errors", "english name", r"/activate/passkey html$"): NAMED,
    ("errors", "chinese name", r"/activate/passkey html$"): NAMED,
    ("files", "passphrase", r"^passphrase$"): "the file that the operator keeps it in",
    ("files", "database password", r"^password$"): "the file that the operator keeps it in",
    (
        "files",
        "client's secret",
        r"^clients/mynah.secret$",
    ): "the file that the operator keeps it in",
}

NEVER_ON_A_PAGE = {
    "server key", "data key", "internal id", "client's key", "client's secret", "passphrase",
    "database password", "session cookie", "browser cookie", "verifier", "word in the exception",
    "wrong activation code",
}  # fmt: skip
"""Pages of one's own show one's name; these are on no page at all."""


# --- places --------------------------------------------------------------------------------------


def log(scene) -> Pieces:
    yield "server.log", scene.installation.log.read_bytes()
    yield "hkeid.log", (scene.installation.folder / "hkeid.log").read_bytes()
    yield "parts in the test's process", scene.own_log.getvalue().encode()


def output(scene) -> Pieces:
    for words, said in scene.printed.items():
        if words != "audit export":
            yield words, said.encode()


def audit(scene) -> Pieces:
    yield "export", scene.printed["audit export"].encode()


def database(scene) -> Pieces:
    return left_behind.database(scene.store)


def vault(scene) -> Pieces:
    return left_behind.database(scene.vault)


def backups(scene) -> Pieces:
    return left_behind.backups(scene.backups)


def receipts(scene) -> Pieces:
    """Receipts of consent: what was agreed to, and never a value."""
    yield from scene.receipts.items()


def records(scene) -> Pieces:
    """Customers' files at a relying party: what it asked for, and nothing else of anybody."""
    yield from scene.records.items()


def metrics(scene) -> Pieces:
    for path in ("metrics", "health/ready", "health/live"):
        with urlopen(f"http://127.0.0.1:{scene.admin_port}/{path}", timeout=10) as answer:
            yield path, answer.read()


def temporary(scene) -> Pieces:
    return left_behind.files(scene.temporary)


def files(scene) -> Pieces:
    """Everything in the installation's folder that is not another place."""
    return left_behind.files(scene.installation.folder, but=r"(hkeid|vault)\.sqlite|.*\.log")


def processes(scene) -> Pieces:
    return left_behind.processes((*_tree(scene.server._process.pid), *scene.helpers))


def errors(scene) -> Pieces:
    return left_behind.errors(scene.exchanges)


def pages(scene) -> Pieces:
    return left_behind.pages(scene.exchanges)


def headers(scene) -> Pieces:
    return left_behind.headers(scene.exchanges)


def addresses(scene) -> Pieces:
    return left_behind.addresses(scene.exchanges)


PLACES: tuple[Callable[[Any], Pieces], ...] = (
    log, output, audit, database, vault, backups, metrics, temporary, files, processes, errors, pages,
    headers, addresses, receipts, records,
)  # fmt: skip


# --- the search ----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Leak:
    where: str
    kind: str
    spelling: str


def look(place, scene, search: CanarySearch) -> set[Leak]:
    return {
        Leak(where, sighting.kind, sighting.spelling)
        for where, content in place(scene)
        for sighting in search.find(content)
        if place is not pages or sighting.kind in NEVER_ON_A_PAGE
    }


@pytest.fixture(scope="session")
def search(scene) -> CanarySearch:
    return CanarySearch(scene.all_canaries())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_nothing_leaks(place, scene, search) -> None:
    permissions = {(kind, where) for name, kind, where in ALLOWED if name == place.__name__}
    needed, leaks = set(), []
    for leak in sorted(look(place, scene, search)):
        allowed = {
            one for one in permissions if one[0] == leak.kind and re.search(one[1], leak.where)
        }
        needed |= allowed
        if not allowed:
            leaks.append(leak)
    assert not leaks
    assert permissions == needed, "nothing needs these permissions any more"


def test_the_canaries_are_where_they_belong(scene) -> None:
    """The journey took them all: a kind that is missing would be searched for in vain."""
    kinds = set(scene.canaries)
    assert {
        "english name", "chinese name", "commercial code", "hkic number", "birth date", "device label",
        "activation code", "wrong activation code", "session cookie", "browser cookie", "form token",
        "interaction id", "code", "access token", "refresh token", "id token", "verifier", "state",
        "nonce", "jti", "client assertion", "client's key", "client's secret", "server key", "data key",
        "passphrase", "database password", "internal id", "login hint", "stranger's value",
        "word in the exception", "profile", "data request",
    } == kinds  # fmt: skip
    told = b"".join(exchange.body for exchange in scene.exchanges if exchange.status < 400)
    told = told.replace(b"&#39;", b"'")
    for kind in (
        "english name",
        "chinese name",
        "device label",
        "hkic number",
        "birth date",
        "profile",
        "data request",
    ):
        search = CanarySearch(one for one in scene.all_canaries() if one.kind == kind)
        assert search.find(told), f"{kind}: the resident and the service were not shown it"


# --- that it can find ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaked(AuditEvent):
    NAME: ClassVar[str] = "test:canary:leaked"

    value: str


@contextmanager
def in_log(scene, value: str) -> Iterator[None]:
    with (scene.installation.folder / "hkeid.log").open("a", encoding="utf-8") as sink:
        Journal(SystemClock(), sink=sink).event("test:canary:leaked", value=value)
    yield


@contextmanager
def in_output(scene, value: str) -> Iterator[None]:
    said = subprocess.run(
        [sys.executable, "-c", f"print({value!r})"], capture_output=True, check=True
    )
    scene.printed["planted"] = said.stdout.decode()
    yield


@contextmanager
def in_audit(scene, value: str) -> Iterator[None]:
    with scene.house() as house, house.store.transaction() as tx:
        tx.audit.append(Leaked(value=value))
    scene.run("audit", "export")
    yield


@contextmanager
def in_database(scene, value: str) -> Iterator[None]:
    # Bytes and not text: on PostgreSQL they are hexadecimal in the dump.
    row = {"name": secrets.token_hex(8), "url": scene.store}
    scene.sql(
        "INSERT INTO audit_records VALUES (:name, 1, 1, 'test', :value, :value, :value)",
        value=value.encode(), **row,
    )  # fmt: skip
    yield
    scene.sql("DELETE FROM audit_records WHERE writer = :name", **row)


@contextmanager
def in_vault(scene, value: str) -> Iterator[None]:
    scene.sql("INSERT INTO data_keys VALUES (:value, NULL, 1)", value=value, url=scene.vault)
    yield
    scene.sql("DELETE FROM data_keys WHERE resident_id = :value", value=value, url=scene.vault)


@contextmanager
def in_backups(scene, value: str) -> Iterator[None]:
    before = set(scene.backups.iterdir())
    with in_database(scene, value), in_vault(scene, value):
        scene.back_up()
    yield
    for folder in set(scene.backups.iterdir()) - before:
        shutil.rmtree(folder)


@contextmanager
def in_receipts(scene, value: str) -> Iterator[None]:
    scene.receipts["planted"] = f'{{"claim": "{value}"}}'.encode()
    yield
    del scene.receipts["planted"]


@contextmanager
def in_records(scene, value: str) -> Iterator[None]:
    scene.records["planted"] = b64encode(b"-" + value.encode())
    yield
    del scene.records["planted"]


@contextmanager
def in_metrics(scene, value: str) -> Iterator[None]:
    """Counted where the server's own workers count."""
    server = Path(f"/proc/{_tree(scene.server._process.pid)[-1]}/environ").read_bytes()
    folder = re.search(rb"PROMETHEUS_MULTIPROC_DIR=([^\0]+)", server)[1].decode()
    count = "import sys; from hkeid_server import metrics; metrics.count_refusal(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", count, value],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder},
        check=True,
    )
    yield


@contextmanager
def in_temporary(scene, value: str) -> Iterator[None]:
    (scene.temporary / "planted").write_bytes(value.encode("utf-16"))
    yield


@contextmanager
def in_files(scene, value: str) -> Iterator[None]:
    path = scene.installation.folder / "keys" / "planted.pem"
    path.write_bytes(b64encode(b"-" + value.encode()))
    yield
    path.unlink()


@contextmanager
def in_processes(scene, value: str) -> Iterator[None]:
    waiting = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()", value]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        scene.helpers.append(process.pid)
        yield
        scene.helpers.remove(process.pid)


@contextmanager
def on_the_wire(scene, value: str) -> Iterator[None]:
    """A server that is not as discreet as ours."""

    class Talkative(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500)
            self.send_header("X-Why", value)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                f'<a href="/?{urlencode({"who": value})}">{escape(value)}</a>'.encode()
            )

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Talkative) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        mark = len(scene.exchanges)
        RecordingBrowser(scene.exchanges).get(f"http://127.0.0.1:{server.server_port}/x")
        thread.join()
    yield
    del scene.exchanges[mark:]


CONTROLS = {
    log: in_log,
    output: in_output,
    audit: in_audit,
    database: in_database,
    vault: in_vault,
    backups: in_backups,
    metrics: in_metrics,
    temporary: in_temporary,
    files: in_files,
    processes: in_processes,
    errors: on_the_wire,
    pages: on_the_wire,
    headers: on_the_wire,
    addresses: on_the_wire,
    receipts: in_receipts,
    records: in_records,
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_planted_canary_is_found(place, scene) -> None:
    value = f"planted {secrets.token_hex(8)} <&>"
    search = CanarySearch([Canary(kind="data key", value=value)])
    assert not look(place, scene, search)
    with CONTROLS[place](scene, value):
        assert look(place, scene, search), "the search is blind here"
