"""Reading identity cards with rapidocr and OpenCV (``hkeid[ocr]``).

Nothing heavy is loaded here: :func:`reader_in_worker` loads it in a process of its own. Who wants
the reader in this process imports :class:`hkeid.adapters.documents.rapidocr_reader.RapidocrReader`.
"""

from hkeid.adapters.documents.worker_reader import WorkerReader, reader_in_worker

__all__ = ["WorkerReader", "reader_in_worker"]
