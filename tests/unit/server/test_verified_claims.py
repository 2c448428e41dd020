"""A bank asks how its customer was verified: consent, answer and My eID, through the whole server (S10)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hkeid.op.records import Client, ClientAuthMethod
from hkeid_server.house import House

REDIRECT_URI = "https://rp.example.hk/eid/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
WANTED = {
    "userinfo": {
        "verified_claims": {
            "verification": {
                "trust_framework": {"value": "hk_eid"},
                "assurance_level": None,
                "time": {"max_age": 63113852},
                "evidence": [
                    {"type": {"value": "document"}, "check_details": [{"check_method": None}]}
                ],
            },
            "claims": {"name": None, "hkic_number": None},
        },
        "eid_risk": None,
    }
}
LABELS = {
    "en": ("How your identity was verified", "Facts about your eID"),
    "zh-Hant-HK": ("核實你身分的方式", "你的 eID 的安全情況"),
    "zh-Hans": ("核实你身份的方式", "你的 eID 的安全情况"),
}
SHOWN = {
    "en": "Card photographed",
    "zh-Hant-HK": "已拍攝身份證",
    "zh-Hans": "已拍摄身份证",
}


@pytest.fixture
def bank(house: House) -> Client:
    why = {"en": "The law.", "zh-Hant-HK": "法例。", "zh-Hans": "法例。"}
    names = ("name", "hkic_number", "verified_claims", "eid_risk")
    bank = Client(
        id="bank",
        name={"en": "Harbour Bank", "zh-Hant-HK": "海港銀行", "zh-Hans": "海港银行"},
        redirect_uris=(REDIRECT_URI,),
        auth_method=ClientAuthMethod.NONE,
        sector_identifier="rp.example.hk",
        claims=dict.fromkeys(names, why),
        voluntary_claims=("eid_risk",),
    )
    with house.store.transaction() as tx:
        tx.clients.put(bank)
    return bank


def told(person: Any, code: str) -> dict[str, Any]:
    """What the bank is told for a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": "bank",
    }
    tokens = person.client.post("/token", data=form).json
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    found: dict[str, Any] = person.client.get("/userinfo", headers=headers).json
    return found


def test_consent_answer_and_account(
    bank: Client, resident: Any, authorize: Callable[..., str], house: House
) -> None:
    page = resident.get(authorize(client_id="bank", claims=json.dumps(WANTED)))
    page = resident.follow()
    assert 'data-claim="verified_claims"' in page.text
    assert LABELS["en"][0] in page.text
    assert SHOWN["en"] in page.text
    assert "Card chip not read" in page.text
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert action
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    resident.post(action[1], {**hidden, "claim": "eid_risk", "decision": "agree"})
    while not resident.page.headers["Location"].startswith(REDIRECT_URI):
        resident.follow()
    code = parse_qs(urlsplit(resident.page.headers["Location"]).query)["code"][0]
    found = told(resident, code)
    assert found["verified_claims"]["claims"] == {
        "name": "CHAN, Tai Man",
        "name#zh-Hant-HK": "陳大文",
        "hkic_number": found["verified_claims"]["claims"]["hkic_number"],
    }
    verification = found["verified_claims"]["verification"]
    assert verification["assurance_level"] == "eid"
    assert verification["evidence"] == [
        {"type": "document", "check_details": [{"check_method": "vri"}, {"check_method": "bvr"}]}
    ]
    assert found["eid_risk"]["chip_read"] is False
    assert found["eid_risk"]["eid_age"] == "under_1_week"
    page = resident.get("/account")
    assert LABELS["en"][0] in page.text, "My eID says that it was told"


@pytest.mark.parametrize("language", ["zh-Hant-HK", "zh-Hans"])
def test_the_consent_page_in_chinese(
    bank: Client, resident: Any, authorize: Callable[..., str], language: str
) -> None:
    resident.get(authorize(client_id="bank", claims=json.dumps(WANTED), ui_locales=language))
    page = resident.follow()
    for label in LABELS[language]:
        assert label in page.text
    assert SHOWN[language] in page.text
