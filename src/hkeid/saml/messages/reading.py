"""Reading trees strictly: what the schema does not put somewhere is not there.

Elements come out of the kernel, so that they hold no comment, no processing instruction and no entity; text is
whole. Attributes of other namespaces are passed over only where the schema allows them (``xs:anyAttribute``).
"""

from __future__ import annotations

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import SignedElement, UnsignedElement
from hkeid.saml.dsig.namespaces import SAML, SAMLP
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.identifiers import is_identifier
from hkeid.saml.messages.instants import read_instant
from hkeid.saml.messages.reasons import MessageReason

Source = SignedElement | UnsignedElement

_XML_SPACE = " \t\r\n"
_NUMBER_DIGITS = 9


def saml(local: str) -> str:
    """Name of an element of the assertion schema."""
    return f"{{{SAML}}}{local}"


def samlp(local: str) -> str:
    """Name of an element of the protocol schema."""
    return f"{{{SAMLP}}}{local}"


def root(source: Source, tag: str) -> XmlElement:
    """The element of ``source``, which has to be a ``tag``.

    :raises SamlMalformed: ``saml_message_unexpected``.
    """
    element = source.element
    if element.tag != tag:
        raise SamlMalformed(MessageReason.MESSAGE_UNEXPECTED, field=_local(element.tag))
    return element


def attributes(element: XmlElement, allowed: frozenset[str]) -> dict[str, str]:
    """Attributes of an element that may have these alone.

    :raises SamlMalformed: ``saml_attribute_unknown``.
    """
    found = dict(element.items())
    if not allowed.issuperset(found):
        other = next(name for name in found if name not in allowed)
        raise SamlMalformed(MessageReason.ATTRIBUTE_UNKNOWN, field=_local(other))
    return found


def attributes_and_foreign(element: XmlElement, allowed: frozenset[str]) -> dict[str, str]:
    """The same where attributes of other namespaces may stand as well (``xs:anyAttribute``).

    :raises SamlMalformed: ``saml_attribute_unknown``.
    """
    found = dict(element.items())
    if not allowed.issuperset(found):
        for name in found:
            if name not in allowed and not name.startswith("{"):
                raise SamlMalformed(MessageReason.ATTRIBUTE_UNKNOWN, field=_local(name))
    return found


def children(element: XmlElement) -> list[XmlElement]:
    """Child elements of one with element content.

    :raises SamlMalformed: ``saml_text_unexpected``.
    """
    found: list[XmlElement] = element.getchildren()
    text = element.text
    if text is not None and text.strip(_XML_SPACE):
        raise SamlMalformed(MessageReason.TEXT_UNEXPECTED, field=_local(element.tag))
    for child in found:
        text = child.tail
        if text is not None and text.strip(_XML_SPACE):
            raise SamlMalformed(MessageReason.TEXT_UNEXPECTED, field=_local(element.tag))
    return found


def text(element: XmlElement) -> str:
    """What an element with simple content says, to the letter.

    :raises SamlMalformed: ``saml_element_unexpected``, ``saml_text_missing`` (empty or nothing but space).
    """
    if len(element):
        raise SamlMalformed(MessageReason.ELEMENT_UNEXPECTED, field=_local(element[0].tag))
    value = element.text
    if value is None or not value.strip(_XML_SPACE):
        raise SamlMalformed(MessageReason.TEXT_MISSING, field=_local(element.tag))
    return str(value)


def uri(element: XmlElement) -> str:
    """The URI that is all its content, white space around it left out (``xs:anyURI`` collapses it).

    :raises SamlMalformed: as :func:`text`; ``saml_attribute_unknown``.
    """
    if element.keys():
        attributes(element, frozenset())
    return text(element).strip(_XML_SPACE)


def identifier(found: dict[str, str], name: str) -> str:
    """An attribute that is an NCName and must be there.

    :raises SamlMalformed: ``saml_identifier``.
    """
    value = found.get(name)
    if value is None or not is_identifier(value):
        raise SamlMalformed(MessageReason.IDENTIFIER, field=name)
    return value


def reference(found: dict[str, str], name: str) -> str | None:
    """An attribute that is an NCName, where it is there.

    :raises SamlMalformed: ``saml_identifier``.
    """
    return identifier(found, name) if name in found else None


def instant(found: dict[str, str], name: str) -> Instant | None:
    """An attribute that is a moment, or None.

    :raises SamlMalformed: ``saml_instant``.
    """
    value = found.get(name)
    return None if value is None else read_instant(value)


def instant_required(found: dict[str, str], name: str) -> Instant:
    """The same where it must be there.

    :raises SamlMalformed: ``saml_instant``, ``saml_attribute_missing``.
    """
    return read_instant(required(found, name))


def required(found: dict[str, str], name: str) -> str:
    """An attribute that must be there and say something.

    :raises SamlMalformed: ``saml_attribute_missing``.
    """
    value = found.get(name)
    if not value:
        raise SamlMalformed(MessageReason.ATTRIBUTE_MISSING, field=name)
    return value


def boolean(found: dict[str, str], name: str) -> bool:
    """An ``xs:boolean`` that is false where it is not there.

    :raises SamlMalformed: ``saml_boolean``.
    """
    value = found.get(name, "false")
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise SamlMalformed(MessageReason.BOOLEAN, field=name)


def number(found: dict[str, str], name: str) -> int | None:
    """A number that is not negative, or None.

    :raises SamlMalformed: ``saml_number``.
    """
    value = found.get(name)
    if value is None:
        return None
    if not value.isascii() or not value.isdecimal() or len(value) > _NUMBER_DIGITS:
        raise SamlMalformed(MessageReason.NUMBER, field=name)
    return int(value)


def unexpected(element: XmlElement) -> SamlMalformed:
    """The error for an element that may not stand where it does."""
    return SamlMalformed(MessageReason.ELEMENT_UNEXPECTED, field=_local(element.tag))


def missing(local: str) -> SamlMalformed:
    """The error for an element that must be there."""
    return SamlMalformed(MessageReason.ELEMENT_MISSING, field=local)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2][:40]
