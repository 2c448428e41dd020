"""``source``: the kind of browser, which iAM Smart wants to know before it shows a page."""

from __future__ import annotations

from typing import Final

_ANDROID: Final[tuple[tuple[str, str], ...]] = (
    ("EdgA/", "Android_Edge"),
    ("SamsungBrowser/", "Android_Samsung"),
    ("HuaweiBrowser/", "Android_Huawei"),
    ("MiuiBrowser/", "Android_Xiaomi"),
    ("Firefox/", "Android_Firefox"),
    ("Chrome/", "Android_Chrome"),
)
_IOS: Final[tuple[tuple[str, str], ...]] = (
    ("EdgiOS/", "iOS_Edge"),
    ("FxiOS/", "iOS_Firefox"),
    ("CriOS/", "iOS_Chrome"),
    ("Safari/", "iOS_Safari"),
)
SOURCES: Final = frozenset({name for _, name in (*_ANDROID, *_IOS)} | {"PC_Browser"})
"""Those that a browser can have; apps have others."""


def source_of(user_agent: str | None) -> str:
    """The source of a ``User-Agent``; a browser that is not known counts as one on a computer, where the QR
    code works whatever the browser is.
    """
    agent = user_agent or ""
    if "Android" in agent:
        known = _ANDROID
    elif any(device in agent for device in ("iPhone", "iPad", "iPod")):
        known = _IOS
    else:
        return "PC_Browser"
    return next((name for mark, name in known if mark in agent), "PC_Browser")


def is_phone(source: str) -> bool:
    """Whether the app may be on the same device."""
    return source != "PC_Browser"


def language_of(ui_locales: tuple[str, ...]) -> str:
    """``lang``: ``en-US``, ``zh-HK`` or ``zh-CN``; the first wish that fits, else ``zh-HK``, its default."""
    for wish in ui_locales:
        tag = wish.lower()
        if tag.startswith("en"):
            return "en-US"
        if tag.startswith("zh"):
            simplified = "hans" in tag or tag in ("zh-cn", "zh-sg", "zh-my")
            return "zh-CN" if simplified else "zh-HK"
    return "zh-HK"
