"""What stands behind and before the demonstration's provider beside the rest: the simulated iAM Smart, a company and a
university with logins of their own, and a service that speaks SAML. Descriptions and processes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.request import urlopen

from hkeid.testing.iam_smart_simulator import Registration
from hkeid.testing.installation import Installation
from hkeid.testing.processes import ServerProcess
from hkeid.testing.saml_service import SamlService, key_in
from hkeid.testing.town import descriptions
from hkeid.testing.upstream_university import University, keys_in

_IAM_SMART = """kind = "iam_smart"
host = "http://localhost:{port}"
client_id = "{client_id}"
client_secret_file = "../iam-smart/client-secret"
encipherment_key_file = "../iam-smart/encipherment-key.pem"
# The simulator proves identity-card numbers, as iAM Smart does.
links_by_hkic = true
creates = true
"""


_COMPANY = """kind = "oidc"
issuer = "http://localhost:{port}"
client_id = "hkeid"
creates = true

[names]
en = "Specimen Trading (company login)"
zh-Hant-HK = "樣本貿易（公司帳戶）"
zh-Hans = "样本贸易（公司账户）"

[assurance.values]
"urn:example:company:two-factors" = "urn:hkeid:acr:eid"
"urn:example:company:smart-card" = "urn:hkeid:acr:eid"

[[attributes]]
claim = "name"
from = "name"
"""
_UNIVERSITY = """kind = "saml"
entity_id = "http://localhost:{port}/saml/metadata"
metadata_file = "university.xml"
creates = true

[names]
en = "Harbour University"
zh-Hant-HK = "海港大學"
zh-Hans = "海港大学"

[assurance.values]
"urn:hkeid:acr:eid" = "urn:hkeid:acr:eid"

[[attributes]]
claim = "name"
from = "urn:oid:2.16.840.1.113730.3.1.241"
"""


def describe(folder: Path, *, issuer: str, iam_smart: int, company: int, university: int) -> None:
    """Write the descriptions into the installation's folder, before its server starts."""
    registration = Registration.in_folder(folder / "iam-smart")
    place = folder / "upstreams"
    place.mkdir(exist_ok=True)
    text = _IAM_SMART.format(port=iam_smart, client_id=registration.client_id)
    (place / "iam-smart.toml").write_text(text, "utf-8")
    (place / "company.toml").write_text(_COMPANY.format(port=company), "utf-8")
    (place / "university.toml").write_text(_UNIVERSITY.format(port=university), "utf-8")
    there = University(
        f"http://localhost:{university}", hub_metadata(issuer), keys_in(folder / "university")
    )
    (place / "university.xml").write_bytes(there.metadata())


def hub_metadata(issuer: str) -> str:
    """Where the university learns of the provider."""
    return f"{issuer}/upstream/university/metadata"


def start_company(folder: Path, port: int, issuer: str) -> ServerProcess:
    """The company, which is told the provider's keys: start it after the provider."""
    jwks = folder / "upstream-client.jwks"
    with urlopen(f"{issuer}/upstream/jwks", timeout=30) as answer:
        jwks.write_bytes(answer.read())
    words = ["--port", str(port), "--client-jwks", str(jwks)]
    words += ["--logout-uri", f"{issuer}/upstream/company/logout"]
    return ServerProcess(
        [sys.executable, "-m", "hkeid.testing.upstream_provider", *words],
        port=port,
        log=folder / "company.log",
        folder=folder,
    )


def start_university(folder: Path, port: int, issuer: str) -> ServerProcess:
    """The university."""
    words = ["--port", str(port), "--folder", str(folder / "university")]
    words += ["--hub", hub_metadata(issuer)]
    return ServerProcess(
        [sys.executable, "-m", "hkeid.testing.upstream_university", *words],
        port=port,
        log=folder / "university.log",
        folder=folder,
    )


def describe_town(installation: Installation, port: int) -> None:
    """Register the services of the town, before the provider starts."""
    folder = installation.folder / "town"
    for description in descriptions(f"http://localhost:{port}", folder):
        installation.describe(description)


def start_town(folder: Path, port: int, issuer: str) -> ServerProcess:
    """The services of the town."""
    words = ["--port", str(port), "--issuer", issuer, "--keys", str(folder / "town")]
    return ServerProcess(
        [sys.executable, "-m", "hkeid.testing.town", *words],
        port=port,
        log=folder / "town.log",
        folder=folder,
    )


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
