"""A SAML identity provider behind the hub, through the whole server; the upstream is our own identity provider."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import Client as WsgiClient

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, Proxying, SessionView
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Parameters, Request
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.ports.keys import KeyPurpose
from hkeid.saml.dsig import sign_element
from hkeid.saml.idp import IdentityProvider, IdentityProviderSettings, Service
from hkeid.saml.messages import LogoutRequest, NameId, NameIdFormat, new_identifier
from hkeid.saml.messages.soap import put_on
from hkeid.saml.metadata import EntityAttribute, TrustedAsItIs, read_metadata
from hkeid.testing import saml_service
from hkeid.testing.fake_hub import FakeClaims, FakeSessions
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_parties import shared_rsa_key
from hkeid.testing.saml_service import SamlService
from hkeid.upstream.contract import UpstreamProvider
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.upstream_files import read_upstream
from hkeid_server.wiring.saml import UpstreamOrigins
from hkeid_server.wsgi import serve_house

PEER = "https://university.example"
ORIGIN = "http://localhost:8000"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SUBJECT_ID_REQUIREMENT = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
REDIRECT_URI = "https://rp.example.hk/eid/callback"
NAMES = '[names]\nen = "University"\nzh-Hant-HK = "大學"\nzh-Hans = "大学"\n'
DESCRIPTION = f"""kind = "saml"
entity_id = "{PEER}/saml/metadata"
metadata_file = "university.xml"
creates = true
{NAMES}
[assurance]
default = "urn:hkeid:acr:eid"
"""


@dataclass
class University:
    """The upstream: an identity provider whose one member is logged in there."""

    clock: Any
    known: dict[str, Any] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    house: Any = None

    def __post_init__(self) -> None:
        keys = MemoryKeyStore()
        keys.provide(KeyPurpose.SAML_SIGNING, "RS256")
        self.sessions = FakeSessions()
        self.provider = IdentityProvider(
            PEER,
            MemoryStore(keys, self.clock, SystemRandom()),
            keys,
            self.sessions,
            FakeClaims(),
            self,
            self,
            self,
            self.clock,
            SystemRandom(),
            IdentityProviderSettings(scope="university.example"),
        )
        self.log_in()

    def log_in(self, member: str = "member-1", **limits: Any) -> None:
        authentication = AuthenticationResult(
            resident_id=member, acr=Acr.EID, amr=("pop",), authenticated_at=self.clock.now()
        )
        self.sessions.put(
            "cookie",
            SessionView(session_id=f"s-{member}", authentication=authentication, **limits),
        )

    # What the identity provider asks for.

    def entity(self, entity_id: str) -> Any:
        return self.known.get(entity_id)

    def entity_of_source(self, source_id: bytes) -> Any:
        raise AssertionError(source_id)

    def find(self, entity_id: str) -> Service | None:
        hub = Client(
            id="hub",
            name={"en": "Hub"},
            redirect_uris=(),
            auth_method=ClientAuthMethod.NONE,
            sector_identifier="localhost",
            claims={},
        )
        return Service(entity_id=entity_id, relying_party=hub)

    def end(self, session_id: str) -> bool:
        self.ended.append(session_id)
        self.sessions.end("cookie")
        return True


@pytest.fixture
def university(clock: Any) -> University:
    clock.moment = datetime.now(UTC)
    return University(clock)


@pytest.fixture
def front(university: University, tmp_path: Path, make_house: Any) -> Any:
    folder = tmp_path / "upstreams"
    folder.mkdir()
    answer = university.provider.handle(Request(method="GET", path="/saml/metadata"))
    (folder / "university.xml").write_bytes(answer.body)
    (folder / "university.toml").write_text(DESCRIPTION, "utf-8")
    house = make_house(saml={"enabled": (tmp_path / "saml").exists()})
    seed_sandbox(house)
    with house.store.transaction() as tx:
        tx.clients.put(
            Client(
                id="rp",
                name={"en": "Library", "zh-Hant-HK": "圖書館", "zh-Hans": "图书馆"},
                redirect_uris=(REDIRECT_URI,),
                auth_method=ClientAuthMethod.NONE,
                sector_identifier="rp.example.hk",
                claims={},
            )
        )
    university.house = house
    return serve_house(house)


@pytest.fixture
def person(front: Any, make_person: Any, university: University) -> Any:
    made = make_person(front)
    octets = made.get("/upstream/university/metadata").data
    now = university.clock.now()
    entity_id = f"{ORIGIN}/upstream/university/metadata"
    found = read_metadata(octets, TrustedAsItIs(), now=now).entity(entity_id, now)
    university.known[entity_id] = found
    return made


def at_university(university: University, address: str) -> Any:
    query = urlsplit(address).query
    return university.provider.handle(
        Request(
            method="GET",
            path=urlsplit(address).path,
            query=Parameters.of(parse_qsl(query)),
            raw_query=query,
            browser="b",
            session="cookie",
        )
    )


def bring_back(person: Any, answer: Any) -> Any:
    """Post the upstream's form here; the browser brings no cookies along, and so comes again."""
    page = answer.body.decode()
    action = re.search(r'action="([^"]+)"', page)[1]
    assert action == f"{ORIGIN}/upstream/university/callback"
    fields = {
        name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)
    }
    return person.post(
        urlsplit(action).path, fields, **{"Sec-Fetch-Site": "cross-site", "Origin": PEER}
    )


