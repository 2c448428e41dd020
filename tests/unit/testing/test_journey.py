"""The journey's runner; the journey itself runs in tests/demo and in scripts/demo --once."""

from __future__ import annotations

import io

import pytest

from hkeid.testing.journey import Journey, Step, StepFailed, run
from hkeid.testing.processes import free_port


def _fail() -> str:
    raise ValueError("the reason")


def test_prints_each_step_with_its_time() -> None:
    out = io.StringIO()
    seconds = run([Step(name="one", do=lambda: "said"), Step(name="two", do=lambda: "more")], out)
    lines = out.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["1.", "one"], ["2.", "two"]]
    assert all(" ms   " in line for line in lines)
    assert 0 <= seconds < 1


def test_the_first_failing_step_ends_it_with_its_name() -> None:
    steps = [Step(name="breaks", do=_fail), Step(name="never", do=lambda: "")]
    out = io.StringIO()
    with pytest.raises(StepFailed, match="breaks: the reason") as failed:
        run(steps, out)
    assert failed.value.step == "breaks"
    assert out.getvalue() == ""


def test_a_provider_that_is_not_there_fails_the_first_step() -> None:
    nowhere = f"http://localhost:{free_port()}"
    journey = Journey(issuer=nowhere, first=nowhere, second=nowhere)
    with pytest.raises(StepFailed, match="the provider says what it can do"):
        run(journey.steps(), io.StringIO())
