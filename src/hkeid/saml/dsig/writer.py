"""XML that is in exclusive canonical form from the start, so that signing it needs no canonicalisation.

::

    element = Element("samlp:Response", {"ID": "_1"}, [Element("saml:Issuer", {}, ["https://idp.example"])])
    write(element)    # b'<samlp:Response xmlns:samlp="…" ID="_1"><saml:Issuer xmlns:saml="…">…'

Prefixes are those of :data:`hkeid.saml.dsig.namespaces.PREFIXES`; each is declared where it is first used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hkeid.saml.dsig.errors import NotWritable
from hkeid.saml.dsig.namespaces import PREFIXES
from hkeid.saml.dsig.reasons import Reason

# Characters outside XML 1.0 §2.2 [2], or that canonical text writes as references (xml-c14n §2.3).
_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_special_in_text = re.compile(f"[&<>\r{_ILLEGAL}]").search
_special_in_attribute = re.compile(f'[&<"\t\n\r{_ILLEGAL}]').search
_FORBIDDEN = re.compile(f"[{_ILLEGAL}]")
_LOCAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_QUOTE = '"'
_NOTHING: frozenset[str] = frozenset()


class Fragment(NamedTuple):
    """Canonical text of an element that stands alone.

    :ivar text: the element.
    :ivar prefixes: those that it declares, at any depth.
    :ivar inclusive: those of them that no name uses: the PrefixList that a signature over it needs.
    """

    text: str
    prefixes: frozenset[str]
    inclusive: frozenset[str] = frozenset()


class Element:
    """An element to be written; not to be changed once it is part of another.

    :param name: with its prefix, such as ``saml:Issuer``.
    :param attributes: by name; one of another namespace with its prefix, such as ``xsi:type``.
    :param children: elements and text, in order.
    :param declares: prefixes to be declared here although no name uses them, for values that do
        (``xsi:type="xs:string"``). They have to be in the PrefixList of a signature.
    """

    __slots__ = ("alone", "attributes", "children", "declares", "kept", "name")

    def __init__(
        self,
        name: str,
        attributes: Mapping[str, str] | None = None,
        children: Iterable[Element | str] = (),
        *,
        declares: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.attributes: Mapping[str, str] = attributes or {}
        self.children: Sequence[Element | str] = tuple(children)
        self.declares = tuple(declares)
        self.alone: Fragment | None = None
        self.kept: dict[frozenset[str], Fragment] | None = None


def constant(element: Element) -> Element:
    """The same element, whose text is kept for every message that it becomes a part of.

    For what says the same each time, such as the issuer: it is written once for each set of prefixes that
    elements around it have declared.
    """
    element.kept = {}
    return element


class Verbatim(Element):
    """An element of which only the canonical text exists, such as a Signature."""

    __slots__ = ()

    def __init__(self, name: str, alone: Fragment) -> None:
        super().__init__(name)
        self.alone = alone


class _Start(NamedTuple):
    """What elements of one name, with the same attributes, in the same scope, have in common.

    :ivar begin: of the start tag, declarations included.
    :ivar attributes: each key, in canonical order, with the text before its value.
    :ivar middle: what ends the last value and the start tag.
    :ivar scope: prefixes in scope for what is inside.
    :ivar new: those that are declared here.
    :ivar end: the end tag.
    """

    begin: str
    attributes: tuple[tuple[str, str], ...]
    middle: str
    scope: frozenset[str]
    new: frozenset[str]
    end: str


@lru_cache(maxsize=4096)
def _start(
    name: str, keys: tuple[str, ...], declares: tuple[str, ...], scope: frozenset[str]
) -> _Start:
    prefix, colon, local = name.partition(":")
    if not colon or prefix not in PREFIXES or prefix == "xml" or not _LOCAL_NAME.fullmatch(local):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"element name {name!r}")
    needed = {prefix, *declares}
    needed.update(found for key in keys if (found := _attribute_name(key)[2]))
    new = frozenset(needed - scope)
    ordered = sorted(keys, key=_attribute_name)
    return _Start(
        begin=f"<{name}{''.join(map(_declaration, sorted(new)))}",
        # The quote that ends a value stands before the next name.
        attributes=tuple(
            (key, f'{"" if key == ordered[0] else _QUOTE} {key}="') for key in ordered
        ),
        middle='">' if keys else ">",
        scope=scope | new if new else scope,
        new=new,
        end=f"</{name}>",
    )


def _attribute_name(qualified: str) -> tuple[str, str, str]:
    """Namespace URI, local name (this is the order of the canonical form), prefix to be in scope."""
    prefix, colon, local = qualified.rpartition(":")
    if colon and prefix not in PREFIXES:
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"attribute name {qualified!r}")
    if not _LOCAL_NAME.fullmatch(local) or (not colon and local.lower().startswith("xmlns")):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"attribute name {qualified!r}")
    # The prefix xml is always in scope.
    return PREFIXES[prefix] if colon else "", local, "" if prefix == "xml" else prefix


def _declaration(prefix: str) -> str:
    if prefix not in PREFIXES or prefix == "xml":
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"prefix {prefix!r}")
    return f' xmlns:{prefix}="{PREFIXES[prefix]}"'


def write(element: Element) -> bytes:
    """An element in exclusive canonical form (xml-exc-c14n §3), in UTF-8.

    :raises NotWritable: ``saml_not_writable``: a name or character that XML does not know.
    """
    return write_alone(element).text.encode("utf-8")


def write_alone(element: Element) -> Fragment:
    """The same as text, kept with the element so that a message around it need not write it again.

    :raises NotWritable: ``saml_not_writable``.
    """
    if element.alone is None:
        element.alone = _fragment(element, _NOTHING)
    return element.alone


def _fragment(element: Element, scope: frozenset[str]) -> Fragment:
    parts: list[str] = []
    declared: set[str] = set()
    inclusive: set[str] = set()
    _append(element, scope, parts, declared, inclusive)
    return Fragment("".join(parts), frozenset(declared), frozenset(inclusive))


def _append(
    element: Element,
    scope: frozenset[str],
    parts: list[str],
    declared: set[str],
    inclusive: set[str],
) -> None:
    """Write an element into ``parts``; ``scope``: prefixes that elements around it have declared."""
    if element.alone is not None or element.kept is not None:
        there = _written(element, scope)
        if there is not None:
            parts.append(there.text)
            declared |= there.prefixes
            inclusive |= there.inclusive
            return
    attributes = element.attributes
    start = _start(element.name, tuple(attributes), element.declares, scope)
    if start.new:
        declared |= start.new
        inclusive.update(element.declares)
    parts.append(start.begin)
    for key, before in start.attributes:
        value = attributes[key]
        if _special_in_attribute(value):
            value = _escaped_attribute(value)
        parts.append(before)
        parts.append(value)
    parts.append(start.middle)
    inner = start.scope
    for child in element.children:
        if isinstance(child, Element):
            _append(child, inner, parts, declared, inclusive)
        elif _special_in_text(child):
            parts.append(_escaped_text(child))
        else:
            parts.append(child)
    parts.append(start.end)


def _written(element: Element, scope: frozenset[str]) -> Fragment | None:
    """What has been written of an element before, if it may stand in ``scope``."""
    alone, kept = element.alone, element.kept
    if alone is not None and scope.isdisjoint(alone.prefixes):
        return alone
    if isinstance(element, Verbatim):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"{element.name} within its own prefix")
    if kept is None:
        return None
    if scope not in kept:
        twin = Element(
            element.name, element.attributes, element.children, declares=element.declares
        )
        kept[scope] = _fragment(twin, scope)
    return kept[scope]


def _escaped_text(value: str) -> str:
    value = _legal(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("\r", "&#xD;")


def _escaped_attribute(value: str) -> str:
    value = _legal(value).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return value.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")


def _legal(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise NotWritable(Reason.NOT_WRITABLE, detail="a character that XML does not know")
    return value
