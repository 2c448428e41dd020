"""Cards that lie while access is gained: PACE, BAC, EF.CardAccess, chip-authentication mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.card_issuer import HKIC, ICAO, CardDraft, CardIssuer
from hkeid.testing.card_issuer.chip_security import chip_key_infos, pace_info, security_infos
from hkeid.testing.card_issuer.features import pace_setting
from hkeid.testing.der import integer, oid, sequence, set_of
from hkeid.testing.virtual_card.apdu import read_objects
from hkeid.testing.virtual_card.card import ChipImage, VirtualCard
from hkeid.testing.virtual_card.dishonesty.mutation import (
    Hooks,
    Layer,
    Mutation,
    always,
    file_edited,
    files_changed,
    flipped,
    on_instruction,
)
from hkeid.testing.virtual_card.points import Point

_BAC = ICAO.but(pace=())
_CAM = ICAO.but(pace=("cam aes-128 brainpoolP256r1",), chip_authentication=())
_TWO_WAYS = ICAO.but(pace=("gm aes-256 brainpoolP256r1", "gm 3des brainpoolP256r1"))


def _other_can(image: ChipImage, draft: CardDraft) -> ChipImage:
    return replace(image, can=f"{(int(draft.can) + 1) % 1_000_000:06}")


def _other_zone(image: ChipImage, _draft: CardDraft) -> ChipImage:
    return replace(image, mrz_information=b"XX0000000070010117001011")


def _echo(point: Point, tag: int) -> Any:
    """The reader's own key sent back to it."""

    def hook(honest: bytes, card: VirtualCard) -> bytes:
        if card.command is None:
            return honest
        return dict(read_objects(read_objects(card.command.body)[0][1]))[tag]

    def hooks() -> Hooks:
        return {point: hook}

    return hooks


def _weaker_card_access(image: ChipImage, _draft: CardDraft) -> ChipImage:
    weak = security_infos([pace_info(pace_setting("gm 3des brainpoolP256r1"))])
    return replace(image, files={**image.files, "CardAccess": weak})


def _no_card_access(image: ChipImage, _draft: CardDraft) -> ChipImage:
    files = {name: value for name, value in image.files.items() if name != "CardAccess"}
    return replace(image, files=files)


def _other_mapping_key(image: ChipImage, draft: CardDraft) -> ChipImage:
    assert draft.mapping_key is not None
    return replace(image, mapping_key=draft.mapping_key.private ^ 2)


def _foreign_card_security(image: ChipImage, draft: CardDraft) -> ChipImage:
    assert draft.mapping_key is not None
    stranger = CardIssuer(country=draft.issuer.country, state=draft.issuer.state)
    infos = security_infos(chip_key_infos(draft.mapping_key)[1:])
    return replace(image, files={**image.files, "CardSecurity": stranger.card_security(infos)})


_UNKNOWN_CURVE = set_of(
    sequence(oid("0.4.0.127.0.7.2.2.4.2.2"), integer(2), integer(31)),
)


def _pace(name: str, description: str, finding: Code, **changes: Any) -> Mutation:
    return Mutation(
        name=name, layer=Layer.ACCESS, description=description, finding=finding, **changes
    )


