"""What an erasure erases, and what stays and why: derived from the registry of personal fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hkeid.identity.language import Language, labels
from hkeid.residents.personal_field import PersonalField, Protection

Words = Mapping[Language, str]


class Fate(StrEnum):
    """What becomes of a field of the eID that is erased."""

    ERASED = "erased"
    """The key that it was sealed under is destroyed, or the digest deleted."""
    STAYS = "stays"
    """Kept under an internal id that leads to nobody any more."""
    OFFICERS = "officers"
    """An officer's, not the resident's."""


_OFFICERS: Final = frozenset({"officer_name", "officer_number_digest"})
_DELETED: Final = frozenset({"upstream_link", "notice_choice"})

STAYS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "eid_entry": labels(
            "An entry about nobody, so that the internal number of your eID is never given again.",
            "一項不再對應任何人的紀錄，令你 eID 的內部編號不會再次發出。",
            "一项不再对应任何人的记录，令你 eID 的内部编号不会再次发出。",
        ),
        "device_key": labels(
            "Public keys of your devices, without their names: proof of past logins.",
            "你各部裝置的公開密碼匙（不含裝置名稱）：用以證明過往的登入。",
            "你各台设备的公钥（不含设备名称）：用以证明过往的登录。",
        ),
        "login_record": labels(
            "Records of logins that have ended, until they are swept out within weeks.",
            "已結束的登入紀錄，數星期內清除。",
            "已结束的登录记录，数星期内清除。",
        ),
        "registration_record": labels(
            "How it was decided that you are who you said, without any picture: six years.",
            "核實你身分的決定（不含任何影像）：保留六年。",
            "核实你身份的决定（不含任何影像）：保留六年。",
        ),
        "upgrade_record": labels(
            "That and when the chip of a card was read, never what it said: thirty days.",
            "曾於何時讀取身份證晶片（不含晶片內容）：保留三十天。",
            "曾于何时读取身份证芯片（不含芯片内容）：保留三十天。",
        ),
        "notice": labels(
            "That notices were sent, without address or text: ninety days.",
            "曾發出通知的紀錄（不含地址及內容）：保留九十天。",
            "曾发出通知的记录（不含地址及内容）：保留九十天。",
        ),
        "service_use": labels(
            "What you agreed to and which kinds of data went to which service, never the values: the "
            "services may have to prove it, and so may we.",
            "你同意過的事項，以及哪類資料曾送交哪項服務（不含資料內容）：各項服務及我們可能須就此舉證。",
            "你同意过的事项，以及哪类资料曾送交哪项服务（不含资料内容）：各项服务及我们可能须就此举证。",
        ),
        "guardianship": labels(
            "That a guardian approved a minor’s eID: proof of that approval.",
            "監護人曾批准未成年人的 eID：用以證明該項批准。",
            "监护人曾批准未成年人的 eID：用以证明该项批准。",
        ),
        "officer_access": labels(
            "Which office opened your record, when and why: officers stay accountable.",
            "哪個職位的職員曾於何時、因何打開你的紀錄：職員須繼續為此負責。",
            "哪个职位的职员曾于何时、因何打开你的记录：职员须继续为此负责。",
        ),
        "signature_record": labels(
            "Proof of your signatures: whoever holds a document that you signed relies on it. The "
            "certificate has your name.",
            "你的簽署證明：持有你所簽文件的人須依賴它。證書內載有你的姓名。",
            "你的签署证明：持有你所签文件的人须依赖它。证书内载有你的姓名。",
        ),
        "certificate_record": labels(
            "That certificates were issued and revoked, without the certificates.",
            "曾發出及撤銷證書的紀錄（不含證書本身）。",
            "曾发出及撤销证书的记录（不含证书本身）。",
        ),
        "data_request": labels(
            "That you asked about your data and how it ended, without your words: four years; the law "
            "wants a log of refusals.",
            "你曾就資料提出要求及其結果（不含你所寫的內容）：保留四年；法例規定須備存拒絕要求的紀錄簿。",
            "你曾就资料提出要求及其结果（不含你所写的内容）：保留四年；法例规定须备存拒绝要求的记录簿。",
        ),
        "audit_trail": labels(
            "The chain of audit records, which would break if a link were taken out. It holds internal "
            "numbers and short words.",
            "審計紀錄鏈，抽走任何一環便會斷開。內容只有內部編號及簡短字詞。",
            "审计记录链，抽走任何一环便会断开。内容只有内部编号及简短字词。",
        ),
    }
)
"""Each field that stays, with the words for its resident."""

ERASURE_LIST: Final = labels(
    "An internal number on the list of erased eIDs, so that a restored backup is erased again.",
    "已刪除 eID 名單上的一個內部編號，令備份還原後會再次刪除。",
    "已删除 eID 名单上的一个内部编号，令备份还原后会再次删除。",
)
"""What stays besides, and is no field of the registry."""


def fate_of(field: PersonalField) -> Fate:
    """What becomes of a field: what is sealed or a digest goes; what stands under a pseudonym stays, but
    for what the resident may delete anyway.
    """
    if field.name in _OFFICERS:
        return Fate.OFFICERS
    if field.protection is Protection.PSEUDONYM and field.name not in _DELETED:
        return Fate.STAYS
    return Fate.ERASED
