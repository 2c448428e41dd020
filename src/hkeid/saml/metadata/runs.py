"""What the index needs of many entities at a time, asked of libxml2 in few questions."""

from __future__ import annotations

from typing import Any

from lxml import etree

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig.namespaces import MD, SAMLP
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata.reader import Validity
from hkeid.saml.metadata.source import RoleKind

_SUPPORTED = "@protocolSupportEnumeration"
_SPEAKS = (
    f"{_SUPPORTED}='{SAMLP}'"  # nothing else, as a rule
    f" or contains(concat(' ', normalize-space({_SUPPORTED}), ' '), ' {SAMLP} ')"
)


def _question(text: str) -> Any:
    return etree.XPath(text, namespaces={"md": MD}, smart_strings=False)


def _with_role(name: str) -> Any:
    return _question(f"md:EntityDescriptor/md:{name}[{_SPEAKS}]/../@entityID")


_ENTITIES = _question("md:EntityDescriptor")
_NAMES = _question("md:EntityDescriptor/@entityID")
_ELEMENTS = _question("count(*)")
_TEXT = _question("boolean(text()[normalize-space()])")
_OWN_ENDS = _question("boolean(md:EntityDescriptor/@validUntil)")
_WITH_ROLE = {
    RoleKind.IDP: _with_role("IDPSSODescriptor"),
    RoleKind.SP: _with_role("SPSSODescriptor"),
}

NO_ROLE: frozenset[RoleKind] = frozenset()
_ONE_ROLE = {kind: frozenset({kind}) for kind in RoleKind}


def entity_names(group: XmlElement) -> list[str]:
    """``entityID`` of each entity in a group that has one, in order."""
    found: list[str] = _NAMES(group)
    return found


def only_entities(group: XmlElement, number: int) -> bool:
    """Whether there are so many elements in a group, and no text."""
    return _ELEMENTS(group) == number and not _TEXT(group)


def entity_roles(group: XmlElement) -> dict[str, frozenset[RoleKind]]:
    """Roles of SAML 2.0, by entityID, of those that have any (saml-metadata §2.4.1)."""
    found: dict[str, frozenset[RoleKind]] = {}
    for kind, ask in _WITH_ROLE.items():
        one = _ONE_ROLE[kind]
        for name in ask(group):
            found[name] = found[name] | one if name in found else one
    return found


def entity_ends(group: XmlElement, around: Validity) -> list[Instant | None]:
    """When each entity ends; nothing where none says more than the group.

    :raises MetadataMalformed: ``saml_metadata_instant``, ``saml_metadata_duration``.
    """
    if not _OWN_ENDS(group):
        return []
    return [around.within(one).until for one in _ENTITIES(group)]
