"""Which signed element of a document an attack is about."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.testing.saml_specimens import COMBINATIONS, Kind, SignedWhere


@dataclass(frozen=True, slots=True)
class Target:
    """One signed element of one kind of document.

    :ivar inner: whether it is the assertion inside, not the document itself.
    """

    kind: Kind
    signed: SignedWhere
    inner: bool

    def __str__(self) -> str:
        place = "inner" if self.inner else "outer"
        return f"{self.kind.name.lower()}-{self.signed.value}-{place}"

    @property
    def under_another(self) -> bool:
        """Whether a further signature covers the element."""
        return self.inner and self.signed is SignedWhere.BOTH


TARGETS = tuple(
    Target(kind, signed, inner)
    for kind, signed in COMBINATIONS
    for inner in (False, True)
    if signed is SignedWhere.BOTH or inner is (signed is SignedWhere.ASSERTION)
)
"""Each of them; where both are signed, each of the two."""
