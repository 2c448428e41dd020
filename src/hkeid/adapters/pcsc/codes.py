"""PC/SC's return codes as our own errors."""

from __future__ import annotations

from typing import Any, Final

from hkeid.kernel.errors import MissingExtra
from hkeid.ports.cards import CardUnavailable

try:
    from smartcard import scard as _scard
except ImportError as error:  # pragma: no cover - the light-import test looks at this
    raise MissingExtra("smartcard", "pcsc") from error

scard: Final[Any] = _scard

_REASONS: Final = {
    scard.SCARD_E_NO_SMARTCARD: "card_absent",
    scard.SCARD_W_REMOVED_CARD: "card_removed",
    scard.SCARD_W_RESET_CARD: "card_removed",
    scard.SCARD_W_UNPOWERED_CARD: "card_silent",
    scard.SCARD_W_UNRESPONSIVE_CARD: "card_silent",
    scard.SCARD_E_NOT_TRANSACTED: "card_removed",
    scard.SCARD_E_COMM_DATA_LOST: "card_removed",
    scard.SCARD_F_COMM_ERROR: "card_removed",
    scard.SCARD_E_PROTO_MISMATCH: "card_silent",
    scard.SCARD_E_CARD_UNSUPPORTED: "card_silent",
    scard.SCARD_E_TIMEOUT: "card_absent",
    scard.SCARD_E_SHARING_VIOLATION: "reader_in_use",
    scard.SCARD_E_READER_UNAVAILABLE: "reader_removed",
    scard.SCARD_E_UNKNOWN_READER: "reader_absent",
    scard.SCARD_E_NO_READERS_AVAILABLE: "reader_absent",
    scard.SCARD_E_NO_SERVICE: "reader_absent",
    scard.SCARD_E_SERVICE_STOPPED: "reader_removed",
    scard.SCARD_E_INVALID_HANDLE: "reader_removed",
}

NOTHING_HAPPENED: Final = scard.SCARD_E_TIMEOUT
"""A wait for events that ended without one."""


def check(code: int, *, otherwise: str = "card_removed") -> None:
    """Let success pass.

    :param otherwise: the reason for a code that is not in the list.
    :raises CardUnavailable: by the code.
    """
    if code != scard.SCARD_S_SUCCESS:
        reason = _REASONS.get(code, otherwise)
        raise CardUnavailable(reason, detail=f"PC/SC 0x{code & 0xFFFFFFFF:08X}")
