"""Logging in at another identity provider, through the whole server, with a simulated iAM Smart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.unit.server.conftest import ORIGIN

from hkeid.doors.subjects import pairwise_subject
from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.iam_smart_simulator import IamSmartSimulator, Registration
from hkeid_server.upstream_files import read_upstream

NAMES = """
[names]
en = "Company staff"
zh-Hant-HK = "公司員工"
zh-Hans = "公司员工"
"""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IamSmartSimulator]:
    folder = tmp_path_factory.mktemp("iam-smart")
    with IamSmartSimulator(Registration.in_folder(folder)) as running:
        running.folder = folder  # type: ignore[attr-defined]
        yield running


def describe(folder: Path, simulator: Any, **policy: Any) -> None:
    """Write the description of the simulator into the configuration's folder."""
    upstreams = folder / "upstreams"
    upstreams.mkdir(exist_ok=True)
    lines = [
        'kind = "iam_smart"',
        f'host = "{simulator.url}"',
        f'client_id = "{simulator.registration.client_id}"',
        f'client_secret_file = "{simulator.folder / "client-secret"}"',
        f'encipherment_key_file = "{simulator.folder / "encipherment-key.pem"}"',
        *(f"{name} = {value}" for name, value in policy.items()),
    ]
    (upstreams / "iam-smart.toml").write_text("\n".join(lines), "utf-8")


@pytest.fixture(params=[{"links_by_hkic": "true", "creates": "true"}])
def policy(request: Any) -> dict[str, str]:
    return request.param


@pytest.fixture(autouse=True)
def _with_iam_smart(tmp_path: Path, simulator: Any, policy: Any, clock: Any) -> None:
    describe(tmp_path, simulator, **policy)
    clock.moment = datetime.now(UTC)


def go_there(person: Any) -> str:
    """Press the button of the other provider; where the browser is sent."""
    link = re.search(r'id="at-iam-smart" href="([^"]+)"', person.page.text)
    assert link, person.page.text
    person.get(link[1])
    assert person.page.status_code == 303
    return person.page.headers["Location"]


def come_back(person: Any, simulator: Any, persona: str, *, approve: bool = True) -> Any:
    back = simulator.approve_login(go_there(person), persona, approve=approve)
    parts = urlsplit(back)
    return person.get(f"{parts.path}?{parts.query}")


