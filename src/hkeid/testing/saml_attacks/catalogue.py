"""The list of attacks, and how a document of each kind is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hkeid.saml.dsig import (
    MESSAGE_LIMITS,
    METADATA_LIMITS,
    Limits,
    PublicKey,
    Reason,
    SignedElement,
    UnsignedElement,
    verify_artifact_response,
    verify_message,
    verify_response,
)
from hkeid.testing.saml_attacks.surgery import Bench
from hkeid.testing.saml_attacks.targets import TARGETS, Target
from hkeid.testing.saml_specimens import Kind, SignedWhere

Make = Callable[[Bench], bytes]
Expected = Reason | Callable[[Target], Reason]


@dataclass(frozen=True, slots=True)
class Attack:
    """One shape.

    :ivar family: as in the literature.
    :ivar make: the document, out of a genuine one.
    :ivar applies: the targets for which there is such a document.
    """

    name: str
    family: str
    make: Make = field(repr=False)
    expected: Expected = field(repr=False)
    applies: Callable[[Target], bool] = field(repr=False)

    def reason(self, target: Target) -> Reason:
        """Why it is refused."""
        return self.expected if isinstance(self.expected, Reason) else self.expected(target)


ATTACKS: dict[str, Attack] = {}


def everywhere(target: Target) -> bool:
    """Applies to each signed element."""
    return isinstance(target, Target)


def inner(target: Target) -> bool:
    """Applies to an assertion within a message."""
    return target.inner


def outer(target: Target) -> bool:
    """Applies to the document itself."""
    return not target.inner


def attack(
    family: str, expected: Expected, applies: Callable[[Target], bool] = everywhere
) -> Callable[[Make], Make]:
    """Enter a function into the list, under its name."""

    def enter(make: Make) -> Make:
        name = getattr(make, "__name__", "").removeprefix("_")
        if name in ATTACKS:
            raise ValueError(f"{name} is there already")
        ATTACKS[name] = Attack(name, family, make, expected, applies)
        return make

    return enter


def covered_else(alone: Reason) -> Callable[[Target], Reason]:
    """``alone``; where the message around is signed as well, its digest notices first."""
    return lambda target: Reason.DIGEST_MISMATCH if target.under_another else alone


def cases() -> Iterator[tuple[Attack, Target]]:
    """Every attack on every target."""
    for one in ATTACKS.values():
        for target in TARGETS:
            if one.applies(target):
                yield one, target


def verify(
    kind: Kind, signed: SignedWhere, octets: bytes, keys: Sequence[PublicKey]
) -> list[SignedElement | UnsignedElement]:
    """What readers get of a document of ``kind``, who know what their peer signs.

    :raises hkeid.kernel.errors.HkeidError: it is refused.
    """
    whole = signed is not SignedWhere.ASSERTION
    if kind is Kind.RESPONSE:
        response = verify_response(octets, keys, want_message_signed=whole)
        return [response.message, *response.assertions]
    if kind is Kind.ARTIFACT_RESPONSE:
        artifact = verify_artifact_response(octets, keys, want_message_signed=whole)
        return [artifact.envelope, artifact.response.message, *artifact.response.assertions]
    return [verify_message(octets, keys, limits=limits_of(kind))]


def limits_of(kind: Kind) -> Limits:
    """How large a document of ``kind`` may be."""
    return METADATA_LIMITS if kind is Kind.METADATA else MESSAGE_LIMITS
