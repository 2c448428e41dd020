"""Which weights a model is made of, where they are, and that they are the ones we know.

The manifest beside this file names every weight file with its SHA-256. A file that is not named
there is not loaded; one that differs stops the matcher. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, MissingExtra

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_MEMBERS = {"detector", "match", "review", "files"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One file of weights.

    :ivar package: the distribution that brings it, and ``path`` inside; or None: the operator's folder.
    """

    name: str
    sha256: str
    package: str | None = None
    path: str = ""

    def locate(self, folder: Path | None) -> Path:
        """Where it is on this machine.

        :raises hkeid.kernel.errors.ConfigurationError: reason ``face_weights_missing``.
        """
        if folder is not None and (folder / self.name).is_file():
            return folder / self.name
        if self.package is None:
            raise ConfigurationError(
                "face_weights_missing", detail=f"{self.name} is not in the folder of weights"
            )
        try:
            # Found as a file: importing the package would need setuptools.
            found = Path(str(distribution(self.package).locate_file(self.path)))
        except PackageNotFoundError:
            raise MissingExtra(self.package, "face") from None
        if not found.is_file():
            raise ConfigurationError("face_weights_missing", detail=f"{self.name} in its package")
        return found

    def verified(self, folder: Path | None) -> Path:
        """The same, its content checked.

        :raises hkeid.kernel.errors.ConfigurationError: reasons ``face_weights_missing``,
            ``face_weights_unknown``.
        """
        place = self.locate(folder)
        with place.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != self.sha256:
            raise ConfigurationError(
                "face_weights_unknown", detail=f"{self.name} has SHA-256 {digest}"
            )
        return place


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceModel:
    """A recognition model with its detector.

    :ivar match: the largest distance that is a match by default, or None: the operator must say.
    :ivar review: the largest distance that an officer looks at, or None.
    """

    name: str
    detector: str
    files: tuple[WeightFile, ...]
    match: float | None = None
    review: float | None = None

    @property
    def sha256(self) -> str:
        """Hex digest over names and digests of all its files."""
        lines = "".join(f"{one.name} {one.sha256}\n" for one in sorted(self.files, key=_name))
        return hashlib.sha256(lines.encode()).hexdigest()

    def verified(self, folder: Path | None) -> Iterator[tuple[str, Path]]:
        """Name and place of every file, each checked; raises as :meth:`WeightFile.verified`."""
        for one in self.files:
            yield one.name, one.verified(folder)


def _name(one: WeightFile) -> str:
    return one.name


def _refuse(where: str) -> ConfigurationError:
    return ConfigurationError("face_manifest_invalid", detail=where)


def _files(where: str, entry: Mapping[str, Any]) -> tuple[WeightFile, ...]:
    found = []
    for one in entry["files"]:
        name, sha256 = str(one["name"]), str(one["sha256"])
        if not _FILE_NAME.fullmatch(name) or not _SHA256.fullmatch(sha256):
            raise _refuse(f"{where}: {name[:100]}")
        if "68_face_landmarks" in name:  # its training data forbid commercial use
            raise _refuse(f"{where}: the file with 68 landmarks is never used")
        package, path = one.get("distribution"), str(one.get("path", ""))
        found.append(WeightFile(name=name, sha256=sha256, package=package, path=path))
    if not found:
        raise _refuse(f"{where}: no files")
    return tuple(found)


def face_model(
    name: str, *, detector: str | None = None, manifest: Mapping[str, Any] | None = None
) -> FaceModel:
    """A model of the manifest.

    :param manifest: entries of the operator's own (``models``, ``detectors``) beside the shipped ones;
        they cannot replace those.
    :raises hkeid.kernel.errors.ConfigurationError: reasons ``face_model_unknown``,
        ``face_manifest_invalid``.
    """
    shipped = canonical_json.loads((files(__package__) / "manifest.json").read_bytes())
    own = manifest or {}
    try:
        models = {**own.get("models", {}), **shipped["models"]}
        detectors = {**own.get("detectors", {}), **shipped["detectors"]}
        if name not in models:
            raise ConfigurationError("face_model_unknown", detail=f"known: {', '.join(models)}")
        entry = models[name]
        chosen = str(detector or entry["detector"])
        if chosen not in detectors:
            raise ConfigurationError("face_model_unknown", detail=f"no detector {chosen}")
        if set(entry) - _MEMBERS:
            raise _refuse(name)
        return FaceModel(
            name=name,
            detector=chosen,
            files=_files(name, entry) + _files(chosen, detectors[chosen]),
            match=entry.get("match"),
            review=entry.get("review"),
        )
    except HkeidError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refuse(f"{name}: {type(error).__name__}") from None
