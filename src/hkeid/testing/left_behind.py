"""What an installation leaves behind, piece by piece, for a search such as that for canaries.

A piece is a place's name and its content. Databases are read as they lie there: SQLite's files with
their write-ahead logs, PostgreSQL's dump (what is bytes in a column once more as bytes).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import URL

from hkeid.testing.browser import read_page
from hkeid.testing.recording import Exchange

Pieces = Iterator[tuple[str, bytes]]
"""Where, and what is there."""


def database(url: URL) -> Pieces:
    """Everything in a database, deleted rows that still lie in SQLite's files included."""
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        for path in sorted(file.parent.glob(f"{file.name}*")):
            yield path.name, path.read_bytes()
        return
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    yield from dumped("pg_dump", _output("pg_dump", "--dbname", address))
    asked = "SELECT query FROM pg_stat_activity"
    yield "pg_stat_activity", _output("psql", "-Atc", asked, address)


def dumped(name: str, dump: bytes) -> Pieces:
    """A dump as it is, and the bytes that stand in it as hexadecimal digits."""
    yield name, dump
    # What is bytes in a column is hexadecimal in a dump, whatever is written in it.
    columns = re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", dump)
    yield f"{name}, bytea", b"\n".join(bytes.fromhex(one.decode()) for one in columns)


def backups(folder: Path) -> Pieces:
    """Every backup in a folder; PostgreSQL's unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".pgdump":
            yield from dumped(path.name, _output("pg_restore", "--file=-", str(path)))
        elif path.is_file():
            yield path.name, path.read_bytes()


def files(folder: Path, *, but: str = r"(?!)") -> Pieces:
    """Files of a folder by their path in it.

    :param but: pattern of those that are left out.
    """
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not re.match(but, name):
            yield name, path.read_bytes()


def processes(pids: Iterable[int]) -> Pieces:
    """Command line and environment of processes, which others on the machine may see."""
    for pid in pids:
        for name in ("cmdline", "environ"):
            yield f"{name} of a process", Path(f"/proc/{pid}/{name}").read_bytes()


def errors(exchanges: Iterable[Exchange]) -> Pieces:
    """Bodies of answers that are errors."""
    for exchange in exchanges:
        if exchange.status >= 400:
            kind = (exchange.header("content-type") or "").partition(";")[0].rpartition("/")[2]
            yield f"{_path(exchange.url)} {kind}", exchange.body


def pages(exchanges: Iterable[Exchange]) -> Pieces:
    """Bodies of all answers."""
    for exchange in exchanges:
        yield _path(exchange.url), exchange.body


def headers(exchanges: Iterable[Exchange]) -> Pieces:
    """Headers of all answers but ``Location`` (see :func:`addresses`)."""
    for exchange in exchanges:
        for name, value in exchange.headers:
            if name.lower() != "location":
                yield f"{_path(exchange.url)} {name}", value.encode("latin-1")


def addresses(exchanges: Iterable[Exchange]) -> Pieces:
    """Every address that a server sends a browser to: redirects, links, forms."""
    found = set()
    for exchange in exchanges:
        found.add(exchange.header("location") or "")
        answer = {name.lower(): value for name, value in exchange.headers}
        # Not with the request's address as the base, which would make "#main" the whole of it.
        page = read_page("http://page/", exchange.status, answer, exchange.body)
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


def _output(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - our own words
