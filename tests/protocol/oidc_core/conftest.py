"""A relying party that asks for claims and may refresh, and a resident who has some."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.kernel.http import Response
from hkeid.op import ConsentGiven, Interaction
from hkeid.testing.provider import (
    BROWSER,
    PROFILE_CLAIMS,
    ProviderBench,
    a_client,
    reasons,
)

RESIDENT_CLAIMS = {
    "name": "CHAN Tai Man",
    "name#zh-Hant-HK": "陳大文",
    "given_name": "Tai Man",
    "family_name": "CHAN",
    "birthdate": "1990-02",
    "gender": "male",
    "hkic_number": "Z683365(5)",
}


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(
            grant_types=("authorization_code", "refresh_token"),
            claims=reasons(*PROFILE_CLAIMS, "hkic_number"),
        )
    )
    bench.claims.values["resident-1"] = dict(RESIDENT_CLAIMS)
    return bench


@pytest.fixture
def agreed(bench: ProviderBench) -> ProviderBench:
    """The resident is logged in and has agreed to everything."""
    bench.log_in()
    bench.claims.agree("resident-1", "hko", RESIDENT_CLAIMS)
    return bench


@pytest.fixture
def offline(agreed: ProviderBench) -> dict[str, Any]:
    """Tokens of a grant with ``offline_access``."""
    asked = agreed.authorize(scope="openid profile offline_access", prompt="consent")
    assert isinstance(asked, Interaction)
    view = agreed.sessions.current("session-reference", agreed.clock.now())
    answer = agreed.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
    assert isinstance(answer, Response)
    return agreed.exchange(agreed.code(answer))
