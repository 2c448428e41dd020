"""Consent in My eID: withdrawal that ends access at once, receipts, direct marketing, minors."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from tests.unit.server.conftest import REDIRECT_URI, VERIFIER, Person
from werkzeug.test import Client

from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.identity import Acr
from hkeid.profile import Answer, ConsentEvidence
from hkeid_server.cli.main import main
from hkeid_server.house import House
from hkeid_server.interactions.consent import question_of
from hkeid_server.sandbox import issue_ticket

Authorize = Callable[..., str]
WISH = {"userinfo": {"name": None, "birthdate": None}}
SCRIPTS = {"en": "books", "zh-Hant-HK": "書籍", "zh-Hans": "书籍"}


def log_in_at(person: Any, front: Any, authorize: Authorize, **more: str) -> dict[str, Any]:
    """The whole way to tokens, with consent to the name."""
    person.get(authorize(claims=json.dumps(WISH), **more))
    page = person.follow()
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    person.post(action, {**shown, "decision": "agree"})
    code = parse_qs(urlsplit(person.page.headers["Location"]).query)["code"][0]
    answer = token(front, grant_type="authorization_code", code=code, code_verifier=VERIFIER,
                   redirect_uri=REDIRECT_URI)  # fmt: skip
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def token(front: Any, **fields: str) -> Any:
    return Client(front).post("/token", data={"client_id": "rp", **fields})


def userinfo(front: Any, tokens: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return Client(front).get("/userinfo", headers=headers)


@pytest.fixture
def advertiser(house: House) -> None:
    """The client also has a form, offline access, and something to advertise."""
    with house.store.transaction() as tx:
        client = tx.clients.get("rp")
        tx.clients.put(
            replace(
                client,
                scopes=("openid", "profile", "offline_access"),
                grant_types=("authorization_code", "refresh_token"),
                forms=(
                    DataForm(
                        id="card",
                        name={"en": "Library card"},
                        purpose={"en": "your card"},
                        required=("name",),
                        keeps_for=30,
                    ),
                ),
                direct_marketing=DirectMarketing(
                    goods=SCRIPTS, channels=(MarketingChannel.EMAIL,), claims=("name",)
                ),
            )
        )


@pytest.mark.usefixtures("advertiser")
def test_withdrawal_ends_access_within_a_second(
    resident: Any, front: Any, authorize: Authorize, house: House
) -> None:
    """Access token, refresh token and a code under way: by the very next request, no clock moves."""
    wide = {"scope": "openid offline_access", "prompt": "consent"}
    tokens = log_in_at(resident, front, authorize, **wide)
    assert userinfo(front, tokens).json["name"] == "CHAN, Tai Man"
    resident.get("/account")
    began = time.monotonic()
    resident.post("/account/services/rp/stop")
    refused = userinfo(front, tokens)
    refreshed = token(front, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    took = time.monotonic() - began
    assert (refused.status_code, refreshed.status_code) == (401, 400)
    assert "invalid_token" in refused.headers["WWW-Authenticate"]
    assert refreshed.json["error"] == "invalid_grant"
    assert took < 1.0, f"{took:.2f} s"
    assert "You share nothing with it now." in resident.follow().text
    newest = house.ledger.history(_resident_id(house))[0]
    assert newest.evidence is not None, "the withdrawal says in which session it was done"


@pytest.mark.usefixtures("advertiser")
def test_what_still_stands_keeps_the_tokens(
    resident: Any, front: Any, authorize: Authorize, house: House
) -> None:
    tokens = log_in_at(resident, front, authorize)
    resident_id = _resident_id(house)
    with house.store.transaction() as tx:
        client = tx.clients.get("rp")
    statement = house.ledger.statement(client, ["name"], purpose="card").version
    given = Answer(
        agreed=frozenset({"name"}),
        refused=frozenset(),
        statement=statement,
        language="en",
        evidence=_evidence(house, resident_id),
        purpose="card",
    )
    house.ledger.decide(resident_id, "rp", given)
    page = resident.get("/account").text
    assert "Library card" in page
    assert "until 3 December 2026" in page
    house.ledger.withdraw(resident_id, "rp", purpose="")
    answer = userinfo(front, tokens)
    assert answer.status_code == 200
    assert "name" not in answer.json
    house.ledger.withdraw(resident_id, "rp", purpose="card")
    assert userinfo(front, tokens).status_code == 401


@pytest.mark.usefixtures("advertiser")
def test_direct_marketing_is_a_page_of_its_own(
    resident: Any, front: Any, authorize: Authorize, house: House
) -> None:
    tokens = log_in_at(resident, front, authorize)
    assert "Direct marketing: no." in resident.get("/account").text
    page = resident.get("/account/services/rp/marketing")
    assert "At present you do not agree to it." in page.text
    assert "books" in page.text
    assert "free of charge" in page.text
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    stale = resident.post(
        "/account/services/rp/marketing", {**shown, "statement": "old", "decision": "agree"}
    )
    assert (stale.status_code, "changed while you were reading" in stale.text) == (409, True)
    resident.post("/account/services/rp/marketing", {**shown, "decision": "agree"})
    assert "The service may advertise to you" in resident.follow().text
    assert "Direct marketing: you agreed." in resident.page.text
    assert "At present you agree to it." in resident.get("/account/services/rp/marketing").text
    resident.post("/account/services/rp/marketing", {"decision": "refuse"})
    assert "must not use your data for advertising" in resident.follow().text
    assert userinfo(front, tokens).status_code == 200, "the login has nothing to do with it"


def test_who_advertises_nothing_asks_nothing(resident: Any) -> None:
    for client in ("rp", "nobody"):
        assert resident.get(f"/account/services/{client}/marketing").status_code == 404


@pytest.mark.usefixtures("advertiser")
def test_a_receipt_is_taken_away_and_checked_offline(
    resident: Any, front: Any, authorize: Authorize, tmp_path: Path
) -> None:
    assert resident.get("/account/receipt").status_code == 404, "nothing was agreed to yet"
    log_in_at(resident, front, authorize)
    answer = resident.get("/account/services/rp/receipt")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert "consent-receipt-rp.json" in answer.headers["Content-Disposition"]
    (tmp_path / "receipt.json").write_bytes(answer.data)
    (tmp_path / "keys.json").write_bytes(Client(front).get("/jwks").data)
    command = ["consent", "verify", str(tmp_path / "receipt.json"), "--keys"]
    found = CliRunner().invoke(main, [*command, str(tmp_path / "keys.json")])
    assert found.exit_code == 0, found.output
    assert "genuine: issued by http://localhost:8000" in found.output
    assert re.search(r"Name +given 2026-11-03", found.output)
    assert re.search(r"Date of birth +refused", found.output)
    in_json = CliRunner().invoke(main, [*command, str(tmp_path / "keys.json"), "--json"])
    assert json.loads(in_json.output)[0]["header"]["pii_principal_id"]
    altered = answer.data.replace(b'"state":"given"', b'"state":"withdrawn"')
    (tmp_path / "receipt.json").write_bytes(altered)
    refused = CliRunner().invoke(main, [*command, str(tmp_path / "keys.json")])
    assert refused.exit_code == 2
    assert "receipt copy differs" in refused.output.replace("_", " ")
    (tmp_path / "keys.json").write_text("no keys")
    failed = CliRunner().invoke(main, [*command, str(tmp_path / "keys.json")])
    assert failed.exit_code == 1
    assert resident.get("/account/receipt").status_code == 200
    assert resident.get("/account/services/nobody/receipt").status_code == 404


def test_receipts_are_the_residents_own(stranger: Any) -> None:
    for path in ("/account/receipt", "/account/services/rp/receipt"):
        assert stranger.get(path).headers["Location"] == "/login"


def test_a_minor_without_a_guardian_shares_nothing(
    front: Any, house: House, authorize: Authorize
) -> None:
    minor = Person(front)
    minor.get("/activate")
    minor.post("/activate", {"code": issue_ticket(house, "chan-siu-ming").reveal()})
    assert minor.ceremony().status_code == 303
    resident_id = _resident_id(house)
    with house.store.transaction() as tx:
        approved = tx.guardian_approvals.of_resident(resident_id)
        tx.guardian_approvals._approvals.clear()
    assert len(approved) == 1, "test persons have the approvals that their story tells of"
    minor.get(authorize(claims=json.dumps(WISH)))
    page = minor.follow()
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    answer = minor.post(action, {**shown, "decision": "agree"})
    assert answer.status_code == 409
    assert 'id="guardian-missing"' in answer.text
    assert house.ledger.history(resident_id) == ()
    minor.post(action, {**shown, "decision": "refuse"})
    assert "access_denied" in minor.page.headers["Location"]


def _resident_id(house: House) -> str:
    """Whoever activated an eID in this test."""
    with house.store.transaction() as tx:
        (found,) = [one.id for one in tx.residents if tx.sessions.of_resident(one.id)]
    return str(found)


def _evidence(house: House, resident_id: str) -> ConsentEvidence:
    (session,) = house.broker.sessions_of(resident_id, current="")
    return ConsentEvidence(
        session_id=session.id,
        acr=Acr.EID,
        authenticated_at=session.authenticated_at,
        question=question_of("form page"),
    )
