"""Where residents' signing keys are kept: :class:`hkeid.ports.signing_keys.ResidentKeys`."""

from hkeid.adapters.resident_keys.wrapped import WrappedResidentKeys

__all__ = ["WrappedResidentKeys"]
