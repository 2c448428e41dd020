"""Who is meant: name identifiers and issuers (saml-core §2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.names import NameIdFormat
from hkeid.saml.messages.reasons import MessageReason

NAME_ID = reading.saml("NameID")
ENCRYPTED_ID = reading.saml("EncryptedID")
ISSUER = reading.saml("Issuer")

_ATTRIBUTES = frozenset({"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"})
_MOST_ENTITY_ID = 1024
_ENTITY = [("Format", NameIdFormat.ENTITY.value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """A saml:NameID (saml-core §2.2.2, §2.2.3).

    :ivar value: to the letter.
    :ivar format: URI, or None (which means the unspecified one).
    """

    value: str = field(repr=False)
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    sp_provided_id: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, element: XmlElement) -> NameId:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        found = reading.attributes(element, _ATTRIBUTES)
        return cls(
            value=reading.text(element),
            format=found.get("Format"),
            name_qualifier=found.get("NameQualifier"),
            sp_name_qualifier=found.get("SPNameQualifier"),
            sp_provided_id=found.get("SPProvidedID"),
        )

    def write(self) -> Element:
        """The element."""
        said = {
            "Format": self.format,
            "NameQualifier": self.name_qualifier,
            "SPNameQualifier": self.sp_name_qualifier,
            "SPProvidedID": self.sp_provided_id,
        }
        return Element("saml:NameID", present(said), [self.value])


def read_issuer(element: XmlElement) -> str:
    """The entity ID in a saml:Issuer (saml-core §2.2.5; saml-profiles §4.1.4.1, §4.1.4.2).

    :raises SamlMalformed: ``saml_issuer_format`` (another format than ``entity``, a qualifier, or more than
        1024 characters: saml-core §8.3.6), and what else is wrong with it.
    """
    if element.keys() and element.items() != _ENTITY:
        raise SamlMalformed(MessageReason.ISSUER_FORMAT)
    value = reading.text(element)
    if len(value) > _MOST_ENTITY_ID:
        raise SamlMalformed(MessageReason.ISSUER_FORMAT)
    return value


def write_issuer(entity_id: str) -> Element:
    """The element."""
    return Element("saml:Issuer", {}, [entity_id])


def present(said: dict[str, str | None]) -> dict[str, str]:
    """The attributes that there are."""
    return {name: value for name, value in said.items() if value is not None}
