"""A SoftHSM2 token of this test run, with a certificate for each kind of key."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hkeid.testing.soft_hsm import SoftHsm


@pytest.fixture(scope="session", name="soft_token")
def soft_token_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    hsm = SoftHsm.make(tmp_path_factory.mktemp("softhsm"))
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ |= hsm.environment
    yield hsm
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before
