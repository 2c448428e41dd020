"""What notices say, in three scripts. No names, no numbers: a notice is read on locked screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hkeid.identity.language import Language
from hkeid.profile.eme.fields import EME_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice in one language.

    :ivar title: one line.
    :ivar body: what happened, and what to do if it was not you.
    """

    title: str
    body: str


_LANGUAGES = (Language.ENGLISH, Language.TRADITIONAL, Language.SIMPLIFIED)

_IF_NOT_YOU = {
    Language.ENGLISH: (
        "If this was not you, open My eID and freeze your eID at once, or go to any eID counter."
    ),
    Language.TRADITIONAL: "如非閣下本人操作，請立即到「我的 eID」暫停 eID，或親臨任何 eID 櫃位。",
    Language.SIMPLIFIED: "如非您本人操作，请立即到“我的 eID”暂停 eID，或亲临任何 eID 柜位。",
}

_Texts = tuple[tuple[str, str], tuple[str, str], tuple[str, str]]


def _profile_changes() -> dict[str, _Texts]:
    """What happened to each field of the profile, by the field's name and never its value."""
    made: dict[str, _Texts] = {}
    for name, field in EME_FIELDS.items():
        english, traditional, simplified = (field.label[language] for language in _LANGUAGES)
        made[f"profile_added.{name}"] = (
            ("Your profile has something new", f"Added to your profile: {english}."),
            ("你的資料檔有新增資料", f"已加入資料檔：{traditional}。"),
            ("您的资料档有新增资料", f"已添加到资料档：{simplified}。"),
        )
        made[f"profile_changed.{name}"] = (
            ("Your profile was changed", f"Changed in your profile: {english}."),
            ("你的資料檔已更改", f"已更改資料檔中的：{traditional}。"),
            ("您的资料档已更改", f"已更改资料档中的：{simplified}。"),
        )
        made[f"profile_removed.{name}"] = (
            ("Something was removed from your profile", f"Removed from your profile: {english}."),
            ("你的資料檔已移除資料", f"已從資料檔移除：{traditional}。"),
            ("您的资料档已移除资料", f"已从资料档移除：{simplified}。"),
        )
    return made


