"""Signatures in PDF files, against pyHanko as it comes out of the box.

CPU milliseconds per operation, of this process and of the worker together, the cases interleaved; the median
of the rounds. ``stock_pyhanko`` is ``PdfSigner`` with ``SimpleSigner``, which is what its documentation shows;
``ratio`` is how many times more it takes in the same run. Time-stamps come from one authority in this process,
and its own cost is taken from both sides. ``raw`` is the signature alone.

``remote_prepare_complete`` is both steps of a signature made elsewhere, its state written out and read back
between them; the signature itself is made without a check, as it is elsewhere. ``b_b_10mb`` signs a file of 10 MB where it lies (:func:`hkeid.adapters.pdf.sign_file`);
``b_b_10mb_memory`` the same as bytes. ``above_idle_mib`` is how much more memory this process and the worker
took at most, together, than before the first large document; pages of the file count, and the memory file in
which bytes are handed over. It is measured in processes of their own.

Every kind of output is validated once before anything is measured.

    scripts/bench signing [--rounds 30] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import process_time_ns
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hkeid.adapters.pdf import WorkerEngine, engine_in_worker, sign_file
from hkeid.signing import Prepared, Signer, complete_pdf, prepare_pdf, sign_pdf
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority, SpecimenTimestamps, new_key

SIZE = 100_000
LARGE = 10_000_000
OPERATIONS = 5
BARS = {"b_b_rsa2048": 10.0, "b_b_p256": 4.0, "b_t_rsa2048": 3.0}
MOST_MS = {"remote_prepare_complete": 5.0, "b_b_10mb": 25.0}
MOST_MIB = 30.0
MESSAGE = b"m" * 200


@dataclass
class Cost:
    """What the time-stamp authority took, to be taken off."""

    nanoseconds: int = 0


class CountedTimestamps(SpecimenTimestamps):
    """An authority that counts its own time."""

    def __init__(self, authority: SigningAuthority, cost: Cost) -> None:
        super().__init__(authority)
        self._cost = cost

    def stamp(self, digest: bytes, *, hash_name: str = "sha256") -> bytes:
        began = process_time_ns()
        token = super().stamp(digest, hash_name=hash_name)
        self._cost.nanoseconds += process_time_ns() - began
        return token


class StockTimestamps(TimeStamper):
    """The same authority as pyHanko asks for it, the size of a token known beforehand."""

    def __init__(self, authority: CountedTimestamps) -> None:
        super().__init__()
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        token = self._authority.stamp(req["message_imprint"]["hashed_message"].native)
        return tsp.TimeStampResp(
            {"status": {"status": "granted"}, "time_stamp_token": tsp.ContentInfo.load(token)}
        )

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> tsp.ContentInfo:
        # The nonce is not echoed by the specimen authority, so that its check is left out here.
        return tsp.ContentInfo.load(self._authority.stamp(message_digest, hash_name=md_algorithm))


@dataclass
class Case:
    """One thing that is measured."""

    name: str
    run: Callable[[], object]
    operations: int = OPERATIONS
    samples: list[float] = field(default_factory=list)


class Meter:
    """CPU of this process and of the worker."""

    def __init__(self, engine: WorkerEngine, cost: Cost) -> None:
        self._engine = engine
        self._cost = cost

    def _worker_ns(self) -> int:
        tasks = Path(f"/proc/{self._engine.pid}/task")
        return sum(int((one / "schedstat").read_text().split()[0]) for one in tasks.iterdir())

    def measure(self, case: Case) -> None:
        """Some operations of a case, one sample."""
        self._cost.nanoseconds = 0
        worker, own = self._worker_ns(), process_time_ns()
        for _ in range(case.operations):
            case.run()
        spent = process_time_ns() - own + self._worker_ns() - worker - self._cost.nanoseconds
        case.samples.append(spent / 1e6 / case.operations)


def most_memory(kind: str) -> float:
    """MiB that both processes took more than before, at most; in a fresh process."""
    command = [sys.executable, __file__, "--memory", kind]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def measure_memory(kind: str) -> float:
    """One large document after a small one."""
    authority = SigningAuthority()
    signer = authority.signer("p256")
    engine = engine_in_worker()
    sign_pdf(paper(SIZE, pages=4), signer, engine=engine)
    with tempfile.TemporaryDirectory(prefix="hkeid-bench-") as folder:
        path = Path(folder) / "large.pdf"
        path.write_bytes(paper(LARGE, pages=4))
        content = path.read_bytes() if kind == "b_b_10mb_memory" else None
        gc.collect()
        processes = ("self", str(engine.pid))
        for one in processes:
            Path(f"/proc/{one}/clear_refs").write_text("5")  # forget the highest mark
        before = sum(_status(one)["VmRSS"] for one in processes)
        if content is None:
            sign_file(path, signer, engine=engine)
        else:
            sign_pdf(content, signer, engine=engine)
        peak = sum(_status(one)["VmHWM"] for one in processes)
    engine.close()
    handed_over = 0 if content is None else LARGE / 1024
    return (peak - before + handed_over) / 1024


def _status(process: str) -> dict[str, int]:
    """Kilobytes by name."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.startswith(("Vm", "Rss")))
    return {name: int(value.split()[0]) for name, value in pairs}


def stock(key: Any, certificate: Any, chain: list[Any], timestamps: TimeStamper | None) -> Any:
    """pyHanko's own way, as a function of the document."""
    registry = SimpleCertificateStore()
    registry.register_multiple([_asn1(one) for one in chain])
    signer = signers.SimpleSigner(
        signing_cert=_asn1(certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ),
        cert_registry=registry,
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )

    def sign(pdf: bytes) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        out = signers.PdfSigner(meta, signer=signer, timestamper=timestamps).sign_pdf(writer)
        return out.getvalue()

    return sign


