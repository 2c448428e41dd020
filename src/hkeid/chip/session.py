"""A session with one card: commands in, checked answers out, protected once there is a channel.

Everything that a card could do without end is counted here: commands in all, GET RESPONSE rounds,
answers longer than was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.chip.apdu import EXTENDED, OK, SHORT, Command, Response, parse_response, status_text
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.ports.cards import Transceiver

_COMMANDS = 16_384
_ROUNDS = 512


@dataclass(frozen=True, slots=True)
class Exchange:
    """The bytes of one command and its answer as they went over the air."""

    command: bytes
    answer: bytes


class CardSession:
    """Commands to one card, in order, counted.

    :ivar sent: command APDUs so far.
    :ivar last: the last exchange on the wire.
    :ivar first: the first exchange that the present channel found right, for transcripts.
    """

    def __init__(self, card: Transceiver, *, limit: int = _COMMANDS, spent: int = 0) -> None:
        self._card = card
        self._limit = limit
        self.sent = spent
        self.channel: SecureChannel | None = None
        self.last: Exchange | None = None
        self.first: Exchange | None = None

    def open(self, channel: SecureChannel | None) -> None:
        """From now on everything goes through ``channel``; through none, if there is none."""
        self.channel, self.first = channel, None

    def send(self, command: Command) -> Response:
        """Exchange one command, protected where a channel is open.

        :raises CardMalformed: ``answer_too_short``, ``answer_too_long``, ``answer_without_end``.
        :raises CardRefused: ``too_many_commands``, and as :meth:`SecureChannel.unprotect`.
        :raises hkeid.ports.cards.CardUnavailable: the card or reader is gone.
        """
        channel = self.channel
        if channel is None:
            return self._exchange(command)
        answer = channel.unprotect(self._exchange(channel.protect(command)))
        self.first = self.first or self.last
        if command.expect is not None and len(answer.data) > command.expect:
            raise CardMalformed(FindingCode.ANSWER_TOO_LONG)
        return answer

    def demand(self, command: Command, code: FindingCode) -> bytes:
        """The data of an answer that must be 9000.

        :raises CardRefused: with ``code`` and the status as detail; otherwise as :meth:`send`.
        """
        answer = self.send(command)
        if answer.status != OK:
            raise CardRefused(code, detail=status_text(answer.status))
        return answer.data

    def _exchange(self, command: Command) -> Response:
        """One command on the wire, with the rounds that 6Cxx and 61xx ask for (7816-3 §12.2)."""
        answer = self._once(command)
        if answer.status >> 8 == 0x6C and not answer.data and command.expect is not None:
            answer = self._once(command.expecting(answer.status & 0xFF or SHORT))
        if answer.status >> 8 != 0x61:
            return answer
        return self._gather(command, answer)

    def _gather(self, command: Command, answer: Response) -> Response:
        data = answer.data
        first = self.last
        limit = EXTENDED if command.expect is None else max(command.expect, SHORT)
        for _ in range(_ROUNDS):
            if answer.status >> 8 != 0x61:
                whole = Response(data, answer.status)
                if first is not None:
                    self.last = Exchange(first.command, whole.encode())
                return whole
            more = Command(cla=command.cla & 0x0C, ins=0xC0, expect=answer.status & 0xFF or SHORT)
            answer = self._once(more)
            data += answer.data
            if len(data) > limit:
                raise CardMalformed(FindingCode.ANSWER_TOO_LONG)
        raise CardMalformed(FindingCode.ANSWER_WITHOUT_END)

    def _once(self, command: Command) -> Response:
        if self.sent >= self._limit:
            raise CardRefused(FindingCode.TOO_MANY_COMMANDS)
        self.sent += 1
        sent = command.encode()
        answer = self._card.transmit(sent)
        self.last = Exchange(sent, answer)
        return parse_response(answer, expect=command.expect or 0)
