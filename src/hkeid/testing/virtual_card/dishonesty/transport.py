"""Cards that answer badly, not at all, or without end; files that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.card_issuer import ICAO
from hkeid.testing.virtual_card.card import VirtualCard
from hkeid.testing.virtual_card.dishonesty.mutation import (
    Hooks,
    Layer,
    Mutation,
    always,
    file_edited,
    files_changed,
    in_file,
)
from hkeid.testing.virtual_card.points import CardGone, CardSilent, Point


def _raising(error: type[Exception], fits: Callable[[VirtualCard], bool]) -> Callable[[], Hooks]:
    """The card is gone, or silent, from when ``fits`` holds."""

    def hook(wire: bytes, card: VirtualCard) -> bytes:
        if fits(card):
            raise error
        return wire

    return lambda: {Point.RESPONSE: hook}


def _reading(name: str) -> Callable[[VirtualCard], bool]:
    return lambda card: card.files.current == name and card.files.application


def _instruction(number: int) -> Callable[[VirtualCard], bool]:
    return lambda card: card.command is not None and card.command.ins == number


def _in_the_middle(card: VirtualCard) -> bool:
    return _reading("DG2")(card) and card.command is not None and not card.command.p1 & 0x80


_MOMENTS: dict[str, tuple[str, Callable[[VirtualCard], bool]]] = {
    "first": ("the first command", lambda card: card.commands >= 1),
    "access": ("access is gained", _instruction(0x86)),
    "application": ("the application is selected", lambda card: card.files.application),
    "com": ("EF.COM is read", _reading("COM")),
    "sod": ("EF.SOD is read", _reading("SOD")),
    "chip": ("DG14 is read", _reading("DG14")),
    "dg1": ("DG1 is read", _reading("DG1")),
    "portrait": ("the middle of the portrait", _in_the_middle),
}

_SMALL = ICAO.but(longest_answer=1000)


def _card(name: str, description: str, finding: Code, **changes: Any) -> Mutation:
    return Mutation(
        name=name, layer=Layer.TRANSPORT, description=description, finding=finding, **changes
    )


def _short_answers(answer: tuple[bytes, int]) -> tuple[bytes, int]:
    return answer[0][:8], answer[1]


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * share)]


TRANSPORT = (
    *(
        _card(f"removed-at-{word}", f"The card is taken away when {moment[0]} is due",
              Code.CARD_REMOVED, features=_SMALL, hooks=_raising(CardGone, moment[1]))
        for word, moment in _MOMENTS.items()
    ),
    *(
        _card(f"silent-at-{word}", f"The card falls silent when {moment[0]} is due",
              Code.CARD_SILENT, features=_SMALL, hooks=_raising(CardSilent, moment[1]))
        for word, moment in _MOMENTS.items()
    ),
    _card("answer-one-byte", "Answers of one byte", Code.ANSWER_TOO_SHORT,
          hooks=always(Point.RESPONSE, lambda _: b"\x90")),
    _card("answer-empty", "Answers of no byte", Code.ANSWER_TOO_SHORT,
          hooks=in_file("DG1", Point.RESPONSE, lambda _: b"")),
    _card("answer-huge", "An answer longer than any may be", Code.ANSWER_TOO_LONG,
          hooks=in_file("DG1", Point.RESPONSE, lambda _: bytes(70_000) + b"\x90\x00")),
    _card("more-without-end", "61xx again and again", Code.ANSWER_WITHOUT_END,
          hooks=always(Point.RESPONSE, lambda _: b"\x00\x61\x10")),
    _card("length-never-right", "EF.CardAccess cannot be read: 6Cxx whatever the length",
          Code.PACE_HIDDEN, with_mrz=True,
          hooks=in_file("CardAccess", Point.RESPONSE, lambda _: b"\x6c\x10")),
    _card("crumbs", "A portrait in answers of eight bytes", Code.FILE_STALLED,
          features=ICAO.but(portrait_size=40_000),
          hooks=in_file("DG2", Point.ANSWER, _short_answers)),
    _card("length-huge", "A file that claims two thousand million bytes", Code.FILE_TOO_LARGE,
          chip=file_edited("DG2", lambda one: b"\x75\x84\x7f\xff\xff\xff" + one[4:])),
    _card("length-of-a-gigabyte-sod", "EF.SOD claims a gigabyte", Code.FILE_TOO_LARGE,
          chip=file_edited("SOD", lambda one: b"\x77\x84\x40\x00\x00\x00" + one[4:])),
    _card("length-indefinite", "A file of indefinite length", Code.FILE_HEADER_MALFORMED,
          chip=file_edited("DG1", lambda one: b"\x61\x80" + one[2:])),
    _card("length-of-nine", "A length in nine bytes", Code.FILE_HEADER_MALFORMED,
          chip=file_edited("DG1", lambda one: b"\x61\x89" + bytes(9) + one[2:])),
    _card("portrait-truncated", "Half of the portrait is missing", Code.FILE_TRUNCATED,
          chip=file_edited("DG2", _cut(0.5))),
    _card("portrait-truncated-6282", "Half of the portrait is missing, and the card says so",
          Code.FILE_TRUNCATED, features=ICAO.but(warn_at_end=True),
          chip=file_edited("DG2", _cut(0.5))),
    _card("sod-truncated", "Half of EF.SOD is missing", Code.FILE_TRUNCATED,
          chip=file_edited("SOD", _cut(0.5))),
    _card("dg14-truncated", "Half of DG14 is missing", Code.FILE_TRUNCATED,
          chip=file_edited("DG14", _cut(0.5))),
    _card("file-longer-than-read", "6B00 where the file goes on", Code.FILE_TRUNCATED,
          features=_SMALL,
          hooks=in_file("DG2", Point.ANSWER, lambda one: one if one[0][:1] == b"\x75" else (b"", 0x6B00))),
    _card("read-stalls", "Success without a byte", Code.FILE_STALLED, features=_SMALL,
          hooks=in_file("DG2", Point.ANSWER, lambda one: one if one[0][:1] == b"\x75" else (b"", 0x9000))),
    _card("file-empty", "A file of no bytes", Code.FILE_EMPTY,
          hooks=in_file("DG1", Point.ANSWER, lambda _: (b"", 0x9000))),
    _card("file-tag-wrong", "DG1 carries the tag of DG11", Code.FILE_TAG_WRONG,
          chip=file_edited("DG1", lambda one: b"\x6b" + one[1:])),
    _card("groups-swapped", "DG14 and DG15 have changed places", Code.FILE_TAG_WRONG,
          features=ICAO.but(active_authentication="brainpoolP256r1 sha256"),
          chip=lambda image, _: replace(
              image,
              files={**image.files, "DG14": image.files["DG15"], "DG15": image.files["DG14"]},
          )),
    _card("portrait-missing", "EF.SOD lists a portrait that is not there", Code.FILE_MISSING,
          chip=files_changed(DG2=None)),
    _card("portrait-locked", "The portrait is locked", Code.FILE_LOCKED,
          hooks=in_file("DG2", Point.ANSWER, lambda _: (b"", 0x6982))),
    _card("portrait-refused", "The portrait is refused without a reason", Code.FILE_REFUSED,
          hooks=in_file("DG2", Point.ANSWER, lambda _: (b"", 0x6F00))),
    _card("sod-missing", "There is no EF.SOD", Code.SOD_MISSING, chip=files_changed(SOD=None)),
)  # fmt: skip
"""Mutations of transport and files."""
