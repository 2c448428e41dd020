"""Rules of the matcher that need no model: thresholds, one face, production, the way a face looks."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hkeid.adapters.faces import CalibrationRecord, DeepfaceMatcher, FacePolicy, FaceThresholds
from hkeid.adapters.faces.calibration import ThresholdRow
from hkeid.adapters.faces.comparer import FaceComparer, single_face
from hkeid.adapters.faces.landmarks import turn_of
from hkeid.adapters.faces.rates import Rate
from hkeid.adapters.faces.weights import face_model
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.faces import FaceBand, FacePurpose, FaceRefused

USUAL = FaceThresholds(match=0.55, review=0.65)


@pytest.mark.parametrize(
    ("distance", "band"),
    [
        (0.0, FaceBand.MATCH),
        (0.55, FaceBand.MATCH),
        (0.5500001, FaceBand.REVIEW),
        (0.65, FaceBand.REVIEW),
        (0.66, FaceBand.NO_MATCH),
        (math.nan, FaceBand.NO_MATCH),
        (math.inf, FaceBand.NO_MATCH),
        (-0.1, FaceBand.NO_MATCH),
    ],
)
def test_bands(distance: float, band: FaceBand) -> None:
    assert USUAL.band(distance) is band


@pytest.mark.parametrize(
    ("match", "review"), [(0, 0.5), (0.6, 0.5), (0.5, math.inf), (math.nan, 1)]
)
def test_thresholds_must_make_sense(match: float, review: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        FaceThresholds(match=match, review=review)
    assert caught.value.reason == "face_thresholds_invalid"


def test_purposes_may_differ() -> None:
    strict = FaceThresholds(match=0.4, review=0.5)
    policy = FacePolicy(usual=USUAL, by_purpose={FacePurpose.RECOVERY: strict})
    assert policy.thresholds(FacePurpose.RECOVERY) is strict
    assert policy.thresholds(FacePurpose.STATION_WITH_CHIP) is USUAL
    assert policy.largest_match == 0.55


def _face(side: int) -> dict[str, Any]:
    return {"facial_area": {"x": 0, "y": 0, "w": side, "h": side}, "embedding": [side]}


def _refusal(faces: list[dict[str, Any]]) -> tuple[str, str | None]:
    with pytest.raises(FaceRefused) as caught:
        single_face(faces, "probe")
    return caught.value.reason, caught.value.detail


def test_one_face_or_none() -> None:
    assert single_face([_face(100)], "probe")["embedding"] == [100]
    assert _refusal([]) == ("face_none", "probe")
    assert _refusal([_face(0)]) == ("face_none", "probe")


def test_a_second_face_above_15_percent_of_the_size_is_refused() -> None:
    """Wherever it stands in the list; a smaller one is a detector's mistake."""
    assert single_face([_face(38), _face(100)], "probe")["embedding"] == [100]
    assert _refusal([_face(39), _face(100)]) == ("face_second", "probe")
    assert _refusal([_face(100), _face(30), _face(39)]) == ("face_second", "probe")


def test_the_turn_is_measured_along_the_eyes() -> None:
    eyes = [(70.0, 40.0), (60.0, 40.0), (30.0, 40.0), (40.0, 40.0)]
    assert turn_of([*eyes, (50.0, 60.0)]) == pytest.approx(0)
    assert turn_of([*eyes, (59.0, 60.0)]) == pytest.approx(0.3)
    assert turn_of([*eyes, (41.0, 60.0)]) == pytest.approx(-0.3)
    leaning = [(x - y, x + y) for x, y in (*eyes, (59.0, 60.0))]  # turned by 45°
    assert turn_of(leaning) == pytest.approx(0.3)
    assert turn_of([(1.0, 1.0)] * 5) == math.inf


