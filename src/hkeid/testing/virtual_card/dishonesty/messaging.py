"""Cards that break secure messaging once it has begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.virtual_card.card import VirtualCard
from hkeid.testing.virtual_card.dishonesty.mutation import (
    Hooks,
    Layer,
    Mutation,
    always,
    flipped,
    in_file,
)
from hkeid.testing.virtual_card.points import Point


def _step_back(counter: bytes) -> bytes:
    value = (int.from_bytes(counter, "big") - 1) % (1 << 8 * len(counter))
    return value.to_bytes(len(counter), "big")


def _wrong_padding(padded: bytes) -> bytes:
    return padded[:-1] + b"\x7f"


def _without(tag: int) -> Callable[[Any], Any]:
    return lambda objects: [one for one in objects if one[0] != tag]


def _replayed() -> Hooks:
    """The answer before this one comes again."""
    last: list[bytes] = []

    def hook(answer: bytes, card: VirtualCard) -> bytes:
        reading = card.channel is not None and card.files.current == "DG11"
        out = last[0] if reading and last else answer
        last[:] = [answer]
        return out

    return {Point.RESPONSE: hook}


def _messaging(name: str, description: str, finding: Code, hooks: Callable[[], Hooks]) -> Mutation:
    return Mutation(
        name=name,
        layer=Layer.MESSAGING,
        description=description,
        finding=finding,
        hooks=hooks,
    )


def _sealed(value: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    """The cryptogram inside object 87 rewritten."""
    return lambda objects: [
        (tag, b"\x01" + value(content[1:])) if tag == 0x87 else (tag, content)
        for tag, content in objects
    ]


MESSAGING = (
    _messaging("mac-wrong", "A MAC is wrong from the start", Code.MESSAGING_MAC_WRONG,
               always(Point.CHANNEL_MAC, flipped)),
    _messaging("mac-wrong-in-a-file", "A MAC is wrong while DG11 is read", Code.MESSAGING_MAC_WRONG,
               in_file("DG11", Point.CHANNEL_MAC, flipped)),
    _messaging("mac-missing", "Object 8E is left out", Code.MESSAGING_MAC_MISSING,
               in_file("DG11", Point.CHANNEL_MAC, lambda _: None)),
    _messaging("mac-short", "A MAC of four bytes", Code.MESSAGING_MALFORMED,
               in_file("DG11", Point.CHANNEL_MAC, lambda one: one[:4])),
    _messaging("mac-zero", "A MAC of zeros", Code.MESSAGING_MAC_WRONG,
               in_file("DG2", Point.CHANNEL_MAC, lambda one: bytes(len(one)))),
    _messaging("status-missing", "Object 99 is left out", Code.MESSAGING_STATUS_MISSING,
               in_file("DG11", Point.CHANNEL_OBJECTS, _without(0x99))),
    _messaging("status-different", "The status word outside is not that inside",
               Code.MESSAGING_STATUS_DIFFERENT,
               in_file("DG11", Point.CHANNEL_OUTER_STATUS, lambda _: 0x6282)),
    _messaging("counter-standing", "The send sequence counter does not step",
               Code.MESSAGING_MAC_WRONG, in_file("DG11", Point.CHANNEL_COUNTER, _step_back)),
    _messaging("answer-replayed", "An earlier answer comes again", Code.MESSAGING_MAC_WRONG,
               _replayed),
    _messaging("padding-wrong", "A decrypted answer has no padding", Code.MESSAGING_PADDING_WRONG,
               in_file("DG11", Point.CHANNEL_PADDED, _wrong_padding)),
    _messaging("cryptogram-uneven", "A cryptogram is no whole block", Code.MESSAGING_MALFORMED,
               in_file("DG11", Point.CHANNEL_OBJECTS, _sealed(lambda one: one[:-1]))),
    _messaging("cryptogram-empty", "A cryptogram of no bytes", Code.MESSAGING_MALFORMED,
               in_file("DG11", Point.CHANNEL_OBJECTS, _sealed(lambda _: b""))),
    _messaging("object-unknown", "An object that does not belong there", Code.MESSAGING_MALFORMED,
               in_file("DG11", Point.CHANNEL_OBJECTS, lambda one: [(0x81, b"\x00"), *one])),
    _messaging("object-repeated", "Object 99 stands there twice", Code.MESSAGING_MALFORMED,
               in_file("DG11", Point.CHANNEL_OBJECTS, lambda one: [*one, (0x99, b"\x90\x00")])),
    _messaging("messaging-dropped", "Success in plain in the middle of a file",
               Code.MESSAGING_DROPPED, in_file("DG2", Point.RESPONSE, lambda _: b"\x90\x00")),
    _messaging("content-in-plain", "The portrait in plain in the middle of a session",
               Code.MESSAGING_MALFORMED,
               in_file("DG2", Point.RESPONSE, lambda _: b"\x75" + bytes(64) + b"\x90\x00")),
    _messaging("messaging-lost", "The card says 6988 in the middle of a file", Code.MESSAGING_LOST,
               in_file("DG2", Point.RESPONSE, lambda _: b"\x69\x88")),
    _messaging("messaging-lost-6987", "The card says 6987 in the middle of a file",
               Code.MESSAGING_LOST, in_file("DG2", Point.RESPONSE, lambda _: b"\x69\x87")),
)  # fmt: skip
"""Mutations of secure messaging."""
