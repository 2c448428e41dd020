"""The real pcscd with virtual readers: insertion, exclusivity, silence, removal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from hkeid.adapters.pcsc import PcscReader, open_pcsc, reader_names
from hkeid.adapters.pcsc.connection import UNSAID, _largest, _tlv
from hkeid.adapters.pcsc.reader import attached
from hkeid.ports.cards import CardUnavailable
from hkeid.testing.pcscd import VirtualReaders, virtual_readers

pytestmark = [pytest.mark.pcscd, pytest.mark.xdist_group("pcscd")]

ATR = bytes.fromhex("3B80800101")
OK = b"\x90\x00"


class EchoCard:
    """Answers with what it was asked; some instructions misbehave."""

    atr = ATR

    def __init__(self) -> None:
        self.powered = False
        self.resets = 0
        self.wake = Event()

    def power(self, on: bool) -> None:
        self.powered = on

    def reset(self) -> None:
        self.resets += 1

    def transmit(self, command: bytes) -> bytes:
        match command[1]:
            case 0xB0:
                return bytes(int.from_bytes(command[-2:], "big") or 60_000) + OK
            case 0xEE:
                self.wake.wait(20)
            case 0xFE:
                raise EOFError
        return command + OK


@pytest.fixture(scope="module")
def readers() -> Iterator[VirtualReaders]:
    with virtual_readers(2) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """No card of the test before is in a reader any more."""
    if "readers" in request.fixturenames:
        request.getfixturevalue("readers").wait_until_empty()


def test_each_reader_has_a_card_of_its_own(readers: VirtualReaders) -> None:
    with readers.slot(0).holding(EchoCard()), readers.reader(0).connect() as card:
        assert card.atr == ATR
        assert card.transmit(b"\x00\x84\x00\x00\x08") == b"\x00\x84\x00\x00\x08" + OK
        with pytest.raises(CardUnavailable) as error, readers.reader(1).connect(timeout=0.2):
            pass
        assert error.value.reason == "card_absent"


def test_a_reader_is_found_by_a_part_of_its_name(readers: VirtualReaders) -> None:
    assert set(readers.names) <= set(reader_names())
    with open_pcsc("hkeid 1") as reader:
        assert reader.name == readers.names[1]
    with pytest.raises(CardUnavailable) as error, open_pcsc("nobody's"):
        pass
    assert error.value.reason == "reader_absent"


def test_a_reader_that_is_not_there() -> None:
    with pytest.raises(CardUnavailable) as error, PcscReader("nobody's").connect(timeout=0.5):
        pass
    assert error.value.reason == "reader_absent"


def test_the_largest_answer_passes(readers: VirtualReaders) -> None:
    with readers.slot().holding(EchoCard()), readers.reader().connect() as card:
        assert card.extended_length == UNSAID
        assert len(card.transmit(b"\x00\xb0\x00\x00\x00\x00\x00")) == 60_002


def test_nobody_else_gets_at_the_card(readers: VirtualReaders) -> None:
    with readers.slot().holding(EchoCard()), readers.reader().connect():
        with pytest.raises(CardUnavailable) as error, readers.reader().connect(timeout=0.5):
            pass
        assert error.value.reason == "reader_in_use"


def test_a_reset_reaches_the_card(readers: VirtualReaders) -> None:
    echo = EchoCard()
    with readers.slot().holding(echo), readers.reader().connect() as card:
        before = echo.resets
        card.reset()
        assert echo.resets > before
        assert card.transmit(b"\x00\x01\x00\x00").endswith(OK)


def test_a_card_that_hangs_is_let_go(readers: VirtualReaders) -> None:
    echo = EchoCard()
    with readers.slot().holding(echo), readers.reader(patience=0.3).connect() as card:
        began = time.monotonic()
        with pytest.raises(CardUnavailable) as error:
            card.transmit(b"\x00\xee\x00\x00")
        assert error.value.reason == "card_silent"
        assert time.monotonic() - began < 3
        with pytest.raises(CardUnavailable):
            card.transmit(b"\x00\x01\x00\x00")
        echo.wake.set()
    time.sleep(0.5)
    with readers.slot().holding(EchoCard()), readers.reader().connect() as again:
        assert again.transmit(b"\x00\x01\x00\x00").endswith(OK)


def test_a_card_that_goes_away_by_itself(readers: VirtualReaders) -> None:
    with readers.slot().holding(EchoCard()), readers.reader().connect() as card:
        with pytest.raises(CardUnavailable) as error:
            card.transmit(b"\x00\xfe\x00\x00")
        assert error.value.reason in {"card_removed", "card_silent"}


def test_a_card_that_is_pulled_out(readers: VirtualReaders) -> None:
    slot = readers.slot()
    slot.insert(EchoCard())
    with readers.reader().connect() as card:
        assert card.transmit(b"\x00\x01\x00\x00").endswith(OK)
        slot.remove()
        with pytest.raises(CardUnavailable) as error:
            card.transmit(b"\x00\x01\x00\x00")
        assert error.value.reason in {"card_removed", "card_silent"}


def test_coming_and_going_is_told(readers: VirtualReaders) -> None:
    slot, seen = readers.slot(), []

    def watch() -> None:
        seen.extend(event.inserted for event in readers.reader().events(timeout=3))

    thread = Thread(target=watch)
    thread.start()
    time.sleep(0.5)
    slot.insert(EchoCard())
    time.sleep(1.5)
    slot.remove()
    thread.join(10)
    assert seen == [False, True, False]


def test_the_readers_that_are_attached(readers: VirtualReaders) -> None:
    assert set(readers.names) <= set(next(iter(attached(timeout=1))))


def test_what_a_reader_says_of_its_limits() -> None:
    assert _largest(bytes.fromhex("0a0400000100")) == 65_534
    assert _largest(bytes.fromhex("0a0405010000")) == 259
    assert _largest(b"") == UNSAID
    assert _tlv(bytes.fromhex("0a0400")) == []
