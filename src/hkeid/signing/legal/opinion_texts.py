"""The words of an opinion in three scripts: reasons (``reason_texts.toml``), headings, verdicts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from hkeid.identity.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionWords:
    """Headings and fixed sentences of an opinion in one script."""

    title: str
    verdicts: Mapping[str, str]
    requirements: Mapping[str, str]
    effects: Mapping[str, str]
    law: str
    judged_at: str
    whole_document: str
    missing: str
    sources: str
    disclaimer: str


_ENGLISH = OpinionWords(
    title="Legal effect under the Electronic Transactions Ordinance (Cap. 553)",
    verdicts={
        "satisfied": "satisfied",
        "not_satisfied": "not satisfied",
        "undetermined": "undetermined",
    },
    requirements={
        "writing": "Requirement of writing",
        "signature": "Requirement of a signature",
        "original": "Requirement of original form",
        "retention": "Requirement to retain",
    },
    effects={
        "supports": "for",
        "defeats": "against",
        "leaves_open": "open",
        "note": "note",
    },
    law="Verdict: {verdict} ({section})",
    judged_at="As of: {time}",
    whole_document="The document as a whole",
    missing="Facts that would help",
    sources="Trust list: {trust_list}\nExclusions: {exclusions}",
    disclaimer=(
        "This is the result of a program, from facts that others stated. It is not legal advice, and "
        "the lists it uses are not complete."
    ),
)

_TRADITIONAL = OpinionWords(
    title="《電子交易條例》(第553章)下的法律效力",
    verdicts={
        "satisfied": "符合",
        "not_satisfied": "不符合",
        "undetermined": "未能確定",
    },
    requirements={
        "writing": "書面形式的規定",
        "signature": "簽署的規定",
        "original": "正本形式的規定",
        "retention": "保留資訊的規定",
    },
    effects={
        "supports": "支持",
        "defeats": "否定",
        "leaves_open": "未定",
        "note": "備註",
    },
    law="結論：{verdict}({section})",
    judged_at="截至：{time}",
    whole_document="整份文件",
    missing="有助判斷的事實",
    sources="信任清單：{trust_list}\n豁除目錄：{exclusions}",
    disclaimer="以上由程式根據他人提供的事實得出，並非法律意見；所用清單並不完整。",
)

_SIMPLIFIED = OpinionWords(
    title="《电子交易条例》(第553章)下的法律效力",
    verdicts={
        "satisfied": "符合",
        "not_satisfied": "不符合",
        "undetermined": "未能确定",
    },
    requirements={
        "writing": "书面形式的规定",
        "signature": "签署的规定",
        "original": "正本形式的规定",
        "retention": "保留信息的规定",
    },
    effects={
        "supports": "支持",
        "defeats": "否定",
        "leaves_open": "未定",
        "note": "备注",
    },
    law="结论：{verdict}({section})",
    judged_at="截至：{time}",
    whole_document="整份文件",
    missing="有助判断的事实",
    sources="信任清单：{trust_list}\n豁除目录：{exclusions}",
    disclaimer="以上由程序根据他人提供的事实得出，并非法律意见；所用清单并不完整。",
)

WORDS: Mapping[Language, OpinionWords] = MappingProxyType(
    {
        Language.ENGLISH: _ENGLISH,
        Language.TRADITIONAL: _TRADITIONAL,
        Language.SIMPLIFIED: _SIMPLIFIED,
    }
)


def opinion_words(language: Language) -> OpinionWords:
    """Headings, verdicts and fixed sentences in one script."""
    return WORDS[language]


def reason_text(code: str, language: Language, values: Mapping[str, str]) -> str:
    """The sentence of one reason, with its values filled in."""
    return reason_templates()[code][language.value].format_map(values)


@cache
def reason_templates() -> Mapping[str, Mapping[str, str]]:
    """All templates: code, then language tag."""
    text = files("hkeid.signing.legal").joinpath("reason_texts.toml").read_text("utf-8")
    return MappingProxyType(tomllib.loads(text))
