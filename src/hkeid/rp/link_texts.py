"""What the pages about linking say, in three scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class PageText(NamedTuple):
    """One page in one language; the account's name stands below the lead."""

    title: str
    lead: str
    points: tuple[str, ...] = ()


PAGES: Mapping[str, Mapping[str, PageText]] = {
    "have_account": {
        "en": PageText(
            "Do you have an account here already?",
            "Log in to it once more, in the way you always did. Then you can link it with your eID.",
            (
                "From then on your eID leads to your account, and to what is in it.",
                "Nothing is linked before you have agreed to it.",
            ),
        ),
        "zh-Hant-HK": PageText(
            "你在這裏已有帳戶嗎？",
            "請以一貫的方法再登入一次，之後便可把帳戶與你的 eID 連結。",
            ("此後，你的 eID 會帶你到該帳戶及其中的資料。", "在你同意之前，不會作出任何連結。"),
        ),
        "zh-Hans": PageText(
            "您在这里已有账户吗？",
            "请以一贯的方法再登录一次，之后便可把账户与您的 eID 关联。",
            ("此后，您的 eID 会带您到该账户及其中的资料。", "在您同意之前，不会作出任何关联。"),
        ),
    },
    "confirm": {
        "en": PageText(
            "Link your eID with this account?",
            "You are logged in to this account:",
            (
                "Next you log in with eID, once more even if you have just done so. It takes a moment.",
                "From then on your eID leads to this account. Your other ways to log in stay as they are.",
                "You can unlink the two again.",
                "Is this not your account? Do not go on; log out of it first.",
            ),
        ),
        "zh-Hant-HK": PageText(
            "把你的 eID 與這個帳戶連結？",
            "你已登入這個帳戶：",
            (
                "下一步是以 eID 登入；即使剛剛登入過，也要再登入一次。只需片刻。",
                "此後，你的 eID 會帶你到這個帳戶。其他登入方法維持不變。",
                "你可以再解除連結。",
                "這不是你的帳戶？請不要繼續，先登出該帳戶。",
            ),
        ),
        "zh-Hans": PageText(
            "把您的 eID 与这个账户关联？",
            "您已登录这个账户：",
            (
                "下一步是以 eID 登录；即使刚刚登录过，也要再登录一次。只需片刻。",
                "此后，您的 eID 会带您到这个账户。其他登录方法维持不变。",
                "您可以再解除关联。",
                "这不是您的账户？请不要继续，先退出该账户。",
            ),
        ),
    },
    "linked": {
        "en": PageText(
            "Your eID and your account are linked",
            "Next time, log in with eID. It leads to this account:",
        ),
        "zh-Hant-HK": PageText(
            "你的 eID 與帳戶已連結",
            "下次請以 eID 登入，便可進入這個帳戶：",
        ),
        "zh-Hans": PageText(
            "您的 eID 与账户已关联",
            "下次请以 eID 登录，便可进入这个账户：",
        ),
    },
    "unlink": {
        "en": PageText(
            "Unlink your eID from this account?",
            "Your eID will not lead to this account any more:",
            (
                "The account and all that is in it stay. You log in to it in the other way that you have.",
                "So that nobody else does this for you, log in anew.",
            ),
        ),
        "zh-Hant-HK": PageText(
            "解除 eID 與這個帳戶的連結？",
            "你的 eID 將不再帶你到這個帳戶：",
            (
                "帳戶及其中的資料會保留。你可用另一個登入方法進入。",
                "為免他人代你解除連結，請重新登入一次。",
            ),
        ),
        "zh-Hans": PageText(
            "解除 eID 与这个账户的关联？",
            "您的 eID 将不再带您到这个账户：",
            (
                "账户及其中的资料会保留。您可用另一种登录方法进入。",
                "为免他人代您解除关联，请重新登录一次。",
            ),
        ),
    },
    "unlinked": {
        "en": PageText(
            "Your eID is unlinked",
            "It does not lead to your account any more. Log in to the account in the other way that you have.",
        ),
        "zh-Hant-HK": PageText(
            "已解除 eID 的連結",
            "你的 eID 不再帶你到該帳戶。請以另一個方法登入。",
        ),
        "zh-Hans": PageText(
            "已解除 eID 的关联",
            "您的 eID 不再带您到该账户。请以另一种方法登录。",
        ),
    },
}

WAYS: Mapping[str, Mapping[str, str]] = {
    "eid-account-login": {
        "en": "Log in to my account",
        "zh-Hant-HK": "登入我的帳戶",
        "zh-Hans": "登录我的账户",
    },
    "eid-without": {
        "en": "Go on without linking",
        "zh-Hant-HK": "不連結，繼續",
        "zh-Hans": "不关联，继续",
    },
    "eid-link-now": {
        "en": "Agree, and log in with eID",
        "zh-Hant-HK": "同意，並以 eID 登入",
        "zh-Hans": "同意，并以 eID 登录",
    },
    "eid-not-now": {"en": "Do not link", "zh-Hant-HK": "不要連結", "zh-Hans": "不要关联"},
    "eid-go-on": {"en": "Continue", "zh-Hant-HK": "繼續", "zh-Hans": "继续"},
    "eid-unlink": {"en": "Unlink", "zh-Hant-HK": "解除連結", "zh-Hans": "解除关联"},
    "eid-unlink-with-eid": {
        "en": "Log in with eID and unlink",
        "zh-Hant-HK": "以 eID 登入並解除連結",
        "zh-Hans": "以 eID 登录并解除关联",
    },
    "eid-unlink-now": {
        "en": "Unlink now",
        "zh-Hant-HK": "立即解除連結",
        "zh-Hans": "立即解除关联",
    },
    "eid-account-login-again": {
        "en": "Log in to the account anew instead",
        "zh-Hant-HK": "改為重新登入帳戶",
        "zh-Hans": "改为重新登录账户",
    },
    "eid-keep": {
        "en": "Keep them linked",
        "zh-Hant-HK": "保留連結",
        "zh-Hans": "保留关联",
    },
    "eid-link-again": {
        "en": "Link again",
        "zh-Hant-HK": "再次連結",
        "zh-Hans": "再次关联",
    },
}

