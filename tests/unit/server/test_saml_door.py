"""The SAML door through the whole server, with a service on the library's own service provider."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Parameters, Request
from hkeid.ports.keys import KeyPurpose
from hkeid.ports.surroundings import HttpAnswer
from hkeid.saml.dsig import XmlSigner, sign_element, verify_message
from hkeid.saml.messages import SUCCESS, LogoutRequest, LogoutResponse, soap
from hkeid.saml.metadata import TrustedAsItIs, read_metadata
from hkeid.saml.own_keys import public_key
from hkeid.testing import saml_service
from hkeid.testing.saml_service import SamlService
from hkeid_server.saml_files import read_service
from hkeid_server.wiring import open_courier_of_its_own
from hkeid_server.wsgi import serve_house

SERVICE = "https://library.example"
THREE = 'en = "Library"\nzh-Hant-HK = "圖書館"\nzh-Hans = "图书馆"\n'
FORM = """[forms.card]
fields = { birthdate = "voluntary" }
keeps_for = 30
name = { en = "Card", zh-Hant-HK = "證", zh-Hans = "证" }
purpose = { en = "Your card.", zh-Hant-HK = "辦證。", zh-Hans = "办证。" }

"""
DESCRIPTION = f"""entity_id = "{SERVICE}/metadata"
metadata_file = "library.xml"
sector_identifier = "library.example"
voluntary_claims = ["birthdate"]
idp_initiated = true
[name]
{THREE}
[claims.name]
{THREE}
[claims.birthdate]
{THREE}
"""


CARD = """
[forms.card]
attribute_service = 3
fields = { name = "required", birthdate = "voluntary", marital_status = "voluntary" }
name = { en = "Library card", "zh-Hant-HK" = "圖書證", "zh-Hans" = "图书证" }
purpose = { en = "For your card.", "zh-Hant-HK" = "辦證。", "zh-Hans" = "办证。" }
"""


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Town:
    """A server with the SAML door, the service, and what goes between them."""

    def __init__(self, front: Any, service: SamlService) -> None:
        self.front, self.service = front, service
        self.cookie = ""

    def at_service(
        self, path: str, method: str = "GET", fields: Any = (), *, cookies: bool = True
    ) -> Any:
        query = urlsplit(path).query
        request = Request(
            method=method,
            path=urlsplit(path).path,
            query=Parameters.parse(query),
            raw_query=query,
            form=Parameters.of(fields),
            headers={"cookie": self.cookie} if cookies else {},
        )
        answer = self.service(request)
        given = answer.header("Set-Cookie")
        if given:
            self.cookie = given.partition(";")[0]
        return answer

    def follow(self, answer: Any) -> Any:
        return self.at_service(answer.header("Location").removeprefix(SERVICE))

    def deliver(self, page: Any) -> Any:
        """Post the form that the provider's page holds, without cookies, as a browser does."""
        action = re.search(r'action="([^"]+)"', page.text)
        fields = [
            (name, unescape(value))
            for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)
        ]
        return self.at_service(action[1].removeprefix(SERVICE), "POST", fields, cookies=False)

    def home(self) -> str:
        return self.at_service("/").body.decode()


@pytest.fixture
def more_endpoints() -> bytes:
    """What the service's metadata says beside what the service says of itself."""
    return b""


@pytest.fixture
def lifetime_minutes() -> int:
    """Of the hub's sessions."""
    return 720


@pytest.fixture
def attribute_service() -> bytes:
    """An AttributeConsumingService in the service's metadata."""
    return b""


@pytest.fixture
def forms() -> str:
    """Forms in the service's description."""
    return ""


@pytest.fixture
def saml_town(
    tmp_path: Path,
    make_house: Any,
    clock: Any,
    key: Any,
    monkeypatch: Any,
    more_endpoints: bytes,
    lifetime_minutes: int,
    attribute_service: bytes,
    forms: str,
) -> Town:
    clock.moment = datetime.now(UTC)
    service = SamlService(SERVICE, "http://localhost:8000/saml/metadata", key)
    folder = tmp_path / "saml"
    folder.mkdir()
    first = b"<md:SingleLogoutService"
    document = service.metadata().replace(first, more_endpoints + first, 1)
    end = b"</md:SPSSODescriptor>"
    (folder / "library.xml").write_bytes(document.replace(end, attribute_service + end, 1))
    (folder / "library.toml").write_text(DESCRIPTION + forms, "utf-8")
    house = make_house(saml={"enabled": True}, sessions={"lifetime_minutes": lifetime_minutes})
    from hkeid_server.sandbox import seed_sandbox

    seed_sandbox(house)
    front = serve_house(house)
    made = Town(front, service)
    made.house = house  # type: ignore[attr-defined]

    class Opened:
        def __init__(self, url: str, timeout: float) -> None:
            del timeout
            answer = house.doors["saml"].handle(Request(method="GET", path=urlsplit(url).path))
            self.body = answer.body

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, _most: int) -> bytes:
            return self.body

    monkeypatch.setattr(saml_service, "urlopen", Opened)
    return made


