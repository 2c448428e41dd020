"""A film for Chromium's fake camera: ``--use-file-for-fake-video-capture=FILE.mjpeg``.

Chromium plays the file round and round, from memory that it shares with the file. So there are two
ways: :func:`camera_file` writes a film once; a :class:`CameraFile` is a film of one picture that is
written over while Chromium plays it, so that a test can do what the page asks, when it asks.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from hkeid.kernel.errors import MissingExtra
from hkeid.testing.portraits.motion import FULL_TURN, pose
from hkeid.testing.portraits.pictures import SELFIE, generator, jpeg, photographed
from hkeid.testing.portraits.sources import Pixels

try:
    import cv2
    import numpy as np
except ImportError as _missing:
    raise MissingExtra(_missing.name or "cv2", "face") from _missing

_SCENES = {"frontal": 0, "left": FULL_TURN, "right": -FULL_TURN}
_COMMENT = b"\xff\xfe"


def scene(key: str, name: str, *, card: bytes | None = None, number: int = 0) -> bytes:
    """One picture of a camera, as JPEG.

    :param name: ``frontal``, ``left``, ``right`` (the persona, as seen by the camera) or ``card``.
    :param card: the photograph that ``card`` shows.
    :param number: other noise for every number, as a camera has.
    """
    chance = generator(f"scene {key} {name} {number}")
    if name == "card":
        if card is None:
            raise ValueError("which card?")
        return jpeg(_fitted(card), 85)
    return jpeg(photographed(pose(key, _SCENES[name]), chance, strength=0.4), 80)


def _fitted(encoded: bytes, size: tuple[int, int] = SELFIE) -> Pixels:
    from hkeid.adapters.images import decode

    pixels = decode(encoded)
    scale = min(size[0] / pixels.shape[1], size[1] / pixels.shape[0])
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sheet = np.full((size[1], size[0], 3), 90, np.uint8)
    top, left = (size[1] - small.shape[0]) // 2, (size[0] - small.shape[1]) // 2
    sheet[top : top + small.shape[0], left : left + small.shape[1]] = small
    return sheet


def camera_file(
    path: Path,
    key: str,
    scenes: Sequence[str] = ("frontal", "left", "frontal", "right"),
    *,
    card: bytes | None = None,
    seconds: float = 1.0,
    rate: int = 15,
) -> Path:
    """Write a film that shows the scenes one after the other; Chromium repeats it.

    :param seconds: how long each scene lasts; ``rate`` pictures a second (Chromium itself plays 30).
    """
    count = max(1, round(seconds * rate))
    pictures = (
        scene(key, name, card=card, number=number)
        for name, number in itertools.product(scenes, range(count))
    )
    path.write_bytes(b"".join(pictures))
    return path


class CameraFile:
    """A camera of one picture, which can be changed while Chromium reads it.

    ::

        with CameraFile(tmp_path / "camera.mjpeg") as camera:
            camera.show(scene("ho-sau-lan", "frontal"))
            ...  # start Chromium with camera.path
            camera.show(scene("ho-sau-lan", "left"))

    :param room: most bytes of a picture; the rest is filled with comments.
    """

    def __init__(self, path: Path, *, size: tuple[int, int] = SELFIE, room: int = 200_000) -> None:
        self.path = path
        self._room = room
        path.write_bytes(_padded(jpeg(np.full((size[1], size[0], 3), 90, np.uint8), 80), room))
        with path.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), room)

    def show(self, picture: bytes) -> None:
        """From now on the camera sees this."""
        self._shared[:] = _padded(picture, self._room)

    def play(self, pictures: Iterable[bytes]) -> Iterable[bytes]:
        """Show pictures as they come, and pass them on; the caller waits between them."""
        for picture in pictures:
            self.show(picture)
            yield picture

    def close(self) -> None:
        """Let go of the file."""
        self._shared.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _padded(picture: bytes, room: int) -> bytes:
    """The same JPEG, so many bytes long: comments after its beginning."""
    missing = room - len(picture)
    if missing < 0:
        raise ValueError(f"the picture has {-missing} bytes too many")
    comments = b""
    while missing - len(comments) > 0:
        left = missing - len(comments)
        length = min(left, 60_000) if left - min(left, 60_000) not in range(1, 4) else left - 8
        if length < 4:
            raise ValueError("the picture leaves no room for a comment")
        comments += _COMMENT + (length - 2).to_bytes(2, "big") + bytes(length - 4)
    return picture[:2] + comments + picture[2:]