VALUES: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "en": (
        (
            "eID asks whether this service may learn your {values}. We compare it with the account and link "
            "the two only if it agrees."
        ),
        {
            "name": "name",
            "birthdate": "date of birth",
            "hkic_number": "identity-card number",
        },
        " and ",
    ),
    "zh-Hant-HK": (
        "eID 會問你是否向本服務提供{values}。我們會與帳戶核對，一致才會連結。",
        {"name": "姓名", "birthdate": "出生日期", "hkic_number": "身份證號碼"},
        "和",
    ),
    "zh-Hans": (
        "eID 会问您是否向本服务提供{values}。我们会与账户核对，一致才会关联。",
        {"name": "姓名", "birthdate": "出生日期", "hkic_number": "身份证号码"},
        "和",
    ),
}
"""What is compared: the sentence, the values by claim, and the word between two of them."""

REFUSALS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "link_again": {
        "en": (
            "Please begin again",
            "The page was open too long, or another account is logged in by now. Nothing was linked or unlinked.",
            "Check which account you are logged in to, then begin again below.",
        ),
        "zh-Hant-HK": (
            "請重新開始",
            "網頁開啟太久，或登入的帳戶已改變。沒有作出或解除任何連結。",
            "請確認你登入的是哪個帳戶，然後在下面重新開始。",
        ),
        "zh-Hans": (
            "请重新开始",
            "网页打开太久，或登录的账户已改变。没有作出或解除任何关联。",
            "请确认您登录的是哪个账户，然后在下面重新开始。",
        ),
    },
    "link_eid_taken": {
        "en": (
            "This eID leads to another account",
            "The eID that you logged in with is linked already. Nothing was changed.",
            "Log out of this account and log in with eID to see where it leads. You can unlink it there.",
        ),
        "zh-Hant-HK": (
            "這個 eID 已連結至另一個帳戶",
            "你剛用來登入的 eID 早已連結。沒有任何更改。",
            "請登出現時的帳戶，再以 eID 登入查看它連結至哪個帳戶。你可在該處解除連結。",
        ),
        "zh-Hans": (
            "这个 eID 已关联至另一个账户",
            "您刚用来登录的 eID 早已关联。没有任何更改。",
            "请退出当前的账户，再以 eID 登录查看它关联至哪个账户。您可在该处解除关联。",
        ),
    },
    "link_account_taken": {
        "en": (
            "This account has an eID already",
            "Another eID leads to this account. Nothing was changed.",
            "If that was not you, unlink it and tell the people who run this service.",
        ),
        "zh-Hant-HK": (
            "這個帳戶已有 eID",
            "另一個 eID 已連結至這個帳戶。沒有任何更改。",
            "如果不是你所為，請解除該連結，並告知本服務的職員。",
        ),
        "zh-Hans": (
            "这个账户已有 eID",
            "另一个 eID 已关联至这个账户。没有任何更改。",
            "如果不是您所为，请解除该关联，并告知本服务的工作人员。",
        ),
    },
    "link_not_compared": {
        "en": (
            "There was nothing to compare",
            "You did not share what this service must compare with the account. Nothing was linked.",
            "Begin again and agree to share it, or go on using your account as before.",
        ),
        "zh-Hant-HK": (
            "沒有可供核對的資料",
            "你沒有提供本服務須與帳戶核對的資料。沒有作出連結。",
            "請重新開始並同意提供，或照舊使用你的帳戶。",
        ),
        "zh-Hans": (
            "没有可供核对的资料",
            "您没有提供本服务须与账户核对的资料。没有作出关联。",
            "请重新开始并同意提供，或照旧使用您的账户。",
        ),
    },
    "link_not_made": {
        "en": (
            "They could not be linked",
            "This eID and this account do not go together. Nothing was changed.",
            "Use your account as before. If you think this is wrong, tell the people who run this service.",
        ),
        "zh-Hant-HK": (
            "未能連結",
            "這個 eID 與這個帳戶不相符。沒有任何更改。",
            "請照舊使用你的帳戶。如認為有誤，請告知本服務的職員。",
        ),
        "zh-Hans": (
            "未能关联",
            "这个 eID 与这个账户不相符。没有任何更改。",
            "请照旧使用您的账户。如认为有误，请告知本服务的工作人员。",
        ),
    },
    "link_only_way_in": {
        "en": (
            "Your eID is the only way into this account",
            "Without it nobody could log in to the account. The two stay linked.",
            "Set up another way to log in first, a password for example.",
        ),
        "zh-Hant-HK": (
            "eID 是進入這個帳戶的唯一方法",
            "解除連結後便無人能登入這個帳戶。連結維持不變。",
            "請先設定另一個登入方法，例如密碼。",
        ),
        "zh-Hans": (
            "eID 是进入这个账户的唯一方法",
            "解除关联后便无人能登录这个账户。关联维持不变。",
            "请先设置另一种登录方法，例如密码。",
        ),
    },
}
"""Title, what happened, and what to do now."""
