"""Coroutines from code that waits: pyHanko's validation and signing are asynchronous throughout."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in an event loop, and a thread, of its own: a browser that is driven from this
    thread keeps a loop running in it, and :func:`asyncio.run` refuses to begin another one there.
    """
    with ThreadPoolExecutor(max_workers=1) as own:
        return own.submit(asyncio.run, work).result()
