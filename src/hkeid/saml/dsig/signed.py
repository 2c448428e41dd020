"""What readers get: trees that were parsed anew from the octets that somebody answers for."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.saml.dsig.algorithms import PublicKey
from hkeid.saml.dsig.parsing import XmlElement


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedElement:
    """An element under a signature that was verified.

    :ivar element: root of a tree of its own, parsed from ``octets``; its Signature is not in it.
    :ivar octets: exactly the bytes that the digest covers (for the Redirect binding: the message).
    :ivar key: the key of the peer under which it verified.
    :ivar algorithm: URI of the signature algorithm.
    :ivar own: whether the signature is its own, or that of the message around it.
    """

    element: XmlElement = field(repr=False)
    octets: bytes = field(repr=False)
    key: PublicKey = field(repr=False)
    algorithm: str
    own: bool = True

    @property
    def tag(self) -> str:
        """Name of the element, as ``{namespace}local``."""
        return str(self.element.tag)

    @property
    def id(self) -> str | None:
        """Its ``ID``."""
        value = self.element.get("ID")
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedElement:
    """An element that passed the gate and for which nobody answers. It holds no assertion and no signature.

    :ivar element: root of a tree.
    """

    element: XmlElement = field(repr=False)

    @property
    def tag(self) -> str:
        """Name of the element, as ``{namespace}local``."""
        return str(self.element.tag)
