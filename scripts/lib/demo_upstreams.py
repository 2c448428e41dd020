"""Identity providers behind the demonstration's: descriptions and processes."""

from __future__ import annotations

import sys
from pathlib import Path

from hkeid.testing.iam_smart_simulator import Registration
from hkeid.testing.processes import ServerProcess

_IAM_SMART = """kind = "iam_smart"
host = "http://localhost:{port}"
client_id = "{client_id}"
client_secret_file = "../iam-smart/client-secret"
encipherment_key_file = "../iam-smart/encipherment-key.pem"
# The simulator proves identity-card numbers, as iAM Smart does.
links_by_hkic = true
creates = true
"""


def describe(folder: Path, *, iam_smart: int) -> None:
    """Write the descriptions into the installation's folder, before its server starts."""
    registration = Registration.in_folder(folder / "iam-smart")
    place = folder / "upstreams"
    place.mkdir(exist_ok=True)
    text = _IAM_SMART.format(port=iam_smart, client_id=registration.client_id)
    (place / "iam-smart.toml").write_text(text, "utf-8")


def start_iam_smart(folder: Path, port: int) -> ServerProcess:
    """The simulated iAM Smart."""
    words = ["--port", str(port), "--folder", str(folder / "iam-smart")]
    return ServerProcess(
        [sys.executable, "-m", "hkeid.testing.iam_smart_simulator", *words],
        port=port,
        log=folder / "iam-smart.log",
        folder=folder,
    )
