"""Whom an assertion is about, and how that is confirmed (saml-core §2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.instants import write_instant
from hkeid.saml.messages.name_id import ENCRYPTED_ID, NAME_ID, NameId, present
from hkeid.saml.messages.names import CONFIRMATION_BEARER

SUBJECT = reading.saml("Subject")
_CONFIRMATION = reading.saml("SubjectConfirmation")
_CONFIRMATION_DATA = reading.saml("SubjectConfirmationData")
_BASE_ID = reading.saml("BaseID")
_METHOD = frozenset({"Method"})
_NONE: frozenset[str] = frozenset()
_DATA = frozenset({"NotBefore", "NotOnOrAfter", "Recipient", "InResponseTo", "Address"})
_MOST_CONFIRMATIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectConfirmation:
    """A saml:SubjectConfirmation with its data (saml-core §2.4.1.1, §2.4.1.2).

    :ivar method: URI.
    :ivar recipient: where alone the assertion may be presented, or None.
    :ivar in_response_to: ID of the request, or None.
    """

    method: str = CONFIRMATION_BEARER
    recipient: str | None = None
    not_before: Instant | None = None
    not_on_or_after: Instant | None = None
    in_response_to: str | None = None
    address: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, element: XmlElement) -> SubjectConfirmation:
        """Read an element. Who confirms (a name beside the data) is not looked at: for a bearer it is whoever
        comes.

        :raises SamlMalformed: what is wrong with it.
        """
        method = reading.required(reading.attributes(element, _METHOD), "Method")
        inner = reading.children(element)
        if inner and inner[0].tag in (NAME_ID, ENCRYPTED_ID, _BASE_ID):
            del inner[0]
        if not inner:
            return cls(method=method)
        if len(inner) > 1 or inner[0].tag != _CONFIRMATION_DATA:
            raise reading.unexpected(inner[-1])
        found = reading.attributes_and_foreign(inner[0], _DATA)
        return cls(
            method=method,
            recipient=found.get("Recipient"),
            not_before=reading.instant(found, "NotBefore"),
            not_on_or_after=reading.instant(found, "NotOnOrAfter"),
            in_response_to=reading.reference(found, "InResponseTo"),
            address=found.get("Address"),
        )

    def write(self) -> Element:
        """The element."""
        said = {
            "NotBefore": _moment(self.not_before),
            "NotOnOrAfter": _moment(self.not_on_or_after),
            "Recipient": self.recipient,
            "InResponseTo": self.in_response_to,
            "Address": self.address,
        }
        content = []
        if any(value is not None for value in said.values()):
            content.append(Element("saml:SubjectConfirmationData", present(said)))
        return Element("saml:SubjectConfirmation", {"Method": self.method}, content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A saml:Subject.

    :ivar name_id: None where there is none, or it came encrypted.
    :ivar encrypted_id: a saml:EncryptedID, or None; as a tree that only the kernel opens.
    """

    name_id: NameId | None
    encrypted_id: XmlElement | None = field(default=None, repr=False)
    confirmations: tuple[SubjectConfirmation, ...] = ()

    @classmethod
    def of(cls, element: XmlElement) -> Subject:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        if element.keys():
            reading.attributes(element, _NONE)
        inner = reading.children(element)
        name_id = encrypted = None
        if inner and inner[0].tag == NAME_ID:
            name_id = NameId.of(inner.pop(0))
        elif inner and inner[0].tag == ENCRYPTED_ID:
            encrypted = inner.pop(0)
        if len(inner) > _MOST_CONFIRMATIONS:
            raise reading.unexpected(inner[-1])
        for one in inner:
            if one.tag != _CONFIRMATION:
                raise reading.unexpected(one)
        if name_id is None and encrypted is None and not inner:
            raise reading.missing("NameID")
        return cls(
            name_id=name_id,
            encrypted_id=encrypted,
            confirmations=tuple(map(SubjectConfirmation.of, inner)),
        )

    def write(self) -> Element:
        """The element."""
        content = [] if self.name_id is None else [self.name_id.write()]
        return Element("saml:Subject", {}, [*content, *(one.write() for one in self.confirmations)])


def _moment(moment: Instant | None) -> str | None:
    return None if moment is None else write_instant(moment)
