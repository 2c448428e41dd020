"""What this service is told from outside, by environment variables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration.

    :ivar private_key: path of this service's own key; its public half is registered with eID.
    :ivar database: file of the accounts from before eID; None: one that is gone with the process.
    """

    issuer: str
    client_id: str
    private_key: str
    base_url: str
    secret_key: str
    database: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables that README.md lists.

        :raises SettingsError: one is missing.
        """
        return cls(
            issuer=environment.get("HKEID_ISSUER", "http://localhost:8000"),
            client_id=environment.get("HKEID_CLIENT_ID", "hko-suggestions"),
            private_key=_required(environment, "HKEID_PRIVATE_KEY"),
            base_url=environment.get("RP_BASE_URL", "http://localhost:5001"),
            secret_key=_secret(environment.get("RP_SECRET_KEY_FILE")),
            database=Path(path) if (path := environment.get("RP_DATABASE")) else None,
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"Set {name}: see README.md.")
    return value


def _secret(path: str | None) -> str:
    """The secret in a file, which is made where there is none yet.

    Without a file the secret lasts as long as the process: restarting it logs everybody out.
    """
    if path is None:
        return secrets.token_urlsafe(32)
    file = Path(path)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("utf-8").strip()
    with os.fdopen(descriptor, "w") as fresh:
        secret = secrets.token_urlsafe(32)
        fresh.write(secret)
    return secret
