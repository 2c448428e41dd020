"""Visible stamps on requested documents: read from the request, and made when the resident is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hkeid.kernel.instants import Instant
from hkeid.ports.pdf import Stamp
from hkeid.signing.requests.errors import SignatureRequestMalformed
from hkeid.signing.requests.particulars import RequestedDocument, StampPlace
from hkeid.signing.stamp import signature_stamp

_MEMBERS: Final = {"page", "box"}
_CORNERS: Final = 4
_FARTHEST: Final = 14_400
"""The largest page (ISO 32000-1 annex C.2), in points."""
_LEAST_WIDTH, _LEAST_HEIGHT = 60, 24
_SPECIMEN: Final = "CHAN Tai Man Alexander Maximilian Bartholomew 陳大文"
"""Longer than most names, so that a place that is too small is found out before the resident is there."""


def read_place(members: Mapping[str, Any]) -> StampPlace | None:
    """Where a document's stamp shall stand; None where none is asked for. A prepared field (``field``) has its
    place; without one ``box`` says where.

    :raises SignatureRequestMalformed: ``stamp_malformed``.
    """
    if "stamp" not in members:
        return None
    place, prepared = members["stamp"], "field" in members
    if not isinstance(place, dict) or set(place) - _MEMBERS or (prepared and place):
        raise _malformed()
    if prepared:
        return StampPlace()
    page, box = place.get("page", 1), place.get("box")
    if type(page) is not int or page < 1 or not isinstance(box, list) or len(box) != _CORNERS:
        raise _malformed()
    if not all(type(one) in {int, float} and 0 <= one <= _FARTHEST for one in box):
        raise _malformed()
    left, bottom, right, top = (round(float(one), 2) for one in box)
    if right - left < _LEAST_WIDTH or top - bottom < _LEAST_HEIGHT:
        raise _malformed()
    return StampPlace(page=page, box=(left, bottom, right, top))


def stamp_of(
    document: RequestedDocument, at: Instant, *, name: str = _SPECIMEN, url: str | None
) -> Stamp | None:
    """The stamp of a document, or None.

    :param name: of the signer, in both scripts; a specimen's while nobody is known.
    """
    if document.stamp is None:
        return None
    place = document.stamp
    return signature_stamp(
        name,
        at,
        box=place.box,
        page=place.page - 1,
        reason=document.reason,
        verification_url=url,
    )


def _malformed() -> SignatureRequestMalformed:
    return SignatureRequestMalformed("stamp_malformed", field="stamp")
