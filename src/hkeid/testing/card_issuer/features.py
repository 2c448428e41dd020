"""What a card can do, in words: ``"gm aes-256 brainpoolP256r1"``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hkeid.chip.domain_parameters import (
    CURVES,
    MODP_GROUPS,
    CurveParameters,
    ModpParameters,
)
from hkeid.testing.virtual_card.pace import PaceSetting
from hkeid.testing.virtual_card.symmetric import Suite

SUITES = {
    "3des": Suite.TDES,
    "aes-128": Suite.AES128,
    "aes-192": Suite.AES192,
    "aes-256": Suite.AES256,
}
_DOMAINS: dict[str, CurveParameters | ModpParameters] = {
    **CURVES,
    "modp-1024-160": MODP_GROUPS[0],
    "modp-2048-224": MODP_GROUPS[1],
    "modp-2048-256": MODP_GROUPS[2],
}


def domain_of(word: str) -> CurveParameters | ModpParameters:
    """A curve's name, ``modp-1024-160``, ``modp-2048-224`` or ``modp-2048-256``."""
    return _DOMAINS[word]


def pace_setting(words: str) -> PaceSetting:
    """Mapping (``gm``, ``im``, ``cam``), cipher and group: ``"cam aes-128 brainpoolP256r1"``."""
    mapping, suite, domain = words.split()
    return PaceSetting(mapping=mapping, suite=SUITES[suite], domain=domain_of(domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFeatures:
    """What the chip can do and holds.

    :ivar pace: ways to run PACE, ``mapping cipher group``; none: no PACE.
    :ivar bac: Basic Access Control.
    :ivar can: a card access number is printed, and PACE takes it.
    :ivar chip_authentication: static keys, ``cipher group``; none: no chip authentication.
    :ivar active_authentication: ``rsa-2048 sha256`` or ``brainpoolP256r1 sha256``; None: none.
    :ivar groups: optional data groups beside 1 and 2: of 3, 11, 12, 13.
    :ivar digest: hash of EF.SOD.
    :ivar portrait_size: bytes to which the portrait is filled up; 0: as it is.
    :ivar zone: layout of the machine-readable zone: ``td1``, ``td2``, ``td3``.
    :ivar lds_version: of EF.COM and EF.SOD.
    """

    pace: tuple[str, ...] = ("gm aes-128 brainpoolP256r1",)
    bac: bool = True
    can: bool = True
    chip_authentication: tuple[str, ...] = ("aes-128 brainpoolP256r1",)
    active_authentication: str | None = None
    groups: frozenset[int] = frozenset({3, 11, 12})
    digest: str = "sha256"
    portrait_size: int = 0
    zone: str = "td1"
    lds_version: str = "0107"
    extended_length: bool = True
    longest_answer: int = 65_533
    warn_at_end: bool = False

    def but(self, **changes: object) -> CardFeatures:
        """The same with some things different."""
        return replace(self, **changes)  # type: ignore[arg-type]


ICAO = CardFeatures()
"""A passport-like card: PACE or BAC, chip authentication."""

HKIC = CardFeatures(
    pace=("gm aes-256 brainpoolP256r1",),
    bac=False,
    chip_authentication=(),
    active_authentication="brainpoolP256r1 sha256",
    lds_version="0108",
)
"""Like the Hong Kong passport of 2025 in its protocols; an identity card in its contents."""

BENCH_BAC = CardFeatures(pace=(), chip_authentication=(), groups=frozenset(), portrait_size=14_900)
"""About 16 kB, opened by BAC, no other protocol."""

BENCH_PACE = CardFeatures(
    pace=("gm aes-256 secp256r1",),
    bac=False,
    chip_authentication=(),
    groups=frozenset(),
    portrait_size=14_900,
)
"""About 16 kB, opened by PACE, no other protocol."""

PROFILES = {"icao": ICAO, "hkic": HKIC}