@pytest.fixture
def holder(saml_town: Town, make_person: Any) -> Any:
    """A resident with an eID, in the browser that also visits the service."""
    from hkeid_server.sandbox import issue_ticket

    person = make_person(saml_town.front)
    person.get("/activate")
    person.post("/activate", {"code": issue_ticket(saml_town.house, "chan-tai-man").reveal()})
    assert person.ceremony().status_code == 303
    return person


def go_to_provider(saml_town: Town, person: Any) -> Any:
    answer = saml_town.at_service("/login")
    place = urlsplit(answer.header("Location"))
    return person.get(f"{place.path}?{place.query}")


def log_in(saml_town: Town, person: Any) -> None:
    go_to_provider(saml_town, person)
    if person.page.status_code == 303:
        person.follow()
        person.post(
            re.search(r'action="(/interaction/saml/[^"]+/decide)"', person.page.text)[1],
            consent(person.page.text),
        )
    saml_town.follow(saml_town.deliver(person.page))


def consent(text: str) -> dict[str, Any]:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    return {**hidden, "claim": "birthdate", "decision": "agree"}


class TestForms:
    """saml-core §3.4.1.1: AttributeConsumingServiceIndex; saml-metadata §2.4.4.1."""

    @pytest.fixture
    def attribute_service(self) -> bytes:
        return (
            b'<md:AttributeConsumingService index="3"><md:ServiceName xml:lang="en">Card</md:ServiceName>'
            b'<md:RequestedAttribute Name="urn:oid:2.16.840.1.113730.3.1.241"'
            b' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>'
            b'<md:RequestedAttribute Name="urn:hkeid:claim:marital_status"'
            b' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>'
            b"</md:AttributeConsumingService>"
        )

    @pytest.fixture
    def forms(self) -> str:
        return CARD

    def _asked(self, town: Town, person: Any) -> Any:
        place = urlsplit(town.at_service("/login?attributes=3").header("Location"))
        person.get(f"{place.path}?{place.query}")
        assert person.page.status_code == 303, person.page.text
        return person.follow()

    def _press(self, person: Any, **fields: Any) -> Any:
        action = re.search(r'action="(/interaction/saml/[^"]+)"[^>]*id="f', person.page.text)
        assert action, person.page.text
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', person.page.text)
        return person.post(action[1], {**dict(hidden), **fields})

    def test_are_filled_and_told_as_attributes(self, saml_town: Town, holder: Any) -> None:
        page = self._asked(saml_town, holder)
        assert "Library card" in page.text
        assert "Date of birth" not in page.text, "metadata does not ask for it there"
        self._press(holder, change="marital_status")
        self._press(holder, value="married", decision="keep")
        self._press(holder, claim="marital_status", decision="send")
        saml_town.follow(saml_town.deliver(holder.page))
        home = saml_town.home()
        assert "CHAN, Tai Man" in home
        assert "married" in home
        ledger = saml_town.house.ledger  # type: ignore[attr-defined]
        with saml_town.house.store.transaction() as tx:  # type: ignore[attr-defined]
            [who] = [one.id for one in tx.residents if tx.consents.history(one.id)]
        [told] = ledger.disclosures(who)
        assert (told.client_id, told.purpose) == ("library", "card")
        assert not ledger.standing(who), "once"

    def test_that_are_not_sent_are_told_to_the_service(self, saml_town: Town, holder: Any) -> None:
        self._asked(saml_town, holder)
        self._press(holder, decision="refuse")
        answer = saml_town.deliver(holder.page)
        assert b"CHAN" not in answer.body
        assert "stranger" in saml_town.home()

    def test_are_not_asked_for_where_nobody_may_be(self, saml_town: Town, holder: Any) -> None:
        """A login without the index asks for what is registered for logins."""
        log_in(saml_town, holder)
        assert "married" not in saml_town.home()


