"""What a claim is: made of which fields, called and shown how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant

Texts = Mapping[str, str]
"""Opened personal fields by name; those that are not kept are missing. Of what is no field of its own,
:data:`NUMBER_IS_REGISTERED` may be among them.
"""

NUMBER_IS_REGISTERED: Final = "hkic_number_registered"
"""There, with any text, where the register of persons gave the identity-card number for this very eID:
where the index of numbers leads to it. Another provider's word is not enough.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDefinition:
    """One claim.

    :ivar name: wire name without language tag.
    :ivar label: what the resident sees it called.
    :ivar fields: the personal fields it is made of.
    :ivar render: values by wire name at a moment; empty when there is nothing to tell.
    :ivar show: the same for the resident's eyes, or None when there is nothing; several forms of one
        value stand two spaces apart. The identity-card number is masked.
    """

    name: str
    label: Mapping[Language, str]
    fields: tuple[str, ...]
    render: Callable[[Texts, Instant], dict[str, Any]]
    show: Callable[[Texts, Language, Instant], str | None]


def unchanging(
    render: Callable[[Texts], dict[str, Any]],
) -> Callable[[Texts, Instant], dict[str, Any]]:
    """A rendering that does not depend on the moment."""

    def rendered(texts: Texts, now: Instant) -> dict[str, Any]:
        del now
        return render(texts)

    return rendered


def shown_always(
    show: Callable[[Texts, Language], str | None],
) -> Callable[[Texts, Language, Instant], str | None]:
    """A showing that does not depend on the moment."""

    def shown(texts: Texts, language: Language, now: Instant) -> str | None:
        del now
        return show(texts, language)

    return shown


def claim(
    name: str,
    label: Mapping[Language, str],
    fields: tuple[str, ...],
    render: Callable[[Texts], dict[str, Any]],
    show: Callable[[Texts, Language], str | None],
) -> ClaimDefinition:
    """A claim that does not depend on the moment."""
    return ClaimDefinition(
        name=name,
        label=label,
        fields=fields,
        render=unchanging(render),
        show=shown_always(show),
    )
