"""Spoilt aggregates, signed as they are: what is entered and read piece by piece against a reading of the whole.

The operator of a federation signs what members hand in, so a signature that holds says nothing about the shape. The
other reader parses the signed document whole and walks its groups; it shares the reader of one entity, and nothing
of how entities are found.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import METADATA_LIMITS, verify_message
from hkeid.saml.dsig.namespaces import MD
from hkeid.saml.metadata import Entity, SignedBy
from hkeid.saml.metadata.aggregate import Aggregate
from hkeid.saml.metadata.indexing import read_aggregate
from hkeid.saml.metadata.reader import ENTITY, FOREVER, GROUP, Validity, at, read_entity
from hkeid.testing.saml_federation import Federation, Member

_WHOLE = replace(
    METADATA_LIMITS,
    octets=10_000_000,
    nodes=1_000_000,
    attributes=1_000_000,
    namespaces=100_000,
    foreign_names=1_000_000,
)
_LONG = b"p" * 80
_NAMESPACE = MD.encode()
_WORDS = (
    b'<md:EntityDescriptor entityID="urn:x:1"></md:EntityDescriptor>', b'<md:EntityDescriptor entityID="urn:x:2"/>',
    b'<x:EntityDescriptor xmlns:x="urn:x"/>', b"<md:EntitiesDescriptor>", b"</md:EntitiesDescriptor>",
    b'<md:EntityDescriptor entityID="urn:x:3">', b"</md:EntityDescriptor>", b"</md:EntityDescriptor >",
    b"<%b:EntityDescriptor xmlns:%b=\"%b\" entityID='urn:x:4'>" % (_LONG, _LONG, _NAMESPACE),
    b"</%b:EntityDescriptor>" % _LONG, b"<!-- <md:EntityDescriptor> -->", b"<!-- </md:EntityDescriptor> -->",
    b"<!---->", b"<!-- x --", b"EntityDescriptor ", b"&lt;md:EntityDescriptor>", b"text", b"&#13;", b"\r\n", b"\t",
    b' validUntil="2026-11-30T00:00:00Z"', b' cacheDuration="PT1M"', b' ID="_federation"', b' xml:lang="en"',
    b' xmlns:md="urn:y"', b' xmlns:mdui="urn:y"', b' xmlns="%b"' % _NAMESPACE, b"<md:Extensions/>", b"<a/>",
)  # fmt: skip
_MEMBER = re.compile(rb"<md:EntityDescriptor .*?</md:EntityDescriptor>", re.DOTALL)
_PREFIXES = (b"q", b"p" * 62, b"p" * 63, b"p" * 64, _LONG, b"EntityDescriptor")

Read = dict[str, Entity | str | None]


@dataclass
class AggregateFuzz:
    """A run.

    :ivar now: at which all is read.
    :ivar counts: of what became of the mutants.
    :ivar failures: what the two readers did not agree on, or what raised anything but our own errors.
    """

    seed: int
    now: Instant
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - for choosing what to break
        self._federation = Federation()
        self._trust = SignedBy(tuple(self._federation.keys))
        members = [Member(number) for number in range(4)]
        self._honest = [
            self._federation.aggregate(members, groups=groups, signed=False) for groups in (0, 1, 2)
        ]

    def run(self, attempts: int) -> dict[str, Any]:
        """So many mutants; a case for the reports of torture."""
        for _ in range(attempts):
            try:
                signed = self._federation.sign(self.mutate(self._chance.choice(self._honest)))
            except (etree.LxmlError, ValueError):
                self.counts["not_well_formed"] += 1
                continue
            self._compare(signed)
        return {
            "name": "saml_aggregate_fuzz",
            "attempts": attempts,
            "failures": len(self.failures),
            "notes": ", ".join(f"{number} {what}" for what, number in self.counts.most_common()),
        }

    def _compare(self, octets: bytes) -> None:
        try:
            aggregate = read_aggregate(octets, self._trust)
            found = {name: self._entity(aggregate, name) for name in aggregate.index}
        except HkeidError as error:
            self.counts[f"refused: {error.reason}"] += 1
            return
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            self.failures.append(f"{type(error).__name__}: {error}"[:200])
            return
        try:
            whole = self._whole(octets)
        except HkeidError as error:
            # The gate over all of it; in pieces it stands before each entity.
            refused = {one for one in found.values() if isinstance(one, str)}
            self.counts[f"in part: {error.reason}"] += 1
            if error.reason not in refused:
                self.failures.append(f"{error.reason} was overlooked: {octets!r}")
            return
        self.counts["read"] += 1
        if found != whole:
            self.failures.append(f"entered {sorted(found)}, there are {sorted(whole)}: {octets!r}")

    def _entity(self, aggregate: Aggregate, name: str) -> Entity | str | None:
        return self._outcome(lambda: aggregate.entity(name, self.now))

    def _whole(self, octets: bytes) -> Read:
        """Every entity of the document, found in one tree."""
        found: Read = {}
        root = verify_message(octets, self._federation.keys, limits=_WHOLE).element

        def walk(group: Any, around: Validity) -> None:
            within = around.within(group)
            for one in group:
                if one.tag == GROUP:
                    walk(one, within)
                elif one.tag == ENTITY:
                    name = one.get("entityID")
                    if name in found:
                        self.failures.append(f"entered twice: {name}")
                    found[name] = self._outcome(
                        lambda: at(read_entity(one, within), self.now)  # noqa: B023 - called at once
                    )

        walk(root, FOREVER)
        return found

    def _outcome(self, read: Callable[[], Entity | None]) -> Entity | str | None:
        try:
            return read()
        except HkeidError as error:
            return error.reason

    def mutate(self, octets: bytes) -> bytes:
        """An aggregate with one to three things changed."""
        changes = (self._insert, self._insert, self._wrap, self._rename, self._group, self._spaces)
        for _ in range(self._chance.choice((1, 1, 2, 3))):
            octets = self._chance.choice(changes)(octets)
        return octets

    def _behind_a_tag(self, octets: bytes, begin: int = 0) -> int:
        return octets.find(b">", self._chance.randrange(begin, len(octets))) + 1

    def _insert(self, octets: bytes) -> bytes:
        """A word behind a tag, or in one."""
        place = self._behind_a_tag(octets)
        word = self._chance.choice(_WORDS)
        if word.startswith(b" "):
            place = max(0, place - 1)
        return octets[:place] + word + octets[place:]

    def _member(self, octets: bytes) -> re.Match[bytes] | None:
        found = list(_MEMBER.finditer(octets))
        return self._chance.choice(found) if found else None

    def _wrap(self, octets: bytes) -> bytes:
        """A member within a member."""
        outer, inner = self._member(octets), self._member(octets)
        if outer is None or inner is None:
            return octets
        place = self._behind_a_tag(outer.group()) + outer.start()
        other = inner.group().replace(b".example</shibmd", b".evil.example</shibmd")
        return octets[:place] + other + octets[place:]

    def _rename(self, octets: bytes) -> bytes:
        """A member under another prefix, at times around another of its name."""
        member = self._member(octets)
        if member is None:
            return octets
        prefix, own = self._chance.choice(_PREFIXES), member.group()
        inside = own[len(b"<md:EntityDescriptor") : -len(b"</md:EntityDescriptor>")]
        if self._chance.random() < 0.5:
            other = own.replace(b".example</shibmd", b".evil.example</shibmd")
            inside = inside.replace(b"<md:Extensions>", b"<md:Extensions>" + other, 1)
        made = b'<%b:EntityDescriptor xmlns:%b="%b"%b</%b:EntityDescriptor>' % (
            prefix, prefix, _NAMESPACE, inside, prefix,
        )  # fmt: skip
        return octets[: member.start()] + made + octets[member.end() :]

    def _group(self, octets: bytes) -> bytes:
        """A member in a group of its own."""
        member = self._member(octets)
        if member is None:
            return octets
        until = self._chance.choice((b"", b' validUntil="2026-11-29T00:00:00Z"'))
        made = b"<md:EntitiesDescriptor%b>%b</md:EntitiesDescriptor>" % (until, member.group())
        return octets[: member.start()] + made + octets[member.end() :]

    def _spaces(self, octets: bytes) -> bytes:
        """Other white space throughout."""
        return octets.replace(b"\n", self._chance.choice((b"\r\n", b"\n\n", b"\n\t", b"\r")))
