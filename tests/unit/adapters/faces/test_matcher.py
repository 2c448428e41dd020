"""The real matcher on the shipped portraits: who is accepted, what is refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hkeid.adapters.faces import DeepfaceMatcher
from hkeid.adapters.images import decode, encode_jpeg, encode_png
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import FaceBand, FaceComparison, FacePurpose, FaceRefused
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import FACES, has_face, portrait, selfie

pytestmark = pytest.mark.faces
PURPOSE = FacePurpose.SELFIE_WITH_CARD
SULAN, LAIKING = sorted(FACES)


@pytest.fixture(scope="module")
def matcher() -> Iterator[DeepfaceMatcher]:
    with DeepfaceMatcher.sandbox(timeout=120) as one:
        one.start()
        yield one


def _refused(matcher: DeepfaceMatcher, probe: bytes, reference: bytes) -> tuple[str, str | None]:
    with pytest.raises(HkeidError) as caught:
        matcher.compare(probe, reference, PURPOSE)
    assert isinstance(caught.value, FaceRefused | ImageRefused)
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize("key", [SULAN, LAIKING])
def test_the_same_person_is_accepted(matcher: DeepfaceMatcher, key: str) -> None:
    result = matcher.compare(selfie(key), portrait(key), PURPOSE)
    assert result == FaceComparison(
        band=FaceBand.MATCH,
        distance=result.distance,
        threshold=0.55,
        claimed_fmr=None,
        model=matcher.model,
        model_sha256=matcher.model_sha256,
        calibration=None,
    )
    assert 0.05 < result.distance < 0.5


@pytest.mark.parametrize(("probe", "reference"), [(SULAN, LAIKING), (LAIKING, SULAN)])
def test_another_person_is_not(matcher: DeepfaceMatcher, probe: str, reference: str) -> None:
    result = matcher.compare(selfie(probe), portrait(reference), PURPOSE)
    assert result.band is FaceBand.NO_MATCH
    assert result.distance > 0.65


def _beside(*pictures: bytes, height: int = 300) -> bytes:
    cut = [decode(one) for one in pictures]
    sized = [cv2.resize(one, (one.shape[1] * height // one.shape[0], height)) for one in cut]
    return encode_jpeg(np.ascontiguousarray(np.hstack(sized)))


def test_two_faces_are_refused_whoever_stands_beside(matcher: DeepfaceMatcher) -> None:
    """deepface's own verify would match an impostor who holds up a picture of the victim."""
    both = _beside(portrait(SULAN), portrait(LAIKING))
    assert _refused(matcher, both, portrait(SULAN)) == ("face_second", "probe")
    assert _refused(matcher, portrait(LAIKING), both) == ("face_second", "reference")


def test_a_portrait_held_up_inside_the_picture_is_refused(matcher: DeepfaceMatcher) -> None:
    scene = decode(selfie(LAIKING)).copy()
    card = cv2.resize(decode(portrait(SULAN)), (140, 180))
    scene[170:350, 20:160] = card
    reason, which = _refused(matcher, encode_jpeg(scene), portrait(SULAN))
    assert (reason, which) == ("face_second", "probe")


def test_no_face_is_refused(matcher: DeepfaceMatcher) -> None:
    wall = encode_png(np.full((240, 320, 3), 128, np.uint8))
    noise = encode_png(np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8))
    assert _refused(matcher, wall, portrait(SULAN)) == ("face_none", "probe")
    assert _refused(matcher, portrait(SULAN), noise) == ("face_none", "reference")


def test_drawn_heads_are_nobodys(matcher: DeepfaceMatcher) -> None:
    """An invented person is nobody's likeness, so that no match can be claimed for one."""
    drawn = [key for key in PERSONAS if not has_face(key)]
    assert len(drawn) > 20
    for key in drawn[::12]:
        assert _refused(matcher, portrait(key), portrait(SULAN))[0] == "face_none"
        assert _refused(matcher, selfie(key), portrait(SULAN))[0] == "face_none"


def test_a_face_that_is_too_small_is_refused(matcher: DeepfaceMatcher) -> None:
    small = decode(portrait(SULAN))
    small = cv2.resize(small, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    assert _refused(matcher, encode_png(small), portrait(SULAN))[0] == "face_too_small"


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "image_empty"),
        (b"GIF89a" + bytes(50), "image_kind_unknown"),
        (b"/etc/passwd", "image_kind_unknown"),
        (b"https://example.hk/face.jpg", "image_kind_unknown"),
        (b"data:image/jpeg;base64,/9j/4AAQ", "image_kind_unknown"),
        (portrait(SULAN)[:3000], "image_malformed"),
        (portrait(SULAN) + b"MZ and more", "image_malformed"),
        (b"\xff\xd8\xff" + bytes(9 * 1024 * 1024), "image_too_large"),
    ],
    ids=["empty", "gif", "path", "address", "base64", "cut", "more", "long"],
)
def test_malformed_pictures_each_have_their_reason(
    matcher: DeepfaceMatcher, picture: bytes, reason: str
) -> None:
    """Nothing is a path or an address: deepface sees arrays alone."""
    assert _refused(matcher, picture, portrait(SULAN))[0] == reason
    assert _refused(matcher, portrait(SULAN), picture)[0] == reason


def test_a_picture_of_too_many_pixels_is_refused(matcher: DeepfaceMatcher) -> None:
    wide = encode_png(np.zeros((4100, 4100, 3), np.uint8))
    assert _refused(matcher, wide, portrait(SULAN))[0] == "image_too_many_pixels"


def test_weights_with_another_hash_stop_the_matcher(tmp_path: Path) -> None:
    (tmp_path / "dlib_face_recognition_resnet_model_v1.dat").write_bytes(b"not those")
    with DeepfaceMatcher.sandbox(folder=tmp_path) as matcher:
        for call in (matcher.start, lambda: matcher.compare(b"", b"", PURPOSE)):
            with pytest.raises(ConfigurationError) as caught:
                call()
            assert caught.value.reason == "face_weights_unknown"


def test_a_matcher_with_a_calibration_says_what_it_claims(
    matcher: DeepfaceMatcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves nothing in temporary folders: neither links to weights nor pictures."""
    from hkeid.adapters.faces.calibration import CalibrationRecord, ThresholdRow
    from hkeid.adapters.faces.rates import Rate

    row = ThresholdRow(threshold=0.55, impostor=Rate(0, 30_000), genuine=Rate(3, 400))
    content: dict[str, Any] = {"population": "p", "made_on": "2026-11-01", "refused": {}}
    record = CalibrationRecord(
        model=matcher.model, model_sha256=matcher.model_sha256, persons=9, images=9,
        rows=(row,), groups={}, **content,
    )  # fmt: skip
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with DeepfaceMatcher.production(calibration=record, timeout=120) as calibrated:
        result = calibrated.compare(selfie(SULAN), portrait(SULAN), PURPOSE)
        assert not list(tmp_path.rglob("*"))
    assert result.calibration == record.id
    assert result.claimed_fmr == pytest.approx(0.0000998, abs=1e-6)
