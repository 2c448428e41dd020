"""One card, alone with it.

A card or a driver that hangs blocks ``SCardTransmit`` for good, and PC/SC has no time-out for it. So
each connection has a thread that does the exchanges; the caller waits for it as long as it is willing
to, and then lets it go: the connection is dead, the thread ends when the driver comes back.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from hkeid.adapters.pcsc.codes import NOTHING_HAPPENED, check, scard
from hkeid.kernel.errors import HkeidError
from hkeid.ports.cards import CardUnavailable

_FEATURES: Final = 3400
_TLV_PROPERTIES: Final = 0x12
_LARGEST_APDU: Final = 0x0A
SHORT: Final = 256
UNSAID: Final = 65_536
_NOTICED: Final = 1.5
"""Seconds within which the service notices that a card was pulled out."""

_Job = tuple[Any, tuple[Any, ...]]


class PcscConnection:
    """:class:`hkeid.ports.cards.CardConnection` over PC/SC.

    :param context: the PC/SC context, which this connection releases.
    :param handle: the card handle, opened for exclusive use.
    :param name: the reader's.
    :param patience: seconds that one exchange may take.
    """

    def __init__(
        self, context: Any, handle: Any, protocol: int, name: str, patience: float
    ) -> None:
        self._context = context
        self._name = name
        self._handle = handle
        self._patience = patience
        self._pci = (
            scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        )
        self._dead: str | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._thread = Thread(target=self._work, name="hkeid-card", daemon=True)
        self._thread.start()
        try:
            self._atr = bytes(self._status()[-1])
            self._extended = self._largest_answer()
        except BaseException:
            self.close()
            raise

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    @property
    def extended_length(self) -> int:
        """Most response bytes that the reader says it carries at once; 65,536 where it says
        nothing.
        """
        return self._extended

    def transmit(self, command: bytes) -> bytes:
        """Exchange one APDU.

        :raises CardUnavailable: ``card_removed``, ``card_silent``, ``reader_removed``.
        """
        code, answer = self._do(scard.SCardTransmit, self._handle, self._pci, list(command))
        if code != scard.SCARD_S_SUCCESS:
            self._dead = "card_removed"
            check(code)
        if not answer:
            self._dead = reason = "card_silent" if self._present() else "card_removed"
            raise CardUnavailable(reason, detail="no answer at all")
        return bytes(answer)

    def reset(self) -> None:
        """Reset the card.

        :raises CardUnavailable: as :meth:`transmit`.
        """
        code, protocol = self._do(
            scard.SCardReconnect,
            self._handle,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
            scard.SCARD_RESET_CARD,
        )
        check(code)
        self._pci = (
            scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        )

    def close(self) -> None:
        """Reset the card and let it go; never raises."""
        if self._dead is None:
            self._jobs.put((scard.SCardDisconnect, (self._handle, scard.SCARD_RESET_CARD)))
        self._jobs.put((scard.SCardReleaseContext, (self._context,)))
        self._jobs.put(None)
        if self._dead != "card_silent":
            self._thread.join(self._patience)
        self._dead = self._dead or "card_removed"

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, arguments = job
            try:
                self._answers.put(call(*arguments))
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread
                self._answers.put(error)

    def _do(self, call: Any, *arguments: Any) -> Any:
        if self._dead is not None:
            raise CardUnavailable(self._dead, detail="the connection is over")
        self._jobs.put((call, arguments))
        try:
            answer = self._answers.get(timeout=self._patience)
        except Empty:
            self._dead = "card_silent"
            raise CardUnavailable(
                "card_silent", detail=f"no answer within {self._patience} s"
            ) from None
        if isinstance(answer, BaseException):
            self._dead = "card_removed"
            raise CardUnavailable("card_removed", detail=type(answer).__name__) from None
        return answer

    def _status(self) -> Any:
        code, *rest = self._do(scard.SCardStatus, self._handle)
        check(code)
        return rest

    def _present(self) -> bool:
        """Whether the card stays in the reader. Drivers answer with nothing when it is pulled out, some
        time before the service notices.
        """
        state, wait = scard.SCARD_STATE_UNAWARE, 0
        for _ in range(2):
            code, states = self._do(
                scard.SCardGetStatusChange, self._context, wait, [(self._name, state)]
            )
            if code == NOTHING_HAPPENED:
                return True
            state = states[0][1] & ~scard.SCARD_STATE_CHANGED
            if code != scard.SCARD_S_SUCCESS or not state & scard.SCARD_STATE_PRESENT:
                return False
            wait = int(min(_NOTICED, self._patience / 2) * 1000)
        return True

    def _largest_answer(self) -> int:
        """What PC/SC part 10 (amendment 1, §2.2 ``FEATURE_GET_TLV_PROPERTIES``) says, if anything."""
        try:
            features = self._control(scard.SCARD_CTL_CODE(_FEATURES))
            for tag, value in _tlv(features):
                if tag == _TLV_PROPERTIES:
                    properties = self._control(int.from_bytes(value, "big"))
                    return _largest(properties)
        except CardUnavailable:
            if self._dead is not None:
                raise
        return UNSAID

    def _control(self, number: int) -> bytes:
        code, answer = self._do(scard.SCardControl, self._handle, number, [])
        check(code)
        return bytes(answer)


def _tlv(text: bytes) -> list[tuple[int, bytes]]:
    """Tags and values of a simple list (one byte of tag, one of length); a broken one ends there."""
    found, at = [], 0
    while at + 2 <= len(text) and at + 2 + text[at + 1] <= len(text):
        end = at + 2 + text[at + 1]
        found.append((text[at], text[at + 2 : end]))
        at = end
    return found


def _largest(properties: bytes) -> int:
    for tag, value in _tlv(properties):
        if tag == _LARGEST_APDU and value:
            # The number counts the whole response; two bytes of it are the status word.
            return max(SHORT, min(int.from_bytes(value, "little"), UNSAID) - 2)
    return UNSAID


def connect(name: str, patience: float) -> PcscConnection:
    """Connect to the card in a reader, for exclusive use.

    :raises CardUnavailable: ``card_absent``, ``reader_absent``, ``reader_in_use``, ``card_silent``.
    :raises HkeidError: never others.
    """
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    check(code, otherwise="reader_absent")
    try:
        code, handle, protocol = scard.SCardConnect(
            context,
            name,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        check(code, otherwise="card_absent")
    except HkeidError:
        scard.SCardReleaseContext(context)
        raise
    return PcscConnection(context, handle, protocol, name, patience)
