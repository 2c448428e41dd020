"""Identifiers of messages and assertions (saml-core §1.3.4)."""

from __future__ import annotations

import re

from hkeid.ports.surroundings import Random

_NCNAME = re.compile(r"[^\W\d][\w.-]*")
_MOST = 256
_BYTES = 20


def new_identifier(random: Random) -> str:
    """An ``xs:ID`` of 160 random bits: saml-core §1.3.4 asks for 128 at least and recommends 160.

    Hexadecimal behind an underscore, since an NCName may not begin with a digit.
    """
    return f"_{random.token_bytes(_BYTES).hex()}"


def is_identifier(text: str) -> bool:
    """Whether ``text`` is an NCName of bearable length."""
    return len(text) <= _MOST and _NCNAME.fullmatch(text) is not None
