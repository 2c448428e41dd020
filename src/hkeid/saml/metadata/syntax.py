"""Values of attributes and elements in metadata, by their types.

What is absent is None; what is there and of another type makes the entity malformed. URLs that no browser should
be sent to (``javascript:`` and the like) count as absent: those that listed them are not the ones they would harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig.namespaces import PREFIXES
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.instants import read_duration, read_instant
from hkeid.saml.metadata.texts import LocalisedText

_SPACE = " \t\r\n"
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_UNSIGNED = re.compile(r"[0-9]{1,9}")
_BOOLEANS = MappingProxyType({"true": True, "1": True, "false": False, "0": False})
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_LONGEST_URL = 4096
_LONGEST_ENTITY_ID = 1024
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def qualified(name: str) -> str:
    """``{namespace}local`` for a name under one of the writer's prefixes, such as ``md:Extensions``."""
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"


def children(element: XmlElement | None, name: str) -> Iterator[XmlElement]:
    """Child elements of a name; of nothing, none."""
    return iter(()) if element is None else element.iterchildren(qualified(name))


def child(element: XmlElement | None, name: str) -> XmlElement | None:
    """The first such child."""
    return next(children(element, name), None)


def text(element: XmlElement | None) -> str | None:
    """Text of an element that has no children, white space around it taken off; None where it is empty."""
    if element is None or len(element):
        return None
    return (element.text or "").strip(_SPACE) or None


def texts(element: XmlElement | None, name: str) -> tuple[str, ...]:
    """Texts of all children of a name; empty ones left out."""
    return tuple(value for one in children(element, name) if (value := text(one)))


def attribute(element: XmlElement, name: str) -> str | None:
    """An attribute, white space around it taken off; None where it is empty."""
    value = element.get(name)
    return None if value is None else value.strip(_SPACE) or None


def required(element: XmlElement, name: str) -> str:
    """An attribute that has to be there.

    :raises MetadataMalformed: ``saml_metadata_structure``.
    """
    value = attribute(element, name)
    if value is None:
        raise MetadataMalformed(MetadataReason.STRUCTURE, field=name)
    return value


def boolean(element: XmlElement, name: str) -> bool | None:
    """An ``xs:boolean``.

    :raises MetadataMalformed: ``saml_metadata_value``.
    """
    value = attribute(element, name)
    if value is None:
        return None
    if value not in _BOOLEANS:
        raise MetadataMalformed(MetadataReason.VALUE, field=name)
    return _BOOLEANS[value]


def unsigned(element: XmlElement, name: str) -> int | None:
    """An ``xs:unsignedShort`` or a like number.

    :raises MetadataMalformed: ``saml_metadata_value``.
    """
    value = attribute(element, name)
    return None if value is None else number(value, name)


def number(value: str, field: str) -> int:
    """A number without sign.

    :raises MetadataMalformed: ``saml_metadata_value``.
    """
    if not _UNSIGNED.fullmatch(value):
        raise MetadataMalformed(MetadataReason.VALUE, field=field)
    return int(value)


def instant(element: XmlElement, name: str) -> Instant | None:
    """An ``xs:dateTime``.

    :raises MetadataMalformed: ``saml_metadata_instant``.
    """
    value = attribute(element, name)
    return None if value is None else read_instant(value)


def duration(element: XmlElement, name: str) -> timedelta | None:
    """An ``xs:duration``.

    :raises MetadataMalformed: ``saml_metadata_duration``.
    """
    value = attribute(element, name)
    return None if value is None else read_duration(value)


def entity_id(element: XmlElement) -> str:
    """``entityID``: a URI of at most 1024 characters (saml-metadata §2.2.1).

    :raises MetadataMalformed: ``saml_metadata_entity_id``.
    """
    value = element.get("entityID")
    if value is None or not is_entity_id(value):
        raise MetadataMalformed(MetadataReason.ENTITY_ID)
    return str(value)


def is_entity_id(value: str) -> bool:
    """Whether ``value`` could name an entity (saml-metadata §2.2.1)."""
    return 0 < len(value) <= _LONGEST_ENTITY_ID and _UNPRINTABLE.search(value) is None


def web_url(value: str | None) -> str | None:
    """``value`` if it is an https or http URL with a host; else None."""
    if value is None or len(value) > _LONGEST_URL or _UNPRINTABLE.search(value):
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname)
        usable = usable and parts.port != 0
    except ValueError:
        return None
    return value if usable else None


def language(element: XmlElement) -> str | None:
    """``xml:lang`` if it is a language tag."""
    value = attribute(element, _XML_LANG)
    return value if value and _LANGUAGE.fullmatch(value) else None


def localised(element: XmlElement | None, name: str, *, urls: bool = False) -> LocalisedText:
    """All children of a name, by language. One without language is left out, and so is a second one.

    :param urls: whether they are URLs of pages.
    """
    found: dict[str, str] = {}
    folded: set[str] = set()
    for one in children(element, name):
        tag, value = language(one), text(one)
        if urls:
            value = web_url(value)
        if tag and value and tag.lower() not in folded:
            folded.add(tag.lower())
            found[tag] = value
    return LocalisedText.of(found)
