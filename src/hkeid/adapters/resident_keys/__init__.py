"""Where residents' signing keys are kept: :class:`hkeid.ports.signing_keys.ResidentKeys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.adapters.resident_keys.moved import MovedResidentKeys
    from hkeid.adapters.resident_keys.token import TokenResidentKeys
    from hkeid.adapters.resident_keys.wrapped import WrappedResidentKeys

__getattr__ = names_on_demand(
    __name__,
    {
        "moved": ("MovedResidentKeys",),
        "token": ("TokenResidentKeys",),
        "wrapped": ("WrappedResidentKeys",),
    },
)

__all__ = ["MovedResidentKeys", "TokenResidentKeys", "WrappedResidentKeys"]
