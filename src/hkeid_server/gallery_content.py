"""What samples of pages have in common: invented services, an eID, a ceremony, times."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hkeid_server.models import CeremonyForm, EidCard, Text, WhoAsks
from hkeid_server.shell import language

NOON = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
EARLIER = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)


def in_script(en: str, hant: str, hans: str) -> str:
    """The text in the language of the request."""
    return {"zh-Hant-HK": hant, "zh-Hans": hans}.get(language().tag, en)


def observatory() -> WhoAsks:
    """A service that asks for data."""
    return WhoAsks(
        name=in_script(
            "Hong Kong Observatory: suggestion form",
            "香港天文台 天氣服務建議表格",
            "香港天文台 天气服务建议表格",
        ),
        domain="suggestions.hko.example",
        policy="https://suggestions.hko.example/privacy",
    )


def tax() -> str:
    """The name of another service."""
    return in_script("Inland Revenue Department: eTAX", "稅務局 稅務易", "税务局 税务易")


def ceremony(kind: str) -> CeremonyForm:
    """A ceremony that nothing comes of.

    :param kind: ``get`` or ``create``.
    """
    request = {"challenge": "c2FtcGxl", "rpId": "localhost", "userVerification": "required"}
    creation = {
        "challenge": "c2FtcGxl",
        "rp": {"id": "localhost", "name": "hkeid"},
        "user": {"id": "c2FtcGxl", "name": "eID", "displayName": "eID"},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    }
    return CeremonyForm(
        kind=kind,
        id="sample",
        options=json.dumps(request if kind == "get" else creation),
        action="/sandbox/pages",
        lifetime=300,
        restart="/sandbox/pages",
    )


def card(state: str = "active") -> EidCard:
    """An eID in a state."""
    return EidCard(
        names=(Text(text="CHAN, Tai Man", lang="en"), Text(text="陳大文", lang="zh-Hant-HK")),
        state=state,
        since=EARLIER,
    )
