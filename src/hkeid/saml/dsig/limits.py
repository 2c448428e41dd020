"""How large a document may be before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one document; each is checked before the work that it bounds.

    :ivar octets: most bytes.
    :ivar nodes: most elements and comments.
    :ivar attributes: most attributes (equals signs in text count as well); 64 of one element at most.
    :ivar depth: most elements on a path from the root, the root included; libxml2 stops at 256.
    :ivar namespaces: most namespace declarations; 64 different ones at most, whatever it says.
    :ivar foreign_names: most bytes of element and attribute names outside the vocabulary of SAML. libxml2
        keeps every name it has met for the life of a thread, so names of a sender's choosing are memory that
        never comes back. Documents of up to twice as many bytes are not looked through.
    :ivar comments: whether comments may stand between elements (metadata); never inside text.
    """

    octets: int
    nodes: int
    attributes: int
    depth: int
    namespaces: int
    foreign_names: int
    comments: bool = False


MESSAGE_LIMITS = Limits(
    octets=262_144,
    nodes=4_000,
    attributes=8_000,
    depth=32,
    namespaces=1_000,
    foreign_names=4_096,
)
"""Protocol messages and assertions, which may come from anybody."""

METADATA_LIMITS = Limits(
    octets=1_048_576,
    nodes=20_000,
    attributes=40_000,
    depth=32,
    namespaces=4_000,
    foreign_names=8_192,
    comments=True,
)
"""The metadata of one entity."""
