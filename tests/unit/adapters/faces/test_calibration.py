"""The calibration record: counted right, its id is its content, what is altered is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.faces import CalibrationRecord, load_calibration
from hkeid.adapters.faces.calibration import count
from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput

THRESHOLDS = (0.4, 0.5, 0.6)
GENUINE = (0.3, 0.45, 0.5, 0.55)
IMPOSTOR = (0.6, 0.7, 0.8, 0.45, 0.9)


def record(**changes: Any) -> CalibrationRecord:
    rows = count(THRESHOLDS, GENUINE, IMPOSTOR)
    values: dict[str, Any] = {
        "model": "Dlib/dlib/deepface-0.0.103/hkeid-1",
        "model_sha256": "ab" * 32,
        "population": "drawn at random from nobody",
        "made_on": "2026-11-01",
        "persons": 3,
        "images": 7,
        "refused": {"face_none": 1},
        "rows": rows,
        "groups": {"sex=F": rows},
    }
    return CalibrationRecord(**{**values, **changes})


def test_a_distance_at_the_threshold_matches() -> None:
    rows = count(THRESHOLDS, GENUINE, IMPOSTOR)
    assert [(row.impostor.errors, row.genuine.errors) for row in rows] == [(0, 3), (1, 1), (2, 0)]
    assert all((row.impostor.trials, row.genuine.trials) == (5, 4) for row in rows)


def test_the_claim_is_the_upper_bound_and_never_taken_from_a_stricter_threshold() -> None:
    one = record()
    assert one.claimed_fmr(0.4) == pytest.approx(1 - 0.05**0.2)
    assert one.at(0.41).threshold == 0.5
    assert one.at(0.5).threshold == 0.5
    with pytest.raises(ConfigurationError) as caught:
        one.at(0.61)
    assert caught.value.reason == "face_threshold_not_calibrated"


def test_the_id_is_the_content() -> None:
    one = record()
    assert one.id == record().id
    assert one.id.startswith("face-")
    for change in (
        {"population": "others"}, {"persons": 4}, {"refused": {}}, {"groups": {}},
        {"rows": count(THRESHOLDS, GENUINE, IMPOSTOR[1:])}, {"model_sha256": "cd" * 32},
    ):  # fmt: skip
        assert record(**change).id != one.id


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(record().dumps())
    assert load_calibration(file) == record()


def _changed(path: list[Any], value: Any) -> bytes:
    content = json.loads(record().dumps())
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "calibration_malformed"),
        (b"[]", "calibration_malformed"),
        (b"{}", "calibration_malformed"),
        (b"\xff", "calibration_malformed"),
        (_changed(["format"], 2), "calibration_malformed"),
        (_changed(["rows"], []), "calibration_malformed"),
        (_changed(["rows", 0, "impostor", "errors"], 6), "calibration_malformed"),
        (_changed(["rows", 0, "impostor", "errors"], -1), "calibration_malformed"),
        (_changed(["rows", 1, "impostor", "errors"], 0), "calibration_altered"),
        (_changed(["rows", 1, "impostor", "trials"], 50_000), "calibration_altered"),
        (_changed(["rows", 1, "impostor", "upper_ppm"], 10), "calibration_altered"),
        (_changed(["population"], "everybody"), "calibration_altered"),
        (_changed(["id"], "face-0"), "calibration_altered"),
        (_changed(["more"], 1), "calibration_altered"),
    ],
)
def test_what_was_altered_is_refused(text: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedInput) as caught:
        CalibrationRecord.loads(text)
    assert caught.value.reason == reason
    file = tmp_path / "record.json"
    file.write_bytes(text)
    with pytest.raises(ConfigurationError) as told:
        load_calibration(file)
    assert told.value.reason == reason


def test_cut_and_twisted_records_raise_only_our_errors() -> None:
    whole = record().dumps()
    for end in range(0, len(whole) - 2, 7):
        with pytest.raises(HkeidError):
            CalibrationRecord.loads(whole[:end])


def test_a_missing_file_is_the_operators_matter(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_calibration(tmp_path / "nothing.json")
    assert caught.value.reason == "face_calibration_unreadable"