class TestLogin:
    def test_leads_to_the_relying_party(
        self, stranger: Any, simulator: Any, authorize: Any
    ) -> None:
        """A relying party that speaks only OpenID Connect gets an iAM Smart login."""
        stranger.get(authorize())
        stranger.follow()
        assert "Or log in elsewhere" in stranger.page.text
        come_back(stranger, simulator, "lee-sze")
        assert stranger.page.status_code == 303
        answer = parse_qs(urlsplit(stranger.page.headers["Location"]).query)
        assert answer["state"] == ["a-state"]
        assert "code" in answer
        assert stranger.cookie("hkeid_door") == "iam-smart"

    def test_of_somebody_with_an_eid_is_the_same_person(
        self,
        resident: Any,
        front: Any,
        house: Any,
        simulator: Any,
        make_person: Any,
        authorize: Any,
    ) -> None:
        """By the identity-card number that iAM Smart proves."""
        other = make_person(front)
        other.get(authorize())
        other.follow()
        come_back(other, simulator, "chan-tai-man")
        with house.store.transaction() as tx:
            residents = {one.id for one in tx.residents}
            linked = [
                link for resident_id in residents for link in tx.links.of_resident(resident_id)
            ]
        current = house.broker.current(resident.cookie("hkeid_session"), house.clock.now())
        assert [link.resident_id for link in linked] == [current.authentication.resident_id]

    def test_remembers_the_door(self, stranger: Any, simulator: Any, authorize: Any) -> None:
        stranger.get(authorize())
        stranger.follow()
        come_back(stranger, simulator, "lee-sze")
        stranger.get(authorize(prompt="login"))
        stranger.follow()
        assert "Used last time" in stranger.page.text

    def test_that_the_relying_party_names_begins_at_once_and_refusal_reaches_it(
        self, stranger: Any, simulator: Any, authorize: Any
    ) -> None:
        stranger.get(authorize(idp_hint="iam-smart"))
        stranger.follow()
        assert stranger.page.status_code == 303
        there = stranger.page.headers["Location"]
        assert there.startswith(simulator.url)
        parts = urlsplit(simulator.approve_login(there, "lee-sze", approve=False))
        stranger.get(f"{parts.path}?{parts.query}")
        answer = parse_qs(urlsplit(stranger.page.headers["Location"]).query)
        assert answer["error"] == ["access_denied"]

    def test_that_is_refused_there_leaves_the_choice(
        self, stranger: Any, simulator: Any, authorize: Any
    ) -> None:
        stranger.get(authorize())
        stranger.follow()
        come_back(stranger, simulator, "lee-sze", approve=False)
        assert stranger.page.status_code == 403
        assert 'data-problem="elsewhere"' in stranger.page.text
        assert 'id="use-passkey"' in stranger.page.text

    def test_answer_of_another_browser_is_refused(
        self, stranger: Any, front: Any, simulator: Any, make_person: Any, authorize: Any
    ) -> None:
        """Login CSRF."""
        stranger.get(authorize())
        stranger.follow()
        parts = urlsplit(simulator.approve_login(go_there(stranger), "lee-sze"))
        victim = make_person(front)
        victim.get(f"{parts.path}?{parts.query}")
        assert victim.page.status_code == 409
        assert victim.cookie("hkeid_session") is None

    def test_steps_up_with_the_own_passkey(
        self, resident: Any, simulator: Any, authorize: Any
    ) -> None:
        """The other login does not reach the rung; the person's own passkey does, on top."""
        resident.get(authorize(acr_values="urn:hkeid:acr:eid-bound", prompt="login"))
        resident.follow()
        come_back(resident, simulator, "chan-tai-man")
        assert resident.page.headers["Location"].endswith("?on-top=yes")
        resident.follow()
        assert 'id="stronger"' in resident.page.text
        assert 'id="elsewhere"' not in resident.page.text
        resident.ceremony()
        assert "code=" in resident.page.headers["Location"]


def test_a_certain_resident_comes_in_by_the_own_passkey_alone(
    resident: Any, house: Any, simulator: Any, authorize: Any
) -> None:
    """OpenID Connect Core §5.5.1: one ``sub`` is waited for. Neither a button, nor a hint, nor the address leads
    elsewhere.
    """
    session = house.broker.current(resident.cookie("hkeid_session"), house.clock.now())
    sub = pairwise_subject(house.keys, "rp.example.hk", session.authentication.resident_id)
    claims = json.dumps({"id_token": {"sub": {"value": sub}}})
    resident.get(authorize(prompt="login", claims=claims, idp_hint="iam-smart"))
    resident.follow()
    assert resident.page.status_code == 200
    assert 'id="elsewhere"' not in resident.page.text
    here = resident.page.request.path
    assert resident.get(f"{here}/elsewhere/iam-smart").status_code == 404


