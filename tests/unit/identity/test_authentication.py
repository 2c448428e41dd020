"""Whether a past authentication answers a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hkeid.identity import Acr, AuthenticationRequest, AuthenticationResult, Language
from hkeid.kernel.errors import MalformedInput

THEN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RESULT = AuthenticationResult(
    resident_id="r1", acr=Acr.EID_BOUND, amr=("hwk",), authenticated_at=THEN
)


@pytest.mark.parametrize(
    ("request_", "after", "answer"),
    [
        (AuthenticationRequest(client_id="c"), 10**6, True),
        (AuthenticationRequest(client_id="c", resident_id="r1"), 0, True),
        (AuthenticationRequest(client_id="c", resident_id="r2"), 0, False),
        (AuthenticationRequest(client_id="c", acr=Acr.EID), 0, True),
        (AuthenticationRequest(client_id="c", acr=Acr.EID_BOUND), 0, True),
        (AuthenticationRequest(client_id="c", acr=Acr.EID_PLUS), 0, False),
        (AuthenticationRequest(client_id="c", max_age=60), 60, True),
        (AuthenticationRequest(client_id="c", max_age=60), 61, False),
        (AuthenticationRequest(client_id="c", max_age=0), 1, False),
    ],
)
def test_satisfies(request_: AuthenticationRequest, after: int, answer: bool) -> None:
    assert RESULT.satisfies(request_, THEN + timedelta(seconds=after)) is answer


def test_languages() -> None:
    assert Language.parse("ZH-hant-hk") is Language.TRADITIONAL
    with pytest.raises(MalformedInput) as refused:
        Language.parse("zh-TW")
    assert refused.value.reason == "language_unknown"