@pytest.mark.parametrize("index", ['"three"', "-1", "70000", "1.5"])
def test_an_index_that_is_none(tmp_path: Path, index: str) -> None:
    path = tmp_path / "library.toml"
    path.write_text(DESCRIPTION + CARD.replace("= 3", f"= {index}"), "utf-8")
    with pytest.raises(ConfigurationError, match="saml_service_value_invalid"):
        read_service(path)


class TestSessionsOfAnHour:
    @pytest.fixture
    def lifetime_minutes(self) -> int:
        return 60

    def test_are_no_longer_at_the_service(self, saml_town: Town, holder: Any) -> None:
        """saml-core §2.7.2: SessionNotOnOrAfter."""
        log_in(saml_town, holder)
        (login,) = [one.login for one in saml_town.service._visitors.values() if one.login]
        assert login.session_not_on_or_after is not None
        hour = login.session_not_on_or_after - login.authenticated_at
        assert hour == timedelta(hours=1)


class TestLogin:
    def test_reaches_the_service_with_what_was_agreed(self, saml_town: Town, holder: Any) -> None:
        """saml-profiles §4.1: request, consent, response; the same session as for OpenID Connect."""
        log_in(saml_town, holder)
        page = saml_town.home()
        assert 'id="subject"' in page
        assert "CHAN, Tai Man" in page
        assert "19850412" in page

    def test_of_a_stranger_asks_for_the_passkey(self, saml_town: Town, make_person: Any) -> None:
        stranger = make_person(saml_town.front)
        go_to_provider(saml_town, stranger)
        assert stranger.page.headers["Location"].startswith("/interaction/saml/")
        stranger.follow()
        assert 'id="use-passkey"' in stranger.page.text
        assert "Library" in stranger.page.text

    def test_that_is_declined_is_told_to_the_service(
        self, saml_town: Town, make_person: Any
    ) -> None:
        stranger = make_person(saml_town.front)
        go_to_provider(saml_town, stranger)
        stranger.follow()
        stranger.post(
            re.search(r'action="(/interaction/saml/[^"]+/decline)"', stranger.page.text)[1]
        )
        answer = saml_town.deliver(stranger.page)
        assert answer.status == 403
        assert b"saml_status" in answer.body

    def test_of_a_service_that_nobody_knows_is_a_page(
        self, saml_town: Town, make_person: Any, key: Any
    ) -> None:
        other = SamlService("https://other.example", "http://localhost:8000/saml/metadata", key)
        place = urlsplit(other(Request(method="GET", path="/login")).header("Location"))
        stranger = make_person(saml_town.front)
        stranger.get(f"{place.path}?{place.query}")
        assert stranger.page.status_code == 400
        assert "other.example" not in stranger.page.text


class TestLogout:
    def test_at_the_service_ends_the_hubs_session(self, saml_town: Town, holder: Any) -> None:
        """saml-profiles §4.4."""
        log_in(saml_town, holder)
        place = urlsplit(saml_town.at_service("/logout").header("Location"))
        holder.get(f"{place.path}?{place.query}")
        assert holder.get("/account").headers.get("Location") == "/login"
        assert 'id="stranger"' in saml_town.home()

    def test_in_my_eid_ends_the_services(self, saml_town: Town, holder: Any) -> None:
        log_in(saml_town, holder)
        holder.get("/account")
        holder.post("/account/sign-out")
        place = holder.page.headers["Location"]
        assert place.startswith(f"{SERVICE}/slo")
        back = saml_town.at_service(place.removeprefix(SERVICE), cookies=False)
        place = urlsplit(back.header("Location"))
        holder.get(f"{place.path}?{place.query}")
        assert holder.page.headers["Location"].endswith("/farewell/out")
        assert 'id="stranger"' in saml_town.home()
        assert holder.get("/account").headers.get("Location") == "/login"


class BySoap:
    """:class:`hkeid.ports.HttpClient` in front of the service, which ends every session that it is told of."""

    def __init__(self, key: Any, ours: Any) -> None:
        self.signer = XmlSigner.from_key(key)
        self.ours = [public_key(one) for one in ours]
        self.asked: list[str] = []
        self.requests: list[LogoutRequest] = []

    def send(self, _method: str, url: str, *, body: bytes, **_rest: Any) -> HttpAnswer:
        self.asked.append(url)
        request = LogoutRequest.read(verify_message(soap.take_off(body), self.ours))
        self.requests.append(request)
        answer = LogoutResponse(
            id="_answer",
            issued_at=request.issued_at,
            issuer=f"{SERVICE}/metadata",
            in_response_to=request.id,
            status=SUCCESS,
        )
        return HttpAnswer(status=200, body=soap.put_on(sign_element(answer.write(), self.signer)))