class TestOwnLogin:
    """The resident's own way to My eID offers what serves our own pages."""

    def test_leads_to_my_eid(self, stranger: Any, simulator: Any) -> None:
        stranger.get("/login")
        assert "Or log in elsewhere" in stranger.page.text
        come_back(stranger, simulator, "lee-sze")
        assert stranger.page.headers["Location"] == "/account"
        assert stranger.cookie("hkeid_door") == "iam-smart"
        assert stranger.get("/account").status_code == 200
        assert stranger.get("/login/elsewhere/iam-smart").headers["Location"] == "/login"

    def test_that_is_refused_there_leaves_the_choice(
        self, stranger: Any, simulator: Any, log: Any
    ) -> None:
        stranger.get("/login")
        come_back(stranger, simulator, "lee-sze", approve=False)
        assert stranger.page.status_code == 403
        assert 'data-problem="elsewhere"' in stranger.page.text
        assert 'id="use-passkey"' in stranger.page.text
        assert 'href="/login?lang=zh-Hans"' in stranger.page.text
        (line,) = log.events("server:request:refused")
        assert line["where"] == "login:elsewhere"
        come_back(stranger, simulator, "lee-sze")
        assert stranger.page.headers["Location"] == "/account"

    @pytest.mark.parametrize("policy", [{}], indirect=True)
    def test_of_somebody_who_is_not_linked_says_how(
        self, stranger: Any, simulator: Any, policy: Any
    ) -> None:
        stranger.get("/login")
        come_back(stranger, simulator, "chan-tai-man")
        assert 'data-problem="link-unknown"' in stranger.page.text

    @pytest.mark.parametrize("policy", [{"clients": '["rp"]'}], indirect=True)
    def test_has_no_door_that_is_for_relying_parties_alone(
        self, stranger: Any, policy: Any, authorize: Any
    ) -> None:
        assert 'id="elsewhere"' not in stranger.get("/login").text
        assert stranger.get("/login/elsewhere/iam-smart").status_code == 404
        stranger.get(authorize())
        assert 'id="at-iam-smart"' in stranger.follow().text

    def test_begins_on_a_page_of_ours(self, stranger: Any) -> None:
        """No other site logs somebody in here as whoever they are elsewhere (login CSRF)."""
        page = stranger.get("/login/elsewhere/iam-smart", **{"Sec-Fetch-Site": "cross-site"})
        assert page.headers["Location"] == "/login"

    def test_with_the_own_passkey_is_remembered(self, resident: Any) -> None:
        resident.get("/account")
        resident.post("/account/sign-out")
        resident.get("/login")
        resident.ceremony()
        assert resident.page.headers["Location"] == "/account"
        assert resident.cookie("hkeid_door") == "eid"


class TestManyDoors:
    """Forty schools and iAM Smart: a page of their own, with a search that needs no script."""

    @pytest.fixture(autouse=True)
    def _with_schools(self, tmp_path: Path, _with_iam_smart: None) -> None:
        for number in range(40):
            (tmp_path / "upstreams" / f"school-{number:02}.toml").write_text(
                f'kind = "oidc"\nissuer = "https://login.school-{number:02}.example"\n'
                f'client_id = "hkeid"\ndomains = ["staff.school-{number:02}.example"]\n'
                f'[names]\nen = "School <{number:02}>"\nzh-Hant-HK = "學校 {number:02}"\n'
                f'zh-Hans = "学校 {number:02}"\n',
                "utf-8",
            )

    @pytest.fixture(params=["own", "relying party"])
    def here(self, request: Any, stranger: Any, authorize: Any) -> str:
        """The address of a login page."""
        if request.param == "own":
            return "/login"
        stranger.get(authorize())
        return str(stranger.page.headers["Location"])

    @staticmethod
    def doors(page: Any) -> list[str]:
        return re.findall(r'id="at-([^"]+)"', page.text)

    def test_the_login_page_shows_five_and_where_the_others_are(
        self, stranger: Any, here: str
    ) -> None:
        page = stranger.get(here)
        assert self.doors(page) == ["iam-smart", *(f"school-{one:02}" for one in range(4))]
        assert f'id="more-logins" href="{here}/more"' in page.text
        page = stranger.get(f"{here}/more")
        assert page.status_code == 200
        assert self.doors(page) == ["iam-smart", *(f"school-{one:02}" for one in range(40))]
        assert f'id="at-school-39" href="{here}/elsewhere/school-39"' in page.text
        assert f'href="{here}" id="back-to-login"' in page.text
        assert ("Do not log in" in page.text) == (here != "/login")

    def test_the_door_used_last_comes_first_on_both(self, stranger: Any, here: str) -> None:
        stranger.client.set_cookie("hkeid_door", "school-31", domain="localhost")
        for address in (here, f"{here}/more", f"{here}/more?q=school"):
            page = stranger.get(address)
            assert self.doors(page)[0] == "school-31"
            assert page.text.count("Used last time") == 1

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("17", ["school-17"]),
            ("SCHOOL 17", ["school-17"]),
            ("17 school", ["school-17"]),
            ("学校 17", ["school-17"]),
            ("學校　１７", ["school-17"]),
            ("staff.school-17.example", ["school-17"]),
            ("Chan@Staff.School-17.example", ["school-17"]),
            ("university", []),
            ("<script>", []),
            ("%00\ud83d", []),
            ("x" * 10_000, []),
        ],
    )
    def test_are_searched_by_name_in_any_script_and_by_domain(
        self, stranger: Any, typed: str, found: list[str]
    ) -> None:
        query = urlencode({"q": typed}, errors="surrogatepass")
        page = stranger.get(f"/login/more?{query}")
        assert page.status_code == 200
        assert self.doors(page) == found
        assert f"Found: {len(found)} of 41" in page.text
        assert "<script>" not in page.text
        assert ("Nothing here has that name" in page.text) == (not found)
        assert 'href="/login/more" id="show-all"' in page.text

    def test_what_is_searched_for_stays_in_another_language(self, stranger: Any) -> None:
        page = stranger.get("/login/more?q=school+17&lang=en")
        assert 'name="q" value="school 17"' in page.text
        assert 'href="/login/more?q=school+17&amp;lang=zh-Hans"' in page.text
        page = stranger.get("/login/more?q=school+17&lang=zh-Hans")
        assert self.doors(page) == ["school-17"]
        assert "学校 17" in page.text


