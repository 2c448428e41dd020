"""Which of an upstream's attributes become which of our claims: data, strict, with a dry run.

::

    [[attributes]]
    claim = "email"
    from = "urn:oid:0.9.2342.19200300.100.1.3"      # all its values, under our name

    [[attributes]]
    claim = "birthdate"
    first = ["dateOfBirth", "birthDate"]            # the first that is there, its first value
    date = "DD/MM/YYYY"

    [[attributes]]
    claim = "name"
    join = ["sn", "givenName"]
    separator = ", "

    [[attributes]]
    claim = "employee_number"
    from = "subjectName"
    after = "EMPNO="                                # what stands between two marks: no pattern language,
    before = ","                                    # so nothing a value could make slow

Attributes that no rule names are dropped: an upstream never brings claims in that nobody wanted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hkeid.oidc.errors import ErrorCode
from hkeid.upstream.attributes import Attributes
from hkeid.upstream.errors import UpstreamRefused
from hkeid.upstream.mapping_steps import DATE_FORMS, Dropping, Steps
from hkeid.upstream.tables import refuse_table, suggestion, text_list, text_table

NEVER_MAPPED: Final = frozenset(
    [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "azp",
        "acr",
        "amr",
        "auth_time",
        "at_hash",
        "c_hash",
        "s_hash",
        "sid",
        "events",
        "sub_jwk",
        "cnf",
        "act",
        "may_act",
        "client_id",
        "scope",
    ]
)
"""Claims that say who issued a token, to whom and how well: no upstream writes those."""

_CLAIM = re.compile(r"[a-z][a-z0-9_]{0,63}(?:#[A-Za-z0-9-]{2,35})?")
_SOURCES = ("from", "first", "join", "constant")
_KEYS = frozenset(
    {"claim", *_SOURCES, "separator", "after", "before", "date", "values", "required"}
)
_MOST_RULES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRule:
    """One claim, and where it comes from.

    :ivar kind: ``from`` (all values), ``first``, ``join`` or ``constant``.
    :ivar names: upstream attributes; for ``constant`` the value itself.
    :ivar required: without this claim nobody is let in.
    """

    claim: str
    kind: str
    names: tuple[str, ...]
    separator: str = " "
    steps: Steps = field(default_factory=Steps)
    required: bool = False

    def values(self, attributes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The claim's values.

        :raises Dropping: ``attribute_missing`` and the reasons of :class:`Steps`.
        """
        if self.kind == "constant":
            return self.names
        return tuple(self.steps.run(value) for value in self._found(attributes))

    def _found(self, attributes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        there = [attributes[name] for name in self.names if attributes.get(name)]
        if not there or (self.kind == "join" and len(there) < len(self.names)):
            raise Dropping("attribute_missing")
        if self.kind == "join":
            return (self.separator.join(values[0] for values in there),)
        return there[0] if self.kind == "from" else there[0][:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A claim that did not come out, and why: ``attribute_missing``, ``value_not_found_between_marks``,
    ``value_not_a_date``, ``value_not_in_table``, ``value_empty``, ``value_has_control_characters``.
    """

    claim: str
    sources: tuple[str, ...]
    why: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingReport:
    """What a mapping makes of one answer.

    :ivar claims: what comes out.
    :ivar dropped: rules that gave nothing, and why.
    :ivar unread: attributes of the answer that no rule reads.
    """

    claims: Attributes
    dropped: tuple[Dropped, ...]
    unread: tuple[str, ...]

    @property
    def refused(self) -> tuple[Dropped, ...]:
        """Those of :attr:`dropped` for which the login would be refused."""
        return tuple(one for one in self.dropped if one.required)


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """The rules of one upstream, in order; a claim has one rule."""

    rules: tuple[MappingRule, ...] = ()

    @classmethod
    def read(
        cls, tables: Iterable[Mapping[str, Any]], *, known: Collection[str] | None = None
    ) -> AttributeMapping:
        """From TOML's ``[[attributes]]``.

        :param known: claims that there are (without language tags); None: any well-formed name will do.
        :raises hkeid.kernel.errors.ConfigurationError: ``mapping_table_invalid``; the detail names rule and key.
        """
        rules: list[MappingRule] = []
        for number, table in enumerate(tables, start=1):
            if number > _MOST_RULES:
                raise refuse_table("mapping", f"more than {_MOST_RULES} rules")
            rule = _read_rule(f"rule {number}", table, known)
            if any(rule.claim == other.claim for other in rules):
                raise refuse_table("mapping", f"rule {number}: {rule.claim!r} has a rule already")
            rules.append(rule)
        return cls(tuple(rules))

    def apply(self, attributes: Mapping[str, tuple[str, ...]]) -> Attributes:
        """The claims of one answer.

        :raises UpstreamRefused: ``attribute_required_missing`` (``access_denied``); the detail names claims,
            never values.
        """
        report = self.dry_run(attributes)
        if report.refused:
            raise UpstreamRefused(
                "attribute_required_missing",
                "The other provider did not say something about you that is needed here.",
                code=ErrorCode.ACCESS_DENIED,
                detail=", ".join(f"{one.claim}: {one.why}" for one in report.refused),
            )
        return report.claims

    def dry_run(self, attributes: Mapping[str, tuple[str, ...]]) -> MappingReport:
        """What comes out of one answer, what was dropped and why; pure, refuses nothing."""
        claims: dict[str, tuple[str, ...]] = {}
        dropped: list[Dropped] = []
        for rule in self.rules:
            try:
                claims[rule.claim] = rule.values(attributes)
            except Dropping as drop:
                sources = () if rule.kind == "constant" else rule.names
                dropped.append(
                    Dropped(claim=rule.claim, sources=sources, why=drop.why, required=rule.required)
                )
        read = {name for rule in self.rules if rule.kind != "constant" for name in rule.names}
        return MappingReport(
            claims=Attributes(claims),
            dropped=tuple(dropped),
            unread=tuple(sorted(set(attributes) - read)),
        )


def _read_rule(where: str, table: Mapping[str, Any], known: Collection[str] | None) -> MappingRule:
    if not isinstance(table, Mapping):
        raise refuse_table("mapping", f"{where} is no table")
    for key in table:
        if key not in _KEYS:
            raise refuse_table("mapping", f"{where}: unknown key {key!r}{suggestion(key, _KEYS)}")
    kinds = [kind for kind in _SOURCES if kind in table]
    if len(kinds) != 1:
        raise refuse_table("mapping", f"{where}: exactly one of {', '.join(_SOURCES)} is needed")
    kind = kinds[0]
    required = table.get("required", False)
    if not isinstance(required, bool):
        raise refuse_table("mapping", f"{where}: required is true or false")
    if kind != "join" and "separator" in table:
        raise refuse_table("mapping", f"{where}: separator goes with join")
    return MappingRule(
        claim=_claim(where, table.get("claim"), known),
        kind=kind,
        names=_names(where, kind, table[kind]),
        separator=_text(where, "separator", table.get("separator", " ")),
        steps=_steps(where, kind, table),
        required=required,
    )


def _claim(where: str, name: Any, known: Collection[str] | None) -> str:
    if not isinstance(name, str) or _CLAIM.fullmatch(name) is None:
        raise refuse_table("mapping", f"{where}: claim {name!r} is no name of a claim")
    bare = name.partition("#")[0]
    if bare in NEVER_MAPPED:
        raise refuse_table("mapping", f"{where}: no upstream may set {bare!r}")
    if known is not None and bare not in known:
        hint = suggestion(bare, frozenset(known))
        raise refuse_table("mapping", f"{where}: there is no claim {bare!r}{hint}")
    return name


def _names(where: str, kind: str, value: Any) -> tuple[str, ...]:
    if kind in ("from", "constant"):
        if not isinstance(value, str) or not value:
            raise refuse_table("mapping", f"{where}: {kind} wants a text")
        return (value,)
    return text_list("mapping", f"{where}: {kind}", value)


def _steps(where: str, kind: str, table: Mapping[str, Any]) -> Steps:
    given = {"after", "before", "date", "values"} & set(table)
    if kind == "constant" and given:
        raise refuse_table("mapping", f"{where}: a constant is not changed ({min(given)})")
    date = table.get("date")
    if date is not None and date not in DATE_FORMS:
        raise refuse_table("mapping", f"{where}: date is one of {', '.join(sorted(DATE_FORMS))}")
    after, before = (
        None if mark not in table else _text(where, mark, table[mark])
        for mark in ("after", "before")
    )
    return Steps(
        after=after, before=before, date=date, values=text_table("mapping", "values", table) or None
    )


def _text(where: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise refuse_table("mapping", f"{where}: {key} wants a text")
    return value


__all__ = ["AttributeMapping", "Dropped", "MappingReport", "MappingRule"]
