"""The whole visit, with a provider that lives in the test."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from relying_party_flask.languages import LANGUAGES, choose, is_own_page
from relying_party_flask.settings import Settings, SettingsError
from relying_party_flask.texts import _TEXTS

from relying_party_flask import create_app

CHAN = AccountHolder(
    claims={"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文", "gender": "male"},
)
LEE = AccountHolder(sub="another-fictional-resident")
ISSUER = "http://localhost:8000"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(ISSUER, client_id="hko-suggestions")


@pytest.fixture
def client(provider: FakeProvider) -> FlaskClient:
    settings = Settings(
        issuer=ISSUER,
        client_id="hko-suggestions",
        private_key="",
        base_url="http://localhost:5001",
        secret_key="a secret of enough characters",
    )
    return create_app(settings, http=provider, private_key=None).test_client()


def log_in(
    client: FlaskClient,
    provider: FakeProvider,
    person: AccountHolder = CHAN,
    page: str = "/suggestion",
) -> str:
    begun = client.get(f"/eid/login?next={page}")
    url = provider.log_in(begun.headers["Location"], person)
    back = client.get(url.removeprefix("http://localhost:5001"))
    return back.headers.get("Location", back.text)


def form_token(html: str) -> str:
    return re.findall(r'name="eid_form" value="([^"]+)"', html)[-1]


def send(client: FlaskClient, **fields: str) -> object:
    token = form_token(client.get("/suggestion").text)
    return client.post("/suggestion", data={"eid_form": token, **fields})


def test_the_whole_visit(client: FlaskClient, provider: FakeProvider) -> None:
    assert 'id="log-in"' in client.get("/").text
    assert client.get("/suggestion").status_code == 303
    assert log_in(client, provider) == "/suggestion"
    form = client.get("/suggestion").text
    assert 'value="CHAN, Tai Man"' in form
    sent = send(client, topic="rain", message="How long will it rain?", name="Tai Man")
    thanks = client.get(sent.headers["Location"])  # type: ignore[attr-defined]
    assert "WS-" in thanks.text
    account = client.get("/account").text
    assert "How long will it rain?" in account
    assert 'data-acr="urn:hkeid:acr:eid"' in account
    assert ">Male<" in account
    gone = client.post("/eid/logout", data={"eid_form": form_token(account)})
    assert gone.headers["Location"].startswith(f"{ISSUER}/logout?")
    assert client.get("/account").status_code == 303


def test_a_resident_who_shares_nothing_can_write_too(
    client: FlaskClient, provider: FakeProvider
) -> None:
    log_in(client, provider, LEE)
    assert "You did not share your name" in client.get("/suggestion").text
    assert send(client, topic="other", message="Thanks").status_code == 303  # type: ignore[attr-defined]


def test_nobody_sees_the_suggestions_of_others(client: FlaskClient, provider: FakeProvider) -> None:
    log_in(client, provider)
    sent = send(client, topic="rain", message="Mine", name="")
    page = sent.headers["Location"]  # type: ignore[attr-defined]
    client.post("/eid/logout", data={"eid_form": form_token(client.get("/account").text)})
    log_in(client, provider, LEE)
    assert client.get(page).status_code == 404
    assert "Mine" not in client.get("/account").text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"topic": "rain", "message": " "}, "Write your suggestion"),
        ({"topic": "", "message": "x"}, "Choose what it is about"),
        ({"topic": "made-up", "message": "x"}, "Choose what it is about"),
        ({"topic": "rain", "message": "x" * 1_001}, "longer than 1,000 characters"),
        ({"topic": "rain", "message": "x", "name": "n" * 101}, "longer than 100 characters"),
    ],
)
def test_the_form_says_what_is_wrong_and_keeps_the_text(
    fields: dict[str, str], message: str, client: FlaskClient, provider: FakeProvider
) -> None:
    log_in(client, provider)
    page = send(client, **fields)
    assert page.status_code == 400  # type: ignore[attr-defined]
    assert message in page.text  # type: ignore[attr-defined]
    assert 'id="error-summary"' in page.text  # type: ignore[attr-defined]


@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_forged_form_is_not_taken(
    token: str, client: FlaskClient, provider: FakeProvider
) -> None:
    log_in(client, provider)
    fields = {"topic": "rain", "message": "forged", "eid_form": token}
    page = client.post("/suggestion", data=fields)
    assert page.status_code == 400
    assert "forged" in page.text
    assert "forged" not in client.get("/account").text


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_page_in_every_language(
    tag: str, client: FlaskClient, provider: FakeProvider
) -> None:
    assert client.get(f"/language/{tag}?next=/privacy").headers["Location"] == "/privacy"
    begun = client.get("/eid/login").headers["Location"]
    assert f"ui_locales={tag}" in begun
    log_in(client, provider)
    for page in ("/", "/suggestion", "/account", "/privacy", "/missing"):
        answer = client.get(page)
        assert f'<html lang="{tag}">' in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert policy.startswith("default-src 'none'")
        assert "<script" not in answer.text
        assert not re.search(r"\sstyle=|\son[a-z]+=", answer.text)


def test_a_failure_wears_the_services_dress(client: FlaskClient, provider: FakeProvider) -> None:
    provider.fault = Fault.CALLBACK_ACCESS_DENIED
    page = log_in(client, provider)
    assert "You did not log in" in page
    assert 'id="languages"' in page
    assert 'id="eid-retry"' in page


def test_texts_exist_in_all_three_scripts() -> None:
    assert all(len(three) == 3 and all(three) for three in _TEXTS.values())


def test_languages_of_browsers() -> None:
    assert choose(None, ["fr", "zh-HK"]) == "zh-Hant-HK"
    assert choose(None, ["zh-CN"]) == "zh-Hans"
    assert choose(None, ["fr"]) == "en"
    assert choose("zh-Hans", ["en"]) == "zh-Hans"
    assert choose("xx", ["yue"]) == "zh-Hant-HK"


@pytest.mark.parametrize("page", ["//evil", "/\\evil", "https://evil", "", None, "/a\nb"])
def test_the_language_switch_stays_here(page: str | None) -> None:
    assert not is_own_page(page)


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HKEID_PRIVATE_KEY"):
        Settings.from_environment({})
    file = tmp_path / "secret"
    given = {"HKEID_PRIVATE_KEY": "client.pem", "RP_SECRET_KEY_FILE": str(file)}
    first = Settings.from_environment(given)
    assert Settings.from_environment(given).secret_key == first.secret_key
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_logout_at_eid_ends_the_session_here(client: FlaskClient, provider: FakeProvider) -> None:
    assert log_in(client, provider) == "/suggestion"
    assert client.get("/account").status_code == 200
    told = client.post("/eid/backchannel-logout", data={"logout_token": provider.logout_jwt()})
    assert told.status_code == 200
    assert client.get("/account").status_code == 303
    assert 'id="log-in"' in client.get("/").text