class TestLogoutBySoap:
    """Whatever ends the session: it needs no browser, and nobody waits for the service."""

    @pytest.fixture
    def more_endpoints(self) -> bytes:
        return (
            b'<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" '
            b'Location="https://library.example/slo/soap"></md:SingleLogoutService>'
        )

    @pytest.fixture
    def by_soap(self, saml_town: Town, holder: Any, key: Any, monkeypatch: Any) -> BySoap:
        house = saml_town.house  # type: ignore[attr-defined]
        made = BySoap(key, house.keys.signing_keys(KeyPurpose.SAML_SIGNING))
        monkeypatch.setattr(house.logouts._delivery._tellers[1]._http, "send", made.send)
        log_in(saml_town, holder)
        return made

    @pytest.mark.parametrize("path", ["/account/sign-out", "/account/freeze"])
    def test_in_this_browser(
        self, saml_town: Town, holder: Any, by_soap: BySoap, path: str
    ) -> None:
        holder.get("/account/freeze")
        holder.post(path)
        assert holder.page.headers["Location"].startswith("/farewell/")
        self._was_told_once(saml_town, by_soap)

    def test_in_another_browser(self, saml_town: Town, holder: Any, by_soap: BySoap) -> None:
        """End all others, from a browser in which the same person is logged in."""
        house = saml_town.house  # type: ignore[attr-defined]
        [session] = tuple(house.store._transaction.sessions._sessions.values())
        house.broker.end_other_sessions(session.resident_id, "the one that stays")
        house.logouts.nudge()
        self._was_told_once(saml_town, by_soap)

    def test_again_by_the_process_that_serves_no_door(self, saml_town: Town) -> None:
        house = saml_town.house  # type: ignore[attr-defined]
        courier, metadata = open_courier_of_its_own(
            house.config, house.store, house.keys, house.clock, house.random, house.journal
        )
        tellers = courier._delivery._tellers
        assert [one.serves(f"saml {SERVICE}/metadata") for one in tellers] == [False, True]
        assert metadata is not None, "which goes on reading what services publish"
        assert metadata.round() > 0

    def _was_told_once(self, saml_town: Town, by_soap: BySoap) -> None:
        house = saml_town.house  # type: ignore[attr-defined]
        assert house.logouts.wait(5)
        assert by_soap.asked == ["https://library.example/slo/soap"]
        with house.store.transaction() as tx:
            assert tx.logout_notices.clients_due(house.clock.now()) == ()
            [request] = by_soap.requests
            assert request.name_id is not None
            told = request.name_id.value
            assert tx.participations.of_name(f"{SERVICE}/metadata", told) == ()


def test_metadata_is_served(saml_town: Town, make_person: Any) -> None:
    answer = make_person(saml_town.front).get("/saml/metadata")
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    assert b"IDPSSODescriptor" in answer.data
    (encoded,) = set(re.findall(rb"X509Certificate>([^<]+)<", answer.data))
    certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
    certificate.verify_directly_issued_by(certificate)
    again = make_person(saml_town.front).get("/saml/metadata")
    assert encoded in again.data


def test_every_key_has_a_certificate_while_keys_roll_over(
    saml_town: Town, make_person: Any, clock: Any
) -> None:
    """Peers that read certificates alone learn the next key before it signs, and some take no role with a bare one."""
    house = saml_town.house  # type: ignore[attr-defined]
    person = make_person(saml_town.front)
    seen = []
    for later in (timedelta(0), timedelta(days=30)):
        house.keys.rotate(KeyPurpose.SAML_SIGNING, "RS256", clock.moment + later)
        document = person.get("/saml/metadata").data
        now = clock.now()
        entity_id = house.saml.entity_id
        entity = read_metadata(document, TrustedAsItIs(), now=now).entity(entity_id, now)
        assert entity is not None
        assert entity.idp is not None
        seen.append([key.certificate for key in entity.idp.keys])
        published = [one.public for one in entity.idp.keys]
        ours = house.keys.signing_keys(KeyPurpose.SAML_SIGNING)
        assert len(published) == len(ours)
        assert all(public_key(key) in published for key in ours)
    assert [len(one) for one in seen] == [2, 3]
    assert None not in seen[0]
    assert None not in seen[1]


