"""Issue, bar 4, for activation data and credential tokens: of any number of uses at once, one signs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, permutations
from typing import Any

import pytest
from tests.unit.signing.csc.conftest import Desk, digest_of

THREADS = 16
ONE = digest_of("one")
FIVE = tuple(digest_of(f"document {number}") for number in range(5))


@pytest.fixture
def desk(make_hub_on_each_store: Callable[..., Any]) -> Desk:
    return Desk(make_hub_on_each_store())


def authorised(desk: Desk, how: str, *hashes: bytes) -> tuple[str, dict[str, Any]]:
    """A token, and what goes into each body beside the hashes."""
    service = desk.service_token()
    match how:
        case "credential token":
            return desk.credential_token(*hashes), {}
        case "credential token as SAD":
            return service, {"SAD": desk.credential_token(*hashes)}
        case _:
            return service, {"SAD": desk.sad(service, *hashes)}


WAYS = ("credential token", "credential token as SAD", "activation data")


def at_once(desk: Desk, token: str, bodies: list[dict[str, Any]]) -> Counter[str]:
    def attempt(body: dict[str, Any]) -> str:
        answer = desk.call("signatures/signHash", token, **body)
        if answer.status == 200:
            return "signed"
        return f"{answer.status} {json.loads(answer.body)['error_description']}"

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(attempt, bodies))


@pytest.mark.parametrize("how", WAYS)
def test_of_a_thousand_uses_one_signs(desk: Desk, how: str) -> None:
    token, more = authorised(desk, how, ONE)
    body = desk.signing(ONE, **more)
    outcomes = at_once(desk, token, [body] * 1001)
    assert outcomes == {"signed": 1, "400 Invalid parameter SAD": 1000}
    assert len(desk.hub.look("made_signatures", "of_resident", desk.resident_id)) == 1
    assert desk.hub.events().count("signing:signatures:made") == 1


@pytest.mark.parametrize("how", WAYS)
def test_of_a_thousand_reorderings_none_signs(desk: Desk, how: str) -> None:
    refused = 0
    orders = [one for one in permutations(FIVE) if one != FIVE]
    for batch in range(10):
        token, more = authorised(desk, how, *FIVE)
        chosen = list(islice(orders, batch, None))[:100]
        outcomes = at_once(desk, token, [desk.signing(*one, **more) for one in chosen])
        assert set(outcomes) == {
            "400 Hash is not authorized by the SAD",
            "400 Invalid parameter SAD",
        }
        assert outcomes["400 Hash is not authorized by the SAD"] == 1, "the first burns it"
        refused += outcomes.total()
        late = desk.error("signatures/signHash", token, **desk.signing(*FIVE, **more))
        assert late == "400 invalid_request: Invalid parameter SAD"
    assert refused == 1000
    assert desk.hub.look("made_signatures", "of_resident", desk.resident_id) == ()
