"""Nothing that the canaries stand for is anywhere outside ciphertext (laws 3, 4, 5, 6).

Each place is searched for every canary in every spelling. What may be found, and why, stands in
``ALLOWED``; a permission that nothing needs fails too. That the search can find is shown by planting
a canary in each place.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest

from hkeid.adapters.system import SystemClock
from hkeid.audit.events import AuditEvent
from hkeid.testing.browser import _page
from hkeid.testing.canaries import Canary, CanarySearch
from hkeid.testing.processes import _tree
from hkeid.testing.recording import RecordingBrowser
from hkeid_server.journal import Journal

pytestmark = pytest.mark.xdist_group("leaks")

Pieces = Iterator[tuple[str, bytes]]
"""Where, and what is there."""

PSEUDONYM = "the random number under which everything about a resident is kept; says nothing by itself"
PENDING = "must be given back to the service with the answer; no key to anything"
FRESH = "a new form of the same browser, under its own cookie"
NAMED = "the page begins again; the holder's passkey is kept under the holder's name"
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
    ("addresses", "state", r" \?state$"): PENDING,
    ("addresses", "code", r"/callback \?code$"): "the way that OAuth gives it; useless without the key",
    ("addresses", "interaction id", r"^/interaction/"): "of no use without the browser's cookie",
    ("headers", "browser cookie", r" set-cookie$"): DELIVERED,
    ("headers", "session cookie", r" set-cookie$"): DELIVERED,
    ("errors", "form token", r"html$"): FRESH,
    ("errors", "interaction id", r"html$"): FRESH,
    ("errors", "activation code", r"/activate/passkey html$"): "a field of the resident's own form",
    ("errors", "english name", r"/activate/passkey html$"): NAMED,
    ("errors", "chinese name", r"/activate/passkey html$"): NAMED,
    ("files", "passphrase", r"^passphrase$"): "the file that the operator keeps it in",
    ("files", "database password", r"^password$"): "the file that the operator keeps it in",
    ("files", "client's secret", r"^clients/mynah.secret$"): "the file that the operator keeps it in",
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
    yield from _database(scene.store)


def vault(scene) -> Pieces:
    yield from _database(scene.vault)


def _database(url) -> Pieces:
    if url.get_backend_name() == "sqlite":
        file = Path(url.database)
        for path in sorted(file.parent.glob(f"{file.name}*")):
            yield path.name, path.read_bytes()
        return
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(["pg_dump", "--dbname", address], capture_output=True, check=True)
    yield from _dumped("pg_dump", dump.stdout)
    asked = "SELECT query FROM pg_stat_activity"
    activity = subprocess.run(["psql", "-Atc", asked, address], capture_output=True, check=True)
    yield "pg_stat_activity", activity.stdout


def _dumped(name: str, dump: bytes) -> Pieces:
    yield name, dump
    # What is bytes in a column is hexadecimal in a dump, whatever is written in it.
    columns = re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", dump)
    yield f"{name}, bytea", b"\n".join(bytes.fromhex(one.decode()) for one in columns)


def backups(scene) -> Pieces:
    for path in sorted(scene.backups.rglob("*")):
        if path.suffix == ".pgdump":
            tool = ["pg_restore", "--file=-", str(path)]
            yield from _dumped(path.name, subprocess.run(tool, capture_output=True, check=True).stdout)
        elif path.is_file():
            yield path.name, path.read_bytes()


def metrics(scene) -> Pieces:
    for path in ("metrics", "health/ready", "health/live"):
        with urlopen(f"http://127.0.0.1:{scene.admin_port}/{path}", timeout=10) as answer:
            yield path, answer.read()


def temporary(scene) -> Pieces:
    for path in sorted(scene.temporary.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(scene.temporary)), path.read_bytes()


def files(scene) -> Pieces:
    """Everything in the installation's folder that is not another place."""
    folder = scene.installation.folder
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not re.match(r"(hkeid|vault)\.sqlite|.*\.log", name):
            yield name, path.read_bytes()


def processes(scene) -> Pieces:
    for pid in (*_tree(scene.server._process.pid), *scene.helpers):
        for name in ("cmdline", "environ"):
            yield f"{name} of a process", Path(f"/proc/{pid}/{name}").read_bytes()


def errors(scene) -> Pieces:
    """Bodies of answers that are errors."""
    for exchange in scene.exchanges:
        if exchange.status >= 400:
            kind = (exchange.header("content-type") or "").partition(";")[0].rpartition("/")[2]
            yield f"{_path(exchange.url)} {kind}", exchange.body


def pages(scene) -> Pieces:
    for exchange in scene.exchanges:
        yield _path(exchange.url), exchange.body


def headers(scene) -> Pieces:
    for exchange in scene.exchanges:
        for name, value in exchange.headers:
            if name.lower() != "location":
                yield f"{_path(exchange.url)} {name}", value.encode("latin-1")


def addresses(scene) -> Pieces:
    """Every address that the server sends a browser to: redirects, links, forms."""
    found = set()
    for exchange in scene.exchanges:
        found.add(exchange.header("location") or "")
        answer = {name.lower(): value for name, value in exchange.headers}
        # Not with the request's address as the base, which would make "#main" the whole of it.
        page = _page("http://page/", exchange.status, answer, exchange.body)
        found.update(link.href for link in page.links)
        found.update(form.action for form in page.forms)
    for url in sorted(found):
        parts = urlsplit(url)
        yield parts.path, parts.path.encode()
        yield f"{parts.path} fragment", parts.fragment.encode()
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            yield f"{parts.path} ?", name.encode()
            yield f"{parts.path} ?{name}", value.encode()


def _path(url: str) -> str:
    return urlsplit(url).path


PLACES: tuple[Callable[[Any], Pieces], ...] = (
    log, output, audit, database, vault, backups, metrics, temporary, files, processes, errors, pages,
    headers, addresses,
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
        allowed = {one for one in permissions if one[0] == leak.kind and re.search(one[1], leak.where)}
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
        "word in the exception",
    } == kinds  # fmt: skip
    told = b"".join(exchange.body for exchange in scene.exchanges if exchange.status < 400)
    told = told.replace(b"&#39;", b"'")
    for kind in ("english name", "chinese name", "device label", "hkic number", "birth date"):
        search = CanarySearch(one for one in scene.all_canaries() if one.kind == kind)
        assert search.find(told), f"{kind}: the resident and the service were not shown it"
