"""A face comparison against dlib's own embedding, and error rates on a folder of pictures.

CPU time per operation (``process_time``), the cases interleaved round by round in one process, the
median of the rounds. ``dlib_embedding`` is what nobody can leave out: the network on a face that is
found and cut already; ``dlib_picture`` finds the face as well. ``compare`` is what hkeid's worker does
for two pictures (decode within limits, find all faces, refuse a second one, align, embed, twice).
``liveness`` judges one answer to a head-turn challenge. ``through_worker`` is the same comparison in
the worker process; its CPU time is the child's.

    scripts/bench faces                        # on the shipped portraits and variants of them
    scripts/bench faces --folder DIR           # FMR and FNMR on DIR/<person>/<pictures> as well
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dlib
import numpy as np

from hkeid.adapters.faces import DeepfaceMatcher
from hkeid.adapters.faces.comparer import build as build_comparer
from hkeid.adapters.faces.matcher import FACTORY
from hkeid.adapters.faces.measuring import (
    Distances,
    labelled_images,
    measure,
    record_of,
    table,
    thresholds_around,
)
from hkeid.adapters.faces.weights import face_model
from hkeid.adapters.images import decode
from hkeid.adapters.liveness import HeadTurnCheck
from hkeid.adapters.liveness.seeing import build as build_watcher
from hkeid.adapters.system import SystemRandom
from hkeid.adapters.worker import Worker
from hkeid.ports import FacePurpose
from hkeid.testing.portraits import FACES, head_turn, portrait, selfie

KEY = "ho-sau-lan"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RAW = "dlib_embedding"


def _raw() -> tuple[Callable[[], object], Callable[[], object]]:
    places = {name: str(place) for name, place in face_model("Dlib").verified(None)}
    find = dlib.get_frontal_face_detector()
    points = dlib.shape_predictor(places["shape_predictor_5_face_landmarks.dat"])
    network = dlib.face_recognition_model_v1(places["dlib_face_recognition_resnet_model_v1.dat"])
    pixels = np.ascontiguousarray(decode(selfie(KEY))[:, :, ::-1])
    chip = dlib.get_face_chip(pixels, points(pixels, find(pixels, 1)[0]))

    def picture() -> object:
        return network.compute_face_descriptor(pixels, points(pixels, find(pixels, 1)[0]))

    return (lambda: network.compute_face_descriptor(chip)), picture


def _liveness() -> Callable[[], object]:
    with HeadTurnCheck() as check:
        challenge = check.start(NOW, SystemRandom())
    answer = head_turn(KEY, challenge)
    frames = [one.image for one in answer.frames]
    times = [one.at_ms for one in answer.frames]
    watcher = build_watcher(480, None)
    judged = watcher.judge(frames, times, challenge.secret)
    if judged.reason != "turns_in_order":
        raise SystemExit(f"the liveness check did not accept: {judged.reason}")
    return lambda: watcher.judge(frames, times, challenge.secret)


def _child_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _through_worker(times: int) -> tuple[float, float]:
    """CPU milliseconds of the child, and milliseconds on the clock, per comparison."""
    probe, reference = selfie(KEY), portrait(KEY)
    with DeepfaceMatcher.sandbox(timeout=120) as matcher:
        matcher.compare(probe, reference, FacePurpose.SELFIE_WITH_CARD)
        pid = matcher._worker.pid  # noqa: SLF001 - whose time is counted
        cpu, wall = _child_seconds(pid), perf_counter()
        for _ in range(times):
            matcher.compare(probe, reference, FacePurpose.SELFIE_WITH_CARD)
        return (_child_seconds(pid) - cpu) * 1000 / times, (perf_counter() - wall) * 1000 / times


def _cpu_ms(operation: Callable[[], object]) -> float:
    begun = process_time()
    operation()
    return (process_time() - begun) * 1000


def run(rounds: int = 7) -> list[dict[str, Any]]:
    """Measure; one operation of each case in each round."""
    embedding, picture = _raw()
    comparer = build_comparer("Dlib", "dlib", None, None)
    probe, reference = selfie(KEY), portrait(KEY)
    cases: dict[str, Callable[[], object]] = {
        RAW: embedding,
        "dlib_picture": picture,
        "compare": lambda: comparer.compare(probe, reference),
        "liveness": _liveness(),
    }
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for operation in cases.values():
        operation()
    gc.collect()
    for _ in range(rounds):
        for name, operation in cases.items():
            samples[name].append(_cpu_ms(operation))
    medians = {name: statistics.median(values) for name, values in samples.items()}
    rows: list[dict[str, Any]] = [{"case": RAW, "cpu_ms": round(medians[RAW], 1)}]
    worker_cpu, worker_wall = _through_worker(rounds)
    medians["through_worker"] = worker_cpu
    rows += [
        {
            "case": name,
            "cpu_ms": round(value, 1),
            "against": RAW,
            "ratio": round(value / medians[RAW], 2),
            "count": rounds,
        }
        for name, value in medians.items()
        if name != RAW
    ]
    rows[-1]["wall_ms"] = round(worker_wall, 1)
    return rows


def _shipped(folder: Path) -> None:
    for key in FACES:
        place = folder / key
        place.mkdir()
        (place / "portrait.jpg").write_bytes(portrait(key))
        for variant in range(6):
            (place / f"selfie-{variant}.jpg").write_bytes(selfie(key, variant))


def _rates(folder: Path | None) -> tuple[list[dict[str, Any]], list[str]]:
    model = face_model("Dlib")
    settings = {"model": model.name, "detector": model.detector, "folder": None, "manifest": None}
    with (
        tempfile.TemporaryDirectory() as made,
        Worker(FACTORY, name="face_matcher", settings=settings, timeout=120) as worker,
    ):
        if folder is None:
            _shipped(Path(made))
        images = labelled_images(folder or Path(made))
        distances: Distances = measure(
            worker,
            images,
            lambda number: (
                sys.stderr.write(f"{number} of {len(images)}\n") if number % 100 == 0 else None
            ),
        )
    record = record_of(
        distances, {}, thresholds=thresholds_around(model.match or 0.55), model=model.name,
        model_sha256=model.sha256, population="benchmark", made_on="-",
    )  # fmt: skip
    at = record.at(model.match or 0.55)
    row = {
        "case": "rates",
        "threshold": at.threshold,
        "persons": record.persons,
        "images": record.images,
        "refused": dict(record.refused),
        "impostor_pairs": at.impostor.trials,
        "false_matches": at.impostor.errors,
        "fmr_upper_95": round(at.impostor.upper, 6),
        "genuine_pairs": at.genuine.trials,
        "false_non_matches": at.genuine.errors,
        "fnmr_upper_95": round(at.genuine.upper, 6),
    }
    return [row], list(table(record.rows))


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--folder", type=Path, help="DIR/<person>/<pictures>")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args(arguments)
    rows = run(chosen.rounds)
    rates, lines = _rates(chosen.folder)
    for row in rows:
        against = f"  {row['ratio']:7.2f} × {row['against']}" if "ratio" in row else ""
        wall = f"  ({row['wall_ms']:.0f} ms on the clock)" if "wall_ms" in row else ""
        print(f"{row['case']:<16} {row['cpu_ms']:9.1f} ms CPU{against}{wall}")
    print("\n" + (str(chosen.folder) if chosen.folder else "shipped portraits and their variants"))
    print("\n".join(lines))
    print(", ".join(f"{name} {value}" for name, value in rates[0].items() if name != "case"))
    if chosen.json:
        chosen.json.write_text(json.dumps({"name": "faces", "rows": rows + rates}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
