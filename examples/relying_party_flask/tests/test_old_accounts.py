"""An account with a password, linked with an eID, and unlinked again."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hkeid.testing.fake_provider import AccountHolder, FakeProvider

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from relying_party_flask.old_accounts import PEOPLE, OldAccounts
from relying_party_flask.settings import Settings

from relying_party_flask import create_app

CHAN = AccountHolder(claims={"name": "CHAN, Tai Man"})
BASE = "http://localhost:5001"
(WATCHER, PASSWORD), (HIKER, _) = PEOPLE


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider("http://localhost:8000", client_id="hko-suggestions")


@pytest.fixture
def app(provider: FakeProvider, tmp_path: Path) -> Any:
    settings = Settings(
        issuer="http://localhost:8000",
        client_id="hko-suggestions",
        private_key="",
        base_url=BASE,
        secret_key="a secret of enough characters",
        database=tmp_path / "accounts.sqlite",
    )
    return create_app(settings, http=provider, private_key=None)


@pytest.fixture
def client(app: Any) -> FlaskClient:
    return app.test_client()  # type: ignore[no-any-return]


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))


def enter(client: FlaskClient, page: str = "/old-account", **fields: str) -> Any:
    form = client.get("/old-login", query_string={"next": page, "again": "1"}).text
    given = {"user_name": WATCHER.user_name, "password": PASSWORD, "next": page, **fields}
    own = re.findall(r'name="form" value="([^"]+)"', form)[-1]
    return client.post("/old-login", data={"form": own, **given})


def press(client: FlaskClient, page: str, **fields: str) -> Any:
    form = client.get(page).text.partition('id="eid-form"')[2]
    return client.post(page.partition("?")[0], data={**hidden(form), **fields})


def come_back(client: FlaskClient, provider: FakeProvider, begun: Any) -> str:
    url = provider.log_in(begun.headers["Location"], CHAN)
    return str(client.get(url.removeprefix(BASE)).headers["Location"])


def test_link_log_in_unlink(app: Any, client: FlaskClient, provider: FakeProvider) -> None:
    assert client.get("/old-account").headers["Location"] == "/old-login?next=/old-account"
    assert enter(client).headers["Location"] == "/old-account"
    page = client.get("/old-account").text
    assert WATCHER.name in page
    assert 'data-linked="no"' in page
    asked = client.get("/eid/link?next=/old-account").text
    assert "Rain Watcher (rain.watcher)" in asked
    assert 'id="languages"' in asked, "in the service's own dress"
    done = come_back(client, provider, press(client, "/eid/link?next=/old-account"))
    assert 'data-kind="linked"' in client.get(done).text
    # From then on eID alone leads there.
    other = app.test_client()
    come_back(other, provider, other.get("/eid/login"))
    page = other.get("/old-account").text
    assert WATCHER.name in page
    assert 'data-by="eid"' in page
    assert WATCHER.name in other.get("/account").text
    done = come_back(other, provider, press(other, "/eid/unlink", by="eid"))
    assert 'data-kind="unlinked"' in other.get(done).text
    assert other.get("/old-account").status_code == 303
    assert 'data-linked="no"' in client.get("/old-account").text
    assert "The eID was unlinked." in client.get("/old-account").text


def test_with_eid_first(client: FlaskClient, provider: FakeProvider) -> None:
    come_back(client, provider, client.get("/eid/login"))
    assert 'href="/eid/link?next=/account"' in client.get("/account").text
    page = client.get("/eid/link?next=/account").text
    login = re.search(r'id="eid-account-login" class="primary" href="([^"]+)"', page)
    assert login is not None
    assert login[1] == "/old-login?next=%2Feid%2Flink%3Fnext%3D%252Faccount"
    back = enter(client, "/eid/link?next=%2Faccount").headers["Location"]
    assert back == "/eid/link?next=%2Faccount"
    come_back(client, provider, press(client, back))
    assert WATCHER.name in client.get("/account").text


def test_unlink_with_the_password(client: FlaskClient, provider: FakeProvider) -> None:
    enter(client)
    come_back(client, provider, press(client, "/eid/link"))
    gone = press(client, "/eid/unlink", by="account")
    assert gone.headers["Location"] == "/eid/link?done=unlink&next=%2F"
    with client.session_transaction() as session:
        session["since"] = 0
    come_back(client, provider, press(client, "/eid/link"))
    assert press(client, "/eid/unlink", by="account").status_code == 403
    assert "again=1" in client.get("/eid/unlink").text


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"user_name": "nobody"}, {"form": "forged"}, {"form": "é"}],
)
def test_a_wrong_log_in(fields: dict[str, str], client: FlaskClient) -> None:
    assert enter(client, **fields).status_code == 400
    assert client.get("/old-account").status_code == 303


def test_logging_in_begins_a_new_session(client: FlaskClient) -> None:
    client.get("/old-login")
    with client.session_transaction() as session:
        before = session["form"]
        session["planted"] = "by somebody else"
    enter(client)
    with client.session_transaction() as session:
        assert session["account"] == WATCHER.key
        assert "planted" not in session
        assert session.get("form") != before


def test_log_out(client: FlaskClient) -> None:
    enter(client)
    client.post("/old-logout", data={"form": "forged"})
    page = client.get("/old-account").text
    client.post("/old-logout", data={"form": re.findall(r'name="form" value="([^"]+)"', page)[0]})
    assert client.get("/old-account").status_code == 303


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil"])
def test_logging_in_leads_nowhere_else(page: str, client: FlaskClient) -> None:
    assert enter(client, page).headers["Location"] == "/old-account"


@pytest.mark.parametrize("tag", ["en", "zh-Hant-HK", "zh-Hans"])
def test_every_page_in_every_language(tag: str, client: FlaskClient) -> None:
    client.get(f"/language/{tag}")
    pages = ["/old-login", "/eid/link"]
    pages += ["/old-account", "/eid/link"] if enter(client) else []
    for page in pages:
        answer = client.get(page, follow_redirects=True)
        assert f'<html lang="{tag}">' in answer.text
        assert "<script" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_passwords_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "accounts.sqlite"
    accounts = OldAccounts(file)
    assert accounts.check(HIKER.user_name, PASSWORD) is None
    assert accounts.check(WATCHER.user_name, PASSWORD) == WATCHER
    assert PASSWORD.encode() not in file.read_bytes()
    assert OldAccounts(file).find(WATCHER.key) == WATCHER
