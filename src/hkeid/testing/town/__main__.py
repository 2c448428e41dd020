"""The town as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from werkzeug.serving import run_simple

from hkeid.testing.town.serving import town


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="hkeid.testing.town")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--issuer", required=True, help="the provider")
    parser.add_argument("--keys", type=Path, required=True, help="folder of the services' keys")
    given = parser.parse_args()
    application = town(f"http://localhost:{given.port}", issuer=given.issuer, keys=given.keys)
    run_simple("127.0.0.1", given.port, application, threaded=True)


if __name__ == "__main__":
    main()