def _asn1(certificate: Any) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def require_valid(pdf: bytes, authority: SigningAuthority) -> None:
    """The first signature is intact, trusted and covers the whole file."""
    context = ValidationContext(
        trust_roots=[_asn1(authority.root)],
        allow_fetching=False,
        other_certs=[_asn1(authority.certificate)],
    )
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    status = asyncio.run(async_validate_pdf_signature(embedded, context))
    assert all((status.intact, status.valid, status.trusted)), status.summary()
    assert status.coverage.name == "ENTIRE_FILE", status.coverage


def remote(pdf: bytes, signer: Signer, key: Any, engine: WorkerEngine) -> bytes:
    """Both steps; the signature in between is part of it, as it is of the others."""
    state = prepare_pdf(pdf, signer.identity, engine=engine).to_bytes()
    prepared = Prepared.from_bytes(state)
    signature = signer.identity.algorithm.sign(key, prepared.signed_attributes)
    return complete_pdf(pdf, prepared, signature, engine=engine)


def in_place(path: Path, pdf: bytes, signer: Signer, engine: WorkerEngine) -> None:
    """Sign the file and cut it back."""
    sign_file(path, signer, engine=engine)
    os.truncate(path, len(pdf))


def run(rounds: int) -> list[dict[str, Any]]:
    """Measure everything."""
    authority, cost = SigningAuthority(), Cost()
    tsa = CountedTimestamps(authority, cost)
    engine = engine_in_worker()
    engine.start()
    pdf = paper(SIZE, pages=4)
    cases = _cases(authority, tsa, engine, pdf)
    meter = Meter(engine, cost)
    with tempfile.TemporaryDirectory(prefix="hkeid-bench-") as folder:
        path, large = Path(folder) / "large.pdf", paper(LARGE, pages=4)
        path.write_bytes(large)
        signer = authority.signer("p256")
        cases.append(Case("b_b_10mb", lambda: in_place(path, large, signer, engine), 1))
        cases.append(Case("b_b_10mb_memory", lambda: sign_pdf(large, signer, engine=engine), 1))
        for _ in range(2):
            for case in cases:
                case.run()
        memory = {one.name: most_memory(one.name) for one in cases if "10mb" in one.name}
        for _ in range(rounds):
            for case in cases:
                meter.measure(case)
    engine.close()
    return _rows(cases, memory)


def _cases(
    authority: SigningAuthority, tsa: CountedTimestamps, engine: WorkerEngine, pdf: bytes
) -> list[Case]:
    cases = []
    for kind in ("rsa2048", "p256"):
        key = new_key(kind)
        certificate, chain = authority.issue(key), [authority.certificate]
        signer = Signer.from_key(key, certificate, chain)
        ours: dict[str, Callable[[], bytes]] = {
            "b_b": lambda s=signer: sign_pdf(pdf, s, engine=engine)
        }
        theirs = {"b_b": stock(key, certificate, chain, None)}
        if kind == "rsa2048":
            ours["b_t"] = lambda s=signer: sign_pdf(
                pdf, s, level="B-T", timestamp_authority=tsa, engine=engine
            )
            theirs["b_t"] = stock(key, certificate, chain, StockTimestamps(tsa))
        for level, sign in ours.items():
            require_valid(sign(), authority)
            require_valid(theirs[level](pdf), authority)
            cases.append(Case(f"{level}_{kind}", sign))
            cases.append(Case(f"{level}_{kind}.stock_pyhanko", lambda f=theirs[level]: f(pdf), 1))
        cases.append(
            Case(f"raw_{kind}", lambda s=signer, k=key: s.identity.algorithm.sign(k, MESSAGE), 20)
        )
    require_valid(remote(pdf, signer, key, engine), authority)  # the last one: P-256
    cases.append(Case("remote_prepare_complete", lambda: remote(pdf, signer, key, engine)))
    return cases


def _rows(cases: list[Case], memory: dict[str, float]) -> list[dict[str, Any]]:
    medians = {case.name: statistics.median(case.samples) for case in cases}
    rows = []
    for case in cases:
        row: dict[str, Any] = {
            "case": case.name,
            "cpu_ms": round(medians[case.name], 3),
            "best_ms": round(min(case.samples), 3),
        }
        theirs = medians.get(f"{case.name}.stock_pyhanko")
        if theirs:
            row |= {"ratio": round(theirs / medians[case.name], 2), "bar_ratio": BARS[case.name]}
        if case.name in MOST_MS:
            row["bar_ms"] = MOST_MS[case.name]
        if case.name in memory:
            row["above_idle_mib"] = round(memory[case.name], 1)
            row["bar_mib"] = MOST_MIB
        rows.append(row)
    return rows


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--memory", help="only the memory of one case, as a number")
    chosen = parser.parse_args(arguments)
    if chosen.memory:
        print(measure_memory(chosen.memory))
        return 0
    load = os.getloadavg()[0]
    began = datetime.now(UTC)
    rows = run(chosen.rounds)
    print(f"load {load:.1f} on {os.cpu_count()} processors; {chosen.rounds} rounds")
    for row in rows:
        figures = ", ".join(f"{name} {value}" for name, value in row.items() if name != "case")
        print(f"{row['case']:<26} {figures}")
    if chosen.json:
        result = {
            "name": "signing",
            "began": began.isoformat(),
            "load": round(load, 2),
            "rows": rows,
        }
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