def log_in(person: Any, university: University, authorize: Any, **more: str) -> Any:
    person.get(authorize(**more))
    person.follow()
    link = re.search(r'id="at-university" href="([^"]+)"', person.page.text)
    person.get(link[1])
    return bring_back(person, at_university(university, person.page.headers["Location"]))


def test_a_login_there_reaches_a_relying_party_that_speaks_openid_connect(
    person: Any, university: University, authorize: Any
) -> None:
    """saml-profiles §4.1 behind, OpenID Connect in front."""
    log_in(person, university, authorize)
    assert "code=" in person.page.headers["Location"]


def test_who_authenticated_is_told_to_services(
    person: Any, university: University, authorize: Any
) -> None:
    """AuthenticatingAuthority (saml-core §2.7.2.2): the upstream, by its own name and not by ours."""
    house = university.house
    log_in(person, university, authorize)
    origins = UpstreamOrigins(house.store, house.back_doors.upstreams)
    session = house.broker.current(person.cookie("hkeid_session"), house.clock.now())
    provider = house.back_doors.upstreams.named("university").provider
    assert isinstance(provider, UpstreamProvider)
    assert origins.authority(session) == provider.authority == f"{PEER}/saml/metadata"


def test_the_same_member_is_the_same_person(
    person: Any, front: Any, make_person: Any, university: University, authorize: Any
) -> None:
    """By the persistent name identifier (saml-core §8.3.7)."""
    log_in(person, university, authorize)
    log_in(make_person(front), university, authorize)
    with university.house.store.transaction() as tx:
        links = [link for one in tx.residents for link in tx.links.of_resident(one.id)]
    assert len(links) == 1
    university.log_in("member-2")
    log_in(make_person(front), university, authorize)
    with university.house.store.transaction() as tx:
        links = [link for one in tx.residents for link in tx.links.of_resident(one.id)]
    assert len(links) == 2


def test_what_may_not_be_passed_on_reaches_no_relying_party(
    person: Any, university: University, authorize: Any, log: Any
) -> None:
    """saml-core §2.5.1.6: ProxyRestriction with Count 0."""
    university.log_in(proxying=Proxying(count=1))
    log_in(person, university, authorize)
    assert person.page.status_code == 403
    reasons = [one["reason"] for one in log.events("server:request:refused")]
    assert reasons == ["upstream_forbids_proxying"]
    person.get(authorize(idp_hint="university"))
    person.follow()
    bring_back(person, at_university(university, person.page.headers["Location"]))
    assert "error=access_denied" in person.page.headers["Location"]


def test_a_session_ends_when_the_upstream_says_so(
    person: Any, university: University, authorize: Any
) -> None:
    """saml-core §2.7.2: SessionNotOnOrAfter."""
    ends_at = university.clock.now() + timedelta(minutes=20)
    university.log_in(ends_at=ends_at)
    log_in(person, university, authorize)
    university.clock.wait(minutes=19)
    assert person.get("/account").status_code == 200
    university.clock.wait(minutes=2)
    assert person.get("/account").headers["Location"] == "/login"


