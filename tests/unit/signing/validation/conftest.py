"""A validator that all tests share, and a bench with a signer whom the victim trusts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hkeid.adapters.pdf import WorkerValidator, validator_in_worker
from hkeid.signing.validation import ValidationReport, ValidationTrust, validate_pdf
from hkeid.testing.pdf_attacks import Bench


@pytest.fixture(scope="session")
def validator() -> Iterator[WorkerValidator]:
    # Another test's load must not look like a hostile document.
    made = validator_in_worker(timeout=120, cpu_seconds=100, drawing_seconds=60)
    yield made
    made.close()


@pytest.fixture(scope="session")
def bench(engine, authority) -> Bench:
    return Bench(engine, authority)


@pytest.fixture(scope="session")
def trust(authority) -> ValidationTrust:
    return ValidationTrust.of([authority.root])


@pytest.fixture(scope="session")
def validate(validator, trust) -> Callable[..., ValidationReport]:
    def run(pdf: bytes, **wishes) -> ValidationReport:
        return validate_pdf(pdf, validator=validator, **({"trust": trust} | wishes))

    return run
