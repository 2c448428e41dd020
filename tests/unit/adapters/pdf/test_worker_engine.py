"""The engine as other processes see it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hkeid.adapters.pdf import WorkerEngine, default_engine, engine_in_worker
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.pdf import PdfTrait, PreparedFields, SignatureRequest
from hkeid.testing.papers import UNFIT, paper

REQUEST = SignatureRequest(
    refused=frozenset(PdfTrait), room=100, signed_at=datetime(2026, 11, 28, tzinfo=UTC)
)


@pytest.fixture(scope="module")
def engine():
    with engine_in_worker(timeout=60) as made:
        yield made


def test_a_file_may_come_in_parts(engine) -> None:
    whole = paper()
    parts = [whole[:10], b"", memoryview(whole)[10:500], whole[500:]]
    answer = engine.prepare_signature(parts, REQUEST)
    assert answer.traits == ()
    assert answer.update.room == 100
    assert answer.field == "Signature1"


def test_a_thousand_parts(engine) -> None:
    whole = paper()
    parts = [whole[at : at + 2] for at in range(0, len(whole), 2)]
    assert engine.prepare_signature(parts, REQUEST).update is not None


def test_traits_come_back_and_nothing_is_made(engine) -> None:
    answer = engine.prepare_signature([UNFIT["collection"][1]()], REQUEST)
    assert answer.traits == (PdfTrait.COLLECTION,)
    assert answer.update is None


def test_no_descriptor_is_left_open(engine) -> None:
    engine.start()
    before = _open_descriptors("self"), _open_descriptors(engine.pid)
    for document in (paper(), b"no PDF", b"", UNFIT["xfa"][1]()):
        try:
            engine.prepare_signature([document], REQUEST)
        except MalformedInput as error:
            assert error.reason == "pdf_malformed"
    assert (_open_descriptors("self"), _open_descriptors(engine.pid)) == before


def _open_descriptors(process: object) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def test_an_answer_of_another_kind_is_not_taken() -> None:
    """Whoever took over the worker may answer what the wire lets through."""

    class Taken:
        def call(self, method, *arguments, handles=()):
            return PreparedFields(traits=())

    with pytest.raises(Unavailable) as refused:
        WorkerEngine(Taken()).prepare_signature([paper()], REQUEST)
    assert refused.value.reason == "pdf_engine_failed"


def test_the_shared_engine_is_one() -> None:
    assert default_engine() is default_engine()
