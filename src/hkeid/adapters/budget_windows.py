"""Arithmetic of attempt budgets that all stores share."""

from __future__ import annotations

from datetime import timedelta

_SECOND = timedelta(seconds=1)


def seconds_left(wait: timedelta) -> int:
    """``wait`` in whole seconds, rounded up and at least 1: whoever waits that long is not early."""
    return max(1, -(-wait // _SECOND))
