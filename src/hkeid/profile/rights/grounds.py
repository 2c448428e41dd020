"""Grounds on which a request may be refused: the closed lists of Cap. 486 ss.20 and 24, in words.

There is no ground of our own. What the law wants of the reason that is given, the officer's answer adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hkeid.identity.language import Language, labels


class RefusalGround(StrEnum):
    """One ground."""

    IDENTITY_UNPROVED = "identity_unproved"
    OTHERS_DATA = "others_data"
    PROHIBITED = "prohibited"
    LANGUAGE = "language"
    NOT_LOCATED = "not_located"
    REPEATED = "repeated"
    OTHER_CONTROLLER = "other_controller"
    EXEMPT = "exempt"
    NOT_INACCURATE = "not_inaccurate"
    INACCURACY_UNCLEAR = "inaccuracy_unclear"
    CORRECTION_UNPROVED = "correction_unproved"

    def words(self, language: Language) -> str:
        """What the resident and the officer read."""
        return _WORDS[self][language]


_WORDS: Final[Mapping[RefusalGround, Mapping[Language, str]]] = {
    RefusalGround.IDENTITY_UNPROVED: labels(
        "We could not be sure who is asking",
        "我們未能確定提出要求者的身分",
        "我们未能确定提出要求者的身份",
    ),
    RefusalGround.OTHERS_DATA: labels(
        "An answer would tell data about another person",
        "回覆會披露另一人的個人資料",
        "答复会披露另一人的个人资料",
    ),
    RefusalGround.PROHIBITED: labels(
        "The law forbids us to answer",
        "法例禁止我們依從要求",
        "法例禁止我们依从要求",
    ),
    RefusalGround.LANGUAGE: labels(
        "The request is written in neither Chinese nor English",
        "要求並非以中文或英文書寫",
        "要求并非以中文或英文书写",
    ),
    RefusalGround.NOT_LOCATED: labels(
        "We were not told enough to find the data",
        "所提供的資訊不足以找出有關資料",
        "所提供的信息不足以找出有关资料",
    ),
    RefusalGround.REPEATED: labels(
        "It follows two or more similar requests, and to answer it again would be unreasonable",
        "這是繼兩次或以上類似要求後再提出的要求，再次依從並不合理",
        "这是继两次或以上类似要求后再提出的要求，再次依从并不合理",
    ),
    RefusalGround.OTHER_CONTROLLER: labels(
        "Another organisation controls the data; the answer names it with its address",
        "資料由另一機構控制；回覆內載有其名稱及地址",
        "资料由另一机构控制；答复内载有其名称及地址",
    ),
    RefusalGround.EXEMPT: labels(
        "The law exempts this data from access",
        "法例豁免查閱這些資料",
        "法例豁免查阅这些资料",
    ),
    RefusalGround.NOT_INACCURATE: labels(
        "We are not satisfied that the data is wrong",
        "我們不信納有關資料不準確",
        "我们不信纳有关资料不准确",
    ),
    RefusalGround.INACCURACY_UNCLEAR: labels(
        "We were not told enough to see what is wrong",
        "所提供的資訊不足以確定資料在哪方面不準確",
        "所提供的信息不足以确定资料在哪方面不准确",
    ),
    RefusalGround.CORRECTION_UNPROVED: labels(
        "We are not satisfied that the correction is right",
        "我們不信納所要求的改正是準確的",
        "我们不信纳所要求的改正是准确的",
    ),
}

ACCESS_GROUNDS: Final[Mapping[RefusalGround, str]] = MappingProxyType(
    {
        RefusalGround.IDENTITY_UNPROVED: "s.20(1)(a)",
        RefusalGround.OTHERS_DATA: "s.20(1)(b)",
        RefusalGround.PROHIBITED: "s.20(1)(c)",
        RefusalGround.LANGUAGE: "s.20(3)(a)",
        RefusalGround.NOT_LOCATED: "s.20(3)(b)",
        RefusalGround.REPEATED: "s.20(3)(c)",
        RefusalGround.OTHER_CONTROLLER: "s.20(3)(d)",
        RefusalGround.EXEMPT: "s.20(3)(ea), (f)",
    }
)
"""Grounds for refusing access, with their place in s.20. (3)(e), a form that was prescribed and not
used, cannot occur: the page is the form.
"""

CORRECTION_GROUNDS: Final[Mapping[RefusalGround, str]] = MappingProxyType(
    {
        RefusalGround.IDENTITY_UNPROVED: "s.24(1)",
        RefusalGround.LANGUAGE: "s.24(3)(a)",
        RefusalGround.NOT_INACCURATE: "s.24(3)(b)",
        RefusalGround.INACCURACY_UNCLEAR: "s.24(3)(c)",
        RefusalGround.CORRECTION_UNPROVED: "s.24(3)(d)",
        RefusalGround.OTHER_CONTROLLER: "s.24(3)(e)",
    }
)
"""Grounds for refusing a correction, with their place in s.24."""

EXPLAINED: Final = frozenset({RefusalGround.OTHER_CONTROLLER})
"""Grounds with which the answer must say more: the other's name and address (ss.21(1)(c), 25(1)(b))."""
