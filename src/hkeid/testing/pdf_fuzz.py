"""Mutated PDF files into validation and signing, counted.

Only our own errors may come out, nothing may take long or grow, and nothing that is called valid may have other
signed bytes than an honest file. One in eight files goes to signing as well.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from hkeid.adapters.pdf import (
    WorkerEngine,
    WorkerValidator,
    engine_in_worker,
    validator_in_worker,
)
from hkeid.kernel.errors import HkeidError
from hkeid.signing import sign_pdf
from hkeid.signing.validation import FindingCode, ValidationTrust, validate_pdf
from hkeid.testing.papers import paper
from hkeid.testing.pdf_attacks import ATTACKS, Bench

LONGEST_SECONDS = 10.0
MOST_MIB = 1024
"""Of a worker's memory; its own limit of data is lower."""

_WORDS = (
    b"null", b"0", b"-1", b"99999999999", b"<< >>", b"[ ]", b"()", b"1 0 R", b"9999 0 R", b"/Sig",
    b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"obj",
)  # fmt: skip
_TOKEN = re.compile(rb"/[A-Za-z]+|\d+(?: \d+ R)?|\[|\]|<<|>>")
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


def seeds(bench: Bench) -> list[bytes]:
    """Honest files of each kind, and some that are not."""
    honest = [
        bench.plain,
        bench.signed,
        bench.stamped,
        bench.archived,
        bench.form,
        bench.first_of_two,
        bench.sign(bench.first_of_two, field="second", stamp=bench.stamp()),
        bench.sign(paper(compact=True)),
        bench.sign(paper(compact=True), level="B-LTA"),
    ]
    hostile = ("wrapping", "hybrid_cross_reference", "shadow_replace", "two_fields", "page_added")
    return honest + [ATTACKS[name].make(bench) for name in hostile]


def mutate(  # noqa: C901 - one case for each kind
    data: bytes, others: list[bytes], chance: random.Random
) -> bytes:
    """``data`` with one to six things wrong."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(9):
            case 0 | 1:
                _swap_token(changed, at, chance)
            case 2:
                changed[at : at + 1] = chance.randbytes(1)
            case 3:
                del changed[at : at + chance.randint(1, 60)]
            case 4:
                changed[at:at] = chance.choice(_WORDS)
            case 5:
                size = chance.randint(1, 400)
                changed[at:at] = changed[at : at + size]
            case 6:
                other = chance.choice(others)
                begin = chance.randrange(len(other))
                changed[at : at + 200] = other[begin : begin + chance.randint(1, 400)]
            case 7:
                if chance.random() < 0.3:
                    del changed[at:]
            case _:
                changed += chance.choice((chance.choice(others)[-600:], chance.randbytes(40)))
        if not changed:
            break
    return bytes(changed)


def _swap_token(changed: bytearray, at: int, chance: random.Random) -> None:
    """A word of the format for another one, often of the same length so that offsets hold."""
    token = _TOKEN.search(changed, at)
    if token is None:
        return
    new = chance.choice(_WORDS)
    if chance.random() < 0.7:
        new = new[: len(token[0])].ljust(len(token[0]))
    changed[token.start() : token.end()] = new


def covered(pdf: bytes) -> Iterator[str]:
    """Digests of what each range in a file covers."""
    for found in _RANGE.finditer(pdf):
        first, length, second, rest = (int(one) for one in found.groups())
        if first == 0 and second + rest <= len(pdf):
            yield sha256(pdf[:length] + pdf[second : second + rest]).hexdigest()


class PdfFuzz:
    """A run.

    :param seed: of the chance; the files are not the same in each run, since keys are not.
    """

    def __init__(
        self, bench: Bench, engine: WorkerEngine, validator: WorkerValidator, seed: int
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - for choosing what to break
        self._engine = engine
        self._validator = validator
        self._bench = bench
        self._trust = ValidationTrust.of([self._bench.authority.root])
        self._seeds = seeds(self._bench)
        self._honest = {digest for one in self._seeds for digest in covered(one)}
        self._failures: list[str] = []
        self._valid = self._ended = self._signed = 0
        self._slowest = 0.0
        self._largest = 0

    def run(self, attempts: int, progress: Callable[[int], object] | None = None) -> dict[str, Any]:
        """So many files; a case for the reports of torture."""
        for number in range(attempts):
            pdf = mutate(self._chance.choice(self._seeds), self._seeds, self._chance)
            self._attempt(lambda pdf=pdf: self._validate(pdf))  # type: ignore[misc]
            if number % 8 == 0:
                self._attempt(lambda pdf=pdf: self._sign(pdf))  # type: ignore[misc]
            if number % 50 == 0:
                self._weigh()
                if progress is not None:
                    progress(number)
        return self._case(attempts)

    def _attempt(self, act: Callable[[], None]) -> None:
        began = time.perf_counter()
        try:
            act()
        except HkeidError:
            pass
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            self._failures.append(f"{type(error).__name__}: {error}"[:200])
        spent = time.perf_counter() - began
        self._slowest = max(self._slowest, spent)
        if spent > LONGEST_SECONDS:
            self._failures.append(f"took {spent:.1f} s")

    def _validate(self, pdf: bytes) -> None:
        report = validate_pdf(pdf, trust=self._trust, validator=self._validator)
        report.to_json()
        report.to_etsi_xml()
        self._ended += any(one.code is FindingCode.VALIDATOR_FAILED for one in report.findings)
        if report.valid:
            self._valid += 1
            for one in report.signatures:
                revision = report.signed_revision(pdf, one.field_name)
                first, length, second, rest = one.observed.byte_range
                assert first == 0
                assert second + rest == len(revision)
                digest = sha256(pdf[:length] + pdf[second : second + rest]).hexdigest()
                if digest not in self._honest:
                    raise AssertionError("other signed bytes were called valid")

    def _sign(self, pdf: bytes) -> None:
        signed = sign_pdf(pdf, self._bench.authority.signer(), engine=self._engine)
        assert signed.startswith(pdf)
        self._signed += 1

    def _weigh(self) -> None:
        for pid in (self._validator.pid, self._engine.pid):
            if pid is not None:
                self._largest = max(self._largest, _resident_mib(pid))
        if self._largest > MOST_MIB:
            self._failures.append(f"{self._largest} MiB")

    def _case(self, attempts: int) -> dict[str, Any]:
        notes = (
            f"{self._valid} valid with honest signed bytes, {self._signed} signed, "
            f"{self._ended} ended by limits, slowest {self._slowest:.1f} s, "
            f"largest worker {self._largest} MiB"
        )
        if self._failures:
            notes += f"; {self._failures[0]}"
        return {
            "name": "pdf_fuzz",
            "attempts": attempts,
            "failures": len(self._failures),
            "notes": notes,
        }


def run(
    attempts: int, *, seed: int = 32000, progress: Callable[[int], object] | None = None
) -> list[dict[str, Any]]:
    """The cases of a run with workers of its own, which have the limits of production."""
    limits: dict[str, Any] = {"timeout": 8.0, "cpu_seconds": 7}
    with contextlib.ExitStack() as opened:
        # Honest files are made without hurry; a busy machine is no failure.
        patient = opened.enter_context(engine_in_worker(timeout=300, cpu_seconds=120))
        engine = opened.enter_context(engine_in_worker(**limits))
        validator = opened.enter_context(validator_in_worker(**limits, drawing_seconds=4))
        fuzz = PdfFuzz(Bench(patient), engine, validator, seed)
        return [fuzz.run(attempts, progress)]


def _resident_mib(pid: int) -> int:
    """VmHWM; 0 where there is none (other systems than Linux)."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else 0
