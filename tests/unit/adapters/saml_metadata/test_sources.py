"""Sources of metadata: refresh, the last good document, queries, and what they never do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.adapters.saml_metadata import (
    FileMetadata,
    MetadataFetcher,
    QueriedMetadata,
    RefreshSchedule,
    UrlMetadata,
)
from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.ports import HttpAnswer
from hkeid.saml.dsig import Reason, XmlSigner
from hkeid.saml.metadata import (
    CombinedMetadata,
    Entity,
    IdpRole,
    MetadataMisconfigured,
    MetadataReason,
    RoleKind,
    SeparateMetadata,
    SignedBy,
    TrustedAsItIs,
    write_entity,
)
from hkeid.testing.saml_federation import Federation, Member

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
END = datetime(2026, 12, 5, 8, tzinfo=UTC)
FEDERATION = Federation()
TRUST = SignedBy(tuple(FEDERATION.keys))
URL = "https://federation.example/all.xml"
ONE, TWO = FEDERATION.aggregate([Member(1)]), FEDERATION.aggregate([Member(1), Member(2)])


@dataclass
class StillClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


class Server:
    """Answers by URL, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, HttpAnswer | HkeidError] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None,
        body: bytes | None = None, timeout: float = 10.0, limit: int = 1_048_576,
    ) -> HttpAnswer:  # fmt: skip
        assert method == "GET"
        assert body is None
        self.asked.append((url, headers or {}))
        answer = self.answers.get(url, HttpAnswer(status=404))
        if isinstance(answer, HkeidError):
            raise answer
        if len(answer.body) > limit:
            raise Unavailable("http_answer_too_long")
        return answer

    def put(self, url: str, octets: bytes, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[url] = HttpAnswer(status=200, body=octets, headers=named)

    def status(self, url: str, status: int, **headers: str) -> None:
        self.answers[url] = HttpAnswer(status=status, headers=headers)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(NOW)


@pytest.fixture
def source(server: Server, clock: StillClock) -> UrlMetadata:
    return UrlMetadata(URL, MetadataFetcher(client=server), TRUST, clock)


def reason_of(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except HkeidError as error:
        return error.reason
    return None


# --- at a URL


def test_nothing_is_served_before_something_has_come(source: UrlMetadata) -> None:
    assert reason_of(lambda: source.entity(Member(1).entity_id)) == MetadataReason.NOT_LOADED
    outcome = source.refresh(NOW)
    assert outcome.failure is not None
    assert outcome.failure.reason == MetadataReason.STATUS
    assert reason_of(lambda: source.entity(Member(1).entity_id)) == MetadataReason.NOT_LOADED


def test_a_document_is_fetched_and_asked_for_again_with_its_validators(
    source: UrlMetadata, server: Server
) -> None:
    """RFC 9110 §13.1: If-None-Match, If-Modified-Since."""
    server.put(URL, ONE, etag='"1"', last_modified="Sat, 28 Nov 2026 07:00:00 GMT")
    first = source.refresh(NOW)
    assert (first.changed, first.failure) == (True, None)
    assert first.due == NOW + timedelta(hours=1)  # its cacheDuration
    assert source.entity(Member(1).entity_id) is not None
    assert source.entity(Member(2).entity_id) is None
    server.status(URL, 304)
    again = source.refresh(NOW)
    assert (again.changed, again.failure) == (False, None)
    headers = server.asked[-1][1]
    assert headers["If-None-Match"] == '"1"'
    assert headers["If-Modified-Since"] == "Sat, 28 Nov 2026 07:00:00 GMT"
    assert "If-None-Match" not in server.asked[0][1]
    server.put(URL, TWO, etag='"2"')
    assert source.refresh(NOW).changed
    assert source.entity(Member(2).entity_id) is not None
    assert list(source.entity_ids(RoleKind.IDP)) == [Member(1).entity_id, Member(2).entity_id]
    hashed = sha1(Member(2).entity_id.encode()).digest()
    assert source.entity_of_source(hashed) == source.entity(Member(2).entity_id)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda server: server.status(URL, 500), MetadataReason.STATUS),
        (lambda server: server.status(URL, 404), MetadataReason.STATUS),
        (lambda server: server.answers.update({URL: Unavailable("http_no_answer")}), "http_no_answer"),
        (lambda server: server.answers.update({URL: MalformedInput("url_malformed")}), "url_malformed"),
        (lambda server: server.put(URL, TWO.replace(b"member-2", b"member-9")), Reason.DIGEST_MISMATCH),
        (lambda server: server.put(URL, b"<html>"), Reason.NOT_WELL_FORMED),
        (lambda server: server.put(URL, b""), Reason.NOT_WELL_FORMED),
        (lambda server: server.put(URL, FEDERATION.aggregate([Member(3)], signed=False)), Reason.UNSIGNED),
        (lambda server: server.put(URL, FEDERATION.aggregate([Member(3)], until="2026-11-28T08:00:00Z")), MetadataReason.EXPIRED),
        (lambda server: server.put(URL, FEDERATION.aggregate([Member(3)], until="2027-11-28T08:00:00Z")), MetadataReason.VALID_TOO_LONG),
        (lambda server: server.put(URL, TWO, content_encoding="gzip"), MetadataReason.ENCODED),
        (lambda server: server.status(URL, 302, location="https://elsewhere.example/all.xml"), MetadataReason.REDIRECT),
        (lambda server: server.status(URL, 302, location="http://federation.example/all.xml"), MetadataReason.REDIRECT),
        (lambda server: server.status(URL, 302, location="https://federation.example:444/all.xml"), MetadataReason.REDIRECT),
        (lambda server: server.status(URL, 302, location="https://a@federation.example/all.xml"), MetadataReason.REDIRECT),
        (lambda server: server.status(URL, 302), MetadataReason.REDIRECT),
    ],
)  # fmt: skip
def test_the_last_good_document_serves_until_its_end(
    spoil: Callable[[Server], None], expected: str,
    source: UrlMetadata, server: Server, clock: StillClock,
) -> None:  # fmt: skip
    server.put(URL, ONE)
    source.refresh(NOW)
    spoil(server)
    outcome = source.refresh(NOW)
    assert outcome.changed is False
    assert outcome.failure is not None
    assert outcome.failure.reason == expected
    assert outcome.due == NOW + timedelta(minutes=1)
    assert source.entity(Member(1).entity_id) is not None
    clock.moment = END - timedelta(seconds=1)
    assert source.entity(Member(1).entity_id) is not None
    clock.moment = END
    assert reason_of(lambda: source.entity(Member(1).entity_id)) == MetadataReason.EXPIRED
    assert reason_of(lambda: source.entity_of_source(bytes(20))) == MetadataReason.EXPIRED
    assert reason_of(lambda: list(source.entity_ids())) == MetadataReason.EXPIRED


