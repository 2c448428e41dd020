"""What all tests share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

# Property tests find the same examples on every machine and however busy it is, so that a red run
# is a change of the code; HKEID_TEST_EXPLORE=1 looks for new ones.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("explore" if os.environ.get("HKEID_TEST_EXPLORE") else "steady")


TOGETHER = (
    "tests/browser/",
    "tests/leaks/test_erasure.py",
    "tests/leaks/proofing/",
    "tests/leaks/",
    "tests/peer/test_station",
    "tests/unit/adapters/documents/",
    "tests/unit/adapters/faces/",
    "tests/unit/adapters/liveness/",
    "tests/unit/adapters/pkcs11_tokens/",
    "tests/unit/server/console/",
)
"""What shares servers that take long to start, and so runs in one process each."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """``--dist loadgroup``, by place, and by the group that a file's tests belong to.

    The groups of pytest-xdist 3.8 have no effect under pytest 9.2: it writes their names where pytest
    does not read the ids of tests any more.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            place = next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)
            return _group(nodeid.partition("::")[0]) or place

    return ByPlace(config, log)


@cache
def _group(file: str) -> str | None:
    """The group that a test file names for all its tests, such as the users of the one ``pcscd``."""
    path = Path(__file__).parent.parent / file
    found = re.search(
        r'^pytestmark = .*xdist_group\("(\w+)"\)', path.read_text("utf-8"), re.MULTILINE
    )
    return found and found[1]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver: a process can have one, whichever browsers its tests start."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver
