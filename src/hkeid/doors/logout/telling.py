"""How one relying party is told of one logout: each front door has its own way."""

from __future__ import annotations

from typing import Any, Protocol

from hkeid.doors.logout.records import LogoutNotice


class NotTold(Exception):
    """An attempt that failed.

    :ivar reason: stable, for the trail and the log.
    :ivar silent: there was no answer at all.
    :ivar final: another attempt would end in the same way.
    """

    def __init__(self, reason: str, *, silent: bool = False, final: bool = False) -> None:
        self.reason = reason
        self.silent = silent
        self.final = final
        super().__init__(reason)


class Teller(Protocol):
    """Tells the relying parties of one front door."""

    def serves(self, client_id: str) -> bool:
        """Whether this is one of its relying parties, by :attr:`LogoutNotice.client_id`."""
        ...

    def tell(self, notice: LogoutNotice) -> None:
        """One attempt, outside any transaction; a message of its own for each.

        :raises NotTold: it was not taken.
        """
        ...

    def forget(self, tx: Any, notice: LogoutNotice) -> None:
        """Let go of what was kept for telling, in the transaction that removes the notice.

        :param tx: of the store that the notice waited in.
        """
        ...
