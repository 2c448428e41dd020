"""Extensions of entities and roles: user interface, hints, scopes, algorithms, attributes, registration."""

from __future__ import annotations

import re

from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata import syntax
from hkeid.saml.metadata.keys import AlgorithmSupport, SigningMethod
from hkeid.saml.metadata.presentation import DiscoHints, Logo, UiInfo
from hkeid.saml.metadata.records import EntityAttribute, Registration, Scope

_LONGEST_LOGO = 65_536
_DATA_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+(?:;base64)?,[A-Za-z0-9+/=%._~-]+")


def read_ui(extensions: XmlElement | None) -> UiInfo:
    """``mdui:UIInfo``."""
    ui = syntax.child(extensions, "mdui:UIInfo")
    return UiInfo(
        display_names=syntax.localised(ui, "mdui:DisplayName"),
        descriptions=syntax.localised(ui, "mdui:Description"),
        keywords=syntax.localised(ui, "mdui:Keywords"),
        logos=tuple(logo for one in syntax.children(ui, "mdui:Logo") if (logo := _logo(one))),
        information_urls=syntax.localised(ui, "mdui:InformationURL", urls=True),
        privacy_statement_urls=syntax.localised(ui, "mdui:PrivacyStatementURL", urls=True),
    )


def _logo(element: XmlElement) -> Logo | None:
    width, height = (
        int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
        for value in (syntax.attribute(element, name) or "" for name in ("width", "height"))
    )
    value = syntax.text(element) or ""
    if value.startswith("data:"):
        found = len(value) <= _LONGEST_LOGO and _DATA_IMAGE.fullmatch(value) is not None
    else:
        found = value.startswith("https://") and syntax.web_url(value) is not None
    if not (found and width and height):
        return None
    return Logo(url=value, width=width, height=height, language=syntax.language(element))


def read_hints(extensions: XmlElement | None) -> DiscoHints:
    """``mdui:DiscoHints``."""
    hints = syntax.child(extensions, "mdui:DiscoHints")
    return DiscoHints(
        networks=syntax.texts(hints, "mdui:IPHint"),
        domains=syntax.texts(hints, "mdui:DomainHint"),
        locations=syntax.texts(hints, "mdui:GeolocationHint"),
    )


def read_scopes(*extensions: XmlElement | None) -> tuple[Scope, ...]:
    """``shibmd:Scope`` elements, each once.

    :raises MetadataMalformed: ``saml_metadata_value``.
    """
    found = [
        Scope(value=value, regexp=syntax.boolean(one, "regexp") or False)
        for extension in extensions
        for one in syntax.children(extension, "shibmd:Scope")
        if (value := syntax.text(one))
    ]
    return tuple(dict.fromkeys(found))


def read_algorithms(role: XmlElement | None, entity: XmlElement | None) -> AlgorithmSupport:
    """``alg:`` elements of the role's extensions; where it has none, of the entity's (Metadata Profile for
    Algorithm Support 1.0 §2.3).

    :raises MetadataMalformed: ``saml_metadata_structure``, ``saml_metadata_value``.
    """
    for extensions in (role, entity):
        support = AlgorithmSupport(
            digests=tuple(
                syntax.required(one, "Algorithm")
                for one in syntax.children(extensions, "alg:DigestMethod")
            ),
            signatures=tuple(
                SigningMethod(
                    algorithm=syntax.required(one, "Algorithm"),
                    least_bits=syntax.unsigned(one, "MinKeySize"),
                    most_bits=syntax.unsigned(one, "MaxKeySize"),
                )
                for one in syntax.children(extensions, "alg:SigningMethod")
            ),
        )
        if support.digests or support.signatures:
            break
    return support


def read_entity_attributes(extensions: XmlElement | None) -> tuple[EntityAttribute, ...]:
    """``saml:Attribute`` elements in ``mdattr:EntityAttributes``; assertions there are not read.

    :raises MetadataMalformed: ``saml_metadata_structure``.
    """
    return tuple(
        EntityAttribute(
            name=syntax.required(one, "Name"),
            values=syntax.texts(one, "saml:AttributeValue"),
            name_format=syntax.attribute(one, "NameFormat"),
        )
        for around in syntax.children(extensions, "mdattr:EntityAttributes")
        for one in syntax.children(around, "saml:Attribute")
    )


def read_registration(extensions: XmlElement | None) -> Registration | None:
    """``mdrpi:RegistrationInfo``.

    :raises MetadataMalformed: ``saml_metadata_structure``, ``saml_metadata_instant``.
    """
    element = syntax.child(extensions, "mdrpi:RegistrationInfo")
    if element is None:
        return None
    return Registration(
        authority=syntax.required(element, "registrationAuthority"),
        instant=syntax.instant(element, "registrationInstant"),
        policies=syntax.localised(element, "mdrpi:RegistrationPolicy", urls=True),
    )
