"""Run the simulated company."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hkeid.testing.fake_provider import Fault
from hkeid.testing.small_server import SmallServer
from hkeid.testing.upstream_provider import CompanyFault, CompanyProvider


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the provider until it is interrupted."""
    parser = argparse.ArgumentParser(description="A simulated upstream OpenID Provider.")
    parser.add_argument("--port", type=int, default=8030)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--client-id", default="hkeid")
    parser.add_argument(
        "--client-jwks", type=Path, help="our public keys; without: a public client"
    )
    parser.add_argument("--logout-uri", help="where logout tokens are posted")
    parser.add_argument("--no-pushing", action="store_true")
    parser.add_argument("--no-dpop", action="store_true")
    parser.add_argument("--fault", choices=[fault.value for fault in Fault])
    parser.add_argument("--company-fault", choices=[fault.value for fault in CompanyFault])
    given = parser.parse_args(arguments)
    jwk: dict[str, Any] | None = None
    if given.client_jwks is not None:
        jwk = json.loads(given.client_jwks.read_text("utf-8"))["keys"][0]
    company = CompanyProvider(
        f"http://localhost:{given.port}",
        client_id=given.client_id,
        client_jwk=jwk,
        logout_uri=given.logout_uri,
        pushing=not given.no_pushing,
        dpop=not given.no_dpop,
    )
    company.fault = None if given.fault is None else Fault(given.fault)
    wrong = given.company_fault
    company.company_fault = None if wrong is None else CompanyFault(wrong)
    server = SmallServer(company.handle, given.port, host=given.host)
    print(f"simulated company at {server.url}", flush=True)  # noqa: T201
    server.serve()


if __name__ == "__main__":
    main()
