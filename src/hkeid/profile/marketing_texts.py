"""The fixed sentences of the question about direct marketing, in three scripts (Cap. 486 s.35C).

Said are: the intention, that nothing happens without consent, the kinds of data, the kinds of goods,
the channels, and how to stop it free of charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hkeid.doors.relying_party import MarketingChannel
from hkeid.identity.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingWords:
    """Templates; ``{client}``, ``{goods}``, ``{channels}``."""

    title: str
    opening: str
    choice: str
    stopping: str
    channels: Mapping[MarketingChannel, str]
    comma: str


_ENGLISH = MarketingWords(
    title="Direct marketing: your choice",
    opening=(
        "{client} wants to use personal information to advertise to you: {goods}, by {channels}. "
        "It may not do so unless you agree. It would use:"
    ),
    choice="This question stands by itself. Whatever you answer, you get the service all the same.",
    stopping=(
        "You can stop it at any time and free of charge, on the page “My eID”. From then on {client} "
        "must not use the information for direct marketing."
    ),
    channels=MappingProxyType(
        {
            MarketingChannel.EMAIL: "e-mail",
            MarketingChannel.SMS: "short message",
            MarketingChannel.TELEPHONE: "telephone",
            MarketingChannel.POST: "post",
            MarketingChannel.APP: "messages in its app",
        }
    ),
    comma=", ",
)

_TRADITIONAL = MarketingWords(
    title="直接促銷：由你選擇",
    opening="{client}希望使用個人資料向你推廣：{goods}，方式為{channels}。未經你同意，該機構不得如此使用。將會使用：",
    choice="這是獨立的問題。無論你如何回答，都可照常使用服務。",
    stopping="你可隨時在「我的 eID」頁面停止，費用全免。之後{client}不得再把資料用於直接促銷。",
    channels=MappingProxyType(
        {
            MarketingChannel.EMAIL: "電郵",
            MarketingChannel.SMS: "短訊",
            MarketingChannel.TELEPHONE: "電話",
            MarketingChannel.POST: "郵寄",
            MarketingChannel.APP: "其應用程式內的訊息",
        }
    ),
    comma="、",
)

_SIMPLIFIED = MarketingWords(
    title="直接促销：由你选择",
    opening="{client}希望使用个人资料向你推广：{goods}，方式为{channels}。未经你同意，该机构不得如此使用。将会使用：",
    choice="这是独立的问题。无论你如何回答，都可照常使用服务。",
    stopping="你可随时在「我的 eID」页面停止，费用全免。之后{client}不得再把资料用于直接促销。",
    channels=MappingProxyType(
        {
            MarketingChannel.EMAIL: "电邮",
            MarketingChannel.SMS: "短信",
            MarketingChannel.TELEPHONE: "电话",
            MarketingChannel.POST: "邮寄",
            MarketingChannel.APP: "其应用程序内的消息",
        }
    ),
    comma="、",
)

MARKETING_TEXTS: Mapping[Language, MarketingWords] = MappingProxyType(
    {
        Language.ENGLISH: _ENGLISH,
        Language.TRADITIONAL: _TRADITIONAL,
        Language.SIMPLIFIED: _SIMPLIFIED,
    }
)
