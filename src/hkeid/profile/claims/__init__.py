"""The personal claims there can be: what each is made of, called and shown as.

Wire names and values follow OpenID Connect Core §5.1 and, for other scripts, §5.2. A claim with a
language tag belongs to the claim without one: consent to ``name`` covers ``name#zh-Hant-HK``. Likewise
``email_verified`` belongs to ``email``. Nothing is ever released that is not here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from hkeid.kernel.instants import Instant
from hkeid.profile.claims.about_the_eid import ABOUT_THE_EID
from hkeid.profile.claims.definition import NUMBER_IS_REGISTERED, ClaimDefinition, Texts
from hkeid.profile.claims.minimised import MINIMISED
from hkeid.profile.claims.of_profile import OF_PROFILE
from hkeid.profile.claims.particulars import PARTICULARS

__all__ = [
    "CLAIMS",
    "NOT_TEXT",
    "NUMBER_IS_REGISTERED",
    "ClaimDefinition",
    "Texts",
    "base_names",
    "fields_of",
    "render",
]

CLAIMS: Mapping[str, ClaimDefinition] = MappingProxyType(
    {
        definition.name: definition
        for definition in (*PARTICULARS, *MINIMISED, *OF_PROFILE, *ABOUT_THE_EID)
    }
)
"""Every claim by wire name, in the order in which pages list them."""

NOT_TEXT = frozenset(one.name for one in ABOUT_THE_EID)
"""Claims that are objects and that nobody but us can say: no SAML attributes, and no upstream's."""


def base_names(names: Collection[str]) -> tuple[str, ...]:
    """The claims that ``names`` asks for, without language tags, in the order of :data:`CLAIMS`;
    unknown ones are left out.
    """
    asked = {name.partition("#")[0] for name in names}
    return tuple(claim for claim in CLAIMS if claim in asked)


def fields_of(claims: Collection[str]) -> tuple[str, ...]:
    """The personal fields that ``claims`` (base names) are made of, each once."""
    return tuple(dict.fromkeys(field for claim in claims for field in CLAIMS[claim].fields))


def render(
    names: Collection[str], permitted: Collection[str], texts: Texts, now: Instant
) -> dict[str, Any]:
    """Values by wire name at this moment for those of ``names`` whose claim is ``permitted``.

    A name without a tag brings every form there is; with a tag only that one, its letter case
    apart (OpenID Connect Core §5.2).
    """
    folded = {name.casefold() for name in names if "#" in name}
    rendered: dict[str, Any] = {}
    for claim in base_names(names):
        if claim not in permitted:
            continue
        forms = CLAIMS[claim].render(texts, now)
        if claim in names:
            rendered |= forms
        else:
            rendered |= {wire: forms[wire] for wire in forms if wire.casefold() in folded}
    return rendered
