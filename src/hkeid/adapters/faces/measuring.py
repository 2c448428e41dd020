"""Measuring a matcher on a labelled folder: ``DIR/<person>/<pictures>``, and ``DIR/labels.csv``.

``labels.csv`` may give groups: a column ``person``, and one for each way of grouping (``sex``,
``age_band`` …). Pairs of one person are genuine, pairs of two persons are impostors; within a group
both persons belong to it.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hkeid.adapters.faces.calibration import CalibrationRecord, ThresholdRow, count
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import FaceRefused

MOST_IMAGES = 3000
"""In a folder: four and a half million pairs."""

_KINDS = {".jpg", ".jpeg", ".png", ".webp"}
_LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """A picture and whom it shows."""

    person: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """What was measured.

    :ivar pairs: persons of both pictures, and the distance.
    :ivar refused: pictures that could not be used, by reason.
    """

    images: int
    persons: int
    pairs: Sequence[tuple[str, str, float]]
    refused: Mapping[str, int] = field(default_factory=dict)

    def split(self, members: frozenset[str] | None = None) -> tuple[list[float], list[float]]:
        """Distances of genuine and of impostor pairs, of all persons or of some."""
        genuine: list[float] = []
        impostor: list[float] = []
        for one, other, distance in self.pairs:
            if members is None or (one in members and other in members):
                (genuine if one == other else impostor).append(distance)
        return genuine, impostor


def labelled_images(folder: Path) -> list[LabelledImage]:
    """The pictures of a folder, in order; links are not followed.

    :raises hkeid.kernel.errors.Refused: reasons ``folder_empty``, ``folder_too_large``.
    """
    found = [
        LabelledImage(person.name, picture)
        for person in sorted(folder.iterdir())
        if person.is_dir() and not person.is_symlink()
        for picture in sorted(person.iterdir())
        if picture.suffix.lower() in _KINDS and picture.is_file() and not picture.is_symlink()
    ]
    if not found:
        raise Refused("folder_empty", detail=f"no pictures as {folder}/PERSON/PICTURE.jpg")
    if len(found) > MOST_IMAGES:
        raise Refused("folder_too_large", detail=f"{len(found)} pictures, at most {MOST_IMAGES}")
    return found


def labelled_groups(folder: Path) -> dict[str, frozenset[str]]:
    """Persons by group (``sex=F``), from ``labels.csv`` if there is one.

    :raises hkeid.kernel.errors.MalformedInput: reason ``labels_malformed``.
    """
    file = folder / "labels.csv"
    if not file.is_file():
        return {}
    groups: dict[str, set[str]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            if "person" not in (rows.fieldnames or ()):
                raise MalformedInput("labels_malformed", detail="no column 'person'")
            for row in rows:
                for name, value in row.items():
                    if name and name != "person" and isinstance(value, str) and value.strip():
                        label = f"{name.strip()}={value.strip()}"[:_LONGEST_LABEL]
                        groups.setdefault(label, set()).add(row["person"])
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise MalformedInput("labels_malformed", detail=type(error).__name__) from None
    return {name: frozenset(groups[name]) for name in sorted(groups)}


def measure(
    worker: Worker,
    images: Sequence[LabelledImage],
    progress: Callable[[int], None] = lambda _: None,
) -> Distances:
    """Compare every picture with every other one.

    :param worker: has a :class:`~hkeid.adapters.faces.comparer.FaceComparer`.
    """
    usable: list[str] = []
    pairs: list[tuple[str, str, float]] = []
    refused: Counter[str] = Counter()
    worker.call("forget")
    for number, image in enumerate(images, 1):
        try:
            distances = worker.call("against_earlier", image.path.read_bytes())
        except (FaceRefused, ImageRefused) as error:
            refused[error.reason] += 1
        else:
            pairs += [
                (earlier, image.person, float(distance))
                for earlier, distance in zip(usable, distances, strict=True)
            ]
            usable.append(image.person)
        progress(number)
    worker.call("forget")
    return Distances(
        images=len(usable),
        persons=len(set(usable)),
        pairs=pairs,
        refused=dict(sorted(refused.items())),
    )


def thresholds_around(match: float) -> tuple[float, ...]:
    """51 thresholds from a good half of one to one and a half of it, and it itself among them."""
    return tuple(round(match * (1 + step / 55), 3) for step in range(-25, 26))


def record_of(
    distances: Distances,
    groups: Mapping[str, frozenset[str]],
    *,
    thresholds: Sequence[float],
    model: str,
    model_sha256: str,
    population: str,
    made_on: str,
) -> CalibrationRecord:
    """The calibration record of what was measured.

    :raises hkeid.kernel.errors.Refused: reason ``folder_shows_nothing``: no two usable pictures of
        different persons.
    """
    genuine, impostor = distances.split()
    if not impostor:
        raise Refused("folder_shows_nothing", detail="no pair of different persons can be used")
    return CalibrationRecord(
        model=model,
        model_sha256=model_sha256,
        population=population,
        made_on=made_on,
        persons=distances.persons,
        images=distances.images,
        refused=distances.refused,
        rows=count(thresholds, genuine, impostor),
        groups={
            name: count(thresholds, *distances.split(members)) for name, members in groups.items()
        },
    )


def table(rows: Sequence[ThresholdRow], every: int = 5) -> Iterator[str]:
    """The counts as lines of text, with bounds of 95 % (one-sided)."""
    yield f"{'threshold':>9}  {'FMR':>8} {'at most':>8} {'of':>9}   {'FNMR':>8} {'at most':>8} {'of':>7}"
    for row in itertools.islice(rows, 0, None, every):
        false, missed = row.impostor, row.genuine
        yield (
            f"{row.threshold:9.3f}  {_percent(false.value)} {_percent(false.upper)} {false.trials:9d}"
            f"   {_percent(missed.value)} {_percent(missed.upper)} {missed.trials:7d}"
        )


def _percent(value: float | None) -> str:
    return f"{'–':>8}" if value is None else f"{value * 100:7.3f}%"