_HAPPENED: dict[str, _Texts] = {
    "eid_activated": (
        ("Your eID is active", "Your eID was activated and can now be used to log in."),
        ("你的 eID 已啟用", "你的 eID 已經啟用，現可用作登入。"),
        ("您的 eID 已启用", "您的 eID 已经启用，现可用于登录。"),
    ),
    "eid_upgraded": (
        ("Your eID was upgraded", "The chip of your identity card was read and you now have eID+."),
        ("你的 eID 已升級", "已讀取你的身份證晶片，你的 eID 現已升級為 eID+。"),
        ("您的 eID 已升级", "已读取您的身份证芯片，您的 eID 现已升级为 eID+。"),
    ),
    "device_added": (
        ("A device was added", "A new device can now log in with your eID."),
        ("已加入裝置", "一部新裝置現可用你的 eID 登入。"),
        ("已添加设备", "一台新设备现可用您的 eID 登录。"),
    ),
    "device_revoked": (
        ("A device was removed", "A device can no longer log in with your eID."),
        ("已移除裝置", "一部裝置已不能再用你的 eID 登入。"),
        ("已移除设备", "一台设备已不能再用您的 eID 登录。"),
    ),
    "login_linked": (
        (
            "Another login was added",
            "A login at another provider now leads to your eID. My eID shows which one.",
        ),
        ("已加入其他登入方式", "現可透過另一服務的登入進入你的 eID。「我的 eID」會顯示是哪一個。"),
        ("已添加其他登录方式", "现可通过另一服务的登录进入您的 eID。“我的 eID”会显示是哪一个。"),
    ),
    "login_unlinked": (
        (
            "Another login was removed",
            "A login at another provider no longer leads to your eID. It was logged out here.",
        ),
        ("已移除其他登入方式", "另一服務的登入已不能再進入你的 eID，並已在此登出。"),
        ("已移除其他登录方式", "另一服务的登录已不能再进入您的 eID，并已在此退出登录。"),
    ),
    "device_reinstated": (
        ("A device works again", "A device that was stopped can log in with your eID again."),
        ("裝置已恢復使用", "一部曾被停用的裝置已可再次用你的 eID 登入。"),
        ("设备已恢复使用", "一台曾被停用的设备已可再次用您的 eID 登录。"),
    ),
    "recovery_started": (
        (
            "Somebody is recovering your eID",
            (
                "Somebody with your identity-card number asked to recover your eID and showed a face. "
                "It is being checked. Your old devices stop working if it is accepted."
            ),
        ),
        (
            "有人正在恢復你的 eID",
            "有人以你的身份證號碼要求恢復你的 eID，並已展示面容，現正核實。如獲接納，你的舊裝置將會停用。",
        ),
        (
            "有人正在恢复您的 eID",
            "有人以您的身份证号码要求恢复您的 eID，并已展示面容，现正核实。如获接纳，您的旧设备将会停用。",
        ),
    ),
    "eid_recovered": (
        (
            "Your eID was recovered",
            (
                "Your eID is on a new device. All earlier devices were removed. For some days it gives only "
                "basic logins."
            ),
        ),
        (
            "你的 eID 已恢復",
            "你的 eID 已轉到新裝置，所有舊裝置已被移除。未來數天內只可作基本登入。",
        ),
        (
            "您的 eID 已恢复",
            "您的 eID 已转到新设备，所有旧设备已被移除。未来数天内只能进行基本登录。",
        ),
    ),
    "eid_suspended": (
        ("Your eID is frozen", "Nobody can log in with your eID until it is resumed."),
        ("你的 eID 已暫停", "在恢復使用之前，任何人都不能用你的 eID 登入。"),
        ("您的 eID 已暂停", "在恢复使用之前，任何人都不能用您的 eID 登录。"),
    ),
    "eid_resumed": (
        ("Your eID works again", "Your eID was resumed. Please log in anew."),
        ("你的 eID 已恢復使用", "你的 eID 已恢復使用，請重新登入。"),
        ("您的 eID 已恢复使用", "您的 eID 已恢复使用，请重新登录。"),
    ),
    "eid_revoked": (
        ("Your eID has ended", "Your eID was ended for good. You can register a new one."),
        ("你的 eID 已終止", "你的 eID 已永久終止。你可以重新登記。"),
        ("您的 eID 已终止", "您的 eID 已永久终止。您可以重新登记。"),
    ),
    "card_reported_lost": (
        (
            "Your identity card was reported lost",
            "Your eID was frozen, because your identity card was reported lost.",
        ),
        ("你的身份證已報失", "由於你的身份證已報失，你的 eID 已暫停。"),
        ("您的身份证已报失", "由于您的身份证已报失，您的 eID 已暂停。"),
    ),
    "case_decided": (
        (
            "Your registration was looked at",
            "An officer has looked at your registration. Open the page on which you began to go on.",
        ),
        ("你的登記已審核", "人員已審核你的登記。請返回你開始登記的頁面繼續。"),
        ("您的登记已审核", "人员已审核您的登记。请返回您开始登记的页面继续。"),
    ),
    "guardian_asked": (
        (
            "A minor asks for your approval",
            "A minor in your care registers an eID and needs your approval. Open My eID to decide.",
        ),
        ("有未成年人請你批准", "由你照顧的未成年人正登記 eID，須由你批准。請到「我的 eID」決定。"),
        ("有未成年人请您批准", "由您照顾的未成年人正登记 eID，须由您批准。请到“我的 eID”决定。"),
    ),
    "guardian_decided": (
        ("Your guardian has decided", "Your guardian has decided about your eID."),
        ("監護人已作決定", "你的監護人已就你的 eID 作出決定。"),
        ("监护人已作决定", "您的监护人已就您的 eID 作出决定。"),
    ),
    "record_seen": (
        ("An officer looked at your record", "See in My eID which office looked, when and why."),
        ("有人員查閱了你的紀錄", "到「我的 eID」可查看由哪個部門、何時及為何查閱。"),
        ("有人员查阅了您的记录", "到“我的 eID”可查看由哪个部门、何时及为何查阅。"),
    ),
    "data_request_answered": (
        (
            "Your request about your data was answered",
            "The answer is in My eID, under My data.",
        ),
        ("你就個人資料提出的要求已有回覆", "回覆載於「我的 eID」的「我的資料」。"),
        ("您就个人资料提出的要求已有答复", "答复载于“我的 eID”的“我的资料”。"),
    ),
    "data_request_refused": (
        (
            "Your request about your data was refused",
            "The reason, and what you can do, are in My eID, under My data.",
        ),
        (
            "你就個人資料提出的要求被拒絕",
            "拒絕的理由及你可以採取的行動，載於「我的 eID」的「我的資料」。",
        ),
        (
            "您就个人资料提出的要求被拒绝",
            "拒绝的理由及您可以采取的行动，载于“我的 eID”的“我的资料”。",
        ),
    ),
    "data_disclosed": (
        (
            "A service received your data",
            "You logged in and a service received what you agreed to. My eID shows which one, and what.",
        ),
        (
            "有服務收到你的資料",
            "你登入後，有服務收到你同意提供的資料。「我的 eID」會顯示是哪個服務及哪些資料。",
        ),
        (
            "有服务收到您的资料",
            "您登录后，有服务收到您同意提供的资料。“我的 eID”会显示是哪个服务及哪些资料。",
        ),
    ),
    "form_sent": (
        (
            "A form was sent",
            "A form was filled from your eID and sent to a service. My eID shows which one.",
        ),
        ("已傳送表格", "已用你的 eID 填寫表格並傳送給服務。「我的 eID」會顯示是哪個服務。"),
        ("已发送表格", "已用您的 eID 填写表格并发送给服务。“我的 eID”会显示是哪个服务。"),
    ),
    "notice_choices_changed": (
        (
            "You get fewer messages",
            "Some of our messages were turned off. Warnings like this one always come.",
        ),
        ("你會收到較少通知", "部分通知已關閉。像這樣的安全提示一定會發出。"),
        ("您会收到较少通知", "部分通知已关闭。像这样的安全提示一定会发出。"),
    ),
    "profile_given_up": (
        ("Your profile was erased", "Your profile was given up, and everything in it was erased."),
        ("你的資料檔已刪除", "你已放棄資料檔，當中所有資料已刪除。"),
        ("您的资料档已删除", "您已放弃资料档，其中所有资料已删除。"),
    ),
    **_profile_changes(),
    "contact_changed": (
        ("Your notices go elsewhere", "An address for notices about your eID was changed."),
        ("通知地址已更改", "接收 eID 通知的地址已更改。"),
        ("通知地址已更改", "接收 eID 通知的地址已更改。"),
    ),
}

