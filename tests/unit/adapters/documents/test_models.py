"""Only known model files are loaded, and nothing is fetched."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from hkeid.adapters.documents import models
from hkeid.adapters.documents.models import DETECTION, MANIFEST, RECOGNITION, verified_model
from hkeid.kernel.errors import ConfigurationError, MissingExtra


def test_the_wheels_own_models_are_the_known_ones() -> None:
    assert [verified_model(name).name for name in MANIFEST] == [DETECTION, RECOGNITION]


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / DETECTION).write_bytes(b"another model")
    with pytest.raises(ConfigurationError) as refused:
        verified_model(DETECTION, folder=tmp_path)
    assert refused.value.reason == "document_model_unknown"


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        verified_model(RECOGNITION, folder=tmp_path)
    assert refused.value.reason == "document_model_missing"


def test_another_version_of_rapidocr_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.metadata, "distribution", lambda _: SimpleNamespace(version="9.9"))
    with pytest.raises(ConfigurationError) as refused:
        verified_model(DETECTION)
    assert refused.value.reason == "document_reader_version"


def test_without_rapidocr_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(models.metadata, "distribution", missing)
    with pytest.raises(MissingExtra, match=r"hkeid\[ocr\]"):
        verified_model(DETECTION)


@pytest.mark.ocr
def test_the_engine_cannot_download() -> None:
    from rapidocr.utils.download_file import DownloadFile

    from hkeid.adapters.documents.text_engine import TextEngine

    TextEngine()
    with pytest.raises(RuntimeError, match="download"):
        DownloadFile.run(None)