def test_a_fresh_login_is_asked_for_there(
    person: Any, university: University, authorize: Any
) -> None:
    """``prompt=login`` is ForceAuthn (saml-core §3.4.1): the upstream asks its member again."""
    person.get(authorize(prompt="login"))
    person.follow()
    person.get(re.search(r'id="at-university" href="([^"]+)"', person.page.text)[1])
    asked = at_university(university, person.page.headers["Location"])
    assert asked.request.fresh


def test_an_answer_is_taken_once(person: Any, university: University, authorize: Any) -> None:
    person.get(authorize())
    person.follow()
    person.get(re.search(r'id="at-university" href="([^"]+)"', person.page.text)[1])
    answer = at_university(university, person.page.headers["Location"])
    bring_back(person, answer)
    bring_back(person, answer)
    assert person.page.status_code == 409


def test_a_logout_here_goes_on_there(person: Any, university: University, authorize: Any) -> None:
    """saml-profiles §4.4: and comes back."""
    log_in(person, university, authorize)
    person.get("/account")
    person.post("/account/sign-out")
    there = person.page.headers["Location"]
    assert there.startswith(PEER)
    back = urlsplit(at_university(university, there).header("Location"))
    assert back.path == "/upstream/university/logged-out"
    person.get(f"{back.path}?{back.query}")
    assert person.page.headers["Location"] == "/farewell/out"
    assert university.ended == ["s-member-1"]


def test_a_logout_there_ends_ours(person: Any, university: University, authorize: Any) -> None:
    log_in(person, university, authorize)
    told = university.provider.propagate_logout("s-member-1", browser=None)
    place = urlsplit(told.header("Location"))
    assert place.path == "/upstream/university/logout"
    person.get(f"{place.path}?{place.query}")
    assert person.page.headers["Location"].startswith(PEER)
    assert person.get("/account").headers["Location"] == "/login"


@pytest.fixture(params=["name", "attribute"])
def known_by(request: Any, university: University, person: Any) -> str:
    """By what the university's members are known: the persistent name identifier, or an attribute beside it."""
    if request.param == "attribute":
        entity_id = f"{ORIGIN}/upstream/university/metadata"
        wants = EntityAttribute(name=SUBJECT_ID_REQUIREMENT, values=("pairwise-id",))
        university.known[entity_id] = replace(university.known[entity_id], attributes=(wants,))
        provider = university.house.back_doors.upstreams["university"].provider
        provider.settings = replace(provider.settings, subject_attribute=PAIRWISE_ID)
    return str(request.param)


def end_by_soap(front: Any, university: University, name: str, *sessions: str) -> Any:
    """A LogoutRequest from server to server (saml-profiles §4.4.3.2)."""
    now = university.clock.now()
    request = LogoutRequest(
        id=new_identifier(SystemRandom()),
        issued_at=now,
        issuer=f"{PEER}/saml/metadata",
        destination=f"{ORIGIN}/upstream/university/logout",
        name_id=NameId(value=name, format=NameIdFormat.PERSISTENT.value),
        session_indexes=sessions,
        not_on_or_after=now + timedelta(minutes=5),
    )
    signed = sign_element(request.write(), university.provider._parts.signer())
    return WsgiClient(front).post(
        "/upstream/university/logout",
        base_url=ORIGIN,
        data=put_on(signed),
        headers={"Content-Type": "text/xml"},
    )


def test_a_logout_there_ends_the_sessions_of_the_one_it_names_alone(
    person: Any,
    front: Any,
    make_person: Any,
    university: University,
    authorize: Any,
    known_by: str,
) -> None:
    """saml-core §3.7.3.2: the sessions named, of the subject named; where none is named, all of the subject's."""
    other, elsewhere = make_person(front), make_person(front)
    log_in(person, university, authorize)
    log_in(elsewhere, university, authorize)
    university.log_in("member-2")
    log_in(other, university, authorize)
    with university.provider._parts.store.transaction() as tx:
        (mine,) = tx.participations.of_session("s-member-1")
        (theirs,) = tx.participations.of_session("s-member-2")

    def who_is_in() -> list[bool]:
        people = (person, elsewhere, other)
        return [one.get("/account").status_code == 200 for one in people]

    end_by_soap(front, university, theirs.name_id, mine.session_index)
    assert who_is_in() == [True, True, True]
    answer = end_by_soap(front, university, mine.name_id)
    assert (answer.status_code, b"status:Success" in answer.data) == (200, True)
    assert who_is_in() == [False, False, True]
    end_by_soap(front, university, theirs.name_id, theirs.session_index)
    assert who_is_in() == [False, False, False]


