"""Signing with a PKCS#11 token under stress, counted (SoftHSM2).

Many processes at once; many threads on one open token; processes forked from one that uses the token; and a token that
is pulled out in the middle, twice, and put back: its folder goes away, or the process dies that it lives in. Failures
are: a signature that is missing, wrong or made twice; an error while the token is there; anything but our own error of
the token while it is not; and a call that takes long.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, Protocol

from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.pdf import validator_in_worker
from hkeid.signing.validation import ValidationTrust, validate_pdf
from hkeid.testing.signing_authority import SigningAuthority
from hkeid.testing.soft_hsm import KINDS, SoftHsm, SoftHsmServer, client_module
from hkeid.testing.token_stress_worker import Order

WORKERS: Final = 8
SIGNATURES: Final = 200
LONGEST_SECONDS: Final = 10.0
"""Of one call, with the machine as busy as this makes it."""
REASONS: Final = frozenset({"token_absent", "token_removed", "token_failed"})
_PULLS: Final = (0.25, 0.6)
"""After which part of the signatures the token is pulled."""
_REFUSALS: Final = 3
"""How often each lane is turned away before the token comes back."""
_DEADLINE: Final = 900.0


class _Removable(Protocol):
    def pull(self) -> None: ...
    def put_back(self) -> None: ...


@dataclass
class _Run:
    """What the workers of one case wrote."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    absences: list[tuple[float, float]] = field(default_factory=list)

    def signed(self) -> int:
        """How many signatures there are."""
        return sum("value" in line for line in self.lines)

    def noticed(self, since: float, each: int) -> dict[str, int]:
        """How often each lane that still has to sign was turned away, in attempts that began after a time."""
        lines = list(self.lines)
        done = Counter(line["lane"] for line in lines if "value" in line)
        away = Counter(line["lane"] for line in lines if "error" in line and line["begin"] >= since)
        return {lane: away[lane] for lane in done if done[lane] < each}


def run(
    *, workers: int = WORKERS, signatures: int = SIGNATURES, say: Callable[[str], None] = print
) -> list[dict[str, Any]]:
    """All cases.

    :param signatures: of each worker, thread and child.
    """
    cases: list[dict[str, Any]] = []
    with TemporaryDirectory(prefix="hkeid-token-") as made, ExitStack() as stack:
        authority = SigningAuthority()
        hsm = SoftHsm.make(Path(made), authority=authority)
        plain = (hsm.module, hsm.environment)

        def case(name: str, where: tuple[Path, dict[str, str]], **more: Any) -> None:
            began = time.monotonic()
            found = _case(hsm, authority, name, where, signatures=signatures, **more)
            found["seconds"] = round(time.monotonic() - began, 1)
            say("{name}: {attempts} signatures, {failures} failures, {seconds} s".format(**found))
            cases.append(found)

        case("tokens_parallel", plain, workers=workers)
        case("tokens_pulled_folder", plain, workers=workers, removable=hsm)
        if client_module() is not None:
            server = SoftHsmServer(hsm)
            server.put_back()
            stack.callback(server.pull)
            remote = (server.module, server.environment)
            case(
                "tokens_pulled_server",
                remote,
                workers=workers,
                # p11-kit's remoting does not pass Ed25519 on.
                keys=tuple(one for one, kind in KINDS.items() if kind != "ed25519"),
                removable=server,
            )
        case("tokens_threads_pulled", plain, workers=1, threads=workers, removable=hsm)
        case("tokens_forked", plain, workers=1, children=workers // 2)
    return cases


def _case(
    hsm: SoftHsm,
    authority: SigningAuthority,
    name: str,
    where: tuple[Path, dict[str, str]],
    *,
    workers: int,
    signatures: int,
    threads: int = 1,
    children: int = 0,
    keys: tuple[str, ...] = tuple(KINDS),
    removable: _Removable | None = None,
) -> dict[str, Any]:
    module, environment = where
    happened = _Run()
    with TemporaryDirectory(prefix="hkeid-signed-") as keep:
        orders = [
            Order(
                name=f"w{number}",
                module=str(module),
                label=hsm.label,
                pin=hsm.pin,
                key=keys[number % len(keys)],
                chain=[authority.certificate.public_bytes(Encoding.DER).hex()],
                signatures=signatures,
                threads=threads,
                children=children,
                keep=keep,
                deadline=_DEADLINE,
            )
            for number in range(workers)
        ]
        wanted = workers * signatures * (threads + children) + (3 if children else 0)
        _work(orders, environment, happened, removable, wanted)
        checked = _validate(authority, Path(keep), happened)
    return _report(name, happened, wanted, checked)


def _work(
    orders: list[Order],
    environment: dict[str, str],
    happened: _Run,
    removable: _Removable | None,
    wanted: int,
) -> None:
    """The workers from start to end, and the token pulled out meanwhile."""
    started = [
        subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "hkeid.testing.token_stress_worker", order.to_json()],
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        for order in orders
    ]
    readers = [
        threading.Thread(target=_read, args=(one.stdout, happened), daemon=True) for one in started
    ]
    for reader in readers:
        reader.start()
    try:
        for part in _PULLS if removable is not None else ():
            assert removable is not None
            _pull(removable, happened, started, int(part * wanted), orders[0].signatures)
        for order, process in zip(orders, started, strict=True):
            status = process.wait(timeout=_DEADLINE)
            if status:
                happened.complaints.append(f"{order.name} ended with {status}")
    except (subprocess.TimeoutExpired, TimeoutError) as error:
        happened.complaints.append(f"hangs: {type(error).__name__} {error}")
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for reader in readers:
            reader.join(timeout=10)


