"""PDF files with pyHanko and pikepdf (``hkeid[signing]``), in a process of their own with limits.

Nothing heavy is loaded here: :func:`engine_in_worker` loads it where hostile files may do their worst.
"""

from hkeid.adapters.pdf.files import sign_file
from hkeid.adapters.pdf.worker_engine import WorkerEngine, default_engine, engine_in_worker

__all__ = ["WorkerEngine", "default_engine", "engine_in_worker", "sign_file"]
