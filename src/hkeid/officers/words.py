"""Roles, reasons and what was done, in the three languages of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hkeid.officers.reasons import AccessReason
from hkeid.officers.roles import Permission, Role

Words = Mapping[str, str]
"""A text by language tag: ``en``, ``zh-Hant-HK``, ``zh-Hans``."""


def _three(en: str, hant: str, hans: str) -> Words:
    return MappingProxyType({"en": en, "zh-Hant-HK": hant, "zh-Hans": hans})


ROLE_WORDS: Mapping[Role, Words] = MappingProxyType(
    {
        Role.REGISTRATION_OFFICER: _three("Registration officer", "登記主任", "登记主任"),
        Role.SENIOR_OFFICER: _three("Senior registration officer", "高級登記主任", "高级登记主任"),
        Role.STATION_OFFICER: _three("Counter officer", "櫃位職員", "柜位职员"),
        Role.PRIVACY_OFFICER: _three("Privacy officer", "私隱主任", "隐私主任"),
        Role.AUDITOR: _three("Auditor", "審計員", "审计员"),
        Role.OPERATOR: _three("System operator", "系統操作員", "系统操作员"),
    }
)
"""The office, which a resident sees in place of a name."""

PERMISSION_WORDS: Mapping[Permission, Words] = MappingProxyType(
    {
        Permission.CASE_OPEN: _three(
            "Looked at your registration or upgrade: card, picture and what was read",
            "查看你的登記或升級：身份證影像、照片及讀取的資料",
            "查看你的登记或升级：身份证影像、照片及读取的资料",
        ),
        Permission.CASE_DECIDE: _three(
            "Decided on your registration or upgrade",
            "就你的登記或升級作出決定",
            "就你的登记或升级作出决定",
        ),
        Permission.CASE_SETTLE: _three(
            "Made the final decision on your registration or upgrade",
            "就你的登記或升級作出最後決定",
            "就你的登记或升级作出最后决定",
        ),
        Permission.RECORD_OPEN: _three("Opened your record", "打開你的紀錄", "打开你的记录"),
        Permission.RECORD_SUSPEND: _three("Froze your eID", "凍結你的 eID", "冻结你的 eID"),
        Permission.RECORD_RESUME: _three(
            "Lifted the freeze of your eID", "解除凍結你的 eID", "解除冻结你的 eID"
        ),
        Permission.ACCESSES_READ: _three(
            "Checked who had opened your record", "查核誰曾打開你的紀錄", "查核谁曾打开你的记录"
        ),
        Permission.NOTE_READ: _three(
            "Read a note about your record", "閱讀有關你紀錄的備註", "阅读有关你记录的备注"
        ),
        Permission.REQUEST_OPEN: _three(
            "Opened your request about your data",
            "打開你就個人資料提出的要求",
            "打开你就个人资料提出的要求",
        ),
        Permission.REQUEST_ANSWER: _three(
            "Answered your request about your data",
            "回覆你就個人資料提出的要求",
            "答复你就个人资料提出的要求",
        ),
        Permission.STATION_SERVE: _three(
            "Served you at a counter", "在櫃位為你服務", "在柜位为你服务"
        ),
    }
)
"""What a resident reads of each permission that leaves an access."""

REASON_WORDS: Mapping[AccessReason, Words] = MappingProxyType(
    {
        AccessReason.REVIEW_OF_REGISTRATION: _three(
            "Your registration needed an officer's review",
            "你的登記需由職員覆核",
            "你的登记需由职员复核",
        ),
        AccessReason.REVIEW_OF_UPGRADE: _three(
            "Your upgrade to eID+ needed an officer's review",
            "你升級至 eID+ 的申請需由職員覆核",
            "你升级至 eID+ 的申请需由职员复核",
        ),
        AccessReason.QUALITY_CHECK: _three("Quality check", "品質檢查", "质量检查"),
        AccessReason.RESIDENT_AT_COUNTER: _three(
            "You came to a counter", "你親臨櫃位", "你亲临柜位"
        ),
        AccessReason.RESIDENT_CALLED: _three(
            "You called or wrote to us", "你致電或來信", "你致电或来信"
        ),
        AccessReason.LOST_OR_STOLEN: _three(
            "A card or device was reported lost or stolen",
            "有人報失身份證或裝置",
            "有人报失身份证或设备",
        ),
        AccessReason.SUSPECTED_MISUSE: _three("Suspected misuse", "懷疑被盜用", "怀疑被盗用"),
        AccessReason.DATA_SUBJECT_REQUEST: _three(
            "You asked to see or correct your data",
            "你要求查閱或改正資料",
            "你要求查阅或改正资料",
        ),
        AccessReason.COMPLAINT: _three("A complaint", "處理投訴", "处理投诉"),
        AccessReason.LEGAL_OBLIGATION: _three("The law required it", "法律規定", "法律规定"),
    }
)
"""Why, as a resident reads it."""
