"""The one client that is registered with the simulator, and where its keys lie."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hkeid.kernel.secret import Secret

CLIENT_ID: Final = "client-id"
CLIENT_SECRET: Final = "client-secret"
KEY: Final = "encipherment-key.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client of the simulator.

    :ivar kek: private here too, so that one folder serves both sides of a demonstration; the simulator uses
        its public half alone.
    :ivar redirects: addresses that may be called back begin with one of these; () allows loopback.
    """

    client_id: str
    client_secret: Secret
    kek: rsa.RSAPrivateKey = field(repr=False)
    redirects: tuple[str, ...] = ()

    @classmethod
    def new(cls) -> Self:
        """A registration with fresh keys."""
        return cls(
            client_id=secrets.token_hex(16),
            client_secret=Secret(secrets.token_hex(16)),
            kek=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        )

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """The registration in a folder; made there where there is none (``client-id``, ``client-secret``,
        ``encipherment-key.pem``, readable by their owner alone).
        """
        if not (folder / KEY).exists():
            cls.new().write(folder)
        key = load_pem_private_key((folder / KEY).read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(
            client_id=(folder / CLIENT_ID).read_text("utf-8").strip(),
            client_secret=Secret((folder / CLIENT_SECRET).read_text("utf-8").strip()),
            kek=key,
        )

    def write(self, folder: Path) -> None:
        """Write the three files."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = self.kek.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        contents = {
            CLIENT_ID: self.client_id.encode(),
            CLIENT_SECRET: self.client_secret.reveal().encode(),
            KEY: pem,
        }
        for name, content in contents.items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_bytes(content)
