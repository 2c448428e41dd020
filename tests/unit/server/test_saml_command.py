"""``hkeid saml``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.kernel.http import Request
from hkeid.saml.metadata import TrustedAsItIs, read_metadata
from hkeid.testing.saml_service import SamlService
from hkeid_server.cli import main
from hkeid_server.config import load_config
from hkeid_server.wiring import make_keys, open_keys, surroundings
from hkeid_server.wiring.foundation import lay_foundation
from hkeid_server.wiring.saml_foundation import lay_saml_foundation

ORIGIN = "http://localhost:8000"
LIBRARY = "https://library.example"
THREE = 'en = "Library"\nzh-Hant-HK = "圖書館"\nzh-Hans = "图书馆"\n'
SERVICE = f"""entity_id = "{LIBRARY}/metadata"
metadata_file = "library.xml"
sector_identifier = "library.example"
[name]
{THREE}"""
UPSTREAM = f"""kind = "saml"
entity_id = "https://university.example"
metadata_file = "university.xml"
[names]
{THREE}
[assurance]
default = "urn:hkeid:acr:eid"
"""
OIDC = f"""kind = "oidc"
issuer = "https://login.company.example"
client_id = "hkeid"
[names]
{THREE}"""


@pytest.fixture(scope="module")
def service_metadata() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return SamlService(LIBRARY, f"{ORIGIN}/saml/metadata", key).metadata()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hkeid.toml"
    path.write_text(f'profile = "sandbox"\nissuer = "{ORIGIN}"\n[saml]\nenabled = true\n', "utf-8")
    make_keys(load_config(path))
    return path


@pytest.fixture
def library(tmp_path: Path, service_metadata: bytes) -> Path:
    folder = tmp_path / "saml"
    folder.mkdir()
    (folder / "library.xml").write_bytes(service_metadata)
    path = folder / "library.toml"
    path.write_text(SERVICE, "utf-8")
    return path


def run(config: Path, *words: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["saml", *words, "--config", str(config)])
    assert result.exit_code == status, result.output
    return result.output


class TestMetadata:
    def test_is_what_services_read(self, config: Path, tmp_path: Path) -> None:
        """Signed by the key of the store, which is made where there is none; no database is needed."""
        file = tmp_path / "idp.xml"
        assert run(config, "metadata", "--output", str(file)) == ""
        now = datetime.now(UTC)
        document = read_metadata(file.read_bytes(), TrustedAsItIs(), now=now)
        entity = document.entity(f"{ORIGIN}/saml/metadata", now)
        assert entity.idp is not None
        assert entity.idp.single_sign_on_services[0].location == f"{ORIGIN}/saml/sso"
        assert entity.idp.keys[0].certificate is not None
        assert b"<ds:Signature" in file.read_bytes()
        clock, random = surroundings()
        keys = open_keys(load_config(config), clock, random)
        certificates = lay_saml_foundation(
            lay_foundation(load_config(config), keys=keys)
        ).certificates
        assert [one.certificate for one in entity.idp.keys] == list(certificates.values())

    def test_goes_to_standard_output_alone(self, config: Path) -> None:
        result = CliRunner().invoke(main, ["saml", "metadata", "--config", str(config)])
        assert result.stdout_bytes.startswith(b"<")
        assert result.stdout_bytes.rstrip().endswith(b"EntityDescriptor>")

    def test_is_that_of_the_server(self, config: Path, tmp_path: Path) -> None:
        from hkeid_server.wiring import build_house

        printed = tmp_path / "idp.xml"
        run(config, "metadata", "--output", str(printed))
        config.write_text(
            config.read_text("utf-8").replace("[saml]", '[store]\nurl = "memory"\n[saml]'), "utf-8"
        )
        house = build_house(load_config(config))
        served = house.saml.handle(Request(method="GET", path="/saml/metadata")).body
        now = datetime.now(UTC)
        name = f"{ORIGIN}/saml/metadata"
        ours, theirs = (
            read_metadata(one, TrustedAsItIs(), now=now).entity(name, now).idp
            for one in (printed.read_bytes(), served)
        )
        assert ours.keys == theirs.keys
        assert ours.single_logout_services == theirs.single_logout_services

    def test_of_an_upstream_is_that_of_a_service_provider(
        self, config: Path, tmp_path: Path, service_metadata: bytes
    ) -> None:
        folder = tmp_path / "upstreams"
        folder.mkdir()
        (folder / "university.xml").write_bytes(service_metadata)
        (folder / "university.toml").write_text(UPSTREAM, "utf-8")
        (folder / "company.toml").write_text(OIDC, "utf-8")
        config.write_text(f'profile = "sandbox"\nissuer = "{ORIGIN}"\n', "utf-8")
        file = tmp_path / "sp.xml"
        run(config, "metadata", "--upstream", "university", "--output", str(file))
        now = datetime.now(UTC)
        entity = read_metadata(file.read_bytes(), TrustedAsItIs(), now=now).entity(
            f"{ORIGIN}/upstream/university/metadata", now
        )
        assert entity.sp is not None
        [at] = entity.sp.assertion_consumer_services
        assert at.location == f"{ORIGIN}/upstream/university/callback"
        assert "upstream unknown: nobody" in run(
            config, "metadata", "--upstream", "nobody", status=1
        )
        assert "upstream has no metadata: company" in run(
            config, "metadata", "--upstream", "company", status=1
        )

    def test_where_the_door_is_closed_there_is_none(self, config: Path) -> None:
        config.write_text(f'profile = "sandbox"\nissuer = "{ORIGIN}"\n', "utf-8")
        assert "saml.enabled" in run(config, "metadata", status=3)


class TestServices:
    def test_are_listed_with_their_addresses(self, config: Path, library: Path) -> None:
        said = run(config, "services")
        assert said.splitlines() == [
            f"{'library':<24} Library",
            f"{'':<24} {LIBRARY}/metadata",
            f"{'':<24} metadata: {library.with_suffix('.xml')}",
            f"{'':<24} → {LIBRARY}/acs",
        ]

    def test_what_is_in_the_way_is_said(self, config: Path, library: Path) -> None:
        library.write_text(SERVICE.replace(f"{LIBRARY}/metadata", f"{LIBRARY}/other"), "utf-8")
        assert "✗ saml_service_not_in_metadata" in run(config, "services", status=1)
        pem = library.with_name("trusted.pem")
        pem.write_bytes(_public_key())
        fetched = 'metadata_url = "https://library.example/md"\nmetadata_key_file = "trusted.pem"'
        library.write_text(SERVICE.replace('metadata_file = "library.xml"', fetched), "utf-8")
        said = run(config, "services", status=1)
        assert "metadata: https://library.example/md" in said
        assert "✗ saml_metadata_not_loaded" in said

    def test_one_that_is_switched_off_is_no_trouble(self, config: Path, library: Path) -> None:
        library.write_text(f"enabled = false\n{SERVICE}", "utf-8")
        assert "Library  (disabled)" in run(config, "services")

    def test_a_description_that_is_wrong_is_named(self, config: Path, library: Path) -> None:
        library.write_text(SERVICE.replace("entity_id", "entity"), "utf-8")
        assert "library.toml: 'entity'" in run(config, "services", status=3)

    def test_none(self, config: Path) -> None:
        config.write_text(f'profile = "sandbox"\nissuer = "{ORIGIN}"\n', "utf-8")
        said = run(config, "services")
        assert "no service: describe one in" in said
        assert "the door is closed" in said


def _public_key() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
