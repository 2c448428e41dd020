"""What every protocol message has (saml-core §3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.instants import write_instant
from hkeid.saml.messages.name_id import ISSUER, present, read_issuer, write_issuer
from hkeid.saml.messages.names import VERSION
from hkeid.saml.messages.reasons import MessageReason
from hkeid.saml.messages.status import STATUS, SamlStatus

COMMON = frozenset({"ID", "Version", "IssueInstant", "Destination", "Consent"})
ANSWERING = COMMON | {"InResponseTo"}
EXTENSIONS = reading.samlp("Extensions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Common to requests and answers.

    :ivar issuer: entity ID; None where the message does not say.
    :ivar destination: where it is sent to, or None.
    :ivar extensions: names of the elements in samlp:Extensions, which are not looked into.
    """

    id: str
    issued_at: Instant
    issuer: str | None
    destination: str | None = None
    extensions: tuple[str, ...] = ()

    def written(self, name: str, own: dict[str, str | None], content: list[Element]) -> Element:
        """The element ``name`` with what is common before ``content``."""
        said = {
            "ID": self.id,
            "Version": VERSION,
            "IssueInstant": write_instant(self.issued_at),
            "Destination": self.destination,
            **own,
        }
        issuer = [] if self.issuer is None else [write_issuer(self.issuer)]
        return Element(name, present(said), [*issuer, *content])


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResponse(Message):
    """Common to answers (saml-core §3.2.2).

    :ivar in_response_to: ID of the request; None for an answer that nobody asked for.
    """

    in_response_to: str | None = None
    status: SamlStatus

    def written_answer(self, name: str, content: list[Element]) -> Element:
        """The element ``name`` of an answer."""
        own = {"InResponseTo": self.in_response_to}
        return self.written(name, own, [self.status.write(), *content])


@dataclass(slots=True)
class Opened:
    """A message while it is being read.

    :ivar common: arguments of :class:`Message`.
    :ivar attributes: all of them.
    :ivar rest: children that are not read yet.
    """

    common: dict[str, object]
    attributes: dict[str, str]
    rest: list[XmlElement]

    def take(self, tag: str) -> XmlElement | None:
        """The next child, if it is a ``tag``."""
        if self.rest and self.rest[0].tag == tag:
            return self.rest.pop(0)
        return None

    def take_all(self, tag: str) -> list[XmlElement]:
        """All next children that are a ``tag``."""
        found = []
        while self.rest and self.rest[0].tag == tag:
            found.append(self.rest.pop(0))
        return found

    def finish(self) -> None:
        """Nothing may be left.

        :raises SamlMalformed: ``saml_element_unexpected``.
        """
        if self.rest:
            raise reading.unexpected(self.rest[0])


def open_message(element: XmlElement, allowed: frozenset[str]) -> Opened:
    """Read what is common.

    :param allowed: attributes that the message may have.
    :raises SamlMalformed: ``saml_version`` (saml-core §4.1.3.2: other than 2.0), ``saml_identifier``, and what
        else is wrong.
    """
    found = reading.attributes(element, allowed)
    if found.get("Version") != VERSION:
        raise SamlMalformed(MessageReason.VERSION)
    rest = reading.children(element)
    issuer = None
    if rest and rest[0].tag == ISSUER:
        issuer = read_issuer(rest.pop(0))
    extensions: tuple[str, ...] = ()
    if rest and rest[0].tag == EXTENSIONS:
        extensions = tuple(str(one.tag) for one in rest.pop(0))
    return Opened(
        {
            "id": reading.identifier(found, "ID"),
            "issued_at": reading.instant_required(found, "IssueInstant"),
            "issuer": issuer,
            "destination": found.get("Destination"),
            "extensions": extensions,
        },
        found,
        rest,
    )


def open_answer(element: XmlElement, allowed: frozenset[str] = ANSWERING) -> Opened:
    """The same for an answer: status and what it answers are among the common arguments.

    :raises SamlMalformed: as :func:`open_message`; ``saml_element_missing``.
    """
    opened = open_message(element, allowed)
    status = opened.take(STATUS)
    if status is None:
        raise reading.missing("Status")
    opened.common["status"] = SamlStatus.of(status)
    opened.common["in_response_to"] = reading.reference(opened.attributes, "InResponseTo")
    return opened
