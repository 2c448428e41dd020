"""The calibration record: what a threshold of a model claims, for which population, and why.

A record is one JSON file. Its id is the digest of its content, so that a comparison that names the
record names these very figures. Rates stand in it in parts per million, distances in thousandths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hkeid.adapters.faces.rates import Rate
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput

_FORMAT = 1
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRow:
    """What was counted at one threshold.

    :ivar impostor: pairs of different persons that would match (false matches).
    :ivar genuine: pairs of one person that would not (false non-matches).
    """

    threshold: float
    impostor: Rate
    genuine: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRecord:
    """Counts over a labelled folder.

    :ivar population: whom the pictures show, in the operator's words.
    :ivar made_on: ISO date.
    :ivar refused: pictures that could not be used, by reason.
    :ivar groups: the same counts within each group (``sex=F``); impostor pairs have both persons in it.
    """

    model: str
    model_sha256: str
    population: str
    made_on: str
    persons: int
    images: int
    refused: Mapping[str, int]
    rows: tuple[ThresholdRow, ...]
    groups: Mapping[str, tuple[ThresholdRow, ...]]

    @property
    def id(self) -> str:
        """``face-`` and half of the SHA-256 over the content."""
        return f"face-{hashlib.sha256(canonical_json.dumps(self._content())).hexdigest()[:32]}"

    def at(self, threshold: float) -> ThresholdRow:
        """The counts at the smallest calibrated threshold that is not below this one.

        :raises hkeid.kernel.errors.ConfigurationError: reason ``face_threshold_not_calibrated``.
        """
        above = [row for row in self.rows if row.threshold >= threshold - 1e-9]
        if not above:
            raise ConfigurationError(
                "face_threshold_not_calibrated", detail=f"nothing was counted at {threshold}"
            )
        return min(above, key=lambda row: row.threshold)

    def claimed_fmr(self, threshold: float) -> float:
        """Upper bound of the false match rate at a threshold; raises as :meth:`at`."""
        return self.at(threshold).impostor.upper

    def dumps(self) -> bytes:
        """The record as a file."""
        content = self._content()
        return canonical_json.dumps({**content, "id": self.id}) + b"\n"

    def _content(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "model": self.model,
            "model_sha256": self.model_sha256,
            "population": self.population,
            "made_on": self.made_on,
            "persons": self.persons,
            "images": self.images,
            "refused": dict(self.refused),
            "rows": _written(self.rows),
            "groups": {name: _written(rows) for name, rows in self.groups.items()},
        }

    @classmethod
    def loads(cls, text: bytes) -> CalibrationRecord:
        """Read a record; what it says of itself must be true.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``calibration_malformed``,
            ``calibration_altered``.
        """
        try:
            content = canonical_json.loads(text[: _LARGEST + 1])
            record = cls(
                model=str(content["model"]),
                model_sha256=str(content["model_sha256"]),
                population=str(content["population"]),
                made_on=str(content["made_on"]),
                persons=int(content["persons"]),
                images=int(content["images"]),
                refused={str(name): int(count) for name, count in content["refused"].items()},
                rows=_read(content["rows"]),
                groups={str(name): _read(rows) for name, rows in content["groups"].items()},
            )
            stated = content["id"]
            known = content["format"] == _FORMAT and record.rows and record.population
            same = record.dumps() == canonical_json.dumps(content) + b"\n"
        except (
            HkeidError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
        ) as error:
            raise MalformedInput("calibration_malformed", detail=type(error).__name__) from None
        if not known:
            raise MalformedInput("calibration_malformed", detail="format, rows or population")
        if stated != record.id or not same:
            raise MalformedInput("calibration_altered", detail=f"its content is {record.id}")
        return record


def load_calibration(file: Path) -> CalibrationRecord:
    """Read a record from a file.

    :raises hkeid.kernel.errors.ConfigurationError: reason ``face_calibration_unreadable``, or what
        :meth:`CalibrationRecord.loads` found.
    """
    try:
        return CalibrationRecord.loads(file.read_bytes())
    except OSError as error:
        raise ConfigurationError("face_calibration_unreadable", detail=str(error)) from None
    except MalformedInput as error:
        raise ConfigurationError(error.reason, detail=f"{file}: {error.detail}") from None


def count(
    thresholds: Sequence[float], genuine: Sequence[float], impostor: Sequence[float]
) -> tuple[ThresholdRow, ...]:
    """Count errors at each threshold; distances up to it match."""
    return tuple(
        ThresholdRow(
            threshold=threshold,
            impostor=Rate(sum(one <= threshold for one in impostor), len(impostor)),
            genuine=Rate(sum(one > threshold for one in genuine), len(genuine)),
        )
        for threshold in thresholds
    )


def _written(rows: Sequence[ThresholdRow]) -> list[dict[str, Any]]:
    return [
        {
            "threshold_mille": round(row.threshold * 1000),
            "impostor": _rate(row.impostor),
            "genuine": _rate(row.genuine),
        }
        for row in rows
    ]


def _rate(rate: Rate) -> dict[str, int]:
    return {
        "errors": rate.errors,
        "trials": rate.trials,
        "upper_ppm": -int(-rate.upper * 1_000_000 // 1),  # rounded up
    }


def _read(rows: Sequence[Mapping[str, Any]]) -> tuple[ThresholdRow, ...]:
    read = []
    for row in rows:
        rates = [Rate(row[kind]["errors"], row[kind]["trials"]) for kind in ("impostor", "genuine")]
        for rate in rates:
            if not 0 <= int(rate.errors) <= int(rate.trials):
                raise ValueError("more errors than trials")
        threshold = int(row["threshold_mille"]) / 1000
        read.append(ThresholdRow(threshold=threshold, impostor=rates[0], genuine=rates[1]))
    return tuple(read)