def _pull(
    removable: _Removable,
    happened: _Run,
    started: list[subprocess.Popen[bytes]],
    after: int,
    each: int,
) -> None:
    """Take the token away until everybody who still works noticed often enough."""
    _until(lambda: happened.signed() >= after, started)
    left = time.monotonic()
    removable.pull()
    gone = time.monotonic()
    try:
        _until(lambda: all(n >= _REFUSALS for n in happened.noticed(gone, each).values()), started)
    finally:
        removable.put_back()
        happened.absences.append((left, time.monotonic()))


def _until(reached: Callable[[], bool], started: list[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + _DEADLINE / 10
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        if all(process.poll() is not None for process in started):
            raise TimeoutError("all workers ended before the token was pulled")
        time.sleep(0.02)


def _read(stream: IO[bytes] | None, happened: _Run) -> None:
    assert stream is not None
    with stream:
        for line in stream:
            try:
                happened.lines.append(json.loads(line))
            except ValueError:
                happened.complaints.append(f"not a line: {line[:80]!r}")


def _validate(authority: SigningAuthority, keep: Path, happened: _Run) -> int:
    """The last file of each lane, as somebody who received it validates it; how many."""
    root = authority.root.public_bytes(Encoding.DER)
    trust = ValidationTrust.of((root,))
    files = sorted(keep.glob("*.pdf"))
    # The first file waits for the worker to start, on a machine as busy as this makes it.
    with validator_in_worker(timeout=120, cpu_seconds=60, drawing_seconds=60) as validator:
        for file in files:
            report = validate_pdf(
                file.read_bytes(), trust=trust, revocation=authority, validator=validator
            )
            if len(report.signatures) != 1 or not report.valid:
                found = ", ".join(one.code.value for one in report.findings)
                happened.complaints.append(f"{file.name}: {report.sub_indication} ({found})")
    return len(files)


def _report(name: str, happened: _Run, wanted: int, checked: int) -> dict[str, Any]:
    """A case for the report: attempts, failures, and what there is to see."""
    failures = Counter(dict.fromkeys(happened.complaints, 1))
    values = Counter(line["value"] for line in happened.lines if "value" in line)
    right = sum(line.get("right", False) for line in happened.lines)
    failures["missing"] = wanted - len(values)
    failures["wrong"] = sum(values.values()) - right
    failures["made twice"] = sum(values.values()) - len(values)
    errors = [line for line in happened.lines if "error" in line]
    for line in errors:
        if not line["ours"] or line["error"] != "TokenUnavailable":
            failures[f"error: {line['error']} {line['reason']}"] += 1
        elif line["reason"] not in REASONS:
            failures[f"reason: {line['reason']}"] += 1
        elif not any(
            line["begin"] < back and line["end"] > left for left, back in happened.absences
        ):
            since = min((line["begin"] - back for _, back in happened.absences), key=abs)
            failures[
                f"while the token was there: {line['reason']} ({line['detail']}), {since:.2f} s"
            ] += 1
    slowest = max((line["end"] - line["begin"] for line in happened.lines), default=0.0)
    if slowest > LONGEST_SECONDS:
        failures["slow"] = sum(
            line["end"] - line["begin"] > LONGEST_SECONDS for line in happened.lines
        )
    return {
        "name": name,
        "attempts": wanted,
        "failures": failures.total(),
        "processes": len({line["pid"] for line in happened.lines if "pid" in line}),
        "absences_seconds": [round(back - left, 2) for left, back in happened.absences],
        "turned_away": dict(Counter(line["reason"] for line in errors)),
        "recovery_seconds": _recovery(happened),
        "slowest_call_seconds": round(slowest, 3),
        "validated_files": checked,
        "notes": "; ".join(f"{what}: {times}" for what, times in failures.items() if times),
    }


def _recovery(happened: _Run) -> list[float]:
    """Of each absence, the seconds from the token's return to the first signature in the slowest lane."""
    found = []
    for _, back in happened.absences:
        first: dict[str, float] = {}
        for line in happened.lines:
            if "value" in line and line["begin"] >= back:
                first[line["lane"]] = min(first.get(line["lane"], line["end"]), line["end"])
        found.append(round(max(first.values(), default=back) - back, 2))
    return found
