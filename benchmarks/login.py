"""Server CPU per complete single-sign-on flow (code + PKCE), against two other providers.

All providers run at the same time on this machine; in every round each is driven in turn, in an
order that changes, over one kept-alive connection. What counts is the user and system time of the
server's whole process tree, not the clock on the wall, and the ratio within the same round.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from contestants import Contestant, Starter, authlib_flask, oidc_provider
from hkeid_contestant import hkeid_memory, hkeid_postgresql, hkeid_sqlite

PEERS: dict[str, Starter] = {"authlib_flask": authlib_flask, "oidc_provider": oidc_provider}
OURS: dict[str, Starter] = {
    "sso_flow": hkeid_memory,
    "sso_flow_sqlite": hkeid_sqlite,
    "sso_flow_postgresql": hkeid_postgresql,
}


def measure(contestant: Contestant, flows: int) -> tuple[float, float]:
    """CPU and wall milliseconds per flow."""
    # A server may have closed the connection while the others had their turn (gunicorn: after 2 s).
    contestant.driver.close()
    cpu, wall = contestant.process.cpu_seconds(), time.perf_counter()
    for _ in range(flows):
        contestant.driver.flow()
    wall = time.perf_counter() - wall
    cpu = contestant.process.cpu_seconds() - cpu
    return cpu * 1000 / flows, wall * 1000 / flows


def rounds(contestants: list[Contestant], arguments: argparse.Namespace) -> dict[str, list[float]]:
    """CPU milliseconds per flow of every contestant in every round."""
    for contestant in contestants:
        measure(contestant, arguments.warm_up)
    found: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(arguments.rounds):
        order = random.sample(contestants, len(contestants))
        line = []
        for contestant in order:
            cpu, wall = measure(contestant, arguments.flows)
            found[contestant.name].append(cpu)
            line.append(f"{contestant.name} {cpu:.2f} ({wall:.2f})")
        print(
            f"round {number + 1}: CPU ms per flow (wall): {', '.join(sorted(line))}",
            file=sys.stderr,
        )
    return found


def rows(
    cpu: dict[str, list[float]], memory: dict[str, float], ours: list[str]
) -> list[dict[str, object]]:
    """One row per case and peer; ratios are medians of the ratios within a round."""
    made: list[dict[str, object]] = []
    peers = [name for name in cpu if name in PEERS]
    for case in ours:
        for peer in peers:
            ratios = [mine / other for mine, other in zip(cpu[case], cpu[peer], strict=True)]
            made.append(
                {
                    "case": case,
                    "cpu_ms": round(statistics.median(cpu[case]), 3),
                    "against": peer,
                    "ratio": round(statistics.median(ratios), 3),
                    "ratio_min": round(min(ratios), 3),
                    "ratio_max": round(max(ratios), 3),
                    "peak_mb": round(memory[case], 1),
                    "count": len(ratios),
                }
            )
    made += [
        {
            "case": peer,
            "cpu_ms": round(statistics.median(cpu[peer]), 3),
            "peak_mb": round(memory[peer], 1),
            "count": len(cpu[peer]),
        }
        for peer in peers
    ]
    return made


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--flows", type=int, default=400, help="flows per contestant and round")
    parser.add_argument("--warm-up", type=int, default=1500, help="flows before the first round")
    parser.add_argument("--only", nargs="*", choices=[*PEERS, *OURS], help="fewer contestants")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    starters = {**OURS, **PEERS}
    wanted = arguments.only or list(starters)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hkeid-bench-")))
        contestants = []
        for name in wanted:
            contestant = starters[name](stack, folder)
            contestant.name = name
            contestants.append(contestant)
        cpu = rounds(contestants, arguments)
        memory = {contestant.name: contestant.process.memory_mb() for contestant in contestants}
    ours = [name for name in wanted if name in OURS]
    report = {"name": "login", "rows": rows(cpu, memory, ours)}
    for row in report["rows"]:
        print("  ".join(f"{key}={value}" for key, value in row.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
