"""Asking a store why it refuses."""

from __future__ import annotations

from collections.abc import Callable

from hkeid.kernel.errors import HkeidError
from hkeid.testing.store_contract.everything import AnyStore, EveryRepository


def reason_of(store: AnyStore, act: Callable[[EveryRepository], object]) -> str | None:
    """The reason with which ``act`` fails in a transaction of its own; None if it does not."""
    try:
        with store.transaction() as tx:
            act(tx)
    except HkeidError as error:
        return error.reason
    return None
