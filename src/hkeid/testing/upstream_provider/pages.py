"""The login page of an organisation that stands behind the hub."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from hkeid.kernel.http import Response

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem;color:#1b1b1f;"
    "background:#fff}h1{font-size:1.4rem}.notice{border-inline-start:.3rem solid #b45309;"
    "padding:.4rem .8rem;background:#fff7ed}button{font:inherit;min-height:2.75rem;padding:.5rem 1.2rem;"
    "margin:.3rem .3rem .3rem 0;border:2px solid #134e4a;border-radius:.4rem;background:#134e4a;color:#fff}"
    "button.second{background:#fff;color:#134e4a}select{font:inherit;min-height:2.75rem;display:block;"
    "margin:.3rem 0 1rem;max-width:100%;border:1px solid #555}"
    ":focus-visible{outline:3px solid #b45309;outline-offset:2px}"
)
_TEXTS: Final = {
    "en": ("Log in", "Fictional, for tests.", "Who are you?", "Log in", "Cancel", "You are logged out."),
    "zh-Hant-HK": ("登入", "虛構機構，僅供測試。", "你是誰？", "登入", "取消", "你已登出。"),
    "zh-Hans": ("登录", "虚构机构，仅供测试。", "你是谁？", "登录", "取消", "你已退出。"),
}  # fmt: skip


def language_of(ui_locales: str) -> str:
    """One of the three, by the first wish that fits."""
    for wish in ui_locales.lower().split():
        if wish.startswith("zh"):
            return "zh-Hans" if "hans" in wish or wish == "zh-cn" else "zh-Hant-HK"
        if wish.startswith("en"):
            return "en"
    return "en"


def login_page(
    transaction: str, language: str, organisation: Mapping[str, str], people: Mapping[str, str]
) -> Response:
    """Choose who logs in.

    :param organisation: its name by language.
    :param people: names by key.
    """
    title, notice, who, go, cancel, _ = _TEXTS[language]
    options = "".join(
        f'<option value="{escape(key)}">{escape(name)}</option>' for key, name in people.items()
    )
    body = (
        f'<form method="post" action="/login"><input type="hidden" name="transaction" '
        f'value="{escape(transaction)}"><label for="person">{who}</label>'
        f'<select id="person" name="person">{options}</select>'
        f'<button id="login" name="decision" value="login">{go}</button>'
        f'<button id="cancel" class="second" name="decision" value="cancel">{cancel}</button></form>'
    )
    return _page(f"{organisation[language]} - {title}", notice, body, language)


def logged_out_page(language: str, organisation: Mapping[str, str]) -> Response:
    """The session has ended."""
    title, notice, *_, done = _TEXTS[language]
    return _page(
        f"{organisation[language]} - {title}", notice, f'<p id="done">{done}</p>', language
    )


def _page(title: str, notice: str, body: str, language: str) -> Response:
    document = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1 id="title">{escape(title)}</h1><p class="notice" id="notice">{escape(notice)}</p>'
        f"{body}</main></body></html>"
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(status=200, headers=headers, body=document.encode())
