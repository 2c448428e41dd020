"""Where a claim's value comes from: the register, the chip, a document, the resident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any, Final

from hkeid.identity.assurance import Acr
from hkeid.kernel.instants import Instant
from hkeid.profile.claims import CLAIMS, Texts
from hkeid.profile.eme import EME_FIELDS, EmeField, EmeValue, Source
from hkeid.residents.records import Resident

_BY_SEALED: Final = {field.sealed: field for field in EME_FIELDS.values()}
_CHIP: Final = (Acr.EID_PLUS, Acr.EID_PLUS_ATTESTED)
_PARTICULARS: Final = frozenset(
    {"name_english", "name_chinese", "hkic_number", "birth_date", "sex"}
)
_HONG_KONG: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSource:
    """Where the value of a claim comes from.

    :ivar source: None: another provider, with which the resident logs in, says so.
    :ivar since: when it was kept, or None: when the eID was made.
    """

    source: Source | None
    since: Instant | None = None

    def as_json(self) -> dict[str, Any]:
        """``{"source": "self", "date": "2026-11-29"}``; the date is Hong Kong's."""
        found = {"source": "provider" if self.source is None else self.source.value}
        if self.since is not None:
            found["date"] = self.since.astimezone(_HONG_KONG).date().isoformat()
        return found


def field_of_claim(claim: str) -> EmeField | None:
    """The field of the resident's profile that a claim is made of, or None: it is made of others."""
    fields = CLAIMS[claim].fields
    return _BY_SEALED.get(fields[0]) if len(fields) == 1 else None


def source_of_particulars(resident: Resident, *, registered: bool) -> Source | None:
    """Where name, number, date of birth and sex come from; None: another provider says so.

    :param registered: the index of identity-card numbers leads from the number to this eID.
    """
    if resident.proofed in _CHIP:
        return Source.CHIP
    return Source.REGISTRY if registered else None


def sources_of(
    claims: Iterable[str], texts: Texts, particulars: Source | None
) -> dict[str, ClaimSource]:
    """The sources of ``claims`` (base names), as far as they are about the resident and not the eID.

    :param texts: the opened fields that they are made of.
    :param particulars: what :func:`source_of_particulars` says.
    """
    found = {}
    for claim in claims:
        field = field_of_claim(claim)
        if field is None:
            if _PARTICULARS.intersection(CLAIMS[claim].fields):
                found[claim] = ClaimSource(source=particulars)
        elif field.sealed in texts:
            kept = EmeValue.of_text(texts[field.sealed])
            found[claim] = ClaimSource(source=kept.source, since=kept.kept_at)
    return found
