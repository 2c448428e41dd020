"""How somebody was, or should be, authenticated (saml-core §2.7.2.2, §3.3.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.reasons import MessageReason

REQUESTED_AUTHN_CONTEXT = reading.samlp("RequestedAuthnContext")
AUTHN_CONTEXT = reading.saml("AuthnContext")
_CLASS = reading.saml("AuthnContextClassRef")
_DECLARATION_REF = reading.saml("AuthnContextDeclRef")
_DECLARATION = reading.saml("AuthnContextDecl")
_AUTHORITY = reading.saml("AuthenticatingAuthority")
_COMPARISON = frozenset({"Comparison"})
_NONE: frozenset[str] = frozenset()
_MOST_CLASSES = 32


class Comparison(StrEnum):
    """How the classes that are asked for compare to the one that is given (saml-core §3.3.2.2.1)."""

    EXACT = "exact"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    BETTER = "better"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAuthnContext:
    """A samlp:RequestedAuthnContext.

    :ivar classes: URIs of classes, the preferred one first; empty where declarations are asked for.
    :ivar declarations: URIs of declarations; never beside classes.
    """

    classes: tuple[str, ...]
    declarations: tuple[str, ...] = ()
    comparison: Comparison = Comparison.EXACT

    @classmethod
    def of(cls, element: XmlElement) -> RequestedAuthnContext:
        """Read an element.

        :raises SamlMalformed: ``saml_comparison``, and what else is wrong with it.
        """
        found = reading.attributes(element, _COMPARISON)
        try:
            comparison = Comparison(found.get("Comparison", "exact"))
        except ValueError:
            raise SamlMalformed(MessageReason.COMPARISON) from None
        inner = reading.children(element)
        if not inner or len(inner) > _MOST_CLASSES:
            raise reading.missing("AuthnContextClassRef")
        wanted = inner[0].tag
        if wanted not in (_CLASS, _DECLARATION_REF):
            raise reading.unexpected(inner[0])
        for one in inner:
            if one.tag != wanted:
                raise reading.unexpected(one)
        uris = tuple(map(reading.uri, inner))
        if wanted == _CLASS:
            return cls(classes=uris, comparison=comparison)
        return cls(classes=(), declarations=uris, comparison=comparison)

    def write(self) -> Element:
        """The element."""
        content = [Element("saml:AuthnContextClassRef", {}, [one]) for one in self.classes]
        content += [Element("saml:AuthnContextDeclRef", {}, [one]) for one in self.declarations]
        return Element(
            "samlp:RequestedAuthnContext", {"Comparison": self.comparison.value}, content
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnContext:
    """A saml:AuthnContext.

    :ivar class_ref: URI of the class, or None.
    :ivar declaration: URI of a declaration, or None.
    :ivar authorities: entity IDs of identity providers further behind.
    """

    class_ref: str | None
    declaration: str | None = None
    authorities: tuple[str, ...] = ()

    @classmethod
    def of(cls, element: XmlElement) -> AuthnContext:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        """
        if element.keys():
            reading.attributes(element, _NONE)
        class_ref = declaration = None
        authorities: list[str] = []
        declared = False
        for one in reading.children(element):
            tag = one.tag
            if tag == _CLASS and class_ref is None and not declared and not authorities:
                class_ref = reading.uri(one)
            elif tag == _AUTHORITY:
                authorities.append(reading.uri(one))
            elif tag in (_DECLARATION_REF, _DECLARATION) and not declared and not authorities:
                # A declaration by value says nothing that a policy here could use.
                declaration = reading.uri(one) if tag == _DECLARATION_REF else None
                declared = True
            else:
                raise reading.unexpected(one)
        if class_ref is None and not declared:
            raise reading.missing("AuthnContextClassRef")
        return cls(class_ref=class_ref, declaration=declaration, authorities=tuple(authorities))

    def write(self) -> Element:
        """The element."""
        content = []
        if self.class_ref is not None:
            content.append(Element("saml:AuthnContextClassRef", {}, [self.class_ref]))
        if self.declaration is not None:
            content.append(Element("saml:AuthnContextDeclRef", {}, [self.declaration]))
        content += [Element("saml:AuthenticatingAuthority", {}, [one]) for one in self.authorities]
        return Element("saml:AuthnContext", {}, content)
