"""The demonstration: identity provider, admin listener and two relying parties on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from hkeid.testing.browser import Browser
from hkeid.testing.installation import CommandFailed, Installation
from hkeid.testing.journey import Journey, Step, StepFailed, run
from hkeid.testing.personas import PERSONAS
from hkeid.testing.processes import DidNotStart, ServerProcess

ROOT = Path(__file__).resolve().parents[2]
PORTS = {
    "identity provider": 8000,
    "admin listener": 8001,
    "suggestion form (Flask)": 5001,
    "eTAX (Django)": 5002,
}
EXAMPLES = {
    "hko-suggestions": ("relying_party_flask", 5001),
    "ird-etax": ("relying_party_django", 5002),
}


class PortTaken(RuntimeError):
    """Somebody else listens where a part of the demonstration must be."""


def check_ports() -> None:
    """Refuse to start beside something that has our ports already."""
    taken = []
    for what, port in PORTS.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken.append(f"{port} ({what})")
    if taken:
        raise PortTaken(f"in use already: {', '.join(taken)}. Is another demonstration running?")


def install(folder: Path) -> Installation:
    """The installation in ``folder``, made if there is none."""
    port = PORTS["identity provider"]
    if (folder / "hkeid.toml").exists():
        installation = Installation(folder, port)
        installation.prepare()
        return installation
    return Installation.make(
        folder,
        port=port,
        admin={"enabled": True, "port": PORTS["admin listener"]},
        log={"level": "info", "access": True, "file": "hkeid.log"},
        sandbox={"seed": True},
    )


def start_service(folder: Path, client_id: str) -> ServerProcess:
    """One relying party, with the key that the provider knows it by."""
    package, port = EXAMPLES[client_id]
    source = ROOT / "examples" / package / "src"
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")])),
        "HKEID_ISSUER": f"http://localhost:{PORTS['identity provider']}",
        "HKEID_CLIENT_ID": client_id,
        "HKEID_PRIVATE_KEY": str(folder / "clients" / f"{client_id}.pem"),
        "RP_BASE_URL": f"http://localhost:{port}",
        "RP_SECRET_KEY_FILE": str(folder / f"{client_id}.secret"),
    }
    log = folder / f"{client_id}.log"
    command = [sys.executable, "-m", package]
    return ServerProcess(command, port=port, log=log, environment=environment, folder=folder)


def guide(folder: Path) -> str:
    """What to do now, for a person who has never seen this."""
    lines = [
        "",
        "  Hong Kong eID: a demonstration. Every person in it is invented.",
        "",
        "  1. Choose a person and get an activation code   http://localhost:8000/sandbox",
        "  2. Activate the eID there with a passkey",
        "  3. Log in at a service                          http://localhost:5001  suggestion form",
        "     and at another one, without a passkey now    http://localhost:5002  eTAX",
        "  4. See who received what                        http://localhost:8000/account",
        "",
        "  Say localhost, not 127.0.0.1: passkeys belong to a name. No device with a screen lock?",
        "  Chromium has one in software: developer tools, More tools, WebAuthn.",
        "",
        "  Persons, among others:",
    ]
    lines += [
        f"    {persona.person.name.english:<24} {persona.story['en']}"
        for persona in list(PERSONAS.values())[:6]
    ]
    lines += [
        "",
        f"  Health and metrics: http://localhost:8001/health/ready   Data and logs: {folder}",
        "  Stop with Ctrl-C.",
        "",
    ]
    return "\n".join(lines)


def once(installation: Installation) -> int:
    """Drive the journey and verify the audit trail; 0 when every step went well."""
    journey = Journey(
        issuer=installation.issuer,
        first="http://localhost:5001",
        second="http://localhost:5002",
    )

    def ready() -> str:
        page = Browser().get(f"http://localhost:{PORTS['admin listener']}/health/ready")
        if page.status != 200 or not page.json()["ready"]:
            raise page.unexpected("not ready")
        return ", ".join(page.json()["checks"])

    def verify() -> str:
        said = installation.run("audit", "verify").strip().splitlines()
        return said[-1] if said else "no finding"

    steps = (
        Step(name="the admin listener says that all is ready", do=ready),
        *journey.steps(),
        Step(name="verify the audit trail", do=verify),
    )
    try:
        seconds = run(steps, sys.stdout)
    except StepFailed as failed:
        print(f"\nFAILED at: {failed}", file=sys.stderr)
        return 1
    print(f"\nThe whole journey took {seconds:.1f} s.")
    return 0


def wait(servers: dict[str, ServerProcess]) -> int:
    """Until Ctrl-C, or until a part ends by itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            for name, server in servers.items():
                if not server.running:
                    print(f"{name} has ended; its log ends:\n{server.log_end()}", file=sys.stderr)
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nStopping …", file=sys.stderr)
        return 0


def demonstrate(folder: Path, *, alone: bool) -> int:
    """Start everything, then either drive it or leave it to people."""
    check_ports()
    began = time.perf_counter()
    with ExitStack() as stack:
        installation = install(folder)
        servers = {"the identity provider": stack.enter_context(installation.serve())}
        for client_id, (package, _) in EXAMPLES.items():
            servers[package] = stack.enter_context(start_service(folder, client_id))
        print(f"Started in {time.perf_counter() - began:.1f} s.", flush=True)
        if alone:
            return once(installation)
        print(guide(folder), flush=True)
        return wait(servers)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--once", action="store_true", help="drive the journey, then stop")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where everything is kept")
    arguments = parser.parse_args()
    try:
        if arguments.once and arguments.data is None:
            with tempfile.TemporaryDirectory(prefix="hkeid-demo-") as folder:
                return demonstrate(Path(folder), alone=True)
        folder = (arguments.data or ROOT / "demo-data").resolve()
        return demonstrate(folder, alone=arguments.once)
    except (PortTaken, DidNotStart, CommandFailed) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