@pytest.mark.parametrize("policy", [{}], indirect=True)
class TestLinking:
    def test_who_is_not_linked_is_told_how(
        self, stranger: Any, simulator: Any, authorize: Any, policy: Any
    ) -> None:
        stranger.get(authorize())
        stranger.follow()
        come_back(stranger, simulator, "chan-tai-man")
        assert 'data-problem="link-unknown"' in stranger.page.text

    def test_by_the_residents_own_word(
        self,
        resident: Any,
        simulator: Any,
        front: Any,
        make_person: Any,
        authorize: Any,
        policy: Any,
    ) -> None:
        resident.get("/account")
        assert 'id="add-elsewhere" href="/account/elsewhere"' in resident.page.text
        resident.get("/account/elsewhere")
        assert 'id="link-iam-smart"' in resident.page.text
        resident.post("/account/elsewhere/iam-smart")
        parts = urlsplit(simulator.approve_login(resident.page.headers["Location"], "chan-tai-man"))
        resident.get(f"{parts.path}?{parts.query}")
        resident.follow()
        assert "From now on you can log in that way, too." in resident.page.text
        assert 'data-link="iam-smart"' in resident.page.text
        other = make_person(front)
        other.get(authorize())
        other.follow()
        come_back(other, simulator, "chan-tai-man")
        assert "code=" in other.page.headers["Location"]
        action = re.search(r'action="(/account/elsewhere/[^"]+/remove)"', resident.page.text)
        resident.post(action[1])
        resident.follow()
        assert 'data-link="iam-smart"' not in resident.page.text

    def test_takes_a_login_of_the_last_minutes_and_a_form_of_ours(
        self, resident: Any, clock: Any, policy: Any
    ) -> None:
        clock.moment += timedelta(minutes=6)
        for page in (
            resident.get("/account/elsewhere"),
            resident.post("/account/elsewhere/iam-smart"),
        ):
            assert page.status_code == 200
            assert 'action="/account/again/elsewhere"' in page.text
        assert resident.get("/account/elsewhere/iam-smart").status_code == 405


class TestAccountsWithoutEid:
    @pytest.fixture
    def account(self, stranger: Any, simulator: Any, authorize: Any) -> Any:
        stranger.get(authorize())
        stranger.follow()
        come_back(stranger, simulator, "lee-sze")
        return stranger

    def test_are_not_offered_what_only_an_eid_has(self, account: Any) -> None:
        page = account.get("/account")
        assert page.status_code == 200
        assert 'id="add-phone"' not in page.text
        assert 'id="add-device"' not in page.text

    @pytest.mark.parametrize("address", ["/account/new-phone", "/account/devices/add"])
    def test_are_told_that_there_is_none(self, account: Any, address: str) -> None:
        page = account.get(address)
        assert page.status_code == 409
        assert 'data-problem="no-eid"' in page.text

    def test_are_sent_to_log_in_again_where_others_use_a_passkey(
        self, account: Any, clock: Any
    ) -> None:
        clock.moment += timedelta(minutes=6)
        page = account.get("/account/elsewhere")
        assert page.status_code == 403
        assert 'id="passkey-form"' not in page.text
        assert "Log out here, log in again" in page.text


