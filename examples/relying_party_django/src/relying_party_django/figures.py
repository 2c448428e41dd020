"""A tax return with made-up figures: the same person always gets the same ones."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

YEAR = "2025/26"
BASIC_ALLOWANCE = 132_000
_BANDS = ((50_000, 2), (50_000, 6), (50_000, 10), (50_000, 14))
_TOP_RATE = 17
_PENSION_CEILING = 18_000
_MOST_CONFIRMATIONS = 1_000


@dataclass(frozen=True, slots=True)
class TaxReturn:
    """Amounts in whole Hong Kong dollars.

    :ivar file_number: the tax file; made up, like everything else.
    """

    file_number: str
    income: int
    pension: int
    training: int

    @property
    def deductions(self) -> int:
        """What is taken off before the allowance."""
        return self.pension + self.training

    @property
    def chargeable(self) -> int:
        """What is taxed."""
        return max(0, self.income - self.deductions - BASIC_ALLOWANCE)

    @property
    def tax(self) -> int:
        """Progressive rates, a simplification for the demonstration."""
        left, due = self.chargeable, 0
        for width, rate in _BANDS:
            part = min(left, width)
            due += part * rate
            left -= part
        return (due + left * _TOP_RATE) // 100

    @property
    def first_instalment(self) -> int:
        """Three quarters, in January."""
        return self.tax - self.second_instalment

    @property
    def second_instalment(self) -> int:
        """One quarter, in April."""
        return self.tax // 4


def tax_return(sub: str) -> TaxReturn:
    """The return of the resident whom this service knows as ``sub``."""
    seed = sha256(b"etax demonstration " + sub.encode()).digest()
    income = 240_000 + int.from_bytes(seed[:3]) % 4_000 * 120
    letter = "ABCDEFGHJKLMNP"[seed[3] % 14]
    number = int.from_bytes(seed[4:8]) % 100_000_000
    return TaxReturn(
        file_number=f"6{letter}{seed[8] % 10}-{number:08}",
        income=income,
        pension=min(_PENSION_CEILING, income // 20),
        training=seed[9] % 6 * 1_000,
    )


class Confirmations:
    """Who has confirmed the return, and when; in memory, as long as the demonstration runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, datetime] = {}

    def add(self, sub: str) -> None:
        """Note a confirmation; the first one counts."""
        with self._lock:
            if len(self._kept) >= _MOST_CONFIRMATIONS:
                del self._kept[next(iter(self._kept))]
            self._kept.setdefault(sub, datetime.now(UTC))

    def of(self, sub: str) -> datetime | None:
        """When the resident confirmed, or None."""
        return self._kept.get(sub)
