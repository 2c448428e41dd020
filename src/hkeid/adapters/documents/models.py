"""The models of text recognition: those of rapidocr's own wheel, and only if they are the known ones."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from hkeid.kernel.errors import ConfigurationError, MissingExtra

VERSION = "3.10.0"
"""The only version of rapidocr that was tried; what lies below its surface moves fast."""

DETECTION = "PP-OCRv6_det_small.onnx"
RECOGNITION = "PP-OCRv6_rec_small.onnx"

MANIFEST = {
    DETECTION: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    RECOGNITION: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
"""SHA-256 of every model file that may be loaded."""


def verified_model(name: str, *, folder: Path | None = None) -> Path:
    """Where a model lies, after its bytes were compared with :data:`MANIFEST`.

    :param folder: where to look; None: in the installed rapidocr.
    :raises hkeid.kernel.errors.MissingExtra: rapidocr is not installed.
    :raises hkeid.kernel.errors.ConfigurationError: reasons ``document_model_missing``,
        ``document_model_unknown`` (other bytes), ``document_reader_version`` (another rapidocr).
    """
    path = (folder or _shipped()) / name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise ConfigurationError("document_model_missing", detail=str(path)) from None
    if found != MANIFEST.get(name):
        raise ConfigurationError("document_model_unknown", detail=f"{path}: {found}")
    return path


def _shipped() -> Path:
    try:
        found = metadata.distribution("rapidocr")
    except metadata.PackageNotFoundError:
        raise MissingExtra("rapidocr", "ocr") from None
    if found.version != VERSION:
        raise ConfigurationError(
            "document_reader_version", detail=f"rapidocr {found.version}, not {VERSION}"
        )
    return Path(str(found.locate_file("rapidocr/models")))
