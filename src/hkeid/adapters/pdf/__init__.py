"""PDF files with pyHanko, pikepdf and pdfium (``hkeid[signing]``), in a process of their own with limits.

Nothing heavy is loaded here: workers load it where hostile files may do their worst.
"""

from hkeid.adapters.pdf.files import sign_file
from hkeid.adapters.pdf.worker_engine import WorkerEngine, default_engine, engine_in_worker
from hkeid.adapters.pdf.worker_pages import WorkerPages, pages_in_worker
from hkeid.adapters.pdf.worker_validator import (
    WorkerValidator,
    default_validator,
    validator_in_worker,
)

__all__ = [
    "WorkerEngine",
    "WorkerPages",
    "WorkerValidator",
    "default_engine",
    "default_validator",
    "engine_in_worker",
    "pages_in_worker",
    "sign_file",
    "validator_in_worker",
]
