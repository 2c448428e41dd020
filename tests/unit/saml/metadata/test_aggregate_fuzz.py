"""Aggregates read piece by piece and as a whole: the same entities, or a refusal of our own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hkeid.saml.metadata import cutting
from hkeid.testing.saml_aggregate_fuzz import AggregateFuzz

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


@pytest.mark.parametrize("run", [1, 3_000, 262_144], ids=["run-of-one", "run-of-some", "one-run"])
def test_pieces_say_what_the_whole_says(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_RUN", run)
    fuzz = AggregateFuzz(seed=run, now=NOW)
    report = fuzz.run(400)
    assert fuzz.failures == [], report["notes"]
    # Neither all refused nor all well: there was something to compare, and something to refuse.
    assert fuzz.counts["read"] > 20
    assert sum(number for what, number in fuzz.counts.items() if what.startswith("refused")) > 20
