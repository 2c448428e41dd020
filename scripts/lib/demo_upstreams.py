"""What stands behind and before the demonstration's provider beside the rest: the simulated iAM Smart, and a service that
speaks SAML. Descriptions and processes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hkeid.testing.iam_smart_simulator import Registration
from hkeid.testing.processes import ServerProcess
from hkeid.testing.saml_service import SamlService, key_in

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


_SERVICE = """entity_id = "http://localhost:{port}/metadata"
metadata_file = "library.xml"
sector_identifier = "localhost"
voluntary_claims = ["birthdate"]

[name]
en = "Public library (SAML)"
zh-Hant-HK = "公共圖書館（SAML）"
zh-Hans = "公共图书馆（SAML）"

[claims.name]
en = "For your library card."
zh-Hant-HK = "用於你的圖書證。"
zh-Hans = "用于你的图书证。"

[claims.birthdate]
en = "To find books for your age."
zh-Hant-HK = "為你尋找適合年齡的書籍。"
zh-Hans = "为你寻找适合年龄的书籍。"
"""


def describe_service(folder: Path, *, port: int, issuer: str) -> None:
    """Write description and metadata of the SAML service, before the provider starts."""
    service = SamlService(
        f"http://localhost:{port}", f"{issuer}/saml/metadata", key_in(folder / "library.pem")
    )
    place = folder / "saml"
    place.mkdir(exist_ok=True)
    (place / "library.toml").write_text(_SERVICE.format(port=port), "utf-8")
    (place / "library.xml").write_bytes(service.metadata())


def start_service_of_saml(folder: Path, port: int, issuer: str) -> ServerProcess:
    """The service that speaks SAML."""
    words = ["--port", str(port), "--provider", f"{issuer}/saml/metadata"]
    words += ["--key", str(folder / "library.pem")]
    return ServerProcess(
        [sys.executable, "-m", "hkeid.testing.saml_service", *words],
        port=port,
        log=folder / "library.log",
        folder=folder,
    )
