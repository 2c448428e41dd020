"""What the kits' pages say when something went wrong, in three scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hkeid.rp.errors import (
    FormNotSent,
    LoginDeclined,
    LoginFailed,
    ProviderUnavailable,
    SignatureDeclined,
    SignatureNotTaken,
    StartAgain,
)
from hkeid.rp.link_refusals import KINDS as KINDS_OF_LINK_REFUSALS
from hkeid.rp.link_refusals import LinkRefused
from hkeid.rp.link_texts import REFUSALS


@dataclass(frozen=True, slots=True)
class Words:
    """One page in one language: what happened, and what to do now."""

    title: str
    happened: str
    advice: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The words that every page shares."""

    retry: str
    home: str
    reference: str
    help: str


FRAMES: Mapping[str, Frame] = {
    "en": Frame(
        "Log in with eID again",
        "Go to the start page",
        "Reference number",
        "If this happens again, give this number to the people who run this service.",
    ),
    "zh-Hant-HK": Frame(
        "再次以 eID 登入",
        "返回主頁",
        "參考編號",
        "如問題持續，請向本服務的職員提供這個編號。",
    ),
    "zh-Hans": Frame(
        "再次以 eID 登录",
        "返回首页",
        "参考编号",
        "如果问题仍然出现，请向本服务的工作人员提供这个编号。",
    ),
}

BACK_FRAMES: Mapping[str, Frame] = {
    "en": Frame(
        "Go back and try again",
        "Go to the start page",
        "Reference number",
        "If this happens again, give this number to the people who run this service.",
    ),
    "zh-Hant-HK": Frame(
        "返回再試",
        "返回主頁",
        "參考編號",
        "如問題持續，請向本服務的職員提供這個編號。",
    ),
    "zh-Hans": Frame(
        "返回再试",
        "返回首页",
        "参考编号",
        "如果问题仍然出现，请向本服务的工作人员提供这个编号。",
    ),
}

