"""``hkeid check faces`` with the real matcher, on the shipped portraits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hkeid.adapters.faces import DeepfaceMatcher, load_calibration
from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.portraits import FACES, portrait, selfie
from hkeid_server.cli import main

GROUPS = "person,era\n" + "".join(f"{key},1980s\n" for key in FACES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    for key in FACES:
        (folder / key).mkdir()
        (folder / key / "portrait.jpg").write_bytes(portrait(key))
        (folder / key / "selfie.jpg").write_bytes(selfie(key))
    (folder / "nobody").mkdir()
    (folder / "nobody" / "drawn.jpg").write_bytes(portrait("lee-sze"))
    (folder / "labels.csv").write_text(GROUPS, "utf-8")
    return folder


@pytest.mark.faces
def test_a_folder_gives_rates_a_record_and_curves(folder: Path, tmp_path: Path) -> None:
    record_file, plot = tmp_path / "record.json", tmp_path / "curves.svg"
    arguments = ["check", "faces", str(folder), "--population", "two officers of long ago"]
    arguments += ["--record", str(record_file), "--plot", str(plot)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "2 persons, 4 pictures" in result.output
    assert "not usable: 1 × face_none" in result.output
    assert "at 0.55: 0 false matches in 4 pairs (FMR below 52.713% at 95 %)" in result.output
    assert "era=1980s" in result.output
    record = load_calibration(record_file)
    assert record.population == "two officers of long ago"
    assert json.loads(record_file.read_bytes())["id"] == record.id
    assert plot.read_text("utf-8").startswith("<svg")

    with pytest.raises(ConfigurationError) as caught:
        DeepfaceMatcher.production(calibration=record)
    assert caught.value.reason == "face_calibration_weak", "four pairs show nothing"
    with DeepfaceMatcher.sandbox(calibration=record) as matcher:
        assert matcher.calibration == record.id

    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 3
    assert "is there already" in again.output


def test_a_record_must_say_whom_it_is_about(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["check", "faces", str(folder), "--record", str(tmp_path / "r")]
    )
    assert result.exit_code == 2
    assert "--population" in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "VGG-Face"], "face model unknown"),
        (["--model", "SFace"], "face thresholds missing"),
        (["--match", "-1"], "--match must be a distance above 0"),
    ],
)
def test_what_cannot_be_measured_is_said(folder: Path, options: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["check", "faces", str(folder), *options])
    assert result.exit_code != 0
    assert told in result.output


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", "faces", str(tmp_path)])
    assert result.exit_code == 1
    assert "folder empty" in result.output