_CALM = frozenset(
    {"case_decided", "guardian_asked", "guardian_decided", "data_disclosed", "form_sent"}
)
"""About these nobody need be alarmed."""


def _messages() -> Mapping[str, Mapping[Language, Message]]:
    made = {}
    for about, texts in _HAPPENED.items():
        made[about] = MappingProxyType(
            {
                language: Message(
                    title=title,
                    body=body if about in _CALM else f"{body}\n\n{_IF_NOT_YOU[language]}",
                )
                for language, (title, body) in zip(_LANGUAGES, texts, strict=True)
            }
        )
    return MappingProxyType(made)


MESSAGES: Mapping[str, Mapping[Language, Message]] = _messages()
"""Every notice by what it is about, then by language."""


def message(about: str, language: Language) -> Message:
    """The words of a notice; what nobody has written yet is still told, in general words."""
    return MESSAGES.get(about, _GENERAL)[language]


_GENERAL: Mapping[Language, Message] = MappingProxyType(
    {
        language: Message(title=title, body=f"{body}\n\n{_IF_NOT_YOU[language]}")
        for language, (title, body) in zip(
            _LANGUAGES,
            (
                ("Something changed in your eID", "Open My eID to see what."),
                ("你的 eID 有變動", "請到「我的 eID」查看。"),
                ("您的 eID 有变动", "请到“我的 eID”查看。"),
            ),
            strict=True,
        )
    }
)
