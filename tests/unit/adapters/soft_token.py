"""A SoftHSM2 token of this test run, with a certificate for each kind of key."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, LABEL = "246810", "hkeid test"


@dataclass(frozen=True)
class SoftToken:
    module: Path
    label: str
    pin: str
    folder: Path

    @contextmanager
    def away(self) -> Iterator[None]:
        """Pull the token out: its folder is somewhere else."""
        elsewhere = self.folder.with_name("elsewhere")
        self.folder.rename(elsewhere)
        try:
            yield
        finally:
            elsewhere.rename(self.folder)


def _certificate(key, name: str) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"SPECIMEN {name}")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


@pytest.fixture(scope="session", name="soft_token")
def soft_token_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    environment = {**os.environ}

    def tool(*words: str) -> None:
        subprocess.run(words, check=True, capture_output=True, env=environment)

    tool(
        *("softhsm2-util", "--init-token", "--free", "--label", LABEL),
        *("--pin", PIN, "--so-pin", "12345678"),
    )
    keys = {
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }
    for number, (name, key) in enumerate(keys.items(), 1):
        pem = folder / f"{name}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        tool(
            *("softhsm2-util", "--import", str(pem), "--token", LABEL, "--label", name),
            *("--id", f"{number:02x}", "--pin", PIN),
        )
        pem.unlink()
        der = folder / f"{name}.der"
        der.write_bytes(_certificate(key, name))
        tool(
            *(
                "pkcs11-tool",
                "--module",
                str(MODULE),
                "--token-label",
                LABEL,
                "--login",
                "--pin",
                PIN,
            ),
            *(
                "--write-object",
                str(der),
                "--type",
                "cert",
                "--id",
                f"{number:02x}",
                "--label",
                name,
            ),
        )
    yield SoftToken(MODULE, LABEL, PIN, folder / "tokens")
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before
