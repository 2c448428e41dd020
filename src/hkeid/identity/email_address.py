"""E-mail addresses, as far as a form may judge them; whose one is, only a code sent there tells."""

from __future__ import annotations

import re
from typing import Final

from hkeid.kernel.errors import MalformedInput

_EMAIL: Final = re.compile(
    r"[^@\s\x00-\x1f\x7f<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,63}"
)


def parse_email(text: str) -> str:
    """An address that mail can go to; its domain in lower case.

    :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
    """
    trimmed = text.strip()
    if len(trimmed) > 254 or _EMAIL.fullmatch(trimmed) is None or ".." in trimmed:
        raise MalformedInput("email_malformed", field="email")
    local, _, domain = trimmed.rpartition("@")
    return f"{local}@{domain.lower()}"
