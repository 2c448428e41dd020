"""Reading identity cards: SPECIMEN cards of the personas, photographed under every condition.

Prints how often each field came out exactly right, by field and by condition; a field that was not
read counts as wrong. The reader runs in this process, with one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from hkeid.adapters.documents.commercial_codes import ZhTelecodes
from hkeid.adapters.documents.rapidocr_reader import RapidocrReader
from hkeid.kernel.errors import HkeidError
from hkeid.ports.documents import CardField
from hkeid.testing.personas import PERSONAS
from hkeid.testing.specimen_card import (
    CardFace,
    Condition,
    draw_card,
    face_of,
    photograph,
    printed_fields,
)

TODAY = datetime(2026, 11, 28, 4, tzinfo=UTC)
FIELDS_BAR, NUMBERS_BAR = 0.96, 0.98


@dataclass
class Tally:
    """What came out."""

    right: Counter = field(default_factory=Counter)
    total: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)
    advice: defaultdict = field(default_factory=lambda: defaultdict(Counter))
    seconds: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    numbers_wrong: int = 0
    unasked: int = 0


def main() -> int:
    """Read, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--persons", type=int, default=7, help="cards for each condition")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], choices=[*map(str, Condition)])
    parser.add_argument(
        "--failures", action="store_true", help="print every field that was not right"
    )
    asked = parser.parse_args()
    reader = RapidocrReader(threads=1)
    faces = _faces()
    tally = Tally()
    conditions = [Condition(one) for one in asked.only] or list(Condition)
    for row, condition in enumerate(conditions):
        for place in range(asked.persons):
            # Another part of the personas for each condition, so that all of them have their turn.
            key, face = faces[(row * asked.persons + place) % len(faces)]
            picture = photograph(
                draw_card(face, portrait=_portrait(key)), condition, seed=asked.seed * 1000 + place
            )
            _read(reader, picture, condition, key, face, tally)
    return _report(tally, conditions, asked)


def _faces() -> list[tuple[str, CardFace]]:
    """Every persona's card; where there is a Chinese name, its commercial code is printed too."""
    tables = ZhTelecodes()
    faces = []
    for persona in PERSONAS.values():
        face = face_of(persona)
        if face.name_chinese and not face.commercial_code:
            codes = [sorted(tables.codes_of(character)) for character in face.name_chinese]
            if all(codes):
                face = face.but(commercial_code=tuple(code[0] for code in codes))
        faces.append((persona.key, face))
    return faces


def _portrait(key: str) -> bytes | None:
    wanted = PERSONAS[key].portrait
    if wanted is None:
        return None
    package, path = {
        "astronaut": ("scikit-image", "skimage/data/astronaut.png"),
        "grace_hopper": ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
    }[wanted]
    return Path(str(metadata.distribution(package).locate_file(path))).read_bytes()


def _read(reader, picture, condition, key, face, tally) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    try:
        reading = reader.read_at(picture, TODAY)
        found, advice = {name: one.value for name, one in reading.fields.items()}, reading.advice
    except HkeidError as error:
        found, advice = {}, error.reason
    tally.seconds.append(time.perf_counter() - started)
    tally.cpu.append(time.process_time() - cpu)
    expected = printed_fields(face)
    tally.advice[str(condition)][str(advice)] += 1
    for name, value in expected.items():
        right = found.get(name) == value
        for group in (str(name), f"condition {condition}", "all"):
            tally.total[group] += 1
            tally.right[group] += right
        if not right:
            tally.wrong.append((str(condition), key, str(name), value, found.get(name)))
    tally.unasked += sum(name not in expected for name in found)
    number = found.get(CardField.HKIC_NUMBER)
    tally.numbers_wrong += number is not None and number != face.number


def _report(tally: Tally, conditions: list[Condition], asked) -> int:
    photographs = len(tally.seconds)
    share = {name: tally.right[name] / tally.total[name] for name in tally.total}
    print(f"{photographs} photographs, {len(conditions)} conditions, {tally.total['all']} fields\n")
    for name in [*map(str, CardField), *(f"condition {one}" for one in conditions), "all"]:
        if tally.total[name]:
            note = ""
            if name.startswith("condition "):
                given = {k: v for k, v in tally.advice[name[10:]].items() if k != "None"}
                note = "  " + ", ".join(f"{k} {v}×" for k, v in given.items())
            print(f"{name:28} {tally.right[name]:4}/{tally.total[name]:<4} {share[name]:.3f}{note}")
    figures = {
        "photographs": photographs,
        "conditions": len(conditions),
        "fields_right": share["all"],
        "numbers_right": share[str(CardField.HKIC_NUMBER)],
        "numbers_wrong": tally.numbers_wrong,
        "fields_not_printed": tally.unasked,
        "wall_median_s": statistics.median(tally.seconds),
        "wall_p95_s": sorted(tally.seconds)[int(0.95 * (photographs - 1))],
        "cpu_median_s": statistics.median(tally.cpu),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "right": share,
    }
    print(
        f"\nwrong numbers accepted {figures['numbers_wrong']}; fields read that are not printed {tally.unasked}\n"
        f"median {figures['wall_median_s']:.2f} s (CPU {figures['cpu_median_s']:.2f} s), "
        f"p95 {figures['wall_p95_s']:.2f} s, peak {figures['peak_mib']:.0f} MiB"
    )
    if asked.failures:
        for line in tally.wrong:
            print(*line, sep=" | ")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    met = (
        figures["fields_right"] >= FIELDS_BAR
        and figures["numbers_right"] >= NUMBERS_BAR
        and not tally.numbers_wrong
    )
    print(
        "bar met"
        if met
        else f"bar NOT met: fields {FIELDS_BAR}, numbers {NUMBERS_BAR}, no wrong number"
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
