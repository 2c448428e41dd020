"""Cards read through the real ``pcscd``, against the raw transport and the raw cryptography.

The cards are virtual ones in processes of their own. ``bac_16k`` and ``pace_16k`` read a whole document of
16 kB with extended length: access, EF.COM, EF.SOD and every data group; ``icao_16k`` is the usual test
card (PACE on a brainpool curve, then chip authentication). ``wall_ms`` is the median of interleaved
rounds, ``best_ms`` the fastest one; ``with_connect_ms`` has the connection and the power-up in it.

What nobody can leave out is the base: ``raw_apdu`` is a loop of GET CHALLENGE without protection,
``raw_3des`` and ``raw_pace`` are the cryptographic operations of one side alone. ``floor_ms`` is as many
raw commands as the reading sent, and the cryptography of both sides; ``ratio`` is against that.
``minimum`` is how many commands the protocol and the size need with blocks of 4,096 bytes, and
``minimum_at_once`` with blocks as large as the files.

``apdu_host`` is CPU time of the reading process per command, all its threads together.

Where SoftHSM2 is installed, signatures by a PKCS#11 token follow (:mod:`tokens`).

    scripts/bench chip [--rounds 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

import tokens
from hkeid.adapters.system import SystemRandom
from hkeid.chip import AccessKey, CardAccessNumber, ChipDocument, MrzKey, icao, read_document
from hkeid.chip.file_reader import PREFERRED_BLOCK
from hkeid.chip.kdf import CipherName, decrypt_cbc, encrypt_block, mac
from hkeid.testing.card_issuer import (
    BENCH_BAC,
    BENCH_PACE,
    ICAO,
    CardDraft,
    CardFeatures,
    CardIssuer,
    draft_card,
)
from hkeid.testing.card_issuer.groups import zone_birth
from hkeid.testing.pcscd import VirtualReaders, virtual_readers
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_reader import CardSlot

GET_CHALLENGE = bytes.fromhex("0084000008")
SELECT = bytes.fromhex("00A4040C07A0000002471001")
RAW_LOOP = 50
BARS = {"bac_16k": 15.0, "pace_16k": 35.0}
HOST_BAR = 1.0


@dataclass(kw_only=True)
class Case:
    """One kind of card.

    :ivar access_commands: what gaining access needs.
    :ivar crypto: the cryptographic operations of one side, by the name of their row.
    """

    name: str
    features: CardFeatures
    access_commands: int
    crypto: str
    draft: CardDraft = field(init=False)
    key: AccessKey = field(init=False)
    wall: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    document: ChipDocument | None = None

    def issue(self, issuer: CardIssuer) -> VirtualCard:
        """The card, and the key that is printed on it."""
        self.draft = draft_card(PERSONAS["chan-tai-man"], features=self.features, issuer=issuer)
        born = zone_birth(self.draft.person.birth_date)
        self.key = (
            CardAccessNumber(self.draft.can)
            if self.features.pace
            else MrzKey(self.draft.document_number, born, self.draft.expires)
        )
        return VirtualCard(self.draft.image())


def cases() -> list[Case]:
    """The cards; BAC: application, challenge, authentication. PACE: EF.CardAccess, five exchanges,
    application; chip authentication two more.
    """
    whole = ICAO.but(portrait_size=14_900, groups=frozenset())
    return [
        Case(name="bac_16k", features=BENCH_BAC, access_commands=3, crypto="raw_3des"),
        Case(name="pace_16k", features=BENCH_PACE, access_commands=7, crypto="raw_pace"),
        Case(name="icao_16k", features=whole, access_commands=9, crypto="raw_pace_and_chip"),
    ]


@contextmanager
def holding(slot: CardSlot, card: VirtualCard) -> Iterator[None]:
    """The card in a slot, served by a process of its own."""
    context = multiprocessing.get_context("fork")
    over = context.Event()

    def serve() -> None:
        with slot.holding(card):
            over.wait()
        os._exit(0)

    child = context.Process(target=serve, daemon=True)
    child.start()
    try:
        yield
    finally:
        over.set()
        child.join(5)


def raw_3des() -> None:
    """16 kB deciphered, and its MAC."""
    decrypt_cbc(CipherName.TRIPLE_DES, _KEY, bytes(8), _TEXT)
    mac(CipherName.TRIPLE_DES, _KEY, _TEXT)


def raw_aes() -> None:
    """The same with AES-256."""
    encrypt_block(CipherName.AES_256, _KEY * 2, bytes(16))
    decrypt_cbc(CipherName.AES_256, _KEY * 2, bytes(16), _TEXT)
    mac(CipherName.AES_256, _KEY * 2, _TEXT)


def _agreements(curve: ec.EllipticCurve, times: int) -> None:
    for _ in range(times):
        mine = ec.generate_private_key(curve)
        mine.exchange(ec.ECDH(), mine.public_key())


def raw_pace() -> None:
    """PACE with the generic mapping: two pairs of keys, two agreements, one multiplication."""
    _agreements(ec.SECP256R1(), 2)
    ec.generate_private_key(ec.SECP256R1())
    raw_aes()


def raw_pace_and_chip() -> None:
    """The same on the brainpool curve, and one pair and agreement more."""
    _agreements(ec.BrainpoolP256R1(), 3)
    ec.generate_private_key(ec.BrainpoolP256R1())
    raw_aes()


_KEY = bytes(range(16))
_TEXT = bytes(16_384)
RAW: dict[str, Callable[[], None]] = {
    "raw_3des": raw_3des,
    "raw_pace": raw_pace,
    "raw_pace_and_chip": raw_pace_and_chip,
}


def read_once(readers: VirtualReaders, number: int, case: Case) -> None:
    """One reading, timed."""
    began = perf_counter()
    with readers.reader(number).connect(timeout=20) as connection:
        cpu, wall = process_time(), perf_counter()
        case.document = read_document(
            connection, case.key, profile=icao(), random=SystemRandom(), read_at=_ISSUER.now
        )
        now, spent = perf_counter(), process_time() - cpu
    case.wall.append((now - wall) * 1000)
    case.connected.append((now - began) * 1000)
    case.cpu.append(spent * 1000 / case.document.apdus)


def raw_apdu(readers: VirtualReaders) -> tuple[float, float]:
    """Milliseconds on the clock and of CPU for one command that the card answers at once."""
    with readers.reader(0).connect(timeout=20) as connection:
        assert connection.transmit(SELECT) == b"\x90\x00"
        cpu, wall = process_time(), perf_counter()
        for _ in range(RAW_LOOP):
            assert len(connection.transmit(GET_CHALLENGE)) == 10
        return (
            (perf_counter() - wall) * 1000 / RAW_LOOP,
            (process_time() - cpu) * 1000 / RAW_LOOP,
        )


def minimum(case: Case, block: int) -> int:
    """Commands that access and the files' sizes need."""
    assert case.document is not None
    sizes = [len(content) for content in case.document.files.values()]
    return case.access_commands + sum(-(-size // block) for size in sizes)


def check(case: Case) -> None:
    """What was read must be all of it, and good."""
    assert case.document is not None
    evidence = case.document.verify(trust=_ISSUER.trust())
    expected = set(case.draft.image().files) - {"CardAccess", "ATR/INFO"}
    assert set(case.document.files) == expected, set(case.document.files) ^ expected
    assert evidence.passive == "trusted", evidence.findings
    size = sum(map(len, case.document.files.values()))
    assert size >= 15_900, size


_ISSUER = CardIssuer()


def run(rounds: int) -> list[dict[str, Any]]:
    """Measure; one reading of each card in each round."""
    measured = cases()
    raw: dict[str, list[float]] = {name: [] for name in ("raw_apdu", *RAW)}
    raw_cpu: list[float] = []
    with virtual_readers(len(measured)) as readers, ExitStack() as stack:
        for number, case in enumerate(measured):
            stack.enter_context(holding(readers.slot(number), case.issue(_ISSUER)))
        for number, case in enumerate(measured):
            read_once(readers, number, case)
            check(case)
            case.wall, case.connected, case.cpu = [], [], []
        gc.collect()
        for _ in range(rounds):
            wall, cpu = raw_apdu(readers)
            raw["raw_apdu"].append(wall)
            raw_cpu.append(cpu)
            for name, operations in RAW.items():
                began = perf_counter()
                operations()
                raw[name].append((perf_counter() - began) * 1000)
            for number, case in enumerate(measured):
                read_once(readers, number, case)
    base = {name: statistics.median(values) for name, values in raw.items()}
    rows: list[dict[str, Any]] = [
        {"case": name, "wall_ms": round(value, 3), "best_ms": round(min(raw[name]), 3)}
        for name, value in base.items()
    ]
    rows[0]["cpu_ms"] = round(statistics.median(raw_cpu), 3)
    rows += [row_of(case, base) for case in measured]
    rows.append(
        {
            "case": "apdu_host",
            "bar_ms": HOST_BAR,
            **{f"{case.name}_ms": round(statistics.median(case.cpu), 3) for case in measured},
            "cpu_ms": round(max(statistics.median(case.cpu) for case in measured), 3),
        }
    )
    return rows


def row_of(case: Case, base: dict[str, float]) -> dict[str, Any]:
    """One card's figures."""
    assert case.document is not None
    wall = statistics.median(case.wall)
    floor = case.document.apdus * base["raw_apdu"] + 2 * base[case.crypto]
    return {
        "case": case.name,
        "wall_ms": round(wall, 2),
        "best_ms": round(min(case.wall), 2),
        "with_connect_ms": round(statistics.median(case.connected), 2),
        "bar_ms": BARS.get(case.name),
        "bytes": sum(map(len, case.document.files.values())),
        "apdus": case.document.apdus,
        "minimum": minimum(case, PREFERRED_BLOCK),
        "minimum_at_once": minimum(case, 65_536),
        "floor_ms": round(floor, 2),
        "ratio": round(wall / floor, 2),
        "count": len(case.wall),
    }


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    rows = run(chosen.rounds)
    if tokens.available():
        rows += tokens.run(min(chosen.rounds, 11))
    print(f"load {load:.1f} on {os.cpu_count()} processors; {chosen.rounds} rounds")
    for row in rows:
        figures = ", ".join(
            f"{name} {value}" for name, value in row.items() if name != "case" and value is not None
        )
        print(f"{row['case']:<18} {figures}")
    if chosen.json:
        result = {"name": "chip", "load": round(load, 2), "rows": rows}
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