def test_an_unchanged_document_that_is_over_is_a_failure(
    source: UrlMetadata, server: Server, clock: StillClock
) -> None:
    server.put(URL, ONE, etag='"1"')
    source.refresh(NOW)
    server.status(URL, 304)
    clock.moment = END
    failure = source.refresh(END).failure
    assert failure is not None
    assert failure.reason == MetadataReason.EXPIRED


def test_redirects_within_the_origin_are_followed(source: UrlMetadata, server: Server) -> None:
    server.status(URL, 301, location="/new/all.xml")
    server.put("https://federation.example/new/all.xml", ONE)
    assert source.refresh(NOW).changed
    server.status("https://federation.example/new/all.xml", 302, location="all.xml")
    failure = source.refresh(NOW).failure
    assert failure is not None
    assert failure.reason == MetadataReason.REDIRECT
    assert len(server.asked) == 2 + 4


@pytest.mark.parametrize(
    "url", ["http://federation.example/", "ftp://federation.example/", "https:///", "file:///etc/passwd", "https://a@b.example/", "https://["]
)  # fmt: skip
def test_urls_that_are_not_fetched(url: str, server: Server, clock: StillClock) -> None:
    for make in (UrlMetadata, QueriedMetadata):
        for fetcher in (
            MetadataFetcher(client=server),
            MetadataFetcher(client=server, insecure_localhost=True),
        ):
            with pytest.raises(MetadataMisconfigured) as caught:
                make(url, fetcher, TRUST, clock)
            assert caught.value.reason == MetadataReason.URL


def test_http_on_this_machine_only_where_it_is_said(server: Server, clock: StillClock) -> None:
    url = "http://127.0.0.1:8031/metadata"
    with pytest.raises(MetadataMisconfigured):
        UrlMetadata(url, MetadataFetcher(client=server), TRUST, clock)
    server.put(url, ONE)
    sandbox = MetadataFetcher(client=server, insecure_localhost=True)
    assert UrlMetadata(url, sandbox, TRUST, clock).refresh(NOW).changed


