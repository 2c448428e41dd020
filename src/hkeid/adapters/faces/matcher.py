"""The face matcher: deepface in a worker, thresholds by policy, claims only by calibration."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from hkeid.adapters.faces.calibration import CalibrationRecord
from hkeid.adapters.faces.policy import FacePolicy, FaceThresholds
from hkeid.adapters.faces.weights import FaceModel, face_model
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.ports.faces import FaceComparison, FacePurpose

FACTORY = "hkeid.adapters.faces.comparer:build"
PREPROCESSING = "1"
"""Changes with anything that changes distances: sides, cropping, alignment."""

HIGHEST_FMR = 0.0001
"""What production claims at least (NIST SP 800-63A-4 §3.11: 1 in 10,000)."""


def model_label(model: FaceModel) -> str:
    """Name and version of model, library and preprocessing; distances are comparable within it."""
    try:
        library = version("deepface")
    except PackageNotFoundError:
        raise MissingExtra("deepface", "face") from None
    return f"{model.name}/{model.detector}/deepface-{library}/hkeid-{PREPROCESSING}"


def default_policy(model: FaceModel) -> FacePolicy:
    """The thresholds that come with a model, tuned for demonstrations.

    :raises hkeid.kernel.errors.ConfigurationError: reason ``face_thresholds_missing``.
    """
    if model.match is None or model.review is None:
        raise ConfigurationError(
            "face_thresholds_missing", detail=f"{model.name} comes without thresholds; set them"
        )
    return FacePolicy(usual=FaceThresholds(match=model.match, review=model.review))


class DeepfaceMatcher:
    """Compares two pictures with one of deepface's models, Dlib's if nothing else is said.

    The default model is for the sandbox: it is reported to tell Chinese faces apart badly, and nobody
    calibrated it for Hong Kong. Use :meth:`sandbox` and :meth:`production`.

    :param folder: where weights lie that no package brings.
    :param manifest: the operator's own entries for such weights.
    :param policy: thresholds; those of the model if None.
    :param calibration: must be for this very model; without it no comparison claims a rate.
    """

    def __init__(
        self,
        *,
        model: str = "Dlib",
        detector: str | None = None,
        folder: Path | None = None,
        manifest: Mapping[str, Any] | None = None,
        policy: FacePolicy | None = None,
        calibration: CalibrationRecord | None = None,
        timeout: float = 30,
        memory_mib: int = 2048,
        waiting: int = 4,
    ) -> None:
        self._model = face_model(model, detector=detector, manifest=manifest)
        self._label = model_label(self._model)
        self._sha256 = self._model.sha256
        self._policy = policy or default_policy(self._model)
        self._record = calibration
        if calibration is not None:
            self._refuse_foreign(calibration)
        self._worker = Worker(
            FACTORY,
            name="face_matcher",
            settings={
                "model": model,
                "detector": self._model.detector,
                "folder": None if folder is None else str(folder),
                "manifest": manifest,
            },
            timeout=timeout,
            memory_mib=memory_mib,
            waiting=waiting,
        )

    @classmethod
    def sandbox(cls, **settings: Any) -> Self:
        """For demonstrations and tests: works without a calibration, and then claims nothing."""
        return cls(**settings)

    @classmethod
    def production(
        cls,
        *,
        calibration: CalibrationRecord | None,
        highest_fmr: float = HIGHEST_FMR,
        **settings: Any,
    ) -> Self:
        """For real persons.

        :param highest_fmr: the false match rate that the record must exclude.
        :raises hkeid.kernel.errors.ConfigurationError: reasons ``face_matcher_uncalibrated`` (no
            record), ``face_calibration_foreign``, ``face_threshold_not_calibrated``,
            ``face_calibration_weak`` (too few trials or too many errors for the claim).
        """
        if calibration is None:
            raise ConfigurationError(
                "face_matcher_uncalibrated",
                detail="make a record with: hkeid check faces DIR --record FILE",
            )
        matcher = cls(calibration=calibration, **settings)
        claimed = calibration.claimed_fmr(matcher.policy.largest_match)
        if claimed > highest_fmr:
            matcher.close()
            raise ConfigurationError(
                "face_calibration_weak",
                detail=f"{calibration.id} excludes no false match rate below {claimed:.6f}",
            )
        return matcher

    @property
    def calibration(self) -> str | None:
        """Id of the calibration record in force, or None."""
        return None if self._record is None else self._record.id

    @property
    def model(self) -> str:
        """Name and version of model and preprocessing."""
        return self._label

    @property
    def model_sha256(self) -> str:
        """Hex digest over the weights."""
        return self._sha256

    @property
    def policy(self) -> FacePolicy:
        """The thresholds in force."""
        return self._policy

    def start(self) -> None:
        """Load the model now: a matcher that cannot work says so when the server starts.

        :raises hkeid.kernel.errors.ConfigurationError: reasons ``face_weights_missing``,
            ``face_weights_unknown``, ``missing_extra``.
        :raises hkeid.kernel.errors.Unavailable: ``face_matcher_failed``.
        """
        self._worker.start()

    def compare(self, probe: bytes, reference: bytes, purpose: FacePurpose) -> FaceComparison:
        """Compare two encoded pictures; see :class:`hkeid.ports.faces.FaceMatcher`."""
        thresholds = self._policy.thresholds(purpose)
        distance = float(self._worker.call("compare", bytes(probe), bytes(reference)))
        record = self._record
        return FaceComparison(
            band=thresholds.band(distance),
            distance=distance,
            threshold=thresholds.match,
            claimed_fmr=None if record is None else record.claimed_fmr(thresholds.match),
            model=self._label,
            model_sha256=self._sha256,
            calibration=self.calibration,
        )

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_foreign(self, record: CalibrationRecord) -> None:
        if (record.model, record.model_sha256) != (self._label, self._sha256):
            raise ConfigurationError(
                "face_calibration_foreign",
                detail=f"{record.id} is for {record.model}, this is {self._label}",
            )
        record.claimed_fmr(self._policy.largest_match)
