"""Signals for a service's own assessment of risk: coarse facts about an eID, none about its owner.

They say what ``acr`` does not: ``acr`` is about one login, these are about the eID. Each is one of a few
values that millions share, so that together they tell nobody apart.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Protocol

from hkeid.identity.assurance import Acr
from hkeid.identity.language import Language
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.profile.display import LINES
from hkeid.residents.records import (
    Credential,
    CredentialRepository,
    CredentialStatus,
    ResidentRepository,
)

EID_RISK: Final = "eid_risk"
"""The claim; also under which its facts are among the opened fields."""

ENTRY_FIELDS: Final = ("eid_entry", "device_key")
"""What it is made of, in the registry of personal fields: entries under a pseudonym, nothing sealed."""

_BANDS = (
    (timedelta(days=7), "under_1_week"),
    (timedelta(days=30), "under_1_month"),
    (timedelta(days=365), "under_1_year"),
)
_OLDEST = "over_1_year"
_BINDINGS = ("synced", "device_bound", "attested")


class SignalsTransaction(Protocol):
    """What the signals need of a transaction."""

    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...


def eid_risk(tx: SignalsTransaction, resident_id: str, now: Instant) -> dict[str, str]:
    """The facts as an opened field, to be rendered like others; empty where there is no such resident."""
    resident = tx.residents.get(resident_id)
    if resident is None:
        return {}
    held = {
        binding_of(credential)
        for credential in tx.credentials.of_resident(resident_id)
        if credential.status is CredentialStatus.ACTIVE
    }
    facts = {
        "chip_read": resident.proofed.at_least(Acr.EID_PLUS),
        "device_binding": [kind for kind in _BINDINGS if kind in held],
        "eid_age": age_band(now - resident.created_at),
    }
    return {EID_RISK: canonical_json.dumps(facts).decode()}


def entry_texts(
    tx: SignalsTransaction, resident_id: str, claims: Collection[str], now: Instant
) -> dict[str, str]:
    """What ``claims`` are made of beside sealed fields."""
    return eid_risk(tx, resident_id, now) if EID_RISK in claims else {}


def binding_of(credential: Credential) -> str:
    """How a passkey is bound: ``synced`` (it may be copied to other devices), ``device_bound``, or
    ``attested`` (bound, and its maker vouches for the hardware).
    """
    if credential.backup_eligible:
        return "synced"
    return "attested" if credential.attestation == "verified" else "device_bound"


def age_band(age: timedelta) -> str:
    """The coarse age of an eID."""
    return next((name for most, name in _BANDS if age < most), _OLDEST)


def render_risk(texts: Any) -> dict[str, Any]:
    """The claim's value."""
    if EID_RISK not in texts:
        return {}
    return {EID_RISK: canonical_json.loads_object(texts[EID_RISK])}


def show_risk(texts: Any, language: Language) -> str | None:
    """The same in words."""
    if EID_RISK not in texts:
        return None
    facts = canonical_json.loads_object(texts[EID_RISK])
    words = _WORDS[language]
    parts = [words["chip" if facts["chip_read"] else "no_chip"]]
    parts += [words[kind] for kind in facts["device_binding"]]
    return LINES.join((*parts, words[facts["eid_age"]]))


_WORDS = {
    Language.ENGLISH: {
        "chip": "Card chip read",
        "no_chip": "Card chip not read",
        "synced": "Passkey synced",
        "device_bound": "Passkey in one device",
        "attested": "Passkey in proven hardware",
        "under_1_week": "eID under a week old",
        "under_1_month": "eID under a month old",
        "under_1_year": "eID under a year old",
        "over_1_year": "eID over a year old",
    },
    Language.TRADITIONAL: {
        "chip": "已讀取身份證晶片",
        "no_chip": "未讀取身份證晶片",
        "synced": "有密鑰在多部裝置間同步",
        "device_bound": "有密鑰只存於一部裝置",
        "attested": "有密鑰存於認可硬件",
        "under_1_week": "eID 啟用不足一星期",
        "under_1_month": "eID 啟用不足一個月",
        "under_1_year": "eID 啟用不足一年",
        "over_1_year": "eID 已啟用超過一年",
    },
    Language.SIMPLIFIED: {
        "chip": "已读取身份证芯片",
        "no_chip": "未读取身份证芯片",
        "synced": "有密钥在多部设备间同步",
        "device_bound": "有密钥只存于一部设备",
        "attested": "有密钥存于认可硬件",
        "under_1_week": "eID 启用不足一星期",
        "under_1_month": "eID 启用不足一个月",
        "under_1_year": "eID 启用不足一年",
        "over_1_year": "eID 已启用超过一年",
    },
}
