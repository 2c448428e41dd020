"""Pictures of the personas: the same every time, small, of the size they say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import (
    FACES,
    CameraFile,
    camera_file,
    has_face,
    portrait,
    scene,
    selfie,
)
from hkeid.testing.portraits.avatars import draw_head
from hkeid.testing.portraits.camera import _padded
from hkeid.testing.portraits.sources import head


def _size(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as opened:
        opened.load()
        assert opened.format == "JPEG"
        return opened.size


def test_two_personas_have_a_face() -> None:
    assert set(FACES) <= set(PERSONAS)
    assert [key for key in PERSONAS if has_face(key)] == ["ho-sau-lan", "kwok-lai-king"]


@pytest.mark.parametrize("key", ["ho-sau-lan", "kwok-lai-king", "chan-tai-man"])
def test_pictures_are_small_and_the_same_every_time(key: str) -> None:
    assert _size(portrait(key)) == (300, 386)
    assert _size(selfie(key)) == (480, 360)
    assert len(portrait(key)) < 60_000
    assert len(selfie(key)) < 60_000
    assert portrait.__wrapped__(key) == portrait(key)
    assert selfie.__wrapped__(key, 0) == selfie(key)
    assert len({selfie(key, variant) for variant in range(3)}) == 3


def test_drawn_heads_differ_and_repeat() -> None:
    drawn = {key: draw_head(key).tobytes() for key in PERSONAS if not has_face(key)}
    assert len(set(drawn.values())) > 20
    assert draw_head("lee-sze").tobytes() == drawn["lee-sze"]


def test_a_shared_head_cannot_be_painted_over() -> None:
    with pytest.raises(ValueError, match="read-only"):
        head("ho-sau-lan").pixels[0, 0] = 0


def test_a_film_is_pictures_one_after_the_other(tmp_path: Path) -> None:
    film = camera_file(tmp_path / "f.mjpeg", "ho-sau-lan", ("frontal", "left"), seconds=0.2)
    content = film.read_bytes()
    assert content.count(b"\xff\xd8\xff") == 6
    assert _size(content) == (480, 360)


def test_a_card_can_be_shown_to_the_camera() -> None:
    assert _size(scene("lee-sze", "card", card=portrait("lee-sze"))) == (480, 360)
    with pytest.raises(ValueError, match="which card"):
        scene("lee-sze", "card")


def test_the_picture_of_a_live_camera_changes_in_place(tmp_path: Path) -> None:
    with CameraFile(tmp_path / "live.mjpeg", room=100_000) as camera:
        node = camera.path.stat().st_ino
        for name in ("frontal", "left"):
            picture = scene("ho-sau-lan", name)
            camera.show(picture)
            content = camera.path.read_bytes()
            assert len(content) == 100_000
            assert content.endswith(picture[2:])
            assert _size(content) == (480, 360)
        assert camera.path.stat().st_ino == node
        with pytest.raises(ValueError, match="too many"):
            camera.show(bytes(100_001))


@pytest.mark.parametrize(
    "missing", [0, 4, 5, 59_999, 60_000, 60_001, 60_003, 60_004, 120_002, 150_000]
)
def test_a_picture_is_filled_up_to_the_byte(missing: int) -> None:
    picture = portrait("ho-sau-lan")
    filled = _padded(picture, len(picture) + missing)
    assert len(filled) == len(picture) + missing
    assert _size(filled) == (300, 386)
