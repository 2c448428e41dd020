"""APDUs in all their forms, and a session that a card cannot keep going for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hkeid.chip.apdu import Command, parse_command, parse_response
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.extended_length import carried_bytes, extended_length, historical_bytes
from hkeid.chip.findings import FindingCode
from hkeid.chip.session import CardSession
from hkeid.kernel.errors import MalformedInput

H = bytes.fromhex


class Card:
    """Answers from a function or a list."""

    def __init__(self, *answers: str | Callable[[bytes], bytes]) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer(command) if callable(answer) else H(answer)


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (Command(ins=0xA4), "00A40000"),
        (Command(ins=0xB0, expect=256), "00B0000000"),
        (Command(ins=0xB0, expect=4), "00B0000004"),
        (Command(ins=0xA4, data=b"\1\x1e"), "00A4000002011E"),
        (Command(ins=0x88, data=bytes(8), expect=256), "0088000008000000000000000000"),
        (Command(ins=0xB0, expect=257), "00B00000000101"),
        (Command(ins=0xB0, expect=65_536), "00B00000000000"),
        (Command(ins=0x88, data=b"\1", expect=65_536), "00880000000001010000"),
        (Command(ins=0x88, data=b"\1", extended=True), "0088000000000101"),
        (Command(ins=0x88, data=bytes(256)), "00880000000100" + "00" * 256),
    ],
)
def test_the_four_cases(command: Command, wire: str) -> None:
    """ISO/IEC 7816-3 §12.1: 1, 2S, 3S, 4S, 2E, 4E, 3E."""
    assert command.encode() == H(wire)
    assert parse_command(H(wire)).encode() == H(wire)


@pytest.mark.parametrize(
    "wire", ["", "00A400", "00A4000002011E0000", "00A4000000000201", "00B000000000"]
)
def test_what_is_no_command(wire: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_command(H(wire))
    assert caught.value.reason == "command_malformed"


def test_lengths_out_of_range_are_a_mistake_of_ours() -> None:
    for command in (Command(ins=0, expect=0), Command(ins=0, data=bytes(65_536))):
        with pytest.raises(ValueError, match="lengths"):
            command.encode()


def test_answers() -> None:
    assert parse_response(H("6A82")).status == 0x6A82
    assert parse_response(H("63C2")).tries_left == 2
    assert parse_response(H("6300")).tries_left is None
    with pytest.raises(CardMalformed) as caught:
        parse_response(b"\x90")
    assert caught.value.reason == "answer_too_short"
    with pytest.raises(CardMalformed) as caught:
        parse_response(bytes(7), expect=4)
    assert caught.value.reason == "answer_too_long"


def test_more_data_are_fetched() -> None:
    """61xx: GET RESPONSE until it ends (ISO/IEC 7816-4 §7.6.1)."""
    card = Card("6102", "AABB6101", "CC9000")
    answer = CardSession(card).send(Command(ins=0xB0, expect=8))
    assert (answer.data, answer.status) == (H("AABBCC"), 0x9000)
    assert card.sent[1:] == [H("00C0000002"), H("00C0000001")]


def test_the_right_length_is_taken() -> None:
    """6Cxx: the command once more with the length that the card names, and only once."""
    card = Card("6C03", "AABBCC9000")
    assert CardSession(card).send(Command(ins=0xB0, expect=256)).data == H("AABBCC")
    assert card.sent[1] == H("00B0000003")
    assert CardSession(Card("6C03")).send(Command(ins=0xB0, expect=256)).status == 0x6C03


def test_a_card_cannot_keep_us_busy() -> None:
    with pytest.raises(CardMalformed) as caught:
        CardSession(Card("6101")).send(Command(ins=0xB0, expect=256))
    assert caught.value.reason == "answer_without_end"
    with pytest.raises(CardMalformed) as caught:
        CardSession(Card("00" * 200 + "61FF")).send(Command(ins=0xB0, expect=256))
    assert caught.value.reason == "answer_too_long"
    session = CardSession(Card("9000"), limit=3)
    for _ in range(3):
        session.send(Command(ins=0))
    with pytest.raises(CardRefused) as refused:
        session.send(Command(ins=0))
    assert refused.value.reason == "too_many_commands"


def test_a_demand_names_its_finding() -> None:
    session = CardSession(Card("6A82"))
    with pytest.raises(CardRefused) as caught:
        session.demand(Command(ins=0xA4), FindingCode.APPLICATION_MISSING)
    assert (caught.value.reason, caught.value.detail) == ("application_missing", "6A82")


class Connected(Card):
    """With an answer to reset."""

    extended_length = 65_536

    def __init__(self, atr: str) -> None:
        super().__init__("9000")
        self.atr = H(atr)

    def reset(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("atr", "historical", "extended"),
    [
        ("3B8580018073940140D2", "8073940140", True),
        ("3B8580018073940100D2", "8073940100", False),
        ("3B8580010073940140900000", "0073940140", None),  # three status bytes at the end
        ("3B8880010073940140 009000 00", "0073940140009000", True),
        ("3B0231C0", "31C0", None),
        ("3BFF", "", None),
        ("3B", "", None),
        ("", "", None),
        ("3B8101FF", "FF", None),
    ],
)
def test_what_an_answer_to_reset_says(atr: str, historical: str, extended: bool | None) -> None:
    """ISO/IEC 7816-4 §12.1.1: card capabilities, third byte, bit 7."""
    assert historical_bytes(H(atr)) == H(historical)
    assert extended_length(H(atr)) is extended
    expected = 256 if extended is False else 65_536
    assert carried_bytes(Connected(atr)) == expected
