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
_SPECIAL_IN_TEXT = re.compile(f"[&<>\r{_ILLEGAL}]")
_SPECIAL_IN_ATTRIBUTE = re.compile(f'[&<"\t\n\r{_ILLEGAL}]')
_FORBIDDEN = re.compile(f"[{_ILLEGAL}]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)
_LOCAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
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

    __slots__ = ("alone", "attributes", "children", "declares", "name")

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


class Verbatim(Element):
    """An element of which only the canonical text exists, such as a Signature."""

    __slots__ = ()

    def __init__(self, name: str, alone: Fragment) -> None:
        super().__init__(name)
        self.alone = alone


class _Output:
    """Pieces of text, and what :class:`Fragment` says of them."""

    __slots__ = ("declared", "inclusive", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.declared: set[str] = set()
        self.inclusive: set[str] = set()

    def fragment(self) -> Fragment:
        return Fragment("".join(self.parts), frozenset(self.declared), frozenset(self.inclusive))


class _Name(NamedTuple):
    prefix: str
    begin: str
    end: str


@lru_cache(maxsize=2048)
def _name(qualified: str) -> _Name:
    prefix, colon, local = qualified.partition(":")
    if not colon or prefix not in PREFIXES or prefix == "xml" or not _LOCAL_NAME.fullmatch(local):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"element name {qualified!r}")
    return _Name(prefix, f"<{qualified}", f"</{qualified}>")


@lru_cache(maxsize=2048)
def _attribute_name(qualified: str) -> tuple[str, str, str]:
    """Namespace URI, local name (this is the order of the canonical form), prefix to be in scope."""
    prefix, colon, local = qualified.rpartition(":")
    if colon and prefix not in PREFIXES:
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"attribute name {qualified!r}")
    if not _LOCAL_NAME.fullmatch(local) or (not colon and local.lower().startswith("xmlns")):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"attribute name {qualified!r}")
    # The prefix xml is always in scope.
    return PREFIXES[prefix] if colon else "", local, "" if prefix == "xml" else prefix


@lru_cache(maxsize=256)
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
        out = _Output()
        _append(element, _NOTHING, out)
        element.alone = out.fragment()
    return element.alone


def _append(element: Element, scope: frozenset[str], out: _Output) -> None:
    """Write an element.

    :param scope: prefixes that elements around it have declared.
    """
    alone = element.alone
    if alone is not None and scope.isdisjoint(alone.prefixes):
        out.parts.append(alone.text)
        out.declared |= alone.prefixes
        out.inclusive |= alone.inclusive
        return
    if isinstance(element, Verbatim):
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"{element.name} within its own prefix")
    inner = _open(element, scope, out)
    for child in element.children:
        if isinstance(child, str):
            out.parts.append(text(child))
        else:
            _append(child, inner, out)
    out.parts.append(_name(element.name).end)


def _open(element: Element, scope: frozenset[str], out: _Output) -> frozenset[str]:
    """The start tag; gives the prefixes in scope for what is inside."""
    name = _name(element.name)
    out.parts.append(name.begin)
    attributes: Iterable[str] = element.attributes
    needed = {name.prefix}
    if element.declares:
        needed.update(element.declares)
        out.inclusive.update(element.declares)
    if len(element.attributes) > 1:
        attributes = sorted(attributes, key=_attribute_name)
    parts = []
    for key in attributes:
        prefix = _attribute_name(key)[2]
        if prefix:
            needed.add(prefix)
        value = element.attributes[key]
        if _SPECIAL_IN_ATTRIBUTE.search(value):
            value = _legal(value).translate(_ATTRIBUTE)
        parts.append(f' {key}="{value}"')
    if not needed <= scope:
        new = needed - scope
        out.parts += map(_declaration, sorted(new))
        out.declared |= new
        scope |= needed
    out.parts += parts
    out.parts.append(">")
    return scope


def text(value: str) -> str:
    """Character data in canonical form.

    :raises NotWritable: ``saml_not_writable``.
    """
    if _SPECIAL_IN_TEXT.search(value):
        return _legal(value).translate(_TEXT)
    return value


def _legal(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise NotWritable(Reason.NOT_WRITABLE, detail="a character that XML does not know")
    return value
