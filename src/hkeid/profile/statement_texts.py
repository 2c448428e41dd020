"""The fixed sentences of the collection statement, in three scripts.

A change here makes new versions of every statement; decisions made under earlier ones stay valid as
long as the purposes they were about stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hkeid.identity.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementWords:
    """Templates; ``{client}``, ``{policy}``, ``{contact}``, ``{label}``, ``{kind}``, ``{reason}``,
    ``{form}``, ``{days}``, ``{recipient}``.
    """

    title: str
    opening: str
    opening_form: str
    lasting: str
    purpose: str
    required: str
    voluntary: str
    about_required: str
    about_voluntary: str
    receivers: str
    receivers_beyond: str
    policy: str
    withdrawal: str
    access: str
    contact: str


_ENGLISH = StatementWords(
    title="Personal information collection statement",
    opening=(
        "{client} asks for personal information that your eID holds. It gets only what you agree "
        "to, and uses it for these purposes:"
    ),
    opening_form=(
        "{client} asks for personal information that your eID holds, for “{form}”. It gets only "
        "what you agree to, and uses it for these purposes:"
    ),
    lasting="What you agree to holds for {days} days at most, and then ends by itself.",
    purpose="{label} ({kind}): {reason}",
    required="required",
    voluntary="voluntary",
    about_required=(
        "Without the required items {client} cannot serve you through your eID. You may then use "
        "another way that it offers."
    ),
    about_voluntary=(
        "Voluntary items are your own choice. If you leave them off, you can still use the service."
    ),
    receivers=(
        "The information goes to {client} and to nobody else. We keep a record of which items were "
        "sent and when, without what they said."
    ),
    receivers_beyond=(
        "The information goes to {client}, which passes it on to {recipient}, and to nobody else. We keep "
        "a record of which items were sent and when, without what they said."
    ),
    policy="How {client} handles personal information: {policy}",
    withdrawal=(
        "You can withdraw at any time on the page “My eID”. From then on nothing more is sent. "
        "What {client} has received already stays with it until you ask it to erase it."
    ),
    access=(
        "Under the Personal Data (Privacy) Ordinance (Cap. 486) you may ask for a copy of your "
        "personal data and have it corrected: on the page “My eID” for what your eID holds, and "
        "from {client} for what it received."
    ),
    contact="To contact {client}: {contact}",
)

_TRADITIONAL = StatementWords(
    title="收集個人資料聲明",
    opening="{client}希望取得你的數碼個人身分(eID)所保存的個人資料。該機構只會取得你同意提供的項目，並用於以下目的：",
    opening_form="{client}希望取得你的數碼個人身分(eID)所保存的個人資料，用於「{form}」。該機構只會取得你同意提供的項目，並用於以下目的：",
    lasting="你的同意最長有效 {days} 天，其後自動終止。",
    purpose="{label}（{kind}）：{reason}",
    required="必須提供",
    voluntary="自願提供",
    about_required="如你不提供必須提供的項目，{client}便無法透過 eID 為你服務。你可改用該機構提供的其他方法。",
    about_voluntary="自願提供的項目由你決定。即使不提供，你仍可使用服務。",
    receivers="資料只會送交{client}，不會送交其他人。我們只記錄送出了哪些項目和時間，不會記錄內容。",
    receivers_beyond="資料會送交{client}，再由該機構轉交{recipient}，不會送交其他人。我們只記錄送出了哪些項目和時間，不會記錄內容。",
    policy="{client}處理個人資料的政策：{policy}",
    withdrawal=(
        "你可隨時在「我的 eID」頁面撤回同意，之後便不會再送出資料。"
        "{client}已收到的資料會由該機構保存，直至你要求刪除。"
    ),
    access=(
        "根據《個人資料(私隱)條例》(第486章)，你有權索取和更正你的個人資料："
        "eID 保存的資料可在「我的 eID」頁面處理，{client}收到的資料可向該機構提出。"
    ),
    contact="聯絡{client}：{contact}",
)

_SIMPLIFIED = StatementWords(
    title="收集个人资料声明",
    opening="{client}希望取得你的数码个人身分(eID)所保存的个人资料。该机构只会取得你同意提供的项目，并用于以下目的：",
    opening_form="{client}希望取得你的数码个人身分(eID)所保存的个人资料，用于「{form}」。该机构只会取得你同意提供的项目，并用于以下目的：",
    lasting="你的同意最长有效 {days} 天，其后自动终止。",
    purpose="{label}（{kind}）：{reason}",
    required="必须提供",
    voluntary="自愿提供",
    about_required="如你不提供必须提供的项目，{client}便无法通过 eID 为你服务。你可改用该机构提供的其他方法。",
    about_voluntary="自愿提供的项目由你决定。即使不提供，你仍可使用服务。",
    receivers="资料只会送交{client}，不会送交其他人。我们只记录送出了哪些项目和时间，不会记录内容。",
    receivers_beyond="资料会送交{client}，再由该机构转交{recipient}，不会送交其他人。我们只记录送出了哪些项目和时间，不会记录内容。",
    policy="{client}处理个人资料的政策：{policy}",
    withdrawal=(
        "你可随时在「我的 eID」页面撤回同意，之后便不会再送出资料。"
        "{client}已收到的资料会由该机构保存，直至你要求删除。"
    ),
    access=(
        "根据《个人资料(私隐)条例》(第486章)，你有权索取和更正你的个人资料："
        "eID 保存的资料可在「我的 eID」页面处理，{client}收到的资料可向该机构提出。"
    ),
    contact="联络{client}：{contact}",
)

TEXTS: Mapping[Language, StatementWords] = MappingProxyType(
    {
        Language.ENGLISH: _ENGLISH,
        Language.TRADITIONAL: _TRADITIONAL,
        Language.SIMPLIFIED: _SIMPLIFIED,
    }
)
