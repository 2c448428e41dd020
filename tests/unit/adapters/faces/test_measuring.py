"""Measuring on a labelled folder: who is compared with whom, groups, limits, the drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.faces.curve import draw_curve
from hkeid.adapters.faces.measuring import (
    LabelledImage,
    labelled_groups,
    labelled_images,
    measure,
    record_of,
    table,
    thresholds_around,
)
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import FaceRefused


class Numbers:
    """Stands in for the worker: a picture's content is its place on a line."""

    def __init__(self) -> None:
        self.earlier: list[float] = []

    def call(self, method: str, *arguments: bytes) -> Any:
        if method == "forget":
            self.earlier.clear()
            return None
        (content,) = arguments
        if content == b"none":
            raise FaceRefused("face_none", detail="probe")
        if content == b"bad":
            raise ImageRefused("image_malformed")
        if content == b"down":
            raise Unavailable("face_matcher_failed")
        here = float(content)
        distances = [abs(here - one) for one in self.earlier]
        self.earlier.append(here)
        return distances


def _folder(place: Path, pictures: dict[str, list[bytes]]) -> Path:
    for person, contents in pictures.items():
        (place / person).mkdir()
        for number, content in enumerate(contents):
            (place / person / f"{number}.jpg").write_bytes(content)
    return place


def _reason(call: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call()
    return caught.value.reason


def test_every_pair_is_compared_once(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"a": [b"0", b"0.1", b"none"], "b": [b"1", b"bad"], "c": [b"0.5"]})
    seen: list[int] = []
    result = measure(Numbers(), labelled_images(folder), seen.append)  # type: ignore[arg-type]
    assert (result.images, result.persons) == (4, 3)
    assert result.refused == {"face_none": 1, "image_malformed": 1}
    assert seen == [1, 2, 3, 4, 5, 6]
    genuine, impostor = result.split()
    assert genuine == [0.1]
    assert sorted(round(one, 6) for one in impostor) == [0.4, 0.5, 0.5, 0.9, 1.0]


def test_a_matcher_that_is_down_is_no_result(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"a": [b"0", b"down"]})
    images = labelled_images(folder)
    assert _reason(lambda: measure(Numbers(), images)) == "face_matcher_failed"  # type: ignore[arg-type]


def test_groups_compare_within_themselves(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"a": [b"0", b"0.1"], "b": [b"1"], "c": [b"0.5"]})
    (folder / "labels.csv").write_text("\ufeffperson,sex,age\na,F,old\nb,F,\nc,M,old\n", "utf-8")
    groups = labelled_groups(folder)
    assert groups == {
        "age=old": frozenset("ac"), "sex=F": frozenset("ab"), "sex=M": frozenset("c"),
    }  # fmt: skip
    distances = measure(Numbers(), labelled_images(folder))  # type: ignore[arg-type]
    record = record_of(
        distances, groups, thresholds=(0.2, 0.5, 0.95), model="m", model_sha256="00",
        population="numbers", made_on="2026-11-01",
    )  # fmt: skip
    assert [row.impostor.errors for row in record.rows] == [0, 3, 4]
    assert [row.genuine.errors for row in record.rows] == [0, 0, 0]
    women = record.groups["sex=F"]
    assert [(row.impostor.errors, row.impostor.trials) for row in women] == [(0, 2), (0, 2), (1, 2)]
    assert all(row.impostor.trials == 0 for row in record.groups["sex=M"])


def test_one_person_shows_nothing(tmp_path: Path) -> None:
    distances = measure(Numbers(), labelled_images(_folder(tmp_path, {"a": [b"0", b"1"]})))  # type: ignore[arg-type]
    reason = _reason(
        lambda: record_of(
            distances,
            {},
            thresholds=(0.5,),
            model="m",
            model_sha256="0",
            population="p",
            made_on="d",
        )
    )
    assert reason == "folder_shows_nothing"


def test_folders_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _reason(lambda: labelled_images(tmp_path)) == "folder_empty"
    folder = _folder(tmp_path, {"a": [b"0", b"1"], "b": [b"2"]})
    (folder / "a" / "notes.txt").write_text("no picture")
    (folder / "a" / "link.jpg").symlink_to(folder / "b" / "0.jpg")
    (folder / "c").symlink_to(folder / "b")
    assert labelled_images(folder) == [
        LabelledImage("a", folder / "a" / "0.jpg"),
        LabelledImage("a", folder / "a" / "1.jpg"),
        LabelledImage("b", folder / "b" / "0.jpg"),
    ]
    monkeypatch.setattr("hkeid.adapters.faces.measuring.MOST_IMAGES", 2)
    assert _reason(lambda: labelled_images(folder)) == "folder_too_large"


@pytest.mark.parametrize("text", [b"", b"name,sex\na,F\n", b"person,sex\n\xff,F\n"])
def test_labels_must_be_labels(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "labels.csv").write_bytes(text)
    assert _reason(lambda: labelled_groups(tmp_path)) == "labels_malformed"


def test_without_labels_there_are_no_groups(tmp_path: Path) -> None:
    assert labelled_groups(tmp_path) == {}


def test_the_threshold_in_force_is_among_those_counted() -> None:
    for match in (0.55, 0.4, 10.734):
        thresholds = thresholds_around(match)
        assert match in thresholds
        assert len(thresholds) == 51
        assert thresholds == tuple(sorted(thresholds))
    assert (thresholds_around(0.55)[0], thresholds_around(0.55)[-1]) == (0.3, 0.8)


def test_the_drawing_and_the_table_show_the_counts(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"a": [b"0", b"0.1"], "<b>": [b"1"]})
    distances = measure(Numbers(), labelled_images(folder))  # type: ignore[arg-type]
    record = record_of(
        distances, {}, thresholds=thresholds_around(0.55), model="m", model_sha256="0",
        population="<script> & co", made_on="d",
    )  # fmt: skip
    drawing = ET.fromstring(draw_curve(record, 0.55))
    lines = [one for one in drawing.iter() if one.tag.endswith("polyline")]
    assert [len(one.attrib["points"].split()) for one in lines] == [51] * 4
    assert any("<script> & co" in (one.text or "") for one in drawing.iter())
    shown = list(table(record.rows))
    assert len(shown) == 12
    assert shown[6].split() == ["0.550", "0.000%", "77.639%", "2", "0.000%", "95.000%", "1"]
