"""The sources over real HTTP, as far as the client's own limits and conditions are concerned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from hkeid.adapters.http import HttpsClient
from hkeid.adapters.saml_metadata import MetadataFetcher, QueriedMetadata, UrlMetadata
from hkeid.adapters.system import SystemClock
from hkeid.saml.metadata import MetadataPolicy, SignedBy
from hkeid.testing.saml_federation import Federation, Member

FEDERATION = Federation()
TRUST = SignedBy(tuple(FEDERATION.keys))
# The federation's end is a fixed day, and the clock here is the real one.
POLICY = MetadataPolicy(longest=None)
DOCUMENT = FEDERATION.aggregate([Member(1)], until="2999-01-01T00:00:00Z")


class Handler(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, int]]] = []

    def do_GET(self) -> None:
        status = 404
        if self.path == "/moved":
            status = 302
        elif self.path == "/all.xml":
            status = 304 if self.headers["If-None-Match"] == '"1"' else 200
        self.seen.append((self.path, status))
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Location", "/all.xml")
        self.send_header("Content-Length", str(len(DOCUMENT) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(DOCUMENT)

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def address() -> Iterator[str]:
    Handler.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetcher(**more: int) -> MetadataFetcher:
    client = HttpsClient(plain=True)
    return MetadataFetcher(client=client, insecure_localhost=True, timeout=10, **more)


def test_a_document_is_fetched_once_and_confirmed_from_then_on(address: str) -> None:
    now = datetime.now(UTC)
    source = UrlMetadata(f"{address}/moved", fetcher(), TRUST, SystemClock(), policy=POLICY)
    outcome = source.refresh(now)
    assert outcome.failure is None
    assert source.entity(Member(1).entity_id) is not None
    again = source.refresh(now)
    assert (again.changed, again.failure) == (False, None)
    assert Handler.seen == [("/moved", 302), ("/all.xml", 200), ("/moved", 302), ("/all.xml", 304)]


def test_a_document_that_is_too_long_is_not_taken(address: str) -> None:
    source = UrlMetadata(f"{address}/all.xml", fetcher(limit=1000), TRUST, SystemClock())
    failure = source.refresh(datetime.now(UTC)).failure
    assert failure is not None
    assert failure.reason == "http_answer_too_long"


def test_without_the_word_for_it_no_plain_http(address: str) -> None:
    client = HttpsClient()
    careless = MetadataFetcher(client=client, insecure_localhost=True)
    source = UrlMetadata(f"{address}/all.xml", careless, TRUST, SystemClock())
    failure = source.refresh(datetime.now(UTC)).failure
    assert failure is not None
    assert failure.reason == "url_malformed"
    assert Handler.seen == []


def test_an_unknown_entity_is_asked_for_under_one_segment(address: str) -> None:
    queried = QueriedMetadata(address, fetcher(), TRUST, SystemClock())
    assert queried.entity("https://idp.example/a?b=c") is None
    assert Handler.seen == [("/entities/https%3A%2F%2Fidp.example%2Fa%3Fb%3Dc", 404)]
