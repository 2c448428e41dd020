"""Run the simulated university."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hkeid.testing.small_server import SmallServer
from hkeid.testing.upstream_university import University, keys_in


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the identity provider until it is interrupted."""
    parser = argparse.ArgumentParser(description="A simulated upstream SAML identity provider.")
    parser.add_argument("--port", type=int, default=8031)
    parser.add_argument("--folder", type=Path, required=True, help="its keys; made where missing")
    parser.add_argument("--hub", default="http://localhost:8000/upstream/university/metadata")
    given = parser.parse_args(arguments)
    university = University(f"http://localhost:{given.port}", given.hub, keys_in(given.folder))
    server = SmallServer(university, given.port)
    print(f"simulated university at {university.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
