"""Under what conditions an assertion may be used (saml-core §2.5)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Element
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.messages import reading
from hkeid.saml.messages.errors import MessageRefused
from hkeid.saml.messages.instants import write_instant
from hkeid.saml.messages.name_id import present
from hkeid.saml.messages.reasons import MessageReason

CONDITIONS = reading.saml("Conditions")
_AUDIENCE_RESTRICTION = reading.saml("AudienceRestriction")
_AUDIENCE = reading.saml("Audience")
_ONE_TIME_USE = reading.saml("OneTimeUse")
_PROXY_RESTRICTION = reading.saml("ProxyRestriction")
_WHEN = frozenset({"NotBefore", "NotOnOrAfter"})
_COUNT = frozenset({"Count"})
_NONE: frozenset[str] = frozenset()
_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRestriction:
    """saml-core §2.5.1.6: how far whoever relies on the assertion may make others of it.

    :ivar count: how many more may stand between, or None for any number.
    :ivar audiences: to whom alone, or empty for anybody.
    """

    count: int | None = None
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """A saml:Conditions, every part of which was understood.

    :ivar audiences: one tuple for each AudienceRestriction; the reader has to be in each (saml-core §2.5.1.4).
    :ivar one_time_use: the assertion is to be used at once and not kept (saml-core §2.5.1.5).
    """

    not_before: Instant | None = None
    not_on_or_after: Instant | None = None
    audiences: tuple[tuple[str, ...], ...] = ()
    one_time_use: bool = False
    proxy_restriction: ProxyRestriction | None = None

    @classmethod
    def of(cls, element: XmlElement) -> Conditions:
        """Read an element.

        :raises SamlMalformed: what is wrong with it.
        :raises MessageRefused: ``saml_condition_unknown``: saml-core §2.5.1: what is not understood makes the
            assertion's validity unknown.
        """
        found = reading.attributes(element, _WHEN)
        inner = reading.children(element)
        if len(inner) > _MOST:
            raise reading.unexpected(inner[-1])
        audiences: list[tuple[str, ...]] = []
        one_time_use, proxy = False, None
        for one in inner:
            tag = one.tag
            if tag == _AUDIENCE_RESTRICTION:
                audiences.append(_audiences(one, _NONE))
            elif tag == _ONE_TIME_USE and not one_time_use:
                one_time_use = _empty(one)
            elif tag == _PROXY_RESTRICTION and proxy is None:
                count = reading.number(reading.attributes(one, _COUNT), "Count")
                proxy = ProxyRestriction(count=count, audiences=_audiences(one, _COUNT, least=0))
            elif tag in (_ONE_TIME_USE, _PROXY_RESTRICTION):
                # saml-core §2.5.1.5, §2.5.1.6: at most one of each.
                raise reading.unexpected(one)
            else:
                raise MessageRefused(MessageReason.CONDITION_UNKNOWN, detail=str(tag)[:120])
        return cls(
            not_before=reading.instant(found, "NotBefore"),
            not_on_or_after=reading.instant(found, "NotOnOrAfter"),
            audiences=tuple(audiences),
            one_time_use=one_time_use,
            proxy_restriction=proxy,
        )

    def write(self) -> Element:
        """The element."""
        when = {
            "NotBefore": None if self.not_before is None else write_instant(self.not_before),
            "NotOnOrAfter": (
                None if self.not_on_or_after is None else write_instant(self.not_on_or_after)
            ),
        }
        content = [
            Element("saml:AudienceRestriction", {}, _written_audiences(one))
            for one in self.audiences
        ]
        if self.one_time_use:
            content.append(Element("saml:OneTimeUse"))
        proxy = self.proxy_restriction
        if proxy is not None:
            count = {"Count": None if proxy.count is None else str(proxy.count)}
            content.append(
                Element(
                    "saml:ProxyRestriction", present(count), _written_audiences(proxy.audiences)
                )
            )
        return Element("saml:Conditions", present(when), content)


def _audiences(element: XmlElement, allowed: frozenset[str], least: int = 1) -> tuple[str, ...]:
    reading.attributes(element, allowed)
    inner = reading.children(element)
    if not least <= len(inner) <= _MOST:
        raise reading.missing("Audience")
    for one in inner:
        if one.tag != _AUDIENCE:
            raise reading.unexpected(one)
    return tuple(map(reading.uri, inner))


def _written_audiences(audiences: tuple[str, ...]) -> list[Element]:
    return [Element("saml:Audience", {}, [one]) for one in audiences]


def _empty(element: XmlElement) -> bool:
    reading.attributes(element, _NONE)
    for one in reading.children(element):
        raise reading.unexpected(one)
    return True
