"""In the worker: deepface, given arrays of pixels that we decoded, with every setting named.

deepface itself takes the nearest of all faces in both pictures, and reads paths, addresses and
base64 text where it expects a picture. So it is asked only for the faces of an array; that there
is one, and how far two are apart, is decided here.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hkeid.adapters.faces.landmarks import FRONTAL, turn_of
from hkeid.adapters.faces.weights import FaceModel, face_model
from hkeid.kernel.errors import MissingExtra
from hkeid.ports.faces import FaceRefused

LONGEST_SIDE = 640
"""Pictures are reduced to this: finding faces takes most of the time."""

SMALLEST_FACE = 64
"""Pixels across, in the picture as it came."""

SECOND_FACE = 0.15
"""A second face with more than this part of the first one's area makes a picture unusable."""

Vector = tuple[float, ...]

Picture = tuple[Any, float]
"""Pixels, and how much smaller they are than the picture was."""


def distance_between(one: Vector, other: Vector) -> float:
    """Euclidean."""
    return math.dist(one, other)


class FaceComparer:
    """The model, loaded. Lives in a worker; vectors of faces never leave it."""

    def __init__(self, model: FaceModel, folder: Path | None = None) -> None:
        self._model = model
        self._earlier: list[Vector] = []
        self._represent, self._modeling = _load_deepface(model, folder)

    def compare(self, probe: bytes, reference: bytes) -> float:
        """The distance of the faces in two pictures; raises as ``FaceMatcher.compare``."""
        first, second = _decoded(probe), _decoded(reference)  # refuse before the slow part
        return distance_between(self._vector(first, "probe"), self._vector(second, "reference"))

    def against_earlier(self, image: bytes) -> list[float]:
        """Distances to the faces of all pictures that were given to this method before."""
        vector = self._vector(_decoded(image), "probe")
        distances = [distance_between(vector, one) for one in self._earlier]
        self._earlier.append(vector)
        return distances

    def forget(self) -> None:
        """Forget the pictures of :meth:`against_earlier`."""
        self._earlier.clear()

    def _vector(self, picture: Picture, which: str) -> Vector:
        pixels, scale = picture
        try:
            faces = self._represent(
                pixels,
                model_name=self._model.name,
                detector_backend=self._model.detector,
                enforce_detection=True,
                align=True,
                normalization="base",
            )
        except ValueError as error:
            if type(error.__cause__ or error).__name__ != "FaceNotDetected":
                raise
            raise FaceRefused("face_none", detail=which) from None
        face = single_face(faces, which)
        if face["facial_area"]["w"] / scale < SMALLEST_FACE:
            raise FaceRefused("face_too_small", detail=which)
        self._refuse_turned(pixels, face["facial_area"], which)
        vector = tuple(float(one) for one in face["embedding"])
        if not vector or not all(math.isfinite(one) for one in vector):
            raise RuntimeError("the model gave no vector")
        return vector

    def _refuse_turned(self, pixels: Any, area: Mapping[str, int], which: str) -> None:
        """Only where the detector has the five points."""
        if self._model.detector != "dlib":
            return
        import dlib

        predictor = self._modeling.build_model(task="face_detector", model_name="dlib").model["sp"]
        box = dlib.rectangle(area["x"], area["y"], area["x"] + area["w"], area["y"] + area["h"])
        shape = predictor(pixels, box)
        points = [(float(shape.part(i).x), float(shape.part(i).y)) for i in range(5)]
        if abs(turn_of(points)) > FRONTAL:
            raise FaceRefused("face_not_frontal", detail=which)


def _decoded(image: bytes) -> Picture:
    from hkeid.adapters.images import decode, shrink

    full = decode(image)
    pixels = shrink(full, LONGEST_SIDE)
    return pixels, max(pixels.shape[:2]) / max(full.shape[:2])


def single_face(faces: Sequence[Mapping[str, Any]], which: str) -> Mapping[str, Any]:
    """The one face of a picture.

    Detectors now and then see a small face where there is none; a second one that is large enough to
    be somebody is refused, whoever it is.

    :raises hkeid.ports.faces.FaceRefused: reasons ``face_none``, ``face_second``.
    """
    by_area = sorted(faces, key=_area, reverse=True)
    if not by_area or _area(by_area[0]) <= 0:
        raise FaceRefused("face_none", detail=which)
    if len(by_area) > 1 and _area(by_area[1]) > SECOND_FACE * _area(by_area[0]):
        raise FaceRefused("face_second", detail=which)
    return by_area[0]


def _area(face: Mapping[str, Any]) -> float:
    return float(face["facial_area"]["w"]) * float(face["facial_area"]["h"])


def _load_deepface(model: FaceModel, folder: Path | None) -> tuple[Any, Any]:
    """Import deepface with a home that holds the verified weights, and load them into memory."""
    home = tempfile.mkdtemp(prefix="hkeid-faces-")
    try:
        weights = Path(home) / ".deepface" / "weights"
        weights.mkdir(parents=True)
        for name, place in model.verified(folder):
            (weights / name).symlink_to(place.resolve())
        os.environ["DEEPFACE_HOME"] = home
        os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
        os.environ["DEEPFACE_LOG_LEVEL"] = "50"
        try:
            from deepface import DeepFace
            from deepface.modules import modeling
        except ImportError as missing:
            raise MissingExtra(missing.name or "deepface", "face") from None
        modeling.build_model(task="facial_recognition", model_name=model.name)
        modeling.build_model(task="face_detector", model_name=model.detector)
        return DeepFace.represent, modeling
    finally:
        shutil.rmtree(home, ignore_errors=True)  # what is loaded stays loaded


def build(
    model: str, detector: str, folder: str | None, manifest: Mapping[str, Any] | None
) -> FaceComparer:
    """The factory for a worker; all arguments are plain values."""
    chosen = face_model(model, detector=detector, manifest=manifest)
    return FaceComparer(chosen, None if folder is None else Path(folder))
