"""What a camera page sends: the frames of a selfie with their times, for registration and stations."""

from __future__ import annotations

import json

from flask import request

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.faces import CapturedFrame, LivenessEvidence


def selfie_frames(*, most: int, longest_ms: int) -> LivenessEvidence:
    """The frames of this request with their times.

    :param most: how many frames at most.
    :param longest_ms: time of the last frame at most, in milliseconds after the first word.
    :raises MalformedInput: ``selfie_malformed``.
    """
    frames = request.files.getlist("frames")
    try:
        times = json.loads(request.form.get("times", ""))
    except (ValueError, RecursionError):
        raise MalformedInput("selfie_malformed", field="times") from None
    good = (
        isinstance(times, list)
        and 0 < len(times) == len(frames) <= most
        and all(type(one) is int and 0 <= one <= longest_ms for one in times)
        and times == sorted(times)
    )
    if not good:
        raise MalformedInput("selfie_malformed", field="times")
    return LivenessEvidence(
        nonce=request.form.get("nonce", "")[:512],
        frames=tuple(
            CapturedFrame(at_ms=at, image=frame.read())
            for at, frame in zip(times, frames, strict=True)
        ),
        capture={
            name: request.form[name][:200] for name in ("label", "size") if name in request.form
        },
    )