def test_it_is_not_there_where_it_is_not_switched_on(stranger: Any) -> None:
    assert stranger.get("/saml/metadata").status_code == 404


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        (("entity_id", "entity"), "saml_service_key_unknown", "did you mean 'entity_id'"),
        (('sector_identifier = "library.example"\n', ""), "saml_service_key_missing", "sector"),
        (('metadata_file = "library.xml"\n', ""), "saml_service_key_missing", "metadata_file"),
        (("idp_initiated = true", 'idp_initiated = "yes"'), "saml_service_value_invalid", "idp_initiated"),
        (("idp_initiated = true", 'signs = "none"'), "saml_service_value_invalid", "assertion, response"),
        (("[claims.birthdate]", "[claims.shoe]"), "saml_service_value_invalid", "claims"),
        (('["birthdate"]', '["sex"]'), "saml_service_value_invalid", "voluntary_claims"),
        (('zh-Hans = "图书馆"\n', ""), "saml_service_value_invalid", "zh-Hans"),
        (("[name]", "[forms.card]\n[name]"), "saml_service_value_invalid", "forms.card.fields"),
        (("[name]", FORM.replace("birthdate", "shoe") + "[name]"), "saml_service_value_invalid", "shoe"),
    ],
)  # fmt: skip
def test_a_description_that_is_wrong_says_where(
    tmp_path: Path, change: tuple[str, str], reason: str, says: str
) -> None:
    path = tmp_path / "library.toml"
    path.write_text(DESCRIPTION.replace(*change), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_service(path)
    assert caught.value.reason == reason
    assert says in (caught.value.detail or "")


def test_the_name_of_a_description_is_an_id(tmp_path: Path) -> None:
    path = tmp_path / "the library.toml"
    path.write_text(DESCRIPTION, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_service(path)
    assert caught.value.reason == "saml_service_value_invalid"


def test_a_description_may_have_forms(tmp_path: Path) -> None:
    """In the words of a client of OpenID Connect."""
    path = tmp_path / "library.toml"
    path.write_text(DESCRIPTION.replace("[name]", FORM + "[name]"), "utf-8")
    (form,) = read_service(path).client.forms
    assert (form.id, form.voluntary, form.keeps_for) == ("card", ("birthdate",), 30)


def test_a_service_without_metadata_is_not_served(tmp_path: Path, make_house: Any) -> None:
    folder = tmp_path / "saml"
    folder.mkdir()
    (folder / "library.toml").write_text(DESCRIPTION, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        make_house(saml={"enabled": True})
    assert caught.value.reason == "saml_metadata_unusable"


def test_metadata_of_one_service_says_nothing_of_another(
    tmp_path: Path, make_house: Any, make_person: Any, clock: Any, key: Any
) -> None:
    """An aggregate of the archive's holds an entity by the library's name, with keys and addresses of its own."""
    clock.moment = datetime.now(UTC)
    folder = tmp_path / "saml"
    folder.mkdir()
    provider = "http://localhost:8000/saml/metadata"
    mallory = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    genuine = SamlService(SERVICE, provider, key)
    archive = SamlService("https://archive.example", provider, mallory)
    false = SamlService(SERVICE, provider, mallory)
    (folder / "library.xml").write_bytes(genuine.metadata())
    (folder / "library.toml").write_text(DESCRIPTION, "utf-8")
    names = b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
    both = names + false.metadata() + archive.metadata() + b"</md:EntitiesDescriptor>"
    (folder / "archive.xml").write_bytes(both)
    described = DESCRIPTION.replace(SERVICE, "https://archive.example")
    described = described.replace("library.xml", "archive.xml")
    (folder / "archive.toml").write_text(described, "utf-8")
    house = make_house(saml={"enabled": True})

    def asked_by(one: SamlService, front: Any) -> int:
        answer = one(Request(method="GET", path="/login"))
        place = urlsplit(answer.header("Location"))
        person = make_person(front)
        person.get(f"{place.path}?{place.query}")
        return int(person.page.status_code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saml_service, "urlopen", _metadata_of(house.saml))
        front = serve_house(house)
        assert asked_by(genuine, front) == 303
        assert asked_by(archive, front) == 303
        assert asked_by(false, front) == 400


def _metadata_of(idp: Any) -> Any:
    def opened(url: str, timeout: float) -> Any:
        del timeout
        return BytesIO(idp.handle(Request(method="GET", path=urlsplit(url).path)).body)

    return opened
