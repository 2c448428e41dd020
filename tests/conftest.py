"""What all tests share."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Property tests find the same examples on every machine and however busy it is, so that a red run
# is a change of the code; HKEID_TEST_EXPLORE=1 looks for new ones.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("explore" if os.environ.get("HKEID_TEST_EXPLORE") else "steady")


TOGETHER = ("tests/browser/", "tests/leaks/test_erasure.py", "tests/leaks/")
"""What shares servers that take long to start, and so runs in one process each."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """``--dist loadgroup``, by place.

    The groups of pytest-xdist 3.8 have no effect under pytest 9.2: it writes their names where pytest
    does not read the ids of tests any more.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)

    return ByPlace(config, log)
