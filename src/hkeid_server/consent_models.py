"""What the pages about consent show: the question, what stands, direct marketing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hkeid_server.models import Text, WhoAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentItem:
    """One claim on the consent page.

    :ivar values: what would be sent, one entry per form (a name in two scripts).
    :ivar on: how the switch of a voluntary claim stands: off, unless agreed to before.
    :ivar held: there is a value; else ``values`` says that there is none.
    """

    claim: str
    label: str
    values: tuple[Text, ...]
    why: str
    on: bool = False
    held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The statement about the collection of the data (Cap. 486 DPP1)."""

    title: str
    opening: str
    purposes: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """Agree, or do not.

    :ivar statement: version of the collection statement that is on the page.
    :ivar shown: the claims on the page, which the answer must be about.
    :ivar changed: the question changed while the resident was reading.
    :ivar guardian: the resident is a minor, and no guardian's approval is on record.
    """

    who: WhoAsks
    action: str
    required: tuple[ConsentItem, ...]
    voluntary: tuple[ConsentItem, ...]
    statement: str
    terms: Terms
    shown: str
    changed: bool = False
    guardian: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureLine:
    """What was sent at one moment: labels of claims, never values."""

    claims: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """A form that is filled from what the resident agreed to, until a moment or for good."""

    name: str
    claims: tuple[str, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCard:
    """A relying party that received something or may.

    :ivar agreed: labels of claims that it may receive when the resident logs in.
    :ivar forms: what it may receive for forms.
    :ivar advertises: whether the resident agreed to direct marketing; None: it asks for none.
    """

    id: str
    name: str
    domain: str
    agreed: tuple[str, ...]
    disclosures: tuple[DisclosureLine, ...]
    forms: tuple[FormLine, ...] = ()
    advertises: bool | None = None

    @property
    def anything(self) -> bool:
        """Whether there is something to stop."""
        return bool(self.agreed or self.forms or self.advertises)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingPage:
    """The question about direct marketing, by itself.

    :ivar statement: version of the statement that is on the page.
    :ivar shown: the claims it is about.
    :ivar agreed: how the resident answered before.
    :ivar changed: the question changed while the resident was reading.
    :ivar guardian: the resident is a minor, and no guardian's approval is on record.
    """

    who: WhoAsks
    action: str
    statement: str
    shown: str
    terms: Terms
    agreed: bool
    changed: bool = False
    guardian: bool = False
