"""A worker: an object in a process of its own, with limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hkeid.adapters.worker import Worker
from hkeid.identity.state import EidState
from hkeid.kernel.errors import (
    ConfigurationError,
    HkeidError,
    MissingExtra,
    TooManyAttempts,
    Unavailable,
)
from hkeid.ports import FaceBand, FaceComparison


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Worker]]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    made: list[Worker] = []

    def worker(factory: str = "worker_parts:Parts", **settings: object) -> Worker:
        made.append(
            Worker(
                factory,
                name="part",
                **{"timeout": 20, "answers": (FaceComparison, FaceBand), **settings},
            )
        )
        return made[-1]

    yield worker
    for one in made:
        one.close()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _soon(true: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _refused(call: Callable[[], object]) -> HkeidError:
    with pytest.raises(HkeidError) as caught:
        call()
    return caught.value


def test_values_go_there_and_back(make: Callable[..., Worker]) -> None:
    worker = make(settings={"word": "settled"})
    value = {"a": (1, 2.5, None), "b": b"\x00" * 3_000_000, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    assert worker.call("echo", value) == value
    assert worker.call("comparison").band is FaceBand.REVIEW
    word, calls, pid = worker.call("state")
    assert (word, calls) == ("settled", 1)
    assert pid == worker.pid != os.getpid()
    assert worker.call("nice") >= 5
    assert worker.call("speak") == 1


def test_our_errors_come_back_as_themselves(make: Callable[..., Worker]) -> None:
    worker = make()
    error = _refused(lambda: worker.call("refuse"))
    assert isinstance(error, TooManyAttempts)
    assert (error.reason, error.retry_after, error.detail) == ("slow_down", 7, "inside")
    assert str(error) == "slow_down: inside"
    assert isinstance(_refused(lambda: worker.call("missing")), MissingExtra)
    assert worker.call("state")[2] == worker.pid


def test_any_other_error_is_a_failure_without_its_text(make: Callable[..., Worker]) -> None:
    worker = make()
    for method in ("break_", "no_such_method", "unpicklable"):
        error = _refused(lambda method=method: worker.call(method))
        assert isinstance(error, Unavailable)
        assert error.reason == "part_failed"
        assert "Q000101" not in str(error)
    assert worker.call("echo", 1) == 1


@pytest.mark.parametrize("method", ["crash", "leave"])
def test_a_crash_is_a_failure_and_the_next_call_has_a_fresh_child(
    make: Callable[..., Worker], method: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker = make()
    worker.call("echo", 1)
    first = worker.pid
    assert not caplog.records
    assert _refused(lambda: worker.call(method)).reason == "part_failed"
    assert worker.pid is None
    (said,) = caplog.records
    assert (said.name, said.levelname) == ("hkeid.adapters.worker.part", "WARNING")
    assert worker.call("state")[1] == 0
    assert worker.pid != first
    assert first is not None
    assert _gone(first)


@pytest.mark.parametrize(("method", "arguments"), [("sleep", (60,)), ("hold", ())])
def test_what_hangs_is_killed(
    make: Callable[..., Worker], method: str, arguments: tuple[object, ...]
) -> None:
    worker = make(timeout=8)
    worker.start()
    pid = worker.pid
    begun = time.monotonic()
    error = _refused(lambda: worker.call(method, *arguments))
    assert (error.reason, error.detail) == ("part_failed", "took too long")
    assert time.monotonic() - begun < 30
    assert pid is not None
    assert _gone(pid)
    assert worker.call("echo", 2) == 2


def test_memory_is_limited(make: Callable[..., Worker]) -> None:
    worker = make(memory_mib=300)
    assert worker.call("eat", 100) == 100 * 1024 * 1024
    error = _refused(lambda: worker.call("eat", 400))
    assert error.reason == "part_failed"
    assert "MemoryError" in str(error.detail)
    assert worker.call("state")[1] == 0, "a child that ran out of memory is replaced"


def test_the_queue_is_bounded(make: Callable[..., Worker]) -> None:
    worker = make(waiting=1)
    worker.start()
    outcomes: list[str] = []

    def ask() -> None:
        try:
            worker.call("sleep", 2)
            outcomes.append("done")
        except Unavailable as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "done", "part_busy", "part_busy"]


def test_who_waits_too_long_is_told_that_it_is_busy(make: Callable[..., Worker]) -> None:
    worker = make(timeout=6)
    worker.start()
    first = threading.Thread(target=lambda: _refused(lambda: worker.call("sleep", 30)))
    first.start()
    time.sleep(0.2)
    turn = _refused(lambda: make_wait(worker))
    first.join()
    assert turn.reason in {"part_busy", "part_failed"}


def make_wait(worker: Worker) -> object:
    return worker.call("sleep", 30)


def test_answers_are_not_mixed_up_between_threads(make: Callable[..., Worker]) -> None:
    worker = make(waiting=8)
    wrong: list[object] = []

    def ask(number: int) -> None:
        wrong.extend(
            one for one in range(20) if worker.call("echo", (number, one)) != (number, one)
        )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert worker.call("state")[1] == 160


@pytest.mark.parametrize(
    ("factory", "reason", "kind"),
    [
        ("worker_parts:refused", "weights_unknown", ConfigurationError),
        ("worker_parts:broken", "part_failed", Unavailable),
        ("worker_parts:nothing", "part_failed", Unavailable),
        ("no.such.module:nothing", "part_failed", Unavailable),
    ],
)
def test_what_cannot_be_built_says_so(
    make: Callable[..., Worker], factory: str, reason: str, kind: type[HkeidError]
) -> None:
    worker = make(factory)
    for _ in range(2):
        error = _refused(worker.start)
        assert error.reason == reason
        assert isinstance(error, kind)
    assert worker.pid is None


def test_the_child_has_no_network(make: Callable[..., Worker]) -> None:
    assert make().call("call_out") == " | ".join(["a worker has no network"] * 3)


def test_a_child_that_was_taken_over_cannot_run_anything_here(
    make: Callable[..., Worker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    worker = make()
    error = _refused(lambda: worker.call("smuggle"))
    assert error.reason == "part_failed"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["say_pickle", "name_a_class", "reword", "mistype", "truncate"])
def test_a_child_that_was_taken_over_changes_nothing_here(
    make: Callable[..., Worker], method: str
) -> None:
    """It writes what it likes on the channel: no class is touched, no foreign value comes out."""
    worker = make(answers=(FaceComparison, FaceBand))
    error = _refused(lambda: worker.call(method))
    assert error.reason == "part_failed"
    assert error.safe_text == Unavailable.default_safe_text
    assert not EidState.SUSPENDED.may_log_in
    assert type(EidState.may_log_in) is property
    assert worker.call("echo", 1) == 1


def test_classes_that_were_not_named_do_not_come_back(make: Callable[..., Worker]) -> None:
    error = _refused(lambda: make(answers=()).call("comparison"))
    assert "not a value: hkeid.ports.faces:Face" in str(error.detail)


def test_a_child_words_nothing_that_people_read(make: Callable[..., Worker]) -> None:
    error = _refused(lambda: make().call("refuse_in_words"))
    assert (error.reason, error.safe_text) == ("slow_down", TooManyAttempts.default_safe_text)


def test_closing_ends_the_process_even_in_the_middle_of_a_call(
    make: Callable[..., Worker],
) -> None:
    worker = make()
    worker.start()
    pid = worker.pid
    assert pid is not None
    errors: list[HkeidError] = []
    thread = threading.Thread(
        target=lambda: errors.append(_refused(lambda: worker.call("sleep", 60)))
    )
    thread.start()
    time.sleep(0.3)
    worker.close()
    thread.join(10)
    assert [one.reason for one in errors] == ["part_failed"]
    assert _gone(pid)
    assert _refused(lambda: worker.call("echo", 1)).reason == "part_failed"
    worker.close()


def test_a_worker_that_is_forgotten_ends_its_process(make: Callable[..., Worker]) -> None:
    worker = Worker("worker_parts:Parts", name="part")
    worker.start()
    pid = worker.pid
    assert pid is not None
    del worker
    assert _gone(pid)


_PARENT = """
import sys, threading
sys.path.insert(0, {here!r})
from hkeid.adapters.worker import Worker
worker = Worker("worker_parts:Parts", name="part", timeout=600)
starter = threading.Thread(target=worker.start)  # a thread that ends does not end the child
starter.start(); starter.join()
print(worker.pid, worker.call("echo", "ready"), flush=True)
worker.call({method!r}, *{arguments!r})
"""


@pytest.mark.parametrize(("method", "arguments"), [("sleep", (600,)), ("hold", ())])
def test_the_child_dies_with_its_parent(method: str, arguments: tuple[object, ...]) -> None:
    """Also while it computes without ever giving way to another thread."""
    code = _PARENT.format(here=str(Path(__file__).parent), method=method, arguments=arguments)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, word = parent.stdout.readline().split()
        assert word == "ready"
        time.sleep(0.5)
        assert not _gone(int(pid))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert _soon(lambda: _gone(int(pid)))


def test_a_fork_gets_a_child_of_its_own(make: Callable[..., Worker]) -> None:
    worker = make()
    first = worker.call("state")[2]
    reading, writing = os.pipe()
    fork = os.fork()
    if fork == 0:
        try:
            os.write(writing, str(worker.call("state")[2]).encode())
            worker.close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        second = int(answer.read())
    os.waitpid(fork, 0)
    assert second != first
    assert worker.call("state")[2] == first


def test_open_files_go_along_with_a_call(make: Callable[..., Worker], tmp_path: Path) -> None:
    worker = make()
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.write_bytes(path.name.encode())
    files = [path.open("rb") for path in paths]
    handles = tuple(file.fileno() for file in files)
    content, theirs = worker.call("contents", b"> ", handles=handles)
    assert content == b"> one|two"
    assert not any(worker.call("is_open", one) for one in theirs)
    assert [file.read() for file in files] == [b"one", b"two"]  # ours are untouched
    for file in files:
        file.close()


def test_a_long_message_goes_along_with_files(make: Callable[..., Worker], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"end")
    with path.open("rb") as file:
        content, _ = make().call("contents", b"x" * 3_000_000, handles=(file.fileno(),))
    assert content == b"x" * 3_000_000 + b"end"


def test_cpu_is_bounded_for_each_call(make: Callable[..., Worker]) -> None:
    worker = make(cpu_seconds=1, timeout=60)
    for _ in range(4):  # together more than one call may take
        assert worker.call("burn", 0.6) == 0.6
    pid = worker.pid
    refused = _refused(lambda: worker.call("burn", 30))
    assert refused.reason == "part_failed"
    assert worker.call("echo", 1) == 1
    assert worker.pid != pid


def test_standard_error_is_for_our_own_lines(make, capfd) -> None:
    """It is the server's log, and what a library says may quote what it reads."""
    make().call("talk")
    assert capfd.readouterr().err == "a line of ours\n"


def test_what_ends_the_process_is_told(capfd) -> None:
    """A child that cannot even begin leaves its trace."""
    child = [sys.executable, "-m", "hkeid.adapters.worker.child", "no", "numbers"]
    assert subprocess.run(child, check=False).returncode != 0
    assert "ValueError" in capfd.readouterr().err
