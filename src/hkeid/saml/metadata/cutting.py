"""An aggregate cut into pieces, of which each is small enough to be parsed by itself.

Without document type, CDATA section and processing instruction (the kernel's gate on octets), a ``<`` that is
not in a comment begins a tag, so that groups and entities are found by their tags. Nothing is believed of what is
found here: each piece is parsed within the start tags of the groups around it, and has to be well-formed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hkeid.saml.dsig import Reason, SamlMalformed
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason

_BEFORE = re.compile(rb"""<(/?)([^\x00-\x20<>/:="']+:)?""")
_START_TAG = re.compile(rb"""<[^<>"']*(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*>""")
_END_OF_TAG = re.compile(rb"[ \t\r\n]*>")
_GROUP, _ENTITY = b"EntitiesDescriptor", b"EntityDescriptor"
_COMMON = b"Entit"
"""How both names begin."""
_SPACE = b" \t\r\n"
_NAME_ENDS = frozenset({b" ", b"\t", b"\r", b"\n", b"/", b">"})
_LOOK_BACK = 66
"""Octets before a local name in which its tag has to begin."""
_LONG_PREFIX = re.compile(rb"""[^\x00-\x20<>/:="']{63}:""")
_MOST_LEADS = 64
_DEEPEST = 8
_LONGEST_START = 16_384
"""Octets of the start tags around a piece, which are parsed again with each."""
_MOST_GROUPS = 4_096
_RUN = 786_432
"""Octets after which a run of entities ends."""


@dataclass(frozen=True, slots=True)
class Group:
    """An EntitiesDescriptor, as far as what stands in it needs to know.

    :ivar start: its start tag, and before it those of the groups around it, as they stand in the document.
    :ivar end: the end tags that belong to them.
    :ivar depth: how many groups that are.
    :ivar around: the group that it stands in.
    """

    start: bytes = field(repr=False)
    end: bytes = field(repr=False)
    depth: int
    around: Group | None = field(repr=False)
    name: bytes = b""


class Opened(NamedTuple):
    """A group begins. ``header``: all of it before the first group or entity inside, the start tag excluded."""

    group: Group
    header: tuple[int, int]


class Run(NamedTuple):
    """A stretch inside a group: entities, and what stands around them."""

    group: Group
    stretch: tuple[int, int]
    entities: list[tuple[int, int]]


class Closed(NamedTuple):
    """A group ends."""

    group: Group


Step = Opened | Run | Closed


class _Tag(NamedTuple):
    at: int
    name: bytes
    after_name: int
    closing: bool
    group: bool


def is_aggregate(octets: bytes) -> bool:
    """Whether the first tag of a document that matters is that of a group."""
    first = next(_tags(octets), None)
    return first is not None and first.group


def cut(octets: bytes) -> Iterator[Step]:
    """The pieces of an aggregate in the order of the document.

    :raises MetadataMalformed: ``saml_metadata_root``, ``saml_metadata_structure``: groups without members or more
        than eight deep, entities in entities.
    :raises hkeid.saml.dsig.SamlMalformed: ``saml_comment``, ``saml_not_well_formed``, ``saml_too_large`` (start
        tags of groups, or their number).
    """
    cutter = _Cutter(octets)
    for tag in _tags(octets):
        if tag.group:
            yield from cutter.end_group(tag) if tag.closing else cutter.start_group(tag)
        elif cutter.entity(tag):
            yield cutter.piece()
    cutter.end()


class _Cutter:
    """Where in the document we are."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._group: Group | None = None
        self._cursor = 0  # up to here all has been given out
        self._header = False  # whether nothing of the group has been
        self._upto = 0  # where the next piece ends
        self._entity = -1
        self._depth = 0  # of entities
        self._groups = 0
        self._entities: list[tuple[int, int]] = []
        self._over = False

    def start_group(self, tag: _Tag) -> Iterator[Step]:
        """``<md:EntitiesDescriptor …>``."""
        found = _START_TAG.match(self._octets, tag.at)
        around = self._group
        depth = 1 if around is None else around.depth + 1
        if self._over or self._depth or found is None or depth > _DEEPEST:
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        text = found.group()
        if text.endswith(b"/>"):
            raise MetadataMalformed(MetadataReason.STRUCTURE, detail="a group without members")
        if around is not None:
            yield from self._rest(tag.at)
        start = text if around is None else around.start + text
        self._groups += 1
        if len(start) > _LONGEST_START or self._groups > _MOST_GROUPS:
            raise SamlMalformed(Reason.TOO_LARGE, detail="groups")
        end = b"</%b>" % tag.name + (b"" if around is None else around.end)
        self._group = Group(start, end, depth, around, tag.name)
        self._cursor, self._header = found.end(), True

    def end_group(self, tag: _Tag) -> Iterator[Step]:
        """``</md:EntitiesDescriptor>``."""
        group = self._group
        if group is None or self._depth or self._header or tag.name != group.name:
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        yield from self._rest(tag.at)
        yield Closed(group)
        self._group, self._cursor = group.around, self._end_of(tag)
        self._over = self._group is None

    def entity(self, tag: _Tag) -> bool:
        """``<md:EntityDescriptor …>`` or ``</md:EntityDescriptor>``: whether a piece ends there.

        An entity inside another is an extension, or nothing good.
        """
        if tag.closing:
            self._depth -= 1
            if self._depth < 0:
                raise MetadataMalformed(MetadataReason.STRUCTURE)
            if self._depth:
                return False
            self._upto = self._end_of(tag)
            self._entities.append((self._entity, self._upto))
            return self._upto - self._cursor > _RUN
        if self._group is None:
            raise MetadataMalformed(MetadataReason.ROOT)
        self._depth += 1
        if self._depth > 1:
            return False
        self._entity = self._upto = tag.at
        return self._header

    def end(self) -> None:
        """The document ends."""
        if not self._over:
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        _check_between(self._octets[self._cursor :])

    def piece(self) -> Step:
        """What there is of the group that has not been given out; first its header."""
        group, begin, end = self._group, self._cursor, self._upto
        if group is None:
            raise MetadataMalformed(MetadataReason.ROOT)
        if self._header:
            self._header = False
            # Comments before the first member belong to it.
            self._cursor = _before_comments(self._octets, begin, end)
            return Opened(group, (begin, self._cursor))
        self._cursor = end
        entities, self._entities = self._entities, []
        return Run(group, (begin, end), entities)

    def _rest(self, upto: int) -> Iterator[Step]:
        """All pieces before ``upto``."""
        self._upto = upto
        while self._header or self._cursor < upto:
            yield self.piece()

    def _end_of(self, tag: _Tag) -> int:
        found = _END_OF_TAG.match(self._octets, tag.after_name)
        if found is None:
            raise SamlMalformed(Reason.NOT_WELL_FORMED, detail="end tag")
        return found.end()


def _tags(octets: bytes) -> Iterator[_Tag]:
    """Start and end tags of groups and entities, under whatever prefix, outside comments."""
    known: dict[bytes, tuple[bool, bytes] | None] = {}
    at, comment = octets.find(_COMMON), octets.find(b"<!--")
    while at >= 0:
        if 0 <= comment < at:
            behind = _after_comment(octets, comment)
            comment = octets.find(b"<!--", behind)
            if behind > at:
                at = octets.find(_COMMON, behind)
            continue
        name = _ENTITY if octets.startswith(_ENTITY, at) else _GROUP
        if name is _GROUP and not octets.startswith(_GROUP, at):
            at = octets.find(_COMMON, at + len(_COMMON))
            continue
        after = at + len(name)
        begin = octets.rfind(b"<", at - _LOOK_BACK if at > _LOOK_BACK else 0, at)
        lead = octets[begin:at] if begin >= 0 else b""
        try:
            form = known[lead]
        except KeyError:
            if len(known) > _MOST_LEADS:
                known.clear()
            form = known[lead] = _lead(lead)
        if form is None:
            if _LONG_PREFIX.fullmatch(octets, max(0, at - 64), at):
                raise MetadataMalformed(MetadataReason.STRUCTURE, detail="prefix")
        elif octets[after : after + 1] in _NAME_ENDS:
            yield _Tag(begin, form[1] + name, after, form[0], name is _GROUP)
        at = octets.find(_COMMON, after)


def _lead(text: bytes) -> tuple[bool, bytes] | None:
    """Whether what stands before a name makes it the name of an end tag, and the prefix; None if of no tag."""
    found = _BEFORE.fullmatch(text)
    return None if found is None else (bool(found[1]), found[2] or b"")


def _after_comment(octets: bytes, begin: int) -> int:
    end = octets.find(b"--", begin + 4)
    if end < 0 or octets[end + 2 : end + 3] != b">":
        raise SamlMalformed(Reason.COMMENT)
    return end + 3


def _before_comments(octets: bytes, begin: int, end: int) -> int:
    """Where white space and comments at the end of a stretch begin."""
    while True:
        while end > begin and octets[end - 1] in _SPACE:
            end -= 1
        ends = octets.startswith(b"-->", max(begin, end - 3), end)
        comment = octets.rfind(b"<!--", begin, end) if ends else -1
        if comment < 0:
            return end
        end = comment


def _check_between(octets: bytes) -> None:
    """There is nothing but white space and comments.

    :raises hkeid.saml.dsig.SamlMalformed: ``saml_not_well_formed``, ``saml_comment``.
    """
    if not _is_blank(octets):
        raise SamlMalformed(Reason.NOT_WELL_FORMED, detail="content after the document")


def check_around(octets: bytes, run: Run) -> None:
    """Around the entities of a run is nothing but white space and comments.

    So what a parser finds in the run is in its entities, as many as there are: no element stands around one, whose
    name would be entered while the entity inside it is read.

    :raises MetadataMalformed: ``saml_metadata_structure``.
    :raises hkeid.saml.dsig.SamlMalformed: ``saml_comment``.
    """
    at, last = run.stretch
    for begin, end in (*run.entities, (last, last)):
        if not _is_blank(octets[at:begin]):
            raise MetadataMalformed(MetadataReason.STRUCTURE, detail="between entities")
        at = end


def _is_blank(octets: bytes) -> bool:
    """Whether there is nothing but white space and comments."""
    at = 0
    while (begin := octets.find(b"<!--", at)) >= 0:
        if octets[at:begin].strip(_SPACE):
            return False
        at = _after_comment(octets, begin)
    return not octets[at:].strip(_SPACE)
