"""Comparing faces with deepface, in a worker process."""

from hkeid.adapters.faces.calibration import CalibrationRecord, load_calibration
from hkeid.adapters.faces.matcher import DeepfaceMatcher
from hkeid.adapters.faces.policy import FacePolicy, FaceThresholds

__all__ = [
    "CalibrationRecord",
    "DeepfaceMatcher",
    "FacePolicy",
    "FaceThresholds",
    "load_calibration",
]
