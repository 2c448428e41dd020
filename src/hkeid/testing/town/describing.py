"""How the services of the town are registered: as little as each needs, each with its reason (Cap. 486 DPP1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hkeid.rp.client_key import ClientKey

Words = tuple[str, str, str]
"""English, 繁體中文, 简体中文."""

SERVICES: Final[Mapping[str, Words]] = {
    "hospital": ("Specimen Hospital", "樣本醫院", "样本医院"),
    "pension": ("Specimen Pension Platform", "樣本退休金平台", "样本退休金平台"),
    "bank": ("Specimen Bank", "樣本銀行", "样本银行"),
    "wallet": ("Specimen Wallet", "樣本電子錢包", "样本电子钱包"),
    "shop": ("Lam's Tea Shop", "林記茶莊", "林记茶庄"),
    "address": (
        "MyGovHK: change of address",
        "我的政府一站通：更改地址",
        "我的政府一站通：更改地址",
    ),
}
"""What each is called, by its path in the town."""

CLAIM_REASONS: Final[Mapping[str, Mapping[str, Words]]] = {
    "bank": {
        "name": ("To open your account in your name.", "以你的姓名開立帳戶。", "以你的姓名开立账户。"),
        "birthdate": ("To know our customer, as the law demands.", "按法例認識客戶。", "按法例认识客户。"),
        "hkic_number": ("To know our customer, as the law demands.", "按法例認識客戶。", "按法例认识客户。"),
        "verified_claims": (
            "To prove how we know who you are.",
            "證明我們如何確認你的身分。",
            "证明我们如何确认你的身份。",
        ),
        "eid_risk": ("To assess the risk of fraud.", "評估詐騙風險。", "评估诈骗风险。"),
    },
    "wallet": {
        "age_over_18": ("Wallets are for adults.", "電子錢包只供成年人使用。", "电子钱包只供成年人使用。"),
        "hkic_number_verified": (
            "To keep one wallet for each person, without your number.",
            "確保每人只有一個錢包，無須你的號碼。",
            "确保每人只有一个钱包，无须你的号码。",
        ),
        "eid_risk": ("To assess the risk of fraud.", "評估詐騙風險。", "评估诈骗风险。"),
    },
}  # fmt: skip

_MAIL: Final = (
    "So that letters reach you at your new address.",
    "讓信件寄到你的新地址。",
    "让信件寄到你的新地址。",
)
_MOVED: Final = ("Change of address", "更改地址", "更改地址")

FORMS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "hospital": {
        "appointment": {
            "name": ("Book a visit", "預約就診", "预约就诊"),
            "purpose": (
                "To book your visit and to remind you of it.",
                "為你預約就診，並在事前提醒你。",
                "为你预约就诊，并在事前提醒你。",
            ),
            "required": ("name", "hkic_number_masked", "phone_number"),
            "voluntary": ("birthdate", "email"),
        },
        "payment": {
            "name": ("Pay the hospital's bill", "繳付醫院帳單", "缴付医院账单"),
            "purpose": (
                "To make out the bill and its receipt.",
                "開具帳單和收據。",
                "开具账单和收据。",
            ),
            "required": ("name",),
            "voluntary": ("address",),
        },
    },
    "pension": {
        "membership": {
            "name": ("Register as a member", "登記成為成員", "登记成为成员"),
            "purpose": (
                "To keep your pension account and to write to you.",
                "管理你的退休金帳戶，並與你通信。",
                "管理你的退休金账户，并与你通信。",
            ),
            "required": ("name", "hkic_number", "birthdate", "address"),
            "voluntary": ("phone_number", "email"),
            "keeps_for": 730,
        },
    },
    "shop": {
        "delivery": {
            "name": ("Deliver my tea", "送貨", "送货"),
            "purpose": ("To bring your tea to you.", "把茶葉送到府上。", "把茶叶送到府上。"),
            "required": ("address", "phone_number"),
            "voluntary": ("name",),
        },
    },
    "address": {
        "inland_revenue": {
            "name": _MOVED,
            "purpose": _MAIL,
            "required": ("name", "hkic_number", "address"),
            "recipient": ("the Inland Revenue Department", "稅務局", "税务局"),
        },
        "rating_valuation": {
            "name": _MOVED,
            "purpose": _MAIL,
            "required": ("name", "address"),
            "recipient": ("the Rating and Valuation Department", "差餉物業估價署", "差饷物业估价署"),
        },
        "transport": {
            "name": _MOVED,
            "purpose": _MAIL,
            "required": ("name", "hkic_number", "address"),
            "recipient": ("the Transport Department", "運輸署", "运输署"),
        },
    },
}  # fmt: skip
"""Forms by service and id."""


def descriptions(base_url: str, keys: Path) -> Iterator[dict[str, Any]]:
    """The services as the provider's operator describes them (``clients/*.toml``), with their public keys.

    :param base_url: of the town; each service is below it.
    :param keys: where their private keys are; made where they are missing.
    """
    keys.mkdir(parents=True, exist_ok=True)
    for service, title in SERVICES.items():
        path = keys / f"{service}.pem"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(_new_key())
        yield _description(service, title, f"{base_url}/{service}", ClientKey(path))


def client_id(service: str) -> str:
    """What a service is called at the provider."""
    return f"town-{service}"


def _description(service: str, title: Words, url: str, key: ClientKey) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": client_id(service),
        "auth_method": "private_key_jwt",
        "redirect_uris": [f"{url}/eid/callback", f"{url}/eid/filled"],
        "post_logout_redirect_uris": [f"{url}/"],
        "backchannel_logout_uri": f"{url}/eid/backchannel-logout",
        "sector_identifier": f"{service}.town.example",
        "scopes": ["openid", "offline_access"],
        "grant_types": ["authorization_code", "refresh_token"],
        "jwks": {"keys": [key.public_jwk()]},
        "name": _scripts(title),
    }
    if service == "bank":
        described["userinfo_signed_response_alg"] = "ES256"
    reasons = CLAIM_REASONS.get(service)
    if reasons:
        described["claims"] = {claim: _scripts(reason) for claim, reason in reasons.items()}
    forms = FORMS.get(service)
    if forms:
        described["forms"] = {form: _form(about) for form, about in forms.items()}
    return described


def _form(about: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict.fromkeys(about["required"], "required")
    fields |= dict.fromkeys(about.get("voluntary", ()), "voluntary")
    form: dict[str, Any] = {
        "fields": fields,
        "name": _scripts(about["name"]),
        "purpose": _scripts(about["purpose"]),
    }
    if "keeps_for" in about:
        form["keeps_for"] = about["keeps_for"]
    if "recipient" in about:
        form["recipient"] = _scripts(about["recipient"])
    return form


def _scripts(words: Words) -> dict[str, str]:
    return dict(zip(("en", "zh-Hant-HK", "zh-Hans"), words, strict=True))


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