class TestPostsFromElsewhere:
    """The page by which a browser repeats another site's POST holds what that site sent."""

    def test_go_to_upstreams_that_there_are(self, stranger: Any) -> None:
        answer = stranger.client.post(
            "/upstream/%22%3E%3Cscript%3Ealert(1)/callback",
            base_url=ORIGIN,
            data={"state": "x"},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text

    def test_are_repeated_as_text(self, stranger: Any) -> None:
        answer = stranger.client.post(
            "/upstream/iam-smart/callback",
            base_url=ORIGIN,
            data={"state": '"><script>alert(1)</script>'},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert answer.status_code == 200
        assert 'action="/upstream/iam-smart/callback"' in answer.text
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize("policy", [{"clients": '["somebody-else"]'}], indirect=True)
def test_a_door_is_shown_to_those_alone_whom_it_serves(
    stranger: Any, authorize: Any, policy: Any
) -> None:
    stranger.get(authorize())
    stranger.follow()
    here = stranger.page.request.path
    assert 'id="elsewhere"' not in stranger.page.text
    assert stranger.get(f"{here}/elsewhere/iam-smart").status_code == 404


def test_our_keys_for_upstreams_are_published(stranger: Any) -> None:
    keys = stranger.get("/upstream/jwks").json["keys"]
    assert keys
    assert all("d" not in key for key in keys)


class TestDescriptions:
    OIDC = 'kind = "oidc"\nissuer = "https://login.company.example"\nclient_id = "hkeid"\n'

    def read(self, tmp_path: Path, text: str) -> Any:
        path = tmp_path / "company.toml"
        path.write_text(text, "utf-8")
        return read_upstream(path)

    def test_say_everything(self, tmp_path: Path) -> None:
        text = (
            self.OIDC
            + 'scopes = ["profile", "email"]\npush = true\ntimeout = 5\ndomains = ["company.example"]\n'
            + NAMES
            + '[assurance]\ndefault = "urn:hkeid:acr:eid"\n[[attributes]]\nclaim = "name"\nfrom = "n"\n'
        )
        described = self.read(tmp_path, text)
        settings = described.settings
        assert (settings.id, settings.scopes, settings.push, settings.timeout) == (
            "company", ("profile", "email"), True, 5.0,
        )  # fmt: skip
        assert described.policy.domains == frozenset({"company.example"})
        assert dict(settings.mapping.apply({"n": ("x",)})) == {"name": ("x",)}

    @pytest.mark.parametrize(
        ("text", "reason", "says"),
        [
            ("", "upstream_value_invalid", "kind"),
            ('kind = "ldap"', "upstream_value_invalid", "kind"),
            (OIDC, "upstream_key_missing", "names"),
            (OIDC + 'isuer = "x"\n' + NAMES, "upstream_key_unknown", "did you mean 'issuer'"),
            ('kind = "oidc"\nissuer = "https://x.example"\n' + NAMES, "upstream_key_missing", "client_id"),
            (OIDC + "scopes = 3\n" + NAMES, "upstream_value_invalid", "scopes"),
            (OIDC + 'creates = "yes"\n' + NAMES, "upstream_value_invalid", "creates"),
            (OIDC + 'client_secret = "x"\n' + NAMES, "upstream_value_invalid", "client_secret_file"),
            (OIDC + 'client_secret_file = "none"\n' + NAMES, "config_secret_unreadable", "none"),
            ("kind =", "upstream_unreadable", "company.toml"),
            (OIDC + NAMES + '[[attributes]]\nclaim = "shoe"\nfrom = "x"\n', "mapping_table_invalid", "shoe"),
        ],
    )  # fmt: skip
    def test_that_are_wrong_say_where(
        self, tmp_path: Path, text: str, reason: str, says: str
    ) -> None:
        with pytest.raises(ConfigurationError) as caught:
            self.read(tmp_path, text)
        assert caught.value.reason == reason
        assert says in (caught.value.detail or "")


def test_a_logout_here_needs_no_upstream_that_ends_sessions(
    stranger: Any, simulator: Any, authorize: Any
) -> None:
    """iAM Smart ends none."""
    stranger.get(authorize())
    stranger.follow()
    come_back(stranger, simulator, "lee-sze")
    stranger.get("/account")
    assert stranger.page.status_code == 200
    stranger.post("/account/sign-out")
    assert stranger.page.headers["Location"] == "/farewell/out"
