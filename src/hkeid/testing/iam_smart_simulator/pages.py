"""The simulator's pages: QR, phone, inbox, switchboard. No mark or artwork of iAM Smart is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final
from urllib.parse import urlsplit

from hkeid.kernel.http import Response
from hkeid.testing.iam_smart_simulator.accounts import holders, signs
from hkeid.testing.iam_smart_simulator.state import Call, Decision, LoginSession
from hkeid.testing.personas import Persona

_TAGS: Final = {"en-US": "en", "zh-HK": "zh-Hant-HK", "zh-CN": "zh-Hans"}
_TEXTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "title": ("iAM Smart simulator", "「智方便」模擬器", "“智方便”模拟器"),
    "notice": (
        "A simulator for tests. It is not iAM Smart and has nothing to do with the Government.",
        "測試用模擬器，並非「智方便」，與政府無關。",
        "测试用模拟器，并非“智方便”，与政府无关。",
    ),
    "scan": (
        "Scan this code with the phone, or open the phone page in a new tab.",
        "請用手機掃描此二維碼，或在新分頁開啟手機頁面。",
        "请用手机扫描此二维码，或在新标签页打开手机页面。",
    ),
    "open": ("Open the phone page", "開啟手機頁面", "打开手机页面"),
    "waiting": (
        "Waiting for the phone. This page goes on by itself within 18 minutes.",
        "正等待手機確認。本頁會在18分鐘內自動繼續。",
        "正等待手机确认。本页会在18分钟内自动继续。",
    ),
    "who": ("Whose phone is this?", "這是誰的手機？", "这是谁的手机？"),
    "approve": ("Approve", "確認", "确认"),
    "reject": ("Reject", "拒絕", "拒绝"),
    "login": ("Log in to this service?", "登入以下服務？", "登录以下服务？"),
    "done": (
        "Done. Go back to the other device.",
        "完成。請返回另一部裝置。",
        "完成。请返回另一部设备。",
    ),
    "inbox": ("Waiting in the app", "應用程式內待處理的請求", "应用程序内待处理的请求"),
    "empty": ("Nothing is waiting.", "沒有待處理的請求。", "没有待处理的请求。"),
    "reauthentication": ("Prove yourself again", "再次認證", "再次认证"),
    "form_filling": ("Fill in a form", "填寫表格", "填写表格"),
    "signing": ("Sign", "簽署", "签署"),
    "switch": ("Faults", "故障", "故障"),
    "fault": ("What is wrong with iAM Smart", "「智方便」的故障", "“智方便”的故障"),
    "code": ("Return code", "回覆代碼", "返回代码"),
    "at": ("Answered by", "由何處回覆", "由何处返回"),
    "none": ("none", "無", "无"),
    "set": ("Set", "設定", "设置"),
}
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
)
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem;color:#1b1b1f;"
    "background:#fff}h1{font-size:1.4rem}.notice{border-inline-start:.3rem solid #b45309;"
    "padding:.4rem .8rem;background:#fff7ed}button,.button{display:inline-block;font:inherit;"
    "min-height:2.75rem;box-sizing:border-box;padding:.5rem 1.2rem;margin:.3rem .3rem .3rem 0;border:2px solid #1e3a8a;"
    "border-radius:.4rem;background:#1e3a8a;color:#fff;text-decoration:none}"
    "button.second{background:#fff;color:#1e3a8a}select{font:inherit;min-height:2.75rem;max-width:100%;"
    "display:block;margin:.3rem 0 1rem;border:1px solid #555}:focus-visible{outline:3px solid #b45309;"
    "outline-offset:2px}svg.qr{width:12rem;height:12rem;max-width:100%;background:#fff}"
    "fieldset{border:1px solid #767680;border-radius:.4rem;margin:0 0 1rem}"
)


def text(key: str, language: str) -> str:
    """A text in the language of a ``lang`` parameter."""
    return _TEXTS[key][list(_TAGS).index(language) if language in _TAGS else 1]


def page(title: str, body: str, language: str, *, refresh: str = "", status: int = 200) -> Response:
    """A whole page; ``refresh`` is the content of a meta element that makes it go on."""
    meta = f'<meta http-equiv="refresh" content="{escape(refresh)}">' if refresh else ""
    document = (
        f'<!doctype html><html lang="{_TAGS.get(language, "zh-Hant-HK")}"><head>'
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{meta}<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1 id="title">{escape(title)}</h1>'
        f'<p class="notice" id="notice">{escape(text("notice", language))}</p>'
        f"{body}</main></body></html>"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", _POLICY),
    )
    return Response(status=status, headers=headers, body=document.encode())


def qr_page(session: LoginSession, phone_url: str) -> Response:
    """The page that waits for the phone."""
    language = session.language
    body = (
        f"<p>{escape(text('scan', language))}</p>{_qr(phone_url)}"
        f'<p><a class="button" id="open-phone" target="_blank" rel="noopener" '
        f'href="{escape(phone_url)}">{escape(text("open", language))}</a></p>'
        f'<p id="waiting" role="status">{escape(text("waiting", language))}</p>'
    )
    return page(text("title", language), body, language, refresh=f"2;url=/qr/{session.id}")


def phone_page(session: LoginSession) -> Response:
    """Who holds the phone, and whether they agree."""
    language = session.language
    options = "".join(
        f'<option value="{escape(one.key)}">{escape(_label(one))}</option>' for one in holders()
    )
    body = (
        f"<p>{escape(text('login', language))} "
        f'<strong id="service">{escape(urlsplit(session.redirect).netloc)}</strong></p>'
        f'<form method="post" action="/phone/{session.id}">'
        f'<label for="persona">{escape(text("who", language))}</label>'
        f'<select id="persona" name="persona">{options}</select>{_buttons(language)}</form>'
    )
    return page(text("title", language), body, language)


def done_page(language: str) -> Response:
    """The phone is finished."""
    return page(text("title", language), f'<p id="done">{text("done", language)}</p>', language)


def inbox_page(calls: Iterable[tuple[str, Call]], language: str) -> Response:
    """Every call that waits, of whomever."""
    parts = [
        f'<form method="post" action="/calls/{escape(business_id)}" class="call"><fieldset>'
        f"<legend>{escape(text(call.kind, language))} - {escape(_label(call.persona))}</legend>"
        f"<p>{escape(_shown(call))}</p>{_buttons(language)}</fieldset></form>"
        for business_id, call in calls
        if call.decision is Decision.WAITING
    ]
    body = "".join(parts) or f'<p id="empty">{escape(text("empty", language))}</p>'
    return page(text("inbox", language), body, language)


def switchboard(
    faults: Iterable[str], codes: Iterable[str], places: Iterable[str], now: Mapping[str, str]
) -> Response:
    """Faults and return codes by name."""
    language = "en-US"
    body = (
        '<form method="post" action="/faults">'
        + _choice("fault", faults, now, language)
        + _choice("code", codes, now, language)
        + _choice("at", places, now, language)
        + f'<button id="set">{text("set", language)}</button></form>'
        + f'<p><a id="inbox" href="/calls">{text("inbox", language)}</a></p>'
    )
    return page(text("switch", language), body, language)


def _choice(name: str, values: Iterable[str], now: Mapping[str, str], language: str) -> str:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == now.get(name) else ""}>'
        f"{escape(value or text('none', language))}</option>"
        for value in ("", *values)
    )
    return (
        f'<label for="{name}">{escape(text(name, language))}</label>'
        f'<select id="{name}" name="{name}">{options}</select>'
    )


def _buttons(language: str) -> str:
    return (
        f'<button id="approve" name="decision" value="approve">{text("approve", language)}</button>'
        f'<button id="reject" class="second" name="decision" value="reject">'
        f"{text('reject', language)}</button>"
    )


def _label(persona: Persona) -> str:
    name = persona.name
    plus = " · iAM Smart+" if signs(persona) else ""
    return f"{name.english} {name.chinese or ''}".strip() + plus


def _shown(call: Call) -> str:
    names = ("department", "serviceName", "documentName", "formName", "formNum", "formDesc")
    return " · ".join(str(call.members[name]) for name in names if call.members.get(name))


def _qr(url: str) -> str:
    """The code as SVG where segno is installed (it comes with ``hkeid[server]``)."""
    try:
        import segno
    except ImportError:
        return ""
    drawn = segno.make(url, error="m").svg_inline(svgclass="qr", omitsize=True, border=4)
    return f'<div id="qr" role="img" aria-label="QR">{drawn}</div>'
