"""Cards that lie, break or go: each ends in its own finding, and none is accepted.

One switch each, after the inspection-system cases of BSI TR-03105-5.1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hkeid.chip import CardAccessNumber, CardMalformed, CardRefused, MrzKey, finding_of, tlv
from hkeid.chip.findings import FindingCode as F
from hkeid.ports.cards import CardUnavailable
from hkeid.testing.card_issuer import HKIC, ICAO, CardDraft, CardFeatures
from hkeid.testing.virtual_card import CardGone, CardSilent, Point

BAC = ICAO.but(pace=(), chip_authentication=())
CAM = ICAO.but(pace=("cam aes-128 brainpoolP256r1",))
RSA = ICAO.but(active_authentication="rsa-2048 sha256", chip_authentication=())


def _flip(value: bytes, _card: Any) -> bytes:
    return value[:-1] + bytes((value[-1] ^ 1,))


def _always(value: Any) -> Callable[..., Any]:
    return lambda _given, _card: value


def _gone(_value: Any, _card: Any) -> Any:
    raise CardGone


def _at_file(name: str, change: Callable[[bytes], bytes]) -> Callable[..., Any]:
    return lambda value, card: change(value) if card.files.current == name else value


def _at_instruction(ins: int, change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Change the answers to one kind of command (it passes at COMMAND first, then at ANSWER)."""
    state = {"ins": 0}

    def hook(value: Any, card: Any) -> Any:
        if isinstance(value, bytes) and len(value) >= 4:
            state["ins"] = value[1]
            return value
        return change(value, card) if state["ins"] == ins else value

    return hook


def _answer(ins: int, body: bytes, word: int) -> dict[Point, Callable[..., Any]]:
    def change(_value: Any, card: Any) -> tuple[bytes, int]:
        if word != 0x9000:
            card._next_channel = None
        return body, word

    hook = _at_instruction(ins, change)
    return {Point.COMMAND: hook, Point.ANSWER: hook}


