"""Run the simulator."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hkeid.testing.iam_smart_simulator import (
    PLACES,
    IamSmartFault,
    IamSmartSimulator,
    Registration,
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the simulator until it is interrupted."""
    parser = argparse.ArgumentParser(description="A simulated iAM Smart.")
    parser.add_argument("--port", type=int, default=8020)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--folder", type=Path, help="client id, secret and key; made where missing")
    parser.add_argument("--fault", choices=[fault.value for fault in IamSmartFault])
    parser.add_argument("--fail", metavar="CODE", help="answer with a return code")
    parser.add_argument("--at", choices=PLACES, default="callback", help="where --fail answers")
    given = parser.parse_args(arguments)
    registration = None if given.folder is None else Registration.in_folder(given.folder)
    simulator = IamSmartSimulator(registration, given.port, host=given.host)
    simulator.fault = None if given.fault is None else IamSmartFault(given.fault)
    if given.fail is not None:
        simulator.fail(given.fail, given.at)
    print(f"simulated iAM Smart at {simulator.url}", flush=True)  # noqa: T201
    simulator.server.serve()


if __name__ == "__main__":
    main()
