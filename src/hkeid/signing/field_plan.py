"""Several signers in order: fields that are all made beforehand, each locking what comes before it."""

from __future__ import annotations

from collections.abc import Mapping

from hkeid.ports.pdf import Box, PlannedField


def fields_in_order(
    places: Mapping[str, Box | None], *, pages: Mapping[str, int] | None = None
) -> tuple[PlannedField, ...]:
    """Fields for signers who sign in this order.

    Each signature locks every field but those of the signers still to come (FieldMDP, ISO 32000-2
    §12.8.2.4); so a later one cannot come first, and after the last one nothing can be filled in. Let the
    first signer certify with :attr:`hkeid.ports.pdf.Certification.FILL_IN`: then nothing but these fields
    can be signed.

    :param places: for each field's name its box, or None for an invisible one.
    :param pages: counted from 0; 0 for what is not named.
    """
    names = list(places)
    return tuple(
        PlannedField(
            name=name,
            page=(pages or {}).get(name, 0),
            box=places[name],
            open_after=tuple(names[number + 1 :]),
        )
        for number, name in enumerate(names)
    )
