"""RFC 9207 §2: ``iss`` in every authorization response, errors included."""

from __future__ import annotations

import html
import re

import pytest

from hkeid.kernel.http import Response
from hkeid.op import Declined, Interaction
from hkeid.testing.provider import BROWSER, ISSUER, ProviderBench


@pytest.mark.parametrize(
    "changes",
    [{}, {"response_type": "token"}, {"prompt": "none", "max_age": "0"}, {"scope": "x"}],
)
def test_in_the_query(changes: dict[str, str]) -> None:
    bench = ProviderBench()
    bench.log_in()
    assert bench.answer(bench.authorize(**changes))["iss"] == ISSUER


@pytest.mark.parametrize("changes", [{}, {"response_type": "token"}])
def test_in_the_form(changes: dict[str, str]) -> None:
    bench = ProviderBench()
    bench.log_in()
    page = bench.authorize(response_mode="form_post", **changes)
    assert isinstance(page, Response)
    fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', page.body.decode()))
    assert html.unescape(fields["iss"]) == ISSUER


def test_after_an_interaction() -> None:
    bench = ProviderBench()
    asked = bench.authorize()
    assert isinstance(asked, Interaction)
    answer = bench.provider.resume(asked.id, Declined(), browser=BROWSER, session=None)
    assert bench.answer(answer)["iss"] == ISSUER
