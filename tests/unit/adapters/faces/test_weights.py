"""Weights: only known ones, found as files, never downloaded, never the 68 landmarks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.faces.weights import WeightFile, face_model
from hkeid.kernel.errors import ConfigurationError, MissingExtra


def _reason(caught: pytest.ExceptionInfo[ConfigurationError]) -> str:
    return caught.value.reason


def test_the_default_model_is_made_of_two_files_of_an_ordinary_package() -> None:
    model = face_model("Dlib")
    assert {one.name for one in model.files} == {
        "dlib_face_recognition_resnet_model_v1.dat",
        "shape_predictor_5_face_landmarks.dat",
    }
    assert all(place.is_file() for _, place in model.verified(None))
    assert model.sha256 == face_model("Dlib").sha256 != face_model("SFace").sha256
    assert (model.match, model.review) == (0.55, 0.65)


def test_a_file_that_differs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shape_predictor_5_face_landmarks.dat").write_bytes(b"something else")
    with pytest.raises(ConfigurationError) as caught:
        dict(face_model("Dlib").verified(tmp_path))
    assert _reason(caught) == "face_weights_unknown"


def test_a_file_that_no_package_brings_must_be_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        dict(face_model("SFace").verified(tmp_path))
    assert _reason(caught) == "face_weights_missing"
    with pytest.raises(ConfigurationError) as caught:
        dict(face_model("SFace").verified(None))
    assert _reason(caught) == "face_weights_missing"


def test_a_package_that_is_not_installed_is_named_with_its_extra() -> None:
    file = WeightFile(name="a.dat", sha256="0" * 64, package="no-such-package", path="a.dat")
    with pytest.raises(MissingExtra) as caught:
        file.verified(None)
    assert "hkeid[face]" in str(caught.value)


def _own(**changes: Any) -> dict[str, Any]:
    file = {"name": "own.dat", "sha256": hashlib.sha256(b"own").hexdigest()}
    return {"models": {"Own": {"detector": "dlib", "files": [{**file, **changes}]}}}


def test_an_operator_may_add_models_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "own.dat").write_bytes(b"own")
    model = face_model("Own", manifest=_own())
    assert dict(model.verified(tmp_path))["own.dat"] == tmp_path / "own.dat"
    (tmp_path / "own.dat").write_bytes(b"owm")
    with pytest.raises(ConfigurationError) as caught:
        dict(model.verified(tmp_path))
    assert _reason(caught) == "face_weights_unknown"


def test_an_operator_cannot_replace_a_shipped_entry() -> None:
    manifest = {"models": {"Dlib": _own()["models"]["Own"]}}
    assert face_model("Dlib", manifest=manifest) == face_model("Dlib")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../own.dat"},
        {"name": ""},
        {"sha256": "00"},
        {"name": "shape_predictor_68_face_landmarks.dat"},
    ],
)
def test_a_bad_manifest_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face_model("Own", manifest=_own(**change))
    assert _reason(caught) == "face_manifest_invalid"


@pytest.mark.parametrize(
    "manifest", [{"models": []}, {"models": {"Own": {}}}, {"models": {"Own": 1}}]
)
def test_a_manifest_of_another_shape_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face_model("Own", manifest=manifest)
    assert _reason(caught) == "face_manifest_invalid"


@pytest.mark.parametrize(
    ("model", "detector"), [("VGG-Face", None), ("Dlib", "opencv"), ("", None)]
)
def test_what_the_manifest_does_not_name_does_not_load(model: str, detector: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face_model(model, detector=detector)
    assert _reason(caught) == "face_model_unknown"
