"""Hints of a virtual camera. They catch the careless; their absence proves nothing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hkeid.ports.faces import CaptureIntegrity

_VIRTUAL = (
    "virtual", "obs", "manycam", "snap camera", "xsplit", "splitcam", "droidcam", "v4l2loopback",
    "dummy video", "fake_device", "fake device", "loopback", "e2esoft", "vcam", "mmhmm", "camtwist",
    "iriun", "avatarify", "deepfacelive",
)  # fmt: skip
_LONGEST_LABEL = 200
_ENOUGH = 20


def assess_capture(capture: Mapping[str, str], times: Sequence[int]) -> CaptureIntegrity:
    """What a browser's own words and the times of its frames hint at; never ``attested``."""
    label = str(capture.get("label", ""))[:_LONGEST_LABEL].lower()
    words = set(label.replace("-", " ").replace("(", " ").split())
    if any(name in label if " " in name or len(name) > 3 else name in words for name in _VIRTUAL):
        return CaptureIntegrity.SUSPICIOUS
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if len(gaps) >= _ENOUGH and len(set(gaps)) == 1:
        return CaptureIntegrity.SUSPICIOUS  # timers and cameras jitter
    return CaptureIntegrity.UNKNOWN