ACCESS = (
    _pace("can-wrong", "The chip knows another card access number", Code.ACCESS_KEY_WRONG,
          chip=_other_can),
    _pace("can-suspended", "The chip suspends its password", Code.ACCESS_KEY_BLOCKED,
          hooks=on_instruction(0x22, Point.ANSWER, lambda _: (b"", 0x6983))),
    _pace("pace-refused", "PACE is offered and then refused", Code.PACE_REFUSED,
          hooks=on_instruction(0x22, Point.ANSWER, lambda _: (b"", 0x6A80))),
    _pace("pace-token-wrong", "The chip's authentication token is wrong", Code.PACE_TOKEN_WRONG,
          hooks=always(Point.PACE_TOKEN, flipped)),
    _pace("pace-token-short", "The chip's authentication token lacks a byte",
          Code.PACE_ANSWER_MALFORMED, hooks=always(Point.PACE_TOKEN, lambda one: one[:7])),
    _pace("pace-nonce-short", "The encrypted nonce is no whole block", Code.PACE_ANSWER_MALFORMED,
          hooks=always(Point.PACE_NONCE, lambda one: one[:-1])),
    _pace("pace-objects-missing", "PACE's answers are empty", Code.PACE_ANSWER_MALFORMED,
          hooks=always(Point.PACE_OBJECTS, lambda _: [])),
    _pace("pace-mapping-off-curve", "The mapping key is no point of the curve",
          Code.PACE_POINT_INVALID, hooks=always(Point.PACE_MAPPING_KEY, flipped)),
    _pace("pace-key-off-curve", "The ephemeral key is no point of the curve",
          Code.PACE_POINT_INVALID, hooks=always(Point.PACE_PUBLIC_KEY, flipped)),
    _pace("pace-key-infinity", "The ephemeral key is the point at infinity",
          Code.PACE_POINT_INVALID, hooks=always(Point.PACE_PUBLIC_KEY, lambda _: b"\x00")),
    _pace("pace-key-repeated", "The reader's ephemeral key comes back", Code.PACE_KEY_REPEATED,
          hooks=_echo(Point.PACE_PUBLIC_KEY, 0x83)),
    _pace("pace-dh-out-of-group", "A classic ephemeral key of order two", Code.PACE_POINT_INVALID,
          features=ICAO.but(pace=("gm aes-128 modp-2048-256",)),
          hooks=always(Point.PACE_PUBLIC_KEY, lambda one: bytes(len(one) - 1) + b"\x01")),
    _pace("pace-unsupported", "EF.CardAccess offers only an unknown curve", Code.PACE_UNSUPPORTED,
          chip=files_changed(CardAccess=_UNKNOWN_CURVE)),
    _pace("card-access-malformed", "EF.CardAccess does not parse", Code.CARD_ACCESS_MALFORMED,
          chip=files_changed(CardAccess=b"\x31\x03\x30\x05\x06")),
    _pace("pace-hidden", "PACE is left out of EF.CardAccess but stands in DG14", Code.PACE_HIDDEN,
          chip=_no_card_access, with_mrz=True),
    _pace("card-access-weaker", "EF.CardAccess offers a weaker cipher than DG14",
          Code.CARD_ACCESS_DIFFERENT, features=_TWO_WAYS, chip=_weaker_card_access),
    _pace("application-missing", "There is no application", Code.APPLICATION_MISSING,
          hooks=on_instruction(0xA4, Point.ANSWER, lambda _: (b"", 0x6A82))),
    _pace("bac-key-wrong", "The chip knows another machine-readable zone", Code.ACCESS_KEY_WRONG,
          features=_BAC, with_mrz=True, chip=_other_zone),
    _pace("bac-mac-wrong", "The MAC of BAC's answer is wrong", Code.BAC_MAC_WRONG,
          features=_BAC, with_mrz=True, hooks=always(Point.BAC_MAC, flipped)),
    _pace("bac-challenge-wrong", "BAC's answer is for another challenge", Code.BAC_CHALLENGE_WRONG,
          features=_BAC, with_mrz=True, hooks=always(Point.BAC_PLAIN, lambda one: b"\x00" * 16 + one[16:])),
    _pace("bac-answer-short", "BAC's answer lacks bytes", Code.BAC_ANSWER_MALFORMED,
          features=_BAC, with_mrz=True,
          hooks=on_instruction(0x82, Point.ANSWER, lambda one: (one[0][:-4], one[1]))),
    _pace("mapping-proof-missing", "The mapping's proof is left out", Code.MAPPING_DATA_MISSING,
          features=_CAM, hooks=always(Point.PACE_CHIP_PROOF, lambda _: None)),
    _pace("mapping-proof-malformed", "The mapping's proof is no whole block",
          Code.MAPPING_DATA_MALFORMED, features=_CAM,
          hooks=always(Point.PACE_CHIP_PROOF, lambda one: one[:-1])),
    _pace("mapping-proof-cloned", "The mapping's proof is made without the private key",
          Code.MAPPING_DATA_WRONG, features=_CAM, chip=_other_mapping_key),
    _pace("card-security-foreign", "EF.CardSecurity is signed by a stranger",
          Code.CARD_SECURITY_UNTRUSTED, features=_CAM, chip=_foreign_card_security),
    _pace("card-security-malformed", "EF.CardSecurity does not parse",
          Code.CARD_SECURITY_MALFORMED, features=_CAM,
          chip=file_edited("CardSecurity", lambda one: one[:4] + bytes(len(one) - 4))),
    _pace("pace-token-wrong-hkic", "The token is wrong on the card with active authentication",
          Code.PACE_TOKEN_WRONG, features=HKIC, hooks=always(Point.PACE_TOKEN, flipped)),
)  # fmt: skip
"""Mutations of access."""
