"""What an assertion says of its subject (saml-core §2.7.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.name_id import NAME_ID, NameId, present
from hkeid.saml.messages.names import AttributeNameFormat

ATTRIBUTE = reading.saml("Attribute")
_VALUE = reading.saml("AttributeValue")
_NAMES = frozenset({"Name", "NameFormat", "FriendlyName"})
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_VALUE_ATTRIBUTES = frozenset({f"{_XSI}type", f"{_XSI}nil"})
_NIL = f"{_XSI}nil"
_UNSPECIFIED = AttributeNameFormat.UNSPECIFIED.value
_MOST_VALUES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A saml:Attribute.

    :ivar values: text, or name identifiers; values of other structure are not among them.
    """

    name: str
    name_format: str = _UNSPECIFIED
    friendly_name: str | None = None
    values: tuple[str | NameId, ...] = field(default=(), repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """Those that are text."""
        return tuple(one for one in self.values if isinstance(one, str))

    @classmethod
    def of(cls, element: XmlElement) -> Attribute:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        found = reading.attributes_and_foreign(element, _NAMES)
        inner = reading.children(element)
        if len(inner) > _MOST_VALUES:
            raise reading.unexpected(inner[-1])
        values: list[str | NameId] = []
        for one in inner:
            if one.tag != _VALUE:
                raise reading.unexpected(one)
            # Text and nothing else, as a rule.
            value = _value(one) if one.keys() or len(one) else one.text or ""
            if value is not None:
                values.append(value)
        return cls(
            name=reading.required(found, "Name"),
            name_format=found.get("NameFormat", _UNSPECIFIED),
            friendly_name=found.get("FriendlyName"),
            values=tuple(values),
        )

    def write(self) -> Element:
        """The element."""
        said = {
            "Name": self.name,
            "NameFormat": self.name_format,
            "FriendlyName": self.friendly_name,
        }
        values = [
            Element("saml:AttributeValue", {}, [one if isinstance(one, str) else one.write()])
            for one in self.values
        ]
        return Element("saml:Attribute", present(said), values)


def _value(element: XmlElement) -> str | NameId | None:
    """A value; None for one that is nil or neither text nor a name identifier."""
    if element.keys():
        found = reading.attributes_and_foreign(element, _VALUE_ATTRIBUTES)
        if found.get(_NIL) in ("true", "1"):
            return None
    if not len(element):
        return str(element.text or "")
    inner = element.getchildren()
    if len(inner) == 1 and inner[0].tag == NAME_ID:
        return NameId.of(inner[0])
    return None
