"""What residents call their devices."""

from __future__ import annotations

import unicodedata

from hkeid.kernel.errors import MalformedInput

LONGEST_LABEL = 60


def parse_label(text: str) -> str:
    """A label as it may be kept: composed, without surrounding space, on one line.

    :raises hkeid.kernel.errors.MalformedInput: ``label_malformed``: empty, longer than 60
        characters, or with control characters.
    """
    label = unicodedata.normalize("NFC", text[: 4 * LONGEST_LABEL]).strip()
    if not 0 < len(label) <= LONGEST_LABEL or any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in label
    ):
        raise MalformedInput("label_malformed", field="label")
    return label