def _after(count: int, change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Honest until the card has answered ``count`` commands."""
    return lambda value, card: change(value, card) if card.commands > count else value


def _drop_object(tag: int) -> Callable[..., Any]:
    return lambda objects, _card: [one for one in objects if one[0] != tag]


def _in_pace(tag: int, value: bytes | None) -> Callable[..., Any]:
    def hook(objects: list[tuple[int, bytes]], _card: Any) -> list[tuple[int, bytes]]:
        return [
            (one, old if one != tag or value is None else value)
            for one, old in objects
            if one != tag or value is not None
        ]

    return hook


def _echo(seen: dict[str, bytes]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Remember the terminal's public key and send it back."""

    def command(wire: bytes, _card: Any) -> bytes:
        if wire[1:2] == b"\x86" and len(wire) > 12 and wire[5:6] == b"\x7c":
            inner = tlv.parse_one(wire[5:-1]).children()
            if inner:
                seen["key"] = inner[0].value
        return wire

    return command, lambda _value, _card: seen["key"]


_ECHO = _echo({})


def _outer(word: int) -> Callable[..., Any]:
    return lambda value, card: word if card.files.current == "DG1" else value


def _bare(word: int, count: int) -> dict[Point, Callable[..., Any]]:
    """An unprotected answer in the middle."""
    return {Point.RESPONSE: _after(count, lambda _value, _card: word.to_bytes(2, "big"))}


@dataclass(frozen=True)
class Case:
    """What is wrong with a card, and the code that says so."""

    code: F
    features: CardFeatures = ICAO
    hooks: dict[Point, Callable[..., Any]] = field(default_factory=dict)
    change: Callable[[CardDraft], Any] | None = None
    access: Any = "mrz"
    hidden: str = ""


def _put(name: str, value: bytes) -> Callable[[CardDraft], Any]:
    return lambda draft: draft.files.__setitem__(name, value)


WRONG_POINT = b"\x04" + bytes(64)

CASES: dict[str, Case] = {
    # transport
    "answer of one byte": Case(F.ANSWER_TOO_SHORT, hooks={Point.RESPONSE: _always(b"\x90")}),
    "longer than asked": Case(F.ANSWER_TOO_LONG, BAC, {Point.BAC_CHALLENGE: _always(bytes(20))}),
    "more data without end": Case(
        F.ANSWER_WITHOUT_END, BAC, {Point.RESPONSE: _always(b"\x61\x10")}
    ),
    "removed at once": Case(F.CARD_REMOVED, hooks={Point.COMMAND: _gone}),
    "silent": Case(
        F.CARD_SILENT,
        hooks={Point.COMMAND: lambda _value, _card: (_ for _ in ()).throw(CardSilent())},
    ),
    # access
    "no application": Case(F.APPLICATION_MISSING, BAC, _answer(0xA4, b"", 0x6A82)),
    "card access without end": Case(
        F.CARD_ACCESS_MALFORMED, change=_put("CardAccess", b"\x31\x30\x30\x04")
    ),
    "card access of another kind": Case(
        F.CARD_ACCESS_MALFORMED, change=_put("CardAccess", b"\x30\x00")
    ),
    "card access with an odd entry": Case(
        F.CARD_ACCESS_MALFORMED, change=_put("CardAccess", bytes.fromhex("3104 3002 0401"))
    ),
    "wrong access number": Case(F.ACCESS_KEY_WRONG, access=CardAccessNumber("000000")),
    "wrong zone, bac": Case(F.ACCESS_KEY_WRONG, BAC, access=MrzKey("X1234567", "700101", "300101")),
    "access number for bac": Case(F.ACCESS_KEY_UNSUITABLE, BAC, access="can"),
    "no key for pace": Case(F.ACCESS_KEY_UNSUITABLE, access=None),
    "pace refused": Case(F.PACE_REFUSED, hooks=_answer(0x22, b"", 0x6A80)),
    "pace suspended": Case(F.ACCESS_KEY_BLOCKED, hooks=_answer(0x22, b"", 0x63C0)),
    "pace nonce of five bytes": Case(
        F.PACE_ANSWER_MALFORMED, hooks={Point.PACE_NONCE: _always(bytes(5))}
    ),
    "pace without nonce": Case(
        F.PACE_ANSWER_MALFORMED, hooks={Point.PACE_OBJECTS: _in_pace(0x80, None)}
    ),
    "pace answer no object": Case(
        F.PACE_ANSWER_MALFORMED, hooks=_answer(0x86, b"\x7c\x05", 0x9000)
    ),
    "mapping key off the curve": Case(
        F.PACE_POINT_INVALID, hooks={Point.PACE_MAPPING_KEY: _always(WRONG_POINT)}
    ),
    "ephemeral key off the curve": Case(F.PACE_POINT_INVALID, hooks={Point.PACE_PUBLIC_KEY: _flip}),
    "ephemeral key at infinity": Case(
        F.PACE_POINT_INVALID, hooks={Point.PACE_PUBLIC_KEY: _always(b"\0")}
    ),
    "mapping key repeated": Case(
        F.PACE_KEY_REPEATED, hooks={Point.COMMAND: _ECHO[0], Point.PACE_MAPPING_KEY: _ECHO[1]}
    ),
    "classic mapping key out of the subgroup": Case(
        F.PACE_POINT_INVALID,
        ICAO.but(pace=("gm aes-128 modp-1024-160",)),
        {Point.PACE_MAPPING_KEY: _always(b"\3" * 128)},
    ),
    "pace token": Case(F.PACE_TOKEN_WRONG, hooks={Point.PACE_TOKEN: _flip}),
    "pace without token": Case(
        F.PACE_ANSWER_MALFORMED, hooks={Point.PACE_OBJECTS: _in_pace(0x86, None)}
    ),
    "bac challenge of seven bytes": Case(
        F.BAC_ANSWER_MALFORMED, BAC, {Point.BAC_CHALLENGE: _always(bytes(7))}
    ),
    "bac mac": Case(F.BAC_MAC_WRONG, BAC, {Point.BAC_MAC: _flip}),
    "bac challenge": Case(
        F.BAC_CHALLENGE_WRONG, BAC, {Point.BAC_PLAIN: lambda v, _c: bytes(8) + v[8:]}
    ),
    "pace hidden": Case(
        F.PACE_HIDDEN,
        hooks={Point.RESPONSE: lambda v, c: b"\x6a\x82" if c.files.current == "CardAccess" else v},
    ),
    "other ways of pace": Case(
        F.CARD_ACCESS_DIFFERENT,
        ICAO.but(pace=("gm aes-128 brainpoolP256r1", "gm aes-256 secp256r1")),
        {
            Point.FILE: _at_file(
                "CardAccess", lambda v: tlv.encode(0x31, tlv.parse_one(v).children()[0].raw)
            )
        },
    ),
    # secure messaging
    "mac": Case(F.MESSAGING_MAC_WRONG, hooks={Point.CHANNEL_MAC: _after(9, _flip)}),
    "no mac": Case(F.MESSAGING_MAC_MISSING, hooks={Point.CHANNEL_MAC: _after(9, _always(None))}),
    "counter": Case(F.MESSAGING_MAC_WRONG, BAC, {Point.CHANNEL_COUNTER: _flip}),
    "no status": Case(F.MESSAGING_STATUS_MISSING, BAC, {Point.CHANNEL_OBJECTS: _drop_object(0x99)}),
    "other status": Case(
        F.MESSAGING_STATUS_DIFFERENT, BAC, {Point.CHANNEL_OUTER_STATUS: _outer(0x6282)}
    ),
    "padding": Case(
        F.MESSAGING_PADDING_WRONG, BAC, {Point.CHANNEL_PADDED: lambda v, _c: bytes(len(v))}
    ),
    "object repeated": Case(
        F.MESSAGING_MALFORMED, BAC, {Point.CHANNEL_OBJECTS: lambda v, _c: [*v, *v]}
    ),
    "foreign object": Case(
        F.MESSAGING_MALFORMED, BAC, {Point.CHANNEL_OBJECTS: lambda v, _c: [*v, (0x81, b"x")]}
    ),
    "cryptogram of odd length": Case(
        F.MESSAGING_MALFORMED,
        BAC,
        {Point.CHANNEL_OBJECTS: lambda v, _c: [(t, x[:-1] if t == 0x87 else x) for t, x in v]},
    ),
    "session dropped in the middle": Case(F.MESSAGING_DROPPED, BAC, _bare(0x9000, 8)),
    "session lost": Case(F.MESSAGING_LOST, BAC, _bare(0x6988, 8)),
    # files
    "file missing": Case(F.FILE_MISSING, hidden="DG2"),
    "zone locked": Case(
        F.FILE_LOCKED,
        BAC,
        {Point.ANSWER: lambda v, c: (b"", 0x6982) if c.files.current == "DG1" else v},
    ),
    "zone refused": Case(
        F.FILE_REFUSED,
        BAC,
        {Point.ANSWER: lambda v, c: (b"", 0x6581) if c.files.current == "DG1" else v},
    ),
    "zone empty": Case(
        F.FILE_EMPTY,
        BAC,
        {Point.ANSWER: lambda v, c: (b"", 0x9000) if c.files.current == "DG1" else v},
    ),
    "file of another group": Case(
        F.FILE_TAG_WRONG, hooks={Point.FILE: _at_file("DG2", lambda v: b"\x61" + v[1:])}
    ),
    "file header": Case(
        F.FILE_HEADER_MALFORMED, hooks={Point.FILE: _at_file("DG2", lambda v: b"\x75\x80" + v[2:])}
    ),
    "file too large": Case(
        F.FILE_TOO_LARGE,
        hooks={Point.FILE: _at_file("DG2", lambda v: b"\x75\x83\x0f\xff\xff" + v[4:])},
    ),
    "file beyond all bounds": Case(
        F.FILE_TOO_LARGE,
        hooks={Point.FILE: _at_file("DG2", lambda v: b"\x75\x84\x7f\xff\xff\xff" + v[4:])},
    ),
    "file truncated": Case(F.FILE_TRUNCATED, hooks={Point.FILE: _at_file("DG2", lambda v: v[:-9])}),
    "file in tiny pieces": Case(
        F.FILE_STALLED,
        hooks={Point.ANSWER: lambda v, c: (v[0][:8], v[1]) if c.files.current == "DG2" else v},
    ),
    "file that stops": Case(
        F.FILE_STALLED,
        ICAO.but(portrait_size=9_000),
        {
            Point.ANSWER: lambda v, c: (
                (b"", 0x9000) if c.files.current == "DG2" and not v[0].startswith(b"\x75") else v
            )
        },
    ),
    # what is signed
    "group changed": Case(
        F.GROUP_HASH_WRONG, hooks={Point.FILE: _at_file("DG2", lambda v: _flip(v, None))}
    ),
    "zone changed": Case(
        F.GROUP_HASH_WRONG,
        HKIC,
        {Point.FILE: _at_file("DG1", lambda v: v.replace(b"<<<<<", b"<<A<<", 1))},
        access="can",
    ),
    "chip's keys changed": Case(
        F.DG14_HASH_WRONG,
        hooks={Point.FILE: _at_file("DG14", lambda v: v[:-1] + bytes((v[-1] ^ 1,)))},
    ),
    "no signed object": Case(F.SOD_MISSING, hidden="SOD"),
    "signed object is rubbish": Case(F.SOD_MALFORMED, change=_put("SOD", b"\x77\x02\x30\x00")),
    # the chip
    "copy without the chip's key": Case(
        F.CHIP_SESSION_WRONG, hooks={Point.CHIP_SECRET: lambda v, _c: _flip(v, None)}
    ),
    "chip authentication refused": Case(
        F.CHIP_REFUSED, ICAO.but(pace=()), _answer(0x86, b"", 0x6A80)
    ),
    "chip authentication refused, 3des": Case(
        F.CHIP_REFUSED,
        ICAO.but(pace=(), chip_authentication=("3des secp256r1",)),
        _answer(0x22, b"", 0x6A80),
    ),
    "copy without the active key": Case(
        F.ACTIVE_SIGNATURE_WRONG,
        HKIC,
        {Point.ACTIVE_SIGNATURE: lambda v, _c: _flip(v, None)},
        access="can",
    ),
    "active signature short": Case(
        F.ACTIVE_SIGNATURE_MALFORMED,
        HKIC,
        {Point.ACTIVE_SIGNATURE: lambda v, _c: v[:-1]},
        access="can",
    ),
    "active signature of zeros": Case(
        F.ACTIVE_SIGNATURE_MALFORMED, RSA, {Point.ACTIVE_SIGNATURE: lambda v, _c: bytes(len(v))}
    ),
    "active trailer": Case(
        F.ACTIVE_TRAILER_WRONG, RSA, {Point.ACTIVE_RECOVERED: lambda v, _c: v[:-2] + b"\x99\xcc"}
    ),
    "active header": Case(
        F.ACTIVE_SIGNATURE_WRONG, RSA, {Point.ACTIVE_RECOVERED: lambda v, _c: b"\x4b" + v[1:]}
    ),
    "active hash": Case(
        F.ACTIVE_SIGNATURE_WRONG,
        RSA,
        {Point.ACTIVE_RECOVERED: lambda v, _c: v[:-3] + bytes((v[-3] ^ 1,)) + v[-2:]},
    ),
    "active authentication refused": Case(
        F.ACTIVE_REFUSED, HKIC, _answer(0x88, b"", 0x6982), access="can"
    ),
    "mapping data missing": Case(
        F.MAPPING_DATA_MISSING, CAM, {Point.PACE_CHIP_PROOF: _always(None)}
    ),
    "mapping data malformed": Case(
        F.MAPPING_DATA_MALFORMED, CAM, {Point.PACE_CHIP_PROOF: _always(bytes(15))}
    ),
    "mapping data without padding": Case(
        F.MAPPING_DATA_MALFORMED,
        CAM,
        {Point.PACE_CHIP_PROOF: lambda v, _c: os.urandom(len(v) - 1) + b"x"},
    ),
    "card security missing": Case(
        F.CARD_SECURITY_MALFORMED, CAM, change=_put("CardSecurity", b"\x30\x00")
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_dishonest_card(name: str, desk: Any) -> None:
    """It ends in its own finding, and is not accepted."""
    case = CASES[name]
    on_desk = desk(case.features, hooks=case.hooks, change=case.change)
    if case.hidden:
        del on_desk.card.files.contents[case.hidden]
    try:
        document = on_desk.read(case.access)
    except (CardMalformed, CardRefused, CardUnavailable) as error:
        found = {finding_of(error)}
    else:
        evidence = document.verify(trust=on_desk.trust)
        assert not evidence.accepted
        found = set(evidence.findings)
    fatal = {one.code for one in found if one.fatal}
    assert case.code in fatal, sorted(fatal)


@pytest.mark.parametrize("features", [ICAO, BAC, HKIC, CAM], ids=["icao", "bac", "hkic", "cam"])
def test_a_card_removed_at_every_step(features: CardFeatures, desk: Any) -> None:
    """Whenever it goes, the reading ends with that and nothing else."""
    honest = desk(features)
    access = "mrz" if features is not HKIC else "can"
    steps = honest.read(access).apdus
    for step in range(steps):
        gone = desk(features, hooks={Point.COMMAND: _after(step, _gone)})
        with pytest.raises(CardUnavailable) as caught:
            gone.read(access)
        assert caught.value.reason == "card_removed"
        assert len(gone.log) == step
