"""Dishonest cards: one switch each, the finding that each must end in, and a card for every one.

::

    issuer = CardIssuer()
    trust = reader_trust(issuer)
    for mutation in MUTATIONS.values():
        mutated = mutated_card(mutation, who=PERSONAS["chan-tai-man"], issuer=issuer)
        ...                     # read mutated.card with mutated.access: mutation.finding, not accepted
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hkeid.chip.trust import CountrySigners
from hkeid.identity.person import Person
from hkeid.testing.card_issuer import CardIssuer, draft_card
from hkeid.testing.card_issuer.groups import zone_birth
from hkeid.testing.personas import Persona
from hkeid.testing.virtual_card.card import VirtualCard
from hkeid.testing.virtual_card.dishonesty.access import ACCESS
from hkeid.testing.virtual_card.dishonesty.chip import CHIP
from hkeid.testing.virtual_card.dishonesty.holder import HOLDER
from hkeid.testing.virtual_card.dishonesty.messaging import MESSAGING
from hkeid.testing.virtual_card.dishonesty.mutation import Layer, MutatedCard, Mutation
from hkeid.testing.virtual_card.dishonesty.passive import PASSIVE
from hkeid.testing.virtual_card.dishonesty.transport import TRANSPORT

MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {one.name: one for one in (*TRANSPORT, *ACCESS, *MESSAGING, *PASSIVE, *HOLDER, *CHIP)}
)
"""Every mutation by name."""


def mutated_card(
    mutation: Mutation | str,
    *,
    who: Persona | Person,
    issuer: CardIssuer,
    portrait: bytes | None = None,
) -> MutatedCard:
    """A card with this mutation, and what is printed on it."""
    one = MUTATIONS[mutation] if isinstance(mutation, str) else mutation
    draft = draft_card(who, portrait=portrait, issuer=issuer, features=one.features)
    number = draft.document_number
    one.draft(draft)
    image = one.chip(draft.image(), draft)
    born = zone_birth(draft.person.birth_date)
    return MutatedCard(
        card=VirtualCard(image, hooks=one.hooks()),
        can=draft.can,
        mrz=(number, born, draft.expires),
        with_mrz=one.with_mrz,
    )


def reader_trust(issuer: CardIssuer) -> CountrySigners:
    """What the reader of mutated cards trusts: the issuer, a neighbouring country, and their lists."""
    neighbour = issuer.neighbour
    return CountrySigners.of(
        [issuer.root.der, neighbour.root.der], crls=[issuer.crl(), neighbour.crl()]
    )


def as_markdown() -> str:
    """The mutations as tables, one for each layer: part of the reference page on test cards."""
    parts = []
    for layer in Layer:
        rows = [
            f"| `{one.name}` | {one.description} | `{one.finding.value}` |"
            for one in MUTATIONS.values()
            if one.layer is layer
        ]
        head = (
            f"### {_TITLES[layer]}\n\n| Mutation | What the card does | Finding |\n|---|---|---|\n"
        )
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join(parts)


_TITLES = {
    Layer.ACCESS: "Access",
    Layer.MESSAGING: "Secure messaging",
    Layer.TRANSPORT: "Transport and files",
    Layer.PASSIVE: "Passive authentication",
    Layer.HOLDER: "What the card says",
    Layer.CHIP: "The chip's own proofs",
}

__all__ = [
    "MUTATIONS",
    "Layer",
    "MutatedCard",
    "Mutation",
    "as_markdown",
    "mutated_card",
    "reader_trust",
]
