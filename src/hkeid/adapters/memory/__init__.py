"""A store in the memory of one process: for tests, demonstrations and measurements.

Nothing survives the process, and no other process sees it.
"""

from hkeid.adapters.memory.store import MemoryStore, MemoryTransaction

__all__ = ["MemoryStore", "MemoryTransaction"]
