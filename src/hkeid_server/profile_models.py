"""What the pages of the resident's own profile show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hkeid_server.models import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One field.

    :ivar values: the forms of its value; () where there is none.
    :ivar source: where it comes from, in the page's language; "" where there is no value.
    :ivar at: since when; None where that is not known.
    """

    name: str
    label: str
    values: tuple[Text, ...] = ()
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage:
    """My profile.

    :ivar since: since when there is one; None: the resident has not opted in.
    :ivar proved: particulars that registration proved, which nobody edits.
    :ivar rows: the fields of the profile.
    :ivar done: what was done just now: ``started``, ``kept``, ``removed``, ``ended``.
    :ivar error: why nothing was done: ``cooling``, ``not-active``.
    """

    since: datetime | None
    proved: tuple[ProfileRow, ...]
    rows: tuple[ProfileRow, ...]
    done: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFieldPage:
    """One field, to be filled in.

    :ivar kind: ``name``, ``telephone``, ``email``, ``choice``, ``address`` or ``document``.
    :ivar kept: there is a value, which can be removed.
    :ivar typed: what stands in the form, by its names.
    :ivar choices: codes with what they are called.
    :ivar form: of an address: ``parts``, ``lines`` or ``box``; ``forms``: those that may be chosen.
    :ivar districts: codes with what they are called.
    :ivar error: why nothing was kept, a word of the template; ``at_fault``: id of the input.
    :ivar action: where the form goes.
    :ivar state: what was filled in so far of a service's form, for which the value is written; None: it is
        kept in the profile.
    """

    name: str
    label: str
    kind: str
    kept: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[tuple[str, str], ...] = ()
    form: str = "parts"
    forms: tuple[str, ...] = ()
    districts: tuple[tuple[str, str], ...] = ()
    regions: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    at_fault: str = ""
    action: str = ""
    state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileStopPage:
    """Ask before everything is erased.

    :ivar labels: what is kept.
    """

    labels: tuple[str, ...]
