"""Personal claims as SAML attributes: their names, and who may have which.

Names are the URIs of the LDAP and SCHAC schemas where there is one (X.500/LDAP Attribute Profile, saml-profiles
§8.2), else ``urn:hkeid:claim:NAME``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.saml.messages import Attribute, AttributeNameFormat
from hkeid.saml.metadata import AttributeConsumingService, Entity, RequestedAttribute

OWN_PREFIX = "urn:hkeid:claim:"
RESEARCH_AND_SCHOLARSHIP = "http://refeds.org/category/research-and-scholarship"
CODE_OF_CONDUCT = "https://refeds.org/category/code-of-conduct/v2"


@dataclass(frozen=True, slots=True)
class AttributeName:
    """How a claim is called in an assertion."""

    name: str
    friendly: str


TABLE: Mapping[str, AttributeName] = MappingProxyType(
    {
        "name": AttributeName("urn:oid:2.16.840.1.113730.3.1.241", "displayName"),
        "given_name": AttributeName("urn:oid:2.5.4.42", "givenName"),
        "family_name": AttributeName("urn:oid:2.5.4.4", "sn"),
        "email": AttributeName("urn:oid:0.9.2342.19200300.100.1.3", "mail"),
        "phone_number": AttributeName("urn:oid:2.5.4.20", "telephoneNumber"),
        "birthdate": AttributeName("urn:oid:1.3.6.1.4.1.25178.1.2.3", "schacDateOfBirth"),
        "gender": AttributeName("urn:oid:1.3.6.1.4.1.25178.1.2.2", "schacGender"),
    }
)
"""Claims with a name that others know as well."""

_CLAIMS = {one.name: claim for claim, one in TABLE.items()}
_FRIENDLY = {one.friendly: claim for claim, one in TABLE.items()}
_GENDERS = {"male": "1", "female": "2"}
_CATEGORIES: Mapping[str, frozenset[str]] = {
    RESEARCH_AND_SCHOLARSHIP: frozenset({"name", "given_name", "family_name", "email"}),
}
"""Claims that members of an entity category are meant to get without asking for each (RFC 8409)."""


def claim_of(attribute: RequestedAttribute) -> str | None:
    """The claim that a service asks for by an attribute; None where there is none."""
    name = attribute.name
    if name in _CLAIMS:
        return _CLAIMS[name]
    if name.startswith(OWN_PREFIX):
        return name.removeprefix(OWN_PREFIX)
    if attribute.name_format == AttributeNameFormat.BASIC:
        return _FRIENDLY.get(name) or (name if name in TABLE else None)
    return None


def wanted_claims(
    entity: Entity,
    asked: AttributeConsumingService | None,
    registered: Collection[str],
    supported: Collection[str],
) -> tuple[str, ...]:
    """Claims that a login at a service is to bring: those that it asks for, or that its entity category is meant to
    get, or else those that it is registered for; never one for which it is not registered.

    :param asked: what this request asks for, out of metadata.
    """
    found: set[str] = set()
    if asked is not None:
        found.update(filter(None, map(claim_of, asked.requested)))
    else:
        for category in entity.categories:
            found |= _CATEGORIES.get(category, frozenset())
        if not found:
            found.update(registered)
    return tuple(sorted(found & set(registered) & set(supported)))


def attributes(released: Mapping[str, Any]) -> tuple[Attribute, ...]:
    """Released claims as attributes; forms in several languages (``name#zh-Hant-HK``) are values of one; a structure without
    a formatted text is its JSON.
    """
    values: dict[str, dict[str, None]] = {}
    for wire, value in released.items():
        claim = wire.partition("#")[0]
        texts = _texts(claim, value)
        values.setdefault(claim, {}).update(dict.fromkeys(texts))
    made = []
    for claim, texts_ in values.items():
        known = TABLE.get(claim, AttributeName(OWN_PREFIX + claim, claim))
        if texts_:
            made.append(
                Attribute(
                    name=known.name,
                    name_format=AttributeNameFormat.URI.value,
                    friendly_name=known.friendly,
                    values=tuple(texts_),
                )
            )
    return tuple(made)


def _texts(claim: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(text for one in value for text in _texts(claim, one))
    if isinstance(value, Mapping):
        formatted = value.get("formatted")
        return (canonical_json.dumps(value).decode() if formatted is None else str(formatted),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    text = str(value)
    if claim == "birthdate":
        # SCHAC 1.5: YYYYMMDD. A birth date of which only the year is known has no such form.
        return (text.replace("-", ""),) if len(text) == len("2026-11-28") else ()
    if claim == "gender":
        # ISO 5218, as SCHAC has it.
        return (_GENDERS.get(text, "9"),)
    return (text,)
