"""What this service is told from outside, by environment variables."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key() -> str:
    """The secret in RP_SECRET_KEY_FILE, which is made where there is none yet.

    Without a file the secret lasts as long as the process: restarting it logs everybody out.
    """
    path = os.environ.get("RP_SECRET_KEY_FILE")
    if path is None:
        return secrets.token_urlsafe(48)
    file = Path(path)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("utf-8").strip()
    with os.fdopen(descriptor, "w") as fresh:
        secret = secrets.token_urlsafe(48)
        fresh.write(secret)
    return secret
