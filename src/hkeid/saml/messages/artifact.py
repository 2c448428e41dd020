"""Artifacts and how they are resolved (saml-bindings §3.6, saml-core §3.5)."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha1

from hkeid.ports.surroundings import Random
from hkeid.saml.dsig import Element
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.message import (
    COMMON,
    Message,
    StatusResponse,
    open_answer,
    open_message,
)
from hkeid.saml.messages.reading import Source
from hkeid.saml.messages.reasons import MessageReason

ARTIFACT_RESOLVE = reading.samlp("ArtifactResolve")
ARTIFACT_RESPONSE = reading.samlp("ArtifactResponse")
_ARTIFACT = reading.samlp("Artifact")
_TYPE = b"\x00\x04"
_HANDLE_BYTES = 20
_BYTES = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An artifact of type 0x0004 (saml-bindings §3.6.4).

    :ivar endpoint: index of the issuer's ArtifactResolutionService.
    :ivar source: SHA-1 of the issuer's entity ID.
    :ivar handle: 20 random bytes that stand for the message.
    """

    endpoint: int
    source: bytes
    handle: bytes = field(repr=False)

    @classmethod
    def new(cls, entity_id: str, endpoint: int, random: Random) -> Artifact:
        """A new one. saml-bindings §3.6.4: whoever does not have it must not be able to guess the handle."""
        return cls(
            endpoint=endpoint,
            source=source_id(entity_id),
            handle=random.token_bytes(_HANDLE_BYTES),
        )

    @classmethod
    def parse(cls, value: str) -> Artifact:
        """The artifact behind ``SAMLart``.

        :raises SamlMalformed: ``saml_artifact``: no base64, or another type.
        """
        try:
            octets = b64decode(value.encode("ascii"), validate=True)
        except (ValueError, UnicodeEncodeError, binascii.Error):
            raise SamlMalformed(MessageReason.ARTIFACT) from None
        if len(octets) != _BYTES or not octets.startswith(_TYPE):
            raise SamlMalformed(MessageReason.ARTIFACT)
        return cls(
            endpoint=int.from_bytes(octets[2:4], "big"), source=octets[4:24], handle=octets[24:]
        )

    def encoded(self) -> str:
        """The value of ``SAMLart``."""
        octets = _TYPE + self.endpoint.to_bytes(2, "big") + self.source + self.handle
        return b64encode(octets).decode("ascii")


def source_id(entity_id: str) -> bytes:
    """saml-bindings §3.6.4: the SHA-1 of an entity ID; a name, no protection."""
    return sha1(entity_id.encode("utf-8"), usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactResolve(Message):
    """A samlp:ArtifactResolve."""

    artifact: str = field(repr=False)

    @classmethod
    def read(cls, source: Source) -> ArtifactResolve:
        """Read a message.

        :raises SamlMalformed: what is wrong with it.
        """
        opened = open_message(reading.root(source, ARTIFACT_RESOLVE), COMMON)
        artifact = opened.take(_ARTIFACT)
        if artifact is None:
            raise reading.missing("Artifact")
        opened.finish()
        return cls(**opened.common, artifact=reading.text(artifact).strip())  # type: ignore[arg-type]

    def write(self) -> Element:
        """The element, not signed."""
        content = [Element("samlp:Artifact", {}, [self.artifact])]
        return self.written("samlp:ArtifactResolve", {}, content)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactResponse(StatusResponse):
    """A samlp:ArtifactResponse without what it brings: that is only read from what the kernel gives for it."""

    @classmethod
    def read(cls, source: Source) -> ArtifactResponse:
        """Read what is around the message inside.

        :raises SamlMalformed: what is wrong with it.
        """
        opened = open_answer(reading.root(source, ARTIFACT_RESPONSE))
        if len(opened.rest) > 1:
            raise reading.unexpected(opened.rest[1])
        return cls(**opened.common)  # type: ignore[arg-type]

    def write(self, *inside: Element) -> Element:
        """The element around one message, or none (the artifact was unknown: saml-bindings §3.6.5.2)."""
        return self.written_answer("samlp:ArtifactResponse", list(inside))
