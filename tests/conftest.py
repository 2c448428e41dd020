"""What all tests share."""

import os

from hypothesis import HealthCheck, settings

# Property tests find the same examples on every machine and however busy it is, so that a red run
# is a change of the code; HKEID_TEST_EXPLORE=1 looks for new ones.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("explore" if os.environ.get("HKEID_TEST_EXPLORE") else "steady")
