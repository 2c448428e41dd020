"""An object in a process of its own, with limits: for parsers of pictures and for machine learning."""

from hkeid.adapters.worker.worker import Worker

__all__ = ["Worker"]
