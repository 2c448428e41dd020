"""The page of one form: each value, where it comes from, whether it may be written anew (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.profile.eme import EME_FIELDS, EmeValue, Source
from hkeid.profile.question import ConsentItem, ConsentQuestion
from hkeid.profile.sources import ClaimSource, field_of_claim

Edits = Mapping[str, Any]
"""What the resident wrote into the form instead of what the profile holds: JSON by field of the profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormItem:
    """One claim of the form.

    :ivar field: the field of the profile that it is made of, which the resident may write anew for this
        form; None: it is made of what nobody edits.
    :ivar source: where the value comes from, or None: there is none.
    :ivar edited: the resident wrote it for this form.
    """

    asked: ConsentItem
    field: str | None
    source: ClaimSource | None
    edited: bool = False

    @property
    def missing(self) -> bool:
        """It is required, nothing is held, and the resident can write it."""
        return self.asked.required and self.asked.value is None and self.field is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormQuestion:
    """The page of one form.

    :ivar recipient: to whom the relying party passes it on, in the page's language; "": to nobody.
    :ivar days: how many days an agreement lasts that stands, or None: there is none that stands.
    :ivar agreed_until: until when the resident has agreed that the form may be filled, or None.
    """

    consent: ConsentQuestion
    items: tuple[FormItem, ...]
    recipient: str = ""
    days: int | None = None
    agreed_until: Instant | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Claims that keep the form from being sent as it is."""
        return tuple(item.asked.claim for item in self.items if item.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedValues:
    """What was written for this form, each value in the one form of its field."""

    values: Mapping[str, EmeValue] = field(default_factory=dict, repr=False)

    def texts(self) -> dict[str, str]:
        """As opened fields."""
        return {EME_FIELDS[name].sealed: value.text() for name, value in self.values.items()}


def read_edits(edits: Edits, claims: Collection[str], now: Instant) -> EditedValues:
    """Check what was written.

    :param claims: those of the form; edits of fields that none of them is made of are left out.
    :raises hkeid.kernel.errors.MalformedInput: ``form_edits_malformed``, or as the field says.
    """
    fields = {found.name for one in claims if (found := field_of_claim(one)) is not None}
    read = {}
    for name, value in edits.items():
        if name not in EME_FIELDS:
            raise MalformedInput("form_edits_malformed", field=f"{name!s:.40}")
        if name in fields:
            kept = EME_FIELDS[name].read(value)
            if name == "email" and kept["proved"]:
                # What was only typed is never said to be proved.
                raise MalformedInput("form_edits_malformed", field=name)
            read[name] = EmeValue(value=kept, source=Source.SELF, kept_at=now)
    return EditedValues(values=read)


def form_items(
    consent: ConsentQuestion, sources: Mapping[str, ClaimSource], edited: EditedValues
) -> tuple[FormItem, ...]:
    """The items of a form."""
    items = []
    for asked in consent.items:
        made_of = field_of_claim(asked.claim)
        name = None if made_of is None else made_of.name
        items.append(
            FormItem(
                asked=asked,
                field=name,
                source=None if asked.value is None else sources.get(asked.claim),
                edited=name in edited.values,
            )
        )
    return tuple(items)
