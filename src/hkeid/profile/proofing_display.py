"""How identity was verified, in the resident's words."""

from __future__ import annotations

from collections.abc import Mapping

from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import epoch_seconds
from hkeid.profile.display import LINES, shown_moment
from hkeid.residents.proofing import PROOFING, Proofing, ProofingCheck, ProofingPlace

_FACES = (
    ProofingCheck.FACE_BY_MACHINE,
    ProofingCheck.FACE_BY_OFFICER,
    ProofingCheck.FACE_BY_REVIEW,
)


def show_proofing(texts: Mapping[str, str], language: Language) -> str | None:
    """Day, place and checks; None where nothing is kept."""
    if PROOFING not in texts:
        return None
    try:
        proofing = Proofing.from_text(texts[PROOFING])
    except MalformedInput:
        return None
    words = _WORDS[language]
    parts = [
        shown_moment(epoch_seconds(proofing.at), language),
        words[proofing.place.value],
        *(words[check.value] for check in proofing.checks if check not in _FACES),
    ]
    if any(check in proofing.checks for check in _FACES):
        parts.append(words["face"])
    return LINES.join(parts)


_WORDS = {
    Language.ENGLISH: {
        ProofingPlace.REMOTE.value: "On your own phone",
        ProofingPlace.KIOSK.value: "At a self-service kiosk",
        ProofingPlace.COUNTER.value: "At a counter",
        ProofingPlace.MOBILE.value: "With a mobile registration team",
        ProofingCheck.CARD_IMAGE.value: "Card photographed",
        ProofingCheck.CARD_CHIP.value: "Card chip read",
        ProofingCheck.REGISTER.value: "Register of persons agrees",
        "face": "Face matches the card",
    },
    Language.TRADITIONAL: {
        ProofingPlace.REMOTE.value: "以你的手機辦理",
        ProofingPlace.KIOSK.value: "於自助服務站辦理",
        ProofingPlace.COUNTER.value: "於櫃位辦理",
        ProofingPlace.MOBILE.value: "由流動登記隊辦理",
        ProofingCheck.CARD_IMAGE.value: "已拍攝身份證",
        ProofingCheck.CARD_CHIP.value: "已讀取身份證晶片",
        ProofingCheck.REGISTER.value: "已與人事登記紀錄核對",
        "face": "已比對容貌與身份證",
    },
    Language.SIMPLIFIED: {
        ProofingPlace.REMOTE.value: "以你的手机办理",
        ProofingPlace.KIOSK.value: "于自助服务站办理",
        ProofingPlace.COUNTER.value: "于柜位办理",
        ProofingPlace.MOBILE.value: "由流动登记队办理",
        ProofingCheck.CARD_IMAGE.value: "已拍摄身份证",
        ProofingCheck.CARD_CHIP.value: "已读取身份证芯片",
        ProofingCheck.REGISTER.value: "已与人事登记记录核对",
        "face": "已比对容貌与身份证",
    },
}