_PAGES: Mapping[str, Mapping[str, Words]] = {
    "again": {
        "en": Words(
            "Please log in again",
            "This login was begun too long ago, in another browser, or was completed already. "
            "You are not logged in, and nothing was sent to this service.",
            "Begin again below. If you come back to this page, check that your browser accepts "
            "cookies from this service.",
        ),
        "zh-Hant-HK": Words(
            "請重新登入",
            "這次登入開始得太久、在另一個瀏覽器開始，或已經完成。你尚未登入，本服務沒有收到任何資料。",
            "請在下面重新開始。如果又回到這一頁，請檢查瀏覽器是否接受本服務的 Cookie。",
        ),
        "zh-Hans": Words(
            "请重新登录",
            "这次登录开始得太久、在另一个浏览器开始，或已经完成。您尚未登录，本服务没有收到任何资料。",
            "请在下面重新开始。如果又回到这一页，请检查浏览器是否接受本服务的 Cookie。",
        ),
    },
    "declined": {
        "en": Words(
            "You did not log in",
            "You, or eID, ended the login before it was complete. Nothing was sent to this service.",
            "You can log in again at any time, or go on without logging in.",
        ),
        "zh-Hant-HK": Words(
            "你沒有登入",
            "登入在完成之前已由你或 eID 結束。本服務沒有收到任何資料。",
            "你可以隨時再次登入，或不登入而繼續使用。",
        ),
        "zh-Hans": Words(
            "您没有登录",
            "登录在完成之前已由您或 eID 结束。本服务没有收到任何资料。",
            "您可以随时再次登录，或不登录而继续使用。",
        ),
    },
    "stronger": {
        "en": Words(
            "This page needs a stronger eID login",
            "You are known to eID, but not in the way that this page requires.",
            "Log in again with the device that your eID is bound to. If you have none, bring your "
            "identity card to a registration counter.",
        ),
        "zh-Hant-HK": Words(
            "這一頁需要更高級別的 eID 登入",
            "eID 認得你，但登入方式未達這一頁的要求。",
            "請用已綁定 eID 的裝置再次登入。如沒有這樣的裝置，請帶身份證到登記櫃位辦理。",
        ),
        "zh-Hans": Words(
            "这一页需要更高级别的 eID 登录",
            "eID 认得您，但登录方式未达到这一页的要求。",
            "请用已绑定 eID 的设备再次登录。如没有这样的设备，请带身份证到登记柜台办理。",
        ),
    },
    "other_resident": {
        "en": Words(
            "Somebody else logged in",
            "You were logged in here already, and the new login belongs to another person. "
            "Nothing was changed.",
            "Log out first, then log in as the person you want to be here.",
        ),
        "zh-Hant-HK": Words(
            "登入的是另一位人士",
            "你原已登入本服務，而新的登入屬於另一人。沒有任何更改。",
            "請先登出，再以你想使用的身分登入。",
        ),
        "zh-Hans": Words(
            "登录的是另一位人士",
            "您原已登录本服务，而新的登录属于另一人。没有任何更改。",
            "请先退出，再以您想使用的身份登录。",
        ),
    },
    "unavailable": {
        "en": Words(
            "eID login is not available at the moment",
            "This service could not reach eID. You are not logged in; nothing was lost.",
            "Please try again in a few minutes.",
        ),
        "zh-Hant-HK": Words(
            "eID 登入服務暫時未能使用",
            "本服務未能連接 eID。你尚未登入，資料沒有遺失。",
            "請於幾分鐘後再試。",
        ),
        "zh-Hans": Words(
            "eID 登录服务暂时无法使用",
            "本服务无法连接 eID。您尚未登录，资料没有丢失。",
            "请于几分钟后再试。",
        ),
    },
    "unverified": {
        "en": Words(
            "The login could not be verified",
            "The answer from eID did not pass this service's checks, so you are not logged in.",
            "Please log in again.",
        ),
        "zh-Hant-HK": Words(
            "未能核實這次登入",
            "eID 的回覆未能通過本服務的檢查，因此你尚未登入。",
            "請再次登入。",
        ),
        "zh-Hans": Words(
            "无法核实这次登录",
            "eID 的回复未能通过本服务的检查，因此您尚未登录。",
            "请再次登录。",
        ),
    },
    "not_signed": {
        "en": Words(
            "You did not sign",
            "You did not sign with eID, or not in time. This service received no signature.",
            "Nothing is lost: you can go back and sign, or hand in the document in another way.",
        ),
        "zh-Hant-HK": Words(
            "你沒有簽署",
            "你沒有以 eID 簽署，或未在時限內簽署。本服務沒有收到簽署。",
            "資料沒有遺失：你可以返回再簽署，或以其他方法遞交文件。",
        ),
        "zh-Hans": Words(
            "您没有签署",
            "您没有以 eID 签署，或未在时限内签署。本服务没有收到签署。",
            "资料没有丢失：您可以返回再签署，或以其他方法递交文件。",
        ),
    },
    "not_taken": {
        "en": Words(
            "This cannot be signed with eID",
            "eID did not take this document: it could look different to others after it is signed, "
            "or it is too large.",
            "Tell the people who run this service; they can prepare the document differently.",
        ),
        "zh-Hant-HK": Words(
            "這份文件不能以 eID 簽署",
            "eID 沒有接受這份文件：簽署後，別人看到的內容可能不同，或文件太大。",
            "請告知本服務的職員，他們可以另行準備文件。",
        ),
        "zh-Hans": Words(
            "这份文件不能以 eID 签署",
            "eID 没有接受这份文件：签署后，别人看到的内容可能不同，或文件太大。",
            "请告知本服务的工作人员，他们可以另行准备文件。",
        ),
    },
    "signature_lost": {
        "en": Words(
            "The signature did not arrive here",
            "This was begun in another browser or too long ago, or the answer from eID did not pass "
            "this service's checks.",
            "Go back and sign once more.",
        ),
        "zh-Hant-HK": Words(
            "本服務沒有收到簽署",
            "這次簽署在另一個瀏覽器開始、開始得太久，或 eID 的回覆未能通過本服務的檢查。",
            "請返回再簽署一次。",
        ),
        "zh-Hans": Words(
            "本服务没有收到签署",
            "这次签署在另一个浏览器开始、开始得太久，或 eID 的回复未能通过本服务的检查。",
            "请返回再签署一次。",
        ),
    },
    "not_sent": {
        "en": Words(
            "You did not send the form",
            "You did not send the form from eID, or it can no longer be fetched. This service received "
            "nothing.",
            "You can go back and send it, or fill in the form in another way.",
        ),
        "zh-Hant-HK": Words(
            "你沒有送出表格",
            "你沒有從 eID 送出表格，或表格已不能再取得。本服務沒有收到任何資料。",
            "你可以返回再送出，或以其他方法填寫表格。",
        ),
        "zh-Hans": Words(
            "您没有发送表格",
            "您没有从 eID 发送表格，或表格已不能再取得。本服务没有收到任何资料。",
            "您可以返回再发送，或以其他方法填写表格。",
        ),
    },
    "form_lost": {
        "en": Words(
            "The form did not arrive here",
            "This was begun in another browser or too long ago, or the answer from eID did not pass "
            "this service's checks.",
            "Go back and send the form once more.",
        ),
        "zh-Hant-HK": Words(
            "本服務沒有收到表格",
            "這份表格在另一個瀏覽器開始、開始得太久，或 eID 的回覆未能通過本服務的檢查。",
            "請返回再送出一次。",
        ),
        "zh-Hans": Words(
            "本服务没有收到表格",
            "这份表格在另一个浏览器开始、开始得太久，或 eID 的回复未能通过本服务的检查。",
            "请返回再发送一次。",
        ),
    },
    "logout": {
        "en": Words(
            "You are still logged in",
            "The request to log out did not come from a page of this service.",
            "Go to the start page and use the log-out button there.",
        ),
        "zh-Hant-HK": Words(
            "你仍然登入",
            "登出的要求並非來自本服務的網頁。",
            "請返回主頁，使用該處的登出按鈕。",
        ),
        "zh-Hans": Words(
            "您仍处于登录状态",
            "退出的请求并非来自本服务的网页。",
            "请返回首页，使用该处的退出按钮。",
        ),
    },
}

