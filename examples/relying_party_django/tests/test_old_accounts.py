"""An eTAX account with a password, linked with an eID whose identity-card number agrees."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.test import Client, override_settings

from hkeid.testing.fake_provider import AccountHolder, FakeProvider

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

CHAN = AccountHolder(claims={"name": "CHAN, Tai Man", "hkic_number": "Q000101(1)"})
CHEUNG = AccountHolder(sub="another", claims={"name": "CHEUNG, Sam", "hkic_number": "Q000102(A)"})
BASE = "http://localhost:5002"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider("http://localhost:8000", client_id="ird-etax")


@pytest.fixture
def configured(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    own = import_module("relying_party_django.settings")
    old = import_module("relying_party_django.old_accounts")
    monkeypatch.setenv("RP_DATABASE", str(tmp_path / "accounts.sqlite"))
    for cached in (old.database, old.links, old.accounts):
        cached.cache_clear()
    values = {name: getattr(own, name) for name in dir(own) if name.isupper() and name != "HERE"}
    hkeid = {**values["HKEID"], "HTTP": provider, "PRIVATE_KEY": None}
    with override_settings(**{**values, "HKEID": hkeid}):
        yield
    for cached in (old.database, old.links, old.accounts):
        cached.cache_clear()


def browser() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "localhost:5002"})


@pytest.fixture
def client(configured: None) -> Client:
    del configured
    return browser()


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))


def text(client: Client, page: str) -> str:
    return client.get(page, follow=True).content.decode()


def enter(client: Client, page: str = "/old-account", **fields: str) -> Any:
    form = client.get("/old-login", {"next": page, "again": "1"}).content.decode()
    own = hidden(form.partition('id="old-login-form"')[2])
    given = {"user_name": "tm.chan", "password": "teapot-31", "next": page, **fields}
    return client.post("/old-login", {**own, **given})


def press(client: Client, page: str, **fields: str) -> Any:
    form = text(client, page).partition('id="eid-form"')[2]
    return client.post(page.partition("?")[0], {**hidden(form), **fields})


def come_back(client: Client, provider: FakeProvider, begun: Any, person: Any = CHAN) -> Any:
    return client.get(provider.log_in(begun["Location"], person).removeprefix(BASE))


def test_link_log_in_unlink(client: Client, provider: FakeProvider) -> None:
    assert client.get("/old-account")["Location"] == "/old-login?next=/old-account"
    assert enter(client)["Location"] == "/old-account"
    assert 'data-linked="no"' in text(client, "/old-account")
    asked = text(client, "/eid/link?next=/old-account")
    assert "Mr Chan (tm.chan)" in asked
    assert "identity-card number" in asked
    done = come_back(client, provider, press(client, "/eid/link"))["Location"]
    assert 'data-kind="linked"' in text(client, done)
    other = browser()
    come_back(other, provider, other.get("/eid/login"))
    page = text(other, "/old-account")
    assert "T-500231" in page
    assert 'data-by="eid"' in page
    assert "Mr Chan" in text(other, "/account")
    gone = come_back(other, provider, press(other, "/eid/unlink", by="eid"))["Location"]
    assert 'data-kind="unlinked"' in text(other, gone)
    assert other.get("/old-account").status_code == 302
    assert "The eID was unlinked." in text(client, "/old-account")


def test_another_persons_eid_does_not_match(client: Client, provider: FakeProvider) -> None:
    enter(client)
    refused = come_back(client, provider, press(client, "/eid/link"), CHEUNG)
    assert refused.status_code == 403
    assert 'data-kind="link_not_made"' in refused.content.decode()
    assert "Q000101" not in refused.content.decode()
    assert 'data-linked="no"' in text(client, "/old-account")


def test_with_eid_first(client: Client, provider: FakeProvider) -> None:
    come_back(client, provider, client.get("/eid/login"))
    assert 'href="/eid/link?next=/account"' in text(client, "/account")
    page = text(client, "/eid/link?next=/account")
    assert "/old-login?next=%2Feid%2Flink%3Fnext%3D%252Faccount" in page
    back = enter(client, "/eid/link?next=%2Faccount")["Location"]
    assert back == "/eid/link?next=%2Faccount"
    come_back(client, provider, press(client, back))
    assert "Mr Chan" in text(client, "/account")


def test_unlink_with_the_password(client: Client, provider: FakeProvider) -> None:
    enter(client)
    come_back(client, provider, press(client, "/eid/link"))
    gone = press(client, "/eid/unlink", by="account")
    assert gone["Location"] == "/eid/link?done=unlink&next=%2Fsummary"
    assert 'data-linked="no"' in text(client, "/old-account")


@pytest.mark.parametrize("fields", [{"password": "wrong"}, {"user_name": "nobody"}])
def test_a_wrong_log_in(fields: dict[str, str], client: Client) -> None:
    assert enter(client, **fields).status_code == 400
    assert client.get("/old-account").status_code == 302


def test_a_forged_log_in(client: Client) -> None:
    given = {"user_name": "tm.chan", "password": "teapot-31"}
    assert client.post("/old-login", given).status_code == 403


def test_log_out(client: Client) -> None:
    enter(client)
    form = text(client, "/old-account").partition('id="old-logout-form"')[2]
    client.post("/old-logout", hidden(form))
    assert client.get("/old-account").status_code == 302


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil"])
def test_logging_in_leads_nowhere_else(page: str, client: Client) -> None:
    assert enter(client, page)["Location"] == "/old-account"


@pytest.mark.parametrize(
    ("code", "tag"), [("en", "en"), ("zh-hant", "zh-Hant-HK"), ("zh-hans", "zh-Hans")]
)
def test_every_page_in_every_language(code: str, tag: str, client: Client) -> None:
    client.get(f"/language/{code}")
    before = [text(client, page) for page in ("/old-login", "/eid/link")]
    enter(client)
    for html in (*before, text(client, "/old-account"), text(client, "/eid/link")):
        assert f'<html lang="{tag}">' in html
        assert "<script" not in html