def _calibration(
    matcher: DeepfaceMatcher, trials: int = 30_000, **changes: Any
) -> CalibrationRecord:
    rows = tuple(
        ThresholdRow(threshold=at, impostor=Rate(0, trials), genuine=Rate(0, 300))
        for at in (0.5, 0.55, 0.6)
    )
    values: dict[str, Any] = {
        "model": matcher.model, "model_sha256": matcher.model_sha256, "population": "p",
        "made_on": "2026-11-01", "persons": 300, "images": 600, "refused": {}, "rows": rows,
        "groups": {},
    }  # fmt: skip
    return CalibrationRecord(**{**values, **changes})


@pytest.fixture
def sandbox() -> Any:
    with DeepfaceMatcher.sandbox() as matcher:
        yield matcher


def test_the_sandbox_works_without_a_calibration_and_claims_none(sandbox: DeepfaceMatcher) -> None:
    assert sandbox.calibration is None


def _refused_production(**settings: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        DeepfaceMatcher.production(**settings)
    return caught.value.reason


def test_production_refuses_a_matcher_without_a_calibration_record() -> None:
    assert _refused_production(calibration=None) == "face_matcher_uncalibrated"


def test_production_refuses_a_record_of_another_model(sandbox: DeepfaceMatcher) -> None:
    for change in ({"model": "Dlib/dlib/deepface-0.0.102/hkeid-1"}, {"model_sha256": "00" * 32}):
        record = _calibration(sandbox, **change)
        assert _refused_production(calibration=record) == "face_calibration_foreign"


def test_production_refuses_a_record_of_too_few_trials(sandbox: DeepfaceMatcher) -> None:
    """FMR ≤ 1:10,000 needs about 30,000 independent impostor trials without error."""
    record = _calibration(sandbox, trials=262)
    assert _refused_production(calibration=record) == "face_calibration_weak"


def test_production_refuses_a_threshold_that_was_not_calibrated(sandbox: DeepfaceMatcher) -> None:
    policy = FacePolicy(usual=FaceThresholds(match=0.61, review=0.7))
    record = _calibration(sandbox)
    refused = _refused_production(calibration=record, policy=policy)
    assert refused == "face_threshold_not_calibrated"


def test_production_takes_a_calibrated_matcher(sandbox: DeepfaceMatcher) -> None:
    record = _calibration(sandbox)
    with DeepfaceMatcher.production(calibration=record) as matcher:
        assert matcher.calibration == record.id


def test_a_model_without_thresholds_needs_a_policy() -> None:
    with pytest.raises(ConfigurationError) as caught:
        DeepfaceMatcher.sandbox(model="SFace")
    assert caught.value.reason == "face_thresholds_missing"


class _Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


class _Shape:
    def __init__(self, nose: int) -> None:
        self.points = [(70, 40), (60, 40), (30, 40), (40, 40), (nose, 60)]

    def part(self, number: int) -> _Point:
        return _Point(*self.points[number])


class _Landmarks:
    """Stands in for deepface's detector, which keeps dlib's predictor under ``sp``."""

    def __init__(self, nose: int) -> None:
        self.model = {"sp": lambda pixels, box: _Shape(nose)}

    def build_model(self, task: str, model_name: str) -> _Landmarks:
        assert (task, model_name) == ("face_detector", "dlib")
        return self


@pytest.mark.parametrize(("nose", "refused"), [(50, False), (63, False), (64, True), (36, True)])
def test_a_face_that_looks_away_is_refused(nose: int, refused: bool) -> None:
    comparer = FaceComparer.__new__(FaceComparer)
    comparer._model = face_model("Dlib")
    comparer._modeling = _Landmarks(nose)
    area = {"x": 0, "y": 0, "w": 100, "h": 100}
    if not refused:
        comparer._refuse_turned(None, area, "probe")
        return
    with pytest.raises(FaceRefused) as caught:
        comparer._refuse_turned(None, area, "reference")
    assert (caught.value.reason, caught.value.detail) == ("face_not_frontal", "reference")