FORM_KINDS = frozenset({"not_sent", "form_lost"})
"""Pages about a form: another try leads to the page from which it was asked."""
SIGNING_KINDS = frozenset({"not_signed", "not_taken", "signature_lost"})
"""Pages about a signature: another try leads to the page from which it was asked."""
LINK_KINDS = frozenset(REFUSALS)
"""Pages about an account and an eID that were not linked, or not unlinked."""

_BY_REASON = {
    "id_token_acr_too_low": "stronger",
    "provider_unmet_authentication_requirements": "stronger",
    "id_token_subject_changed": "other_resident",
    "provider_temporarily_unavailable": "unavailable",
    "provider_server_error": "unavailable",
    "provider_access_denied": "declined",
    "logout_form_invalid": "logout",
}
_BY_CLASS: Mapping[str, type[LoginFailed]] = {
    "not_sent": FormNotSent,
    "not_taken": SignatureNotTaken,
    "not_signed": SignatureDeclined,
}
_BY_BEGINNING = {"form_": "form_lost", "signature_": "signature_lost"}


def kind_of(failed: LoginFailed) -> str:
    """Which page tells of a failure."""
    if isinstance(failed, LinkRefused):
        return KINDS_OF_LINK_REFUSALS[failed.reason]
    if failed.reason in _BY_REASON:
        return _BY_REASON[failed.reason]
    for kind, error in _BY_CLASS.items():
        if isinstance(failed, error):
            return kind
    for begin, kind in _BY_BEGINNING.items():
        if failed.reason.startswith(begin) and not isinstance(failed, ProviderUnavailable):
            return kind
    if isinstance(failed, StartAgain):
        return "again"
    if isinstance(failed, ProviderUnavailable):
        return "unavailable"
    if isinstance(failed, LoginDeclined) and failed.reason.startswith("provider_"):
        return "declined"
    return "unverified"


def words_of(failed: LoginFailed, locale: str) -> Words:
    """The page about ``failed`` in ``en``, ``zh-Hant-HK`` or ``zh-Hans``."""
    kind = kind_of(failed)
    return Words(*REFUSALS[kind][locale]) if kind in REFUSALS else _PAGES[kind][locale]


def frame_of(failed: LoginFailed, locale: str) -> Frame:
    """The words around it: another try is a new login, or begins on the page before."""
    back = kind_of(failed) in FORM_KINDS | SIGNING_KINDS | LINK_KINDS
    return (BACK_FRAMES if back else FRAMES)[locale]
