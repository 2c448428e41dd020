"""rapidocr behind two verbs: where is text, and what does it say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hkeid.adapters.documents.localisation import Corners, side_lengths
from hkeid.adapters.documents.models import DETECTION, RECOGNITION, VERSION, verified_model
from hkeid.adapters.images import Pixels
from hkeid.kernel.errors import MissingExtra

try:
    import cv2
    import numpy as np
    import rapidocr
    from rapidocr.utils import download_file
except ImportError as _missing:
    raise MissingExtra(_missing.name or "rapidocr", "ocr") from _missing

NAME = f"rapidocr {VERSION} (PP-OCRv6 small)"

_SMALLEST_SIDE = 4


class TextEngine:
    """Text detection and recognition with verified models, without any network.

    :param threads: of onnxruntime, for each model.
    :param models: folder with the models; None: those of the installed rapidocr.
    :raises hkeid.kernel.errors.ConfigurationError: as
        :func:`hkeid.adapters.documents.models.verified_model`.
    """

    def __init__(self, *, threads: int = 1, models: Path | None = None) -> None:
        engine = "EngineConfig.onnxruntime."
        _no_downloads()
        self._ocr: Any = rapidocr.RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.text_score": 0.0,
                "Global.use_cls": False,
                "Det.model_path": str(verified_model(DETECTION, folder=models)),
                "Rec.model_path": str(verified_model(RECOGNITION, folder=models)),
                engine + "intra_op_num_threads": threads,
                engine + "inter_op_num_threads": 1,
            }
        )

    def find(self, pixels: Pixels, *, eager: bool = False) -> list[Corners]:
        """Boxes of text, each four corners (left top, right top, right bottom, left bottom).

        :param eager: also what looks only a little like text.
        """
        found = self._ocr(
            pixels,
            use_det=True,
            use_rec=False,
            use_cls=False,
            box_thresh=0.3 if eager else 0.5,
        )
        boxes = getattr(found, "boxes", None)
        return [] if boxes is None else [np.asarray(box, dtype=np.float32) for box in boxes]

    def read(self, crops: Sequence[Pixels]) -> list[tuple[str, float]]:
        """What stands in each crop of one line, and how sure the model is."""
        if not crops:
            return []
        fit = [_fit(crop) for crop in crops]
        found = self._ocr.recognize_txt(fit)
        return [
            (str(text), float(score)) for text, score in zip(found.txts, found.scores, strict=True)
        ]


def _fit(crop: Pixels) -> Pixels:
    height, width = crop.shape[:2]
    if min(height, width) >= _SMALLEST_SIDE:
        return crop
    grown: Pixels = cv2.resize(crop, (max(width, _SMALLEST_SIDE), max(height, _SMALLEST_SIDE)))
    return grown


def cut(pixels: Pixels, box: Corners) -> Pixels:
    """The part of a picture inside four corners, straightened."""
    across, down = side_lengths(box)
    width, height = max(1, round(across)), max(1, round(down))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(box, target)
    crop: Pixels = cv2.warpPerspective(
        pixels, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return crop


def _no_downloads() -> None:
    """A missing model is fetched by rapidocr otherwise; here it is an error."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("rapidocr wanted to download something")

    download_file.DownloadFile.run = refuse