def test_failures_are_followed_by_longer_and_longer_waits(
    source: UrlMetadata, server: Server
) -> None:
    waits = [(source.refresh(NOW).due - NOW) // timedelta(minutes=1) for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    server.put(URL, ONE)
    source.refresh(NOW)
    server.status(URL, 500)
    assert source.refresh(NOW).due == NOW + timedelta(minutes=1)


def test_a_refresh_is_due_well_before_the_end() -> None:
    """saml-metadata §4.3.1: a cacheDuration longer than what is left does not count."""
    from hkeid.saml.metadata.reader import Validity

    schedule = RefreshSchedule()
    hour = timedelta(hours=1)
    for until, cache, wait in (
        (None, None, 6 * hour),
        (NOW + 100 * hour, None, 6 * hour),
        (NOW + 4 * hour, None, 3 * hour),
        (NOW + timedelta(minutes=1), None, timedelta(minutes=5)),
        (NOW + 1000 * hour, 500 * hour, 24 * hour),
        (NOW + 1000 * hour, timedelta(0), timedelta(minutes=5)),
    ):
        assert schedule.after_success(Validity(until, cache), NOW) == NOW + wait


def test_what_was_kept_serves_after_a_start_without_a_server(
    server: Server, clock: StillClock, tmp_path: Path
) -> None:
    kept = tmp_path / "federation.xml"

    def make() -> UrlMetadata:
        return UrlMetadata(URL, MetadataFetcher(client=server), TRUST, clock, kept=kept)

    server.put(URL, ONE)
    assert make().refresh(NOW).changed
    assert kept.read_bytes() == ONE
    assert [one.name for one in tmp_path.iterdir()] == ["federation.xml"]
    server.status(URL, 503)
    restarted = make()
    assert restarted.refresh(NOW).failure is not None
    assert restarted.entity(Member(1).entity_id) is not None
    kept.write_bytes(ONE.replace(b"member-1", b"member-7"))
    spoilt = make()
    spoilt.refresh(NOW)
    assert reason_of(lambda: spoilt.entity(Member(7).entity_id)) == MetadataReason.NOT_LOADED


def test_readers_see_one_document_or_the_other(source: UrlMetadata, server: Server) -> None:
    server.put(URL, TWO)
    source.refresh(NOW)
    seen: set[tuple[str, ...]] = set()
    over = False

    def read() -> None:
        while not over:
            seen.add(tuple(source.entity_ids()))

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        server.put(URL, (ONE, TWO)[number % 2])
        assert source.refresh(NOW).failure is None
    over = True
    for reader in readers:
        reader.join()
    ids = (Member(1).entity_id, Member(2).entity_id)
    assert seen <= {ids, ids[:1]}


# --- in a file


def test_a_file_is_read_again_when_it_changes(clock: StillClock, tmp_path: Path) -> None:
    path = tmp_path / "peer.xml"
    source = FileMetadata(path, TrustedAsItIs(), clock)
    failure = source.refresh(NOW).failure
    assert failure is not None
    assert failure.reason == MetadataReason.FILE
    path.write_bytes(FEDERATION.aggregate([Member(1)], signed=False))
    assert source.refresh(NOW).changed
    assert not source.refresh(NOW).changed
    path.write_bytes(FEDERATION.aggregate([Member(2)], signed=False))
    os.utime(path, ns=(1, 1))
    assert source.refresh(NOW).changed
    assert source.entity(Member(1).entity_id) is None
    assert source.entity(Member(2).entity_id) is not None
    path.write_bytes(b"spoilt")
    assert source.refresh(NOW).failure is not None
    assert source.entity(Member(2).entity_id) is not None


def test_a_file_may_have_to_be_signed(clock: StillClock, tmp_path: Path) -> None:
    path = tmp_path / "peer.xml"
    path.write_bytes(FEDERATION.aggregate([Member(1)], signed=False))
    failure = FileMetadata(path, TRUST, clock).refresh(NOW).failure
    assert failure is not None
    assert failure.reason == Reason.UNSIGNED
    path.write_bytes(ONE)
    assert FileMetadata(path, TRUST, clock).refresh(NOW).changed


# --- by query

BASE = "https://mdq.example/service"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def entity(name: str, until: datetime | None = END, cache: timedelta | None = None) -> bytes:
    made = Entity(entity_id=name, idp=IdpRole(), valid_until=until, cache_duration=cache)
    return write_entity(made, identifier="_e", signer=XmlSigner.from_key(KEY))


def where(name: str) -> str:
    return f"{BASE}/entities/{quote(name, safe='')}"


def where_sha1(name: str) -> str:
    return f"{BASE}/entities/%7Bsha1%7D{sha1(name.encode()).hexdigest()}"


@pytest.fixture
def queried(server: Server, clock: StillClock) -> QueriedMetadata:
    fetcher = MetadataFetcher(client=server, limit=1_048_576, timeout=5)
    return QueriedMetadata(f"{BASE}/", fetcher, SignedBy((KEY.public_key(),)), clock, most=3)


NAME = "https://idp.example/metadata?a=ü&b"


def test_an_entity_is_asked_for_by_its_name(queried: QueriedMetadata, server: Server) -> None:
    """draft-young-md-query §3.2.1: the whole identifier percent-encoded, one path segment."""
    server.put(where(NAME), entity(NAME))
    found = queried.entity(NAME)
    assert found is not None
    assert found.entity_id == NAME
    url, headers = server.asked[0]
    assert url == f"{BASE}/entities/https%3A%2F%2Fidp.example%2Fmetadata%3Fa%3D%C3%BC%26b"
    assert headers["Accept"].startswith("application/samlmetadata+xml")
    assert queried.entity(NAME) == found
    assert len(server.asked) == 1


def test_or_by_its_hash(server: Server, clock: StillClock) -> None:
    """draft-young-md-query-saml §3.2: {sha1} and 40 hexadecimal digits."""
    trust = SignedBy((KEY.public_key(),))
    queried = QueriedMetadata(BASE, MetadataFetcher(client=server), trust, clock, by_sha1=True)
    server.put(where_sha1(NAME), entity(NAME))
    found = queried.entity(NAME)
    assert found is not None
    assert queried.entity_of_source(sha1(NAME.encode()).digest()) == found
    assert [url for url, _ in server.asked] == [where_sha1(NAME)]
    assert queried.entity_of_source(b"short") is None


def test_there_being_none_is_remembered_for_a_while(
    queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    assert queried.entity(NAME) is None
    server.put(where(NAME), entity(NAME))
    assert queried.entity(NAME) is None
    assert len(server.asked) == 1
    clock.moment = NOW + timedelta(minutes=10)
    assert queried.entity(NAME) is not None


def test_names_that_are_none_are_not_asked_for(queried: QueriedMetadata, server: Server) -> None:
    for name in ("", " ", "a\nb", "x" * 1025, "ü" * 1000):
        assert queried.entity(name) is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (entity("https://other.example"), MetadataReason.ANOTHER_ENTITY),
        (entity(NAME).replace(b"idp.example", b"idp.exampIe"), Reason.DIGEST_MISMATCH),
        (entity(NAME, until=None), MetadataReason.NO_VALID_UNTIL),
        (entity(NAME, until=NOW), MetadataReason.EXPIRED),
        (write_entity(Entity(entity_id=NAME, valid_until=END)), Reason.UNSIGNED),
        (ONE, Reason.SIGNATURE_INVALID),
        (b"", Reason.NOT_WELL_FORMED),
    ],
)
def test_answers_that_are_refused(
    octets: bytes, expected: str, queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    server.put(where(NAME), octets)
    assert reason_of(lambda: queried.entity(NAME)) == expected
    assert reason_of(lambda: queried.entity(NAME)) == expected
    assert len(server.asked) == 1  # not at once again
    server.put(where(NAME), entity(NAME))
    clock.moment = NOW + timedelta(minutes=1)
    assert queried.entity(NAME) is not None


def test_an_answer_serves_until_its_end_while_the_service_is_away(
    queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    server.put(where(NAME), entity(NAME, cache=timedelta(hours=1)), etag='"1"')
    found = queried.entity(NAME)
    server.status(where(NAME), 503)
    clock.moment = NOW + timedelta(hours=1)
    assert queried.entity(NAME) == found
    assert server.asked[-1][1]["If-None-Match"] == '"1"'
    assert queried.entity(NAME) == found
    assert len(server.asked) == 2
    clock.moment = END
    assert reason_of(lambda: queried.entity(NAME)) == MetadataReason.STATUS
    assert "If-None-Match" not in server.asked[-1][1]


def test_an_unchanged_answer_stays(
    queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    server.put(where(NAME), entity(NAME, cache=timedelta(hours=1)), etag='"1"')
    found = queried.entity(NAME)
    server.status(where(NAME), 304)
    for hours in (1, 2, 3):
        clock.moment = NOW + timedelta(hours=hours)
        assert queried.entity(NAME) == found
    assert len(server.asked) == 4


def test_what_the_service_has_withdrawn_is_gone(
    queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    server.put(where(NAME), entity(NAME, cache=timedelta(hours=1)))
    assert queried.entity(NAME) is not None
    server.status(where(NAME), 404)
    clock.moment = NOW + timedelta(hours=1)
    assert queried.entity(NAME) is None


def test_answers_are_bounded_in_number_and_forgotten_when_over(
    queried: QueriedMetadata, server: Server, clock: StillClock
) -> None:
    names = [f"https://idp-{number}.example" for number in range(5)]
    for name in names:
        server.put(where(name), entity(name))
        assert queried.entity(name) is not None
    assert queried.refresh(NOW) == 3
    queried.entity(names[0])
    assert len(server.asked) == 6
    assert queried.refresh(END) == 0


def test_invented_names_drive_out_no_entity(queried: QueriedMetadata, server: Server) -> None:
    """Whoever can name an issuer can name many; what is known has to serve all the same."""
    server.put(where(NAME), entity(NAME))
    found = queried.entity(NAME)
    assert found is not None
    for number in range(20):
        assert queried.entity(f"https://invented-{number}.example") is None
    server.answers[where(NAME)] = Unavailable("http_no_answer")
    assert queried.entity(NAME) == found
    assert queried.refresh(NOW) == 1 + 3


def test_what_is_asked_for_longest_ago_goes_first(queried: QueriedMetadata, server: Server) -> None:
    names = [f"https://idp-{number}.example" for number in range(4)]
    for name in names:
        server.put(where(name), entity(name))
    for name in (*names[:3], names[0], names[3]):
        assert queried.entity(name) is not None
    asked = len(server.asked)
    assert queried.entity(names[0]) is not None
    assert len(server.asked) == asked
    assert queried.entity(names[1]) is not None
    assert len(server.asked) == asked + 1


# --- together


class Silent:
    def entity(self, entity_id: str) -> Entity | None:
        raise Unavailable("http_no_answer")

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        raise Unavailable("http_no_answer")


class Known:
    def __init__(self, *entities: Entity) -> None:
        self._entities = entities

    def entity(self, entity_id: str) -> Entity | None:
        return next((one for one in self._entities if one.entity_id == entity_id), None)

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        return next(
            (one for one in self._entities if sha1(one.entity_id.encode()).digest() == source_id), None
        )  # fmt: skip


def test_the_first_source_that_knows_counts() -> None:
    first, second = Entity(entity_id="a", valid_until=END), Entity(entity_id="a")
    other = Entity(entity_id="b")
    together = CombinedMetadata([Silent(), Known(first), Known(second, other)])
    assert together.entity("a") is first
    assert together.entity("b") is other
    assert together.entity_of_source(sha1(b"b").digest()) is other
    assert reason_of(lambda: together.entity("c")) == "http_no_answer"
    assert CombinedMetadata([Known(first)]).entity("c") is None


def test_separate_sources_speak_for_one_entity_each() -> None:
    """However many a source knows."""
    mine, forged = Entity(entity_id="a"), Entity(entity_id="a", valid_until=END)
    other = Entity(entity_id="b")
    apart = SeparateMetadata({"b": Known(forged, other), "a": Known(mine), "c": Silent()})
    assert apart.entity("a") is mine
    assert apart.entity("b") is other
    assert apart.entity("d") is None
    assert apart.entity_of_source(sha1(b"a").digest()) is mine
    assert apart.entity_of_source(sha1(b"d").digest()) is None
    assert reason_of(lambda: apart.entity("c")) == "http_no_answer"


def test_a_curve_can_be_trusted_too(clock: StillClock, server: Server) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = Entity(entity_id=NAME, valid_until=END)
    octets = write_entity(made, identifier="_e", signer=XmlSigner.from_key(key))
    server.put(URL, octets)
    trust = SignedBy((key.public_key(),))
    source = UrlMetadata(URL, MetadataFetcher(client=server), trust, clock)
    assert source.refresh(NOW).changed
    assert source.entity(NAME) == made
