"""A SoftHSM2 token for tests: made in a folder, pulled out and put back, also behind a p11-kit server.

Debian: ``softhsm2 opensc p11-kit``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from hkeid.testing.signing_authority import SigningAuthority, new_key

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
CLIENT_PATTERN: Final = "*/pkcs11/p11-kit-client.so"
SERVER: Final = Path("/usr/libexec/p11-kit/p11-kit-server")
KINDS: Final = {"p256": "p256", "p384": "p384", "rsa": "rsa2048", "twisted": "ed25519"}
"""Kinds of keys by label."""
_PATIENCE: Final = 10.0


def available() -> bool:
    """Whether SoftHSM2 and the tools for it are installed."""
    return MODULE.exists() and all(map(shutil.which, ("softhsm2-util", "pkcs11-tool")))


def client_module() -> Path | None:
    """The PKCS#11 module that speaks to a p11-kit server, where it is installed with the server."""
    found = sorted(Path("/usr/lib").glob(CLIENT_PATTERN))
    return found[0] if found and SERVER.exists() else None


@dataclass
class SoftHsm:
    """A token. Its keys are made in software and imported, so that a test can hold the public half.

    :ivar environment: what a process needs to find it.
    :ivar authority: issued the certificates; None: each is its own issuer.
    :ivar certificates: DER, by the label of the key.
    """

    folder: Path
    label: str = "hkeid test"
    pin: str = field(default="246810", repr=False)
    module: Path = MODULE
    authority: SigningAuthority | None = None
    certificates: dict[str, bytes] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def tokens(self) -> Path:
        """The folder that is the token."""
        return self.folder / "tokens"

    @classmethod
    def make(
        cls,
        folder: Path,
        kinds: Mapping[str, str] | None = None,
        *,
        authority: SigningAuthority | None = None,
    ) -> SoftHsm:
        """A new token in a folder.

        :param kinds: kind of key (:func:`hkeid.testing.signing_authority.new_key`) by label.
        """
        made = cls(folder, authority=authority)
        made.tokens.mkdir(parents=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {made.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        made.environment = {"SOFTHSM2_CONF": str(configuration)}
        made.run(
            *("softhsm2-util", "--init-token", "--free", "--label", made.label),
            *("--pin", made.pin, "--so-pin", "12345678"),
        )
        for number, (name, kind) in enumerate((KINDS if kinds is None else kinds).items(), 1):
            made.bring_in(name, f"{number:02x}", new_key(kind))
        return made

    def bring_in(self, name: str, key_id: str, key: Any) -> None:
        """Import a key with a certificate of the token's own authority.

        :param key_id: ``CKA_ID`` in hexadecimal digits.
        """
        if self.authority is None:
            certificate = _self_signed(key, f"SPECIMEN {name}")
        else:
            certificate = self.authority.issue(key, f"SPECIMEN {name}")
        der = certificate.public_bytes(serialization.Encoding.DER)
        self.certificates[name] = der
        self.put(name, key_id, key, der)

    def put(self, name: str, key_id: str, key: Any, certificate: bytes) -> None:
        """Import a key with a certificate.

        :param key_id: ``CKA_ID`` in hexadecimal digits.
        :param certificate: DER.
        """
        pem, file = self.folder / f"{name}.pem", self.folder / f"{name}.der"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.write_bytes(certificate)
        self.run(
            *("softhsm2-util", "--import", str(pem), "--token", self.label, "--label", name),
            *("--id", key_id, "--pin", self.pin),
        )
        self.run(
            *("pkcs11-tool", "--module", str(self.module), "--token-label", self.label),
            *("--login", "--pin", self.pin, "--write-object", str(file), "--type", "cert"),
            *("--id", key_id, "--label", name),
        )
        pem.unlink()

    def remove(self, key_id: str) -> None:
        """Delete a key and its certificate."""
        for kind in ("privkey", "pubkey", "cert"):
            self.run(
                *("pkcs11-tool", "--module", str(self.module), "--token-label", self.label),
                *("--login", "--pin", self.pin, "--delete-object", "--type", kind, "--id", key_id),
            )

    def run(self, *words: str) -> None:
        """A command that works on this token."""
        subprocess.run(  # noqa: S603 - our own words
            words, check=True, capture_output=True, env={**os.environ, **self.environment}
        )

    def pull(self) -> None:
        """Take the token out."""
        self.tokens.rename(self.folder / "elsewhere")

    def put_back(self) -> None:
        """Put it in again."""
        (self.folder / "elsewhere").rename(self.tokens)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Without the token."""
        self.pull()
        try:
            yield
        finally:
            self.put_back()


class SoftHsmServer:
    """The token in another process, behind a socket (p11-kit's remoting): to pull it is to kill that."""

    def __init__(self, hsm: SoftHsm) -> None:
        module = client_module()
        assert module is not None
        self.module: Path = module
        self._hsm = hsm
        self._socket = hsm.folder / "p11-kit.socket"
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {"P11_KIT_SERVER_ADDRESS": f"unix:path={self._socket}"}

    def put_back(self) -> None:
        """Start the server; returns when it listens."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            [
                *(str(SERVER), "--foreground", "--name", str(self._socket)),
                *("--provider", str(self._hsm.module), f"pkcs11:token={_quoted(self._hsm.label)}"),
            ],
            env={**os.environ, **self._hsm.environment},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + _PATIENCE
        while not self._socket.exists():
            assert time.monotonic() < end, "the server does not listen"
            time.sleep(0.02)

    def pull(self) -> None:
        """Kill it with all that it serves."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def _self_signed(key: Any, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )


def _quoted(label: str) -> str:
    return label.replace(" ", "%20")
