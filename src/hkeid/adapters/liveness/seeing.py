"""In the worker: what stands in each frame, and how alike the faces of some frames are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hkeid.adapters.faces.comparer import SECOND_FACE
from hkeid.adapters.faces.landmarks import turn_of
from hkeid.adapters.faces.weights import face_model
from hkeid.adapters.liveness.challenge import HeadTurnChallenge
from hkeid.adapters.liveness.judging import Judgement, Moment, Seen, judge, judge_faces
from hkeid.kernel.errors import MissingExtra

_MOST_PIXELS = 1280 * 1280


class FrameWatcher:
    """Finds faces with dlib, five points on each."""

    def __init__(self, longest_px: int, folder: Path | None = None) -> None:
        try:
            import cv2
            import dlib
        except ImportError as missing:
            raise MissingExtra(missing.name or "dlib", "face") from None
        model = face_model("Dlib")
        weights = {name: str(place) for name, place in model.verified(folder)}
        self._longest_px = longest_px
        self._cv2 = cv2
        self._detector = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(weights["shape_predictor_5_face_landmarks.dat"])
        self._network = dlib.face_recognition_model_v1(
            weights["dlib_face_recognition_resnet_model_v1.dat"]
        )
        self._found: list[tuple[Any, Any] | None] = []

    def judge(self, frames: Sequence[bytes], times: Sequence[int], secret: bytes) -> Judgement:
        """Look at all frames of an answer and judge them in one go; raises ``ImageRefused``.

        :param secret: of the challenge.
        """
        asked = HeadTurnChallenge.loads(secret)
        if asked is None:
            return Judgement("challenge_unknown")
        self._found.clear()
        try:
            moments = [
                Moment(at_ms, self._look(frame)) for at_ms, frame in zip(times, frames, strict=True)
            ]
            judgement = judge(moments, asked)
            if judgement.best is None:
                return judgement
            one = self._vector(judgement.best)
            others = (*judgement.straight, *judgement.turned)
            return judge_faces(judgement, [math.dist(one, self._vector(other)) for other in others])
        finally:
            self._found.clear()

    def _look(self, frame: bytes) -> Seen:
        import numpy as np

        from hkeid.adapters.images import decode, shrink

        pixels = shrink(decode(frame, max_pixels=_MOST_PIXELS), self._longest_px)
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        plain = np.ascontiguousarray(pixels[:, :, ::-1])
        boxes = sorted(self._detector(plain, 0), key=lambda box: -box.area())
        if not boxes:
            self._found.append(None)
            return Seen(faces=0, digest=digest)
        second = len(boxes) > 1 and boxes[1].area() > SECOND_FACE * boxes[0].area()
        shape = self._points(plain, boxes[0])
        self._found.append((plain, shape))
        points = [(float(shape.part(i).x), float(shape.part(i).y)) for i in range(5)]
        return Seen(
            faces=2 if second else 1,
            turn=turn_of(points),
            width=boxes[0].width() / pixels.shape[1],
            sharpness=self._sharpness(pixels, boxes[0]),
            digest=digest,
        )

    def _sharpness(self, pixels: Any, box: Any) -> float:
        part = pixels[max(0, box.top()) : box.bottom(), max(0, box.left()) : box.right()]
        grey = self._cv2.cvtColor(part, self._cv2.COLOR_BGR2GRAY)
        return float(self._cv2.Laplacian(grey, self._cv2.CV_64F).var())

    def _vector(self, index: int) -> tuple[float, ...]:
        found = self._found[index]
        if found is None:
            raise ValueError("no face there")
        return tuple(self._network.compute_face_descriptor(*found))


def build(longest_px: int, folder: str | None) -> FrameWatcher:
    """The factory for a worker."""
    return FrameWatcher(longest_px, None if folder is None else Path(folder))
