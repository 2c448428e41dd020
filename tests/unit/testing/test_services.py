"""The annex's 26 services as relying parties."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hkeid.identity import Acr
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError
from hkeid.profile import CLAIMS, collection_statement
from hkeid.testing.scripts import shipped
from hkeid.testing.services import SERVICES, read_services

SCRIPTS = {"en", "zh-Hant-HK", "zh-Hans"}


def test_there_are_twenty_six_in_order() -> None:
    assert [service.number for service in SERVICES.values()] == list(range(1, 27))
    assert SERVICES["hko-suggestions"].number == 4
    assert SERVICES["ird-etax"].number == 9


def test_all_texts_come_in_three_scripts() -> None:
    for service in SERVICES.values():
        for texts in (service.department, service.name, service.title(), *service.claims.values()):
            assert set(texts) == SCRIPTS
            assert all(texts.values())


def test_simplified_texts_hold_no_traditional_characters() -> None:
    # A handful of frequent characters that differ; a conversion forgotten shows here.
    traditional = set(
        "個務電認證號碼數據資訊請辦處稅勞運輸郵觀應購險報還貸學網續駕駛執車輛畫給與會時"
    )
    for service in SERVICES.values():
        for texts in (service.department, service.name, *service.claims.values()):
            assert not traditional & set(texts["zh-Hans"]), texts["zh-Hans"]


def test_each_asks_for_little_and_says_why() -> None:
    for service in SERVICES.values():
        assert set(service.claims) <= set(CLAIMS)
        assert set(service.voluntary_claims) <= set(service.claims)
        assert service.claims, "none of them needs nothing at all"
    with_number = [s for s in SERVICES.values() if "hkic_number" in s.claims]
    assert len(with_number) < len(SERVICES)
    assert all(s.acr is not None for s in with_number), "a number wants a stated level"


def test_as_a_client() -> None:
    service = SERVICES["ird-etax"]
    client = service.as_client(
        redirect_uris=("http://localhost:5002/eid/callback",), sector_identifier="localhost"
    )
    assert client.id == "ird-etax"
    assert client.name["en"] == "Inland Revenue Department: eTAX"
    assert client.name["zh-Hant-HK"] == "稅務局 稅務易(eTAX)"
    assert client.voluntary_claims == ("updated_at",)
    assert client.default_acr is Acr.EID
    canonical_json.dumps([client.name, client.claims])  # stores keep it as JSON
    assert len(collection_statement(client, client.claims).version) == 22


def _spoiled(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(shipped("services.toml"))
    document["service"][3].update(changes)
    return document


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 5},
        {"slug": "fhb-ehrss"},
        {"department": "nobody"},
        {"required": {"shoe_size": "reply"}},
        {"required": {"name": "because"}},
        {"voluntary": {"name": "reply"}},
        {"acr": "eid-minus"},
        {"name": {"en": "only English"}},
        {"colour": "red"},
    ],
)
def test_a_spoiled_file_does_not_load(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_services(_spoiled(**changes))
    assert refused.value.reason == "shipped_file_invalid"
