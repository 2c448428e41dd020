"""What happened to the fields of a form after a signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hkeid.adapters.pdf.validation.covering import Place, place_on
from hkeid.adapters.pdf.validation.revisions import Revision, RevisionField, read_revision
from hkeid.ports.pdf import Box
from hkeid.ports.pdf_validation import ExaminedSignature, FieldChange, FieldEvent

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What came after a signature.

    :ivar end: where its revision ends, in bytes.
    :ivar same: the revision by itself has the signature just as the file has it.
    :ivar masks: what may look different: places that the signed revision kept free for other signatures.
    :ivar failed: it could not be looked at.
    """

    end: int | None
    same: bool | None = None
    changes: tuple[FieldChange, ...] = ()
    masks: tuple[tuple[int, Box], ...] = ()
    failed: bool = False


def changes_since(signature: ExaminedSignature, content: bytes, now: Revision | None) -> Later:
    """Field by field, from the signed revision to the file as it is.

    :raises Exception: what qpdf and pdfium raise over hostile files.
    """
    end = _end(signature, len(content))
    if end is None or now is None:
        return Later(end=None, failed=True)
    then = now if end == len(content) else read_revision(content[:end])
    own = then.signatures.get(signature.field)
    same = own is not None and own == now.signatures.get(signature.field)
    if end == len(content):
        return Later(end=end, same=same)
    changes = tuple(_changes(then, now, content[:end], content))
    if len(changes) > _MOST:
        raise ValueError("too many changes")
    masks = tuple(
        (place.page, place.box)
        for one in changes
        if one.event is FieldEvent.SIGNED
        for place in one.places
    )
    return Later(end=end, same=same, changes=changes, masks=masks)


def _end(signature: ExaminedSignature, size: int) -> int | None:
    """The end of the signed bytes, where the range is one that begins the file and has one gap."""
    match signature.byte_range:
        case (0, first, second, rest) if 0 < first < second and rest >= 0 and second + rest <= size:
            return second + rest
    return None


def _changes(then: Revision, now: Revision, old: bytes, new: bytes) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*then.fields, *now.fields)):
        before, after = then.fields.get(name), now.fields.get(name)
        if before is None and after is not None:
            yield _change(name, after, FieldEvent.ADDED, new, after=after.shown)
        elif before is not None and after is None:
            yield _change(name, before, FieldEvent.REMOVED, old, before=before.shown)
        elif before is not None and after is not None:
            event = _event(before, after)
            if event is not None:
                others = _others(then, name) if event is FieldEvent.SIGNED else ()
                yield _change(
                    name, before, event, old, others, before=before.shown, after=after.shown
                )


def _others(revision: Revision, name: str) -> tuple[Place, ...]:
    """Where a revision draws its other fields."""
    return tuple(
        place for other, one in revision.fields.items() if other != name for place in one.places
    )


def _event(before: RevisionField, after: RevisionField) -> FieldEvent | None:
    signature = before.kind == "Sig" == after.kind
    if signature and before.value is None and after.value is not None:
        # In its own place, or else it is not the field that was kept free.
        return FieldEvent.SIGNED if before.places == after.places else FieldEvent.APPEARANCE
    if before.value != after.value or before.kind != after.kind:
        return FieldEvent.VALUE
    return FieldEvent.APPEARANCE if before.look != after.look else None


def _change(
    name: str,
    one: RevisionField,
    event: FieldEvent,
    content: bytes,
    others: tuple[Place, ...] = (),
    *,
    before: str = "",
    after: str = "",
) -> FieldChange:
    return FieldChange(
        name=name,
        kind=one.kind,
        event=event,
        places=place_on(content, one.places, others),
        before=before,
        after=after,
    )
