"""The section about where residents' signing keys are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STORES = ("wrapped", "pkcs11")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_LONGEST_LABEL = 32
"""Characters of a token's label (PKCS #11 §3.2, CK_TOKEN_INFO)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentKeysSection:
    """``[resident_keys]``: where residents' signing keys are kept.

    :ivar store: ``wrapped``: in the store, each sealed with a key of ``[keys]``; ``pkcs11``: made in a token, which
        they never leave. Keys from before a change stay in use where they were made.
    :ivar module: the PKCS#11 module that comes with the token, a shared library. Needed as long as keys are in the
        token, also after a change back to ``wrapped``.
    :ivar token: label of the token, which must be the only one that has it.
    :ivar pin_file: file with the PIN, readable by the server alone.
    :ivar pin_variable: environment variable with the PIN, instead of ``pin_file``.
    """

    store: str = "wrapped"
    module: str = ""
    token: str = ""
    pin_file: Path | None = None
    pin_variable: str = ""

    @property
    def in_token(self) -> bool:
        """Whether new keys are made in a token."""
        return self.store == "pkcs11"

    @property
    def has_token(self) -> bool:
        """Whether there is a token, with keys or for keys."""
        return self.in_token or bool(self.module)


def resident_keys_complaints(section: ResidentKeysSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    if section.store not in STORES:
        yield "resident_keys.store", f"one of {', '.join(STORES)}"
    # HKEID_ variables are keys of the configuration, and no key holds a PIN.
    name = section.pin_variable
    if name and (_VARIABLE.match(name) is None or name.startswith("HKEID_")):
        yield "resident_keys.pin_variable", "the name of a variable in capitals, without HKEID_"
    if len(section.token.encode()) > _LONGEST_LABEL:
        yield "resident_keys.token", f"at most {_LONGEST_LABEL} bytes long"
    if not section.has_token:
        return
    if not section.module.startswith("/"):
        yield "resident_keys.module", "the whole path of a PKCS#11 module"
    if not section.token:
        yield "resident_keys.token", "the label of a token"
    if bool(section.pin_file) == bool(name):
        yield "resident_keys.pin_file", "set, or resident_keys.pin_variable, and not both"
