"""What a station keeps: its key, its certificate, where its server is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hkeid.kernel.errors import ConfigurationError

KEY = "station.key"
CERTIFICATE = "station.pem"
SETTINGS = "station.json"
AUTHORITY = "server-ca.pem"


class StationFolder:
    """A folder readable by the station's program alone (0700, files 0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def key_file(self) -> Path:
        """The private key (PEM); it never leaves this machine."""
        return self.path / KEY

    @property
    def certificate_file(self) -> Path:
        """The certificate and what is above it (PEM)."""
        return self.path / CERTIFICATE

    @property
    def authority_file(self) -> Path | None:
        """Certificates that the server's one is checked against; None: the system's."""
        found = self.path / AUTHORITY
        return found if found.exists() else None

    @property
    def enrolled(self) -> bool:
        """Whether there is a certificate."""
        return self.certificate_file.exists()

    def key(self) -> bytes:
        """The private key; made at the first call."""
        from hkeid.adapters.station_ca import make_key

        if not self.key_file.exists():
            self._write(self.key_file, make_key(), once=True)
        return self.key_file.read_bytes()

    def settings(self) -> dict[str, Any]:
        """``server``, ``station``, ``name``, ``mode``.

        :raises ConfigurationError: ``station_not_enrolled``.
        """
        try:
            found = json.loads((self.path / SETTINGS).read_text("utf-8"))
        except (OSError, ValueError):
            raise ConfigurationError(
                "station_not_enrolled", detail=f"{self.path}; run: hkeid station enrol"
            ) from None
        return dict(found)

    def keep_settings(self, settings: Mapping[str, Any]) -> None:
        """Keep what :meth:`settings` gives."""
        self._write(self.path / SETTINGS, json.dumps(dict(settings)).encode())

    def keep_certificate(self, certificate: str, chain: str) -> None:
        """Replace the certificate, whole or not at all."""
        self._write(self.certificate_file, f"{certificate.strip()}\n{chain.strip()}\n".encode())

    def trust(self, certificates: bytes) -> None:
        """Check the server's certificate against these instead of the system's."""
        self._write(self.path / AUTHORITY, certificates)

    def keep(self, name: str, content: bytes) -> Path:
        """Keep a file of the program's own, whole or not at all; its path."""
        path = self.path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(path, content)
        return path

    def _write(self, path: Path, content: bytes, *, once: bool = False) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = path.with_suffix(path.suffix + ".new")
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if once and path.exists():
            place.unlink()
            return
        place.replace(path)
