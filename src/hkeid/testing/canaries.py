"""Canaries: values that occur nowhere else, and the search for them in every spelling.

Put a canary where a secret or somebody's particulars go, use the system, and look into everything it
left behind::

    search = CanarySearch([Canary(kind="name", value="QWXZ, Vkjh Plmr")])
    search.find(Path("server.log").read_bytes())      # [] or what was found, and how it was spelt

The search knows the ways in which values get out in disguise: other encodings of text, hexadecimal,
base64 at each alignment, percent-encoding, the escapes of JSON, HTML and Python.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Fewest bytes of a spelling: anything shorter turns up by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A value to look for.

    :ivar kind: what it stands for, as a finding names it.
    :ivar value: text, or bytes such as those of a key.
    """

    kind: str
    value: str | bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A canary that was found; it names the kind, never the value.

    :ivar spelling: how it was written there, such as ``base64 at 1``.
    :ivar at: offset of its first byte.
    """

    kind: str
    spelling: str
    at: int


def spellings(value: str | bytes) -> dict[bytes, str]:
    """Every way of writing ``value`` that is looked for, each with its name.

    :raises ValueError: the value is so short that a spelling has less than eight bytes.
    """
    found = _of_bytes(value) if isinstance(value, bytes) else _of_text(value)
    short = sorted(name for spelling, name in found.items() if len(spelling) < SHORTEST)
    if short:
        raise ValueError(f"too short to be looked for: {', '.join(short)}")
    return found


def _of_text(text: str) -> dict[bytes, str]:
    found = _of_bytes(text.encode())
    for variant, name in ((text, "text"), (text.lower(), "lower case"), (text.upper(), "capitals")):
        found[variant.encode()] = name
        for encoding in ("utf-16-le", "utf-16-be"):
            found[variant.encode(encoding)] = f"{name} in {encoding}"
    units = text.encode("utf-16-be").hex()
    escaped = [units[at : at + 4] for at in range(0, len(units), 4)]
    written = {
        json.dumps(text)[1:-1]: "JSON",
        "".join(f"\\u{unit}" for unit in escaped): "JSON, all escaped",
        "".join(f"\\u{unit.upper()}" for unit in escaped): "JSON, all escaped",
        quote(text, safe=""): "percent-encoded",
        quote_plus(text): "percent-encoded",
        html.escape(text): "HTML",
        "".join(f"&#{ord(sign)};" for sign in text): "HTML, decimal",
        "".join(f"&#x{ord(sign):x};" for sign in text): "HTML, hexadecimal",
    }
    for spelling, name in written.items():
        found.setdefault(spelling.encode(), name)
        found.setdefault(spelling.lower().encode(), name)
    return found


def _of_bytes(value: bytes) -> dict[bytes, str]:
    digits = value.hex()
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    found = {
        value: "bytes",
        digits.encode(): "hexadecimal",
        digits.upper().encode(): "hexadecimal",
        "".join(f"\\x{pair}" for pair in pairs).encode(): "escaped bytes",
        repr(value)[2:-1].encode(): "Python's bytes",
        "".join(f"%{pair}" for pair in pairs).encode(): "percent-encoded bytes",
        "".join(f"%{pair.upper()}" for pair in pairs).encode(): "percent-encoded bytes",
        ":".join(pairs).encode(): "hexadecimal with colons",
        str(int.from_bytes(value, "big")).encode(): "decimal",
    }
    for offset in range(3):
        plain = _inside_base64(value, offset)
        found[plain] = f"base64 at {offset}"
        found[plain.replace(b"+", b"-").replace(b"/", b"_")] = f"base64url at {offset}"
    return found


def _inside_base64(value: bytes, offset: int) -> bytes:
    """Those signs that stand for ``value`` alone when ``offset`` (mod 3) bytes come before it."""
    encoded = b64encode(bytes(offset) + value)
    start = (offset * 8 + 5) // 6
    end = (offset + len(value)) * 8 // 6
    return encoded[start:end]


class CanarySearch:
    """Looks for many canaries at once.

    :raises ValueError: a canary is too short.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        # By their first bytes, so that one pass over the content is enough for all of them.
        self._by_head: dict[bytes, dict[bytes, tuple[str, str]]] = {}
        for canary in canaries:
            for spelling, name in spellings(canary.value).items():
                known = self._by_head.setdefault(spelling[:SHORTEST], {})
                known.setdefault(spelling, (canary.kind, name))

    def find(self, content: bytes) -> list[Sighting]:
        """Every occurrence of every canary, in order."""
        heads = self._by_head
        sightings = []
        for at in range(len(content) - SHORTEST + 1):
            head = content[at : at + SHORTEST]
            if head not in heads:
                continue
            for spelling, (kind, name) in heads[head].items():
                if content.startswith(spelling, at):
                    sightings.append(Sighting(kind=kind, spelling=name, at=at))
        return sightings
