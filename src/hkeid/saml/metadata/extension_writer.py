"""Extensions of entities and roles, as :mod:`hkeid.saml.metadata.extension_reader` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hkeid.saml.dsig import Element
from hkeid.saml.metadata.instants import write_instant
from hkeid.saml.metadata.keys import AlgorithmSupport
from hkeid.saml.metadata.presentation import NO_HINTS, NO_UI, DiscoHints, Logo, UiInfo
from hkeid.saml.metadata.records import (
    Entity,
    EntityAttribute,
    IdpRole,
    Registration,
    Role,
    Scope,
    SpRole,
)
from hkeid.saml.metadata.texts import LocalisedText


def extensions(inside: Iterable[Element]) -> list[Element]:
    """``md:Extensions``, if there is anything to stand in it."""
    found = list(inside)
    return [Element("md:Extensions", {}, found)] if found else []


def entity_extensions(entity: Entity) -> Iterator[Element]:
    """Registration, and entity attributes."""
    if entity.registration is not None:
        yield _registration(entity.registration)
    if entity.attributes:
        inside = map(_entity_attribute, entity.attributes)
        yield Element("mdattr:EntityAttributes", {}, inside)


def role_extensions(role: Role) -> Iterator[Element]:
    """All but endpoints."""
    yield from _algorithms(role.algorithms)
    if isinstance(role, IdpRole):
        yield from map(_scope, role.scopes)
    if role.ui != NO_UI:
        yield Element("mdui:UIInfo", {}, _ui(role.ui))
    if isinstance(role, IdpRole) and role.hints != NO_HINTS:
        yield Element("mdui:DiscoHints", {}, _hints(role.hints))


def localised(name: str, texts: LocalisedText) -> list[Element]:
    """One element for each language."""
    return [Element(name, {"xml:lang": tag}, [text]) for tag, text in texts.values]


def plain(name: str, values: Iterable[str]) -> list[Element]:
    """One element for each text."""
    return [Element(name, {}, [value]) for value in values]


def given(**attributes: str | None) -> dict[str, str]:
    """Attributes that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}


def _registration(registration: Registration) -> Element:
    moment = registration.instant
    return Element(
        "mdrpi:RegistrationInfo",
        given(
            registrationAuthority=registration.authority,
            registrationInstant=None if moment is None else write_instant(moment),
        ),
        localised("mdrpi:RegistrationPolicy", registration.policies),
    )


def _entity_attribute(attribute: EntityAttribute) -> Element:
    return Element(
        "saml:Attribute",
        given(Name=attribute.name, NameFormat=attribute.name_format),
        plain("saml:AttributeValue", attribute.values),
    )


def _algorithms(support: AlgorithmSupport) -> Iterator[Element]:
    for uri in support.digests:
        yield Element("alg:DigestMethod", {"Algorithm": uri})
    for method in support.signatures:
        least, most = method.least_bits, method.most_bits
        yield Element(
            "alg:SigningMethod",
            given(
                Algorithm=method.algorithm,
                MinKeySize=None if least is None else str(least),
                MaxKeySize=None if most is None else str(most),
            ),
        )


def _scope(scope: Scope) -> Element:
    return Element("shibmd:Scope", {"regexp": _boolean(scope.regexp)}, [scope.value])


def _boolean(value: bool) -> str:  # noqa: FBT001  # the value, not a switch
    return "true" if value else "false"


def _ui(ui: UiInfo) -> Iterator[Element]:
    yield from localised("mdui:DisplayName", ui.display_names)
    yield from localised("mdui:Description", ui.descriptions)
    yield from localised("mdui:Keywords", ui.keywords)
    yield from map(_logo, ui.logos)
    yield from localised("mdui:InformationURL", ui.information_urls)
    yield from localised("mdui:PrivacyStatementURL", ui.privacy_statement_urls)


def _logo(logo: Logo) -> Element:
    language = {} if logo.language is None else {"xml:lang": logo.language}
    size = {"width": str(logo.width), "height": str(logo.height)}
    return Element("mdui:Logo", {**size, **language}, [logo.url])


def _hints(hints: DiscoHints) -> Iterator[Element]:
    yield from plain("mdui:IPHint", hints.networks)
    yield from plain("mdui:DomainHint", hints.domains)
    yield from plain("mdui:GeolocationHint", hints.locations)


def service_extensions(role: SpRole) -> Iterator[Element]:
    """Endpoints that stand in the extensions of a service provider."""
    for one in role.request_initiators:
        yield Element(
            "init:RequestInitiator",
            given(
                Binding=one.binding, Location=one.location, ResponseLocation=one.response_location
            ),
        )
    for found in role.discovery_responses:
        yield Element(
            "idpdisc:DiscoveryResponse",
            given(
                Binding=found.binding,
                Location=found.location,
                ResponseLocation=found.response_location,
                index=str(found.index),
                isDefault=None if found.default is None else _boolean(found.default),
            ),
        )