def test_a_logout_that_is_refused_is_in_the_journal(person: Any, log: Any) -> None:
    """An attack, or a key of the upstream that metadata does not know: neither must go unseen."""
    answer = person.post("/upstream/university/logout", {"SAMLRequest": "PGE+", "RelayState": "x"})
    assert answer.status_code == 400
    (line,) = [
        one for one in log.events("server:request:refused") if one["where"] == "upstream:logout"
    ]
    assert line["reason"] == "saml_not_well_formed"


SERVICE = "https://library.example"
SERVICE_DESCRIPTION = f"""entity_id = "{SERVICE}/metadata"
metadata_file = "library.xml"
sector_identifier = "library.example"
[name]
en = "Library"
zh-Hant-HK = "圖書館"
zh-Hans = "图书馆"
"""


@pytest.fixture
def library(tmp_path: Path) -> SamlService:
    """A service in front that speaks SAML."""
    key = shared_rsa_key("library")
    service = SamlService(SERVICE, f"{ORIGIN}/saml/metadata", key)
    folder = tmp_path / "saml"
    folder.mkdir()
    (folder / "library.xml").write_bytes(service.metadata())
    (folder / "library.toml").write_text(SERVICE_DESCRIPTION, "utf-8")
    return service


def test_a_logout_of_a_service_goes_on_there_and_comes_back(
    library: SamlService,
    university: University,
    person: Any,
    monkeypatch: Any,
) -> None:
    """saml-core §3.7.3.2: to the session authority on behalf of which the login was proxied."""
    idp = university.house.saml
    monkeypatch.setattr(
        saml_service,
        "urlopen",
        lambda url, timeout: BytesIO(
            idp.handle(Request(method="GET", path=urlsplit(url).path)).body
        ),
    )
    cookie = ""

    def visit(address: str, method: str = "GET", fields: Any = ()) -> Any:
        nonlocal cookie
        place = urlsplit(address)
        answer = library(
            Request(
                method=method,
                path=place.path,
                query=Parameters.parse(place.query),
                raw_query=place.query,
                form=Parameters.of(fields),
                headers={"cookie": cookie},
            )
        )
        cookie = (answer.header("Set-Cookie") or cookie).partition(";")[0]
        return answer

    def go(address: str) -> str:
        place = urlsplit(address)
        person.get(f"{place.path}?{place.query}")
        return str(person.page.headers.get("Location", ""))

    go(visit("/login").header("Location"))
    person.follow()
    person.get(re.search(r'id="at-university" href="([^"]+)"', person.page.text)[1])
    bring_back(person, at_university(university, person.page.headers["Location"]))
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', person.page.text))
    arrived = visit("/acs", "POST", {name: unescape(value) for name, value in fields.items()})
    visit(arrived.header("Location"))
    assert 'id="subject"' in visit("/").body.decode()

    there = go(visit("/logout").header("Location"))
    assert there.startswith(PEER)
    back = go(at_university(university, there).header("Location"))
    assert back.startswith("/saml/slo/back?logout=")
    assert university.ended == ["s-member-1"]
    answered = go(back)
    assert answered.startswith(f"{SERVICE}/slo")
    visit(answered)
    assert 'id="stranger"' in visit("/").body.decode()


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        (('metadata_file = "university.xml"\n', ""), "upstream_key_missing", "metadata_url"),
        (('"university.xml"', "3"), "upstream_value_invalid", "metadata_file"),
        (("entity_id", "entity"), "upstream_key_unknown", "entity_id"),
        ((NAMES, ""), "upstream_key_missing", "names"),
        (
            ("creates = true", 'client_secret_file = "x"'),
            "upstream_key_unknown",
            "client_secret_file",
        ),
    ],
)
def test_a_description_that_is_wrong_says_where(
    tmp_path: Path, change: tuple[str, str], reason: str, says: str
) -> None:
    path = tmp_path / "university.toml"
    path.write_text(DESCRIPTION.replace(*change), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_upstream(path)
    assert caught.value.reason == reason
    assert says in (caught.value.detail or "")
