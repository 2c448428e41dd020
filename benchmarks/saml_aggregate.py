"""A federation's aggregate of 10,000 entities, some 40 MB: indexed, indexed and verified, and one entity looked up.

Each in a process of its own, so that its peak is its own: ``peak_mb`` is the most memory resident above what the
process had before it opened the file, the document itself included. CPU is the median of the rounds. ``lxml_parse``
is the yardstick: one tree of the same document, of which nothing is read.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import process_time_ns
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from hkeid.saml.metadata import SignedBy, TrustedAsItIs
from hkeid.saml.metadata.aggregate import Aggregate
from hkeid.saml.metadata.indexing import read_aggregate
from hkeid.testing.saml_federation import Federation, Member

ENTITIES = 10_000
LOOKUPS = 200
MOST_MS = {"metadata_10k": 800.0, "metadata_lookup": 1.0}
MOST_MB = {"metadata_10k": 80.0}
NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


def rows(rounds: int = 5) -> list[dict[str, Any]]:
    """One row for each case."""
    federation = Federation()
    with tempfile.TemporaryDirectory(prefix="hkeid-bench-") as folder:
        document, key = Path(folder) / "federation.xml", Path(folder) / "key.pem"
        document.write_bytes(federation.aggregate([Member(one) for one in range(ENTITIES)]))
        key.write_bytes(
            federation.keys[0].public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        found = []
        for case in ("lxml_parse", "metadata_10k", "metadata_10k_verified", "metadata_lookup"):
            command = [sys.executable, __file__, case, str(document), str(key), str(rounds)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(_row(case, json.loads(answer.stdout)))
    for row in found[1:3]:
        row |= {"against": "lxml_parse", "ratio": round(row["cpu_ms"] / found[0]["cpu_ms"], 2)}
    return found


def _row(case: str, answer: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "case": case,
        "cpu_ms": round(statistics.median(answer["cpu_ms"]), 3),
        "best_ms": round(min(answer["cpu_ms"]), 3),
    }
    if case in MOST_MS:
        row["bar_ms"] = MOST_MS[case]
    if "peak_mb" in answer:
        row["peak_mb"] = round(answer["peak_mb"], 1)
    if case in MOST_MB:
        row["bar_mb"] = MOST_MB[case]
    return row


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def child(case: str, document: Path, key: Path, rounds: int) -> dict[str, Any]:
    """What runs in the process of a case."""
    few = Federation()
    read_aggregate(few.aggregate([Member(1)]), SignedBy(tuple(few.keys)))
    signed = SignedBy.pem(key.read_bytes())
    if case == "metadata_lookup":
        return {"cpu_ms": _lookups(read_aggregate(document.read_bytes(), signed), rounds)}
    run = {
        "lxml_parse": lambda: etree.fromstring(
            document.read_bytes(), etree.XMLParser(huge_tree=True)
        ),
        "metadata_10k": lambda: read_aggregate(document.read_bytes(), TrustedAsItIs()),
        "metadata_10k_verified": lambda: read_aggregate(document.read_bytes(), signed),
    }[case]
    idle, samples = _peak_mb(), []
    peak = 0.0
    for _ in range(rounds):
        began = process_time_ns()
        found = run()
        samples.append((process_time_ns() - began) / 1e6)
        peak = peak or _peak_mb() - idle
        assert len(found) >= ENTITIES
        assert getattr(found, "signed", False) is (case == "metadata_10k_verified")
        del found
    return {"cpu_ms": samples, "peak_mb": peak}


def _lookups(aggregate: Aggregate, rounds: int) -> list[float]:
    """None of them has been read before."""
    names = list(aggregate.entity_ids(NOW))
    samples = []
    for at in range(rounds):
        some = names[at :: ENTITIES // LOOKUPS]
        began = process_time_ns()
        for name in some:
            assert aggregate.entity(name, NOW) is not None
        samples.append((process_time_ns() - began) / 1e6 / len(some))
    return samples


if __name__ == "__main__":
    if len(sys.argv) == 5:
        print(
            json.dumps(child(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
        )
    else:
        for one in rows():
            print(one)
