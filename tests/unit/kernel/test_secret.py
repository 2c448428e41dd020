"""A Secret shows itself in one way only."""

import copy
import json
import pickle
import traceback

import pytest

from hkeid.kernel.secret import Secret, secret_digest

CANARY = "canary-7d1e"


def test_no_way_of_printing_reveals_it() -> None:
    secret = Secret(CANARY)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr({"a": secret}),
    ]
    assert not any(CANARY in text for text in shown)
    assert secret.reveal() == CANARY


def test_it_is_not_pickled_copied_or_serialised() -> None:
    secret = Secret(CANARY)
    for attempt in (
        lambda: pickle.dumps(secret),
        lambda: copy.deepcopy(secret),
        lambda: json.dumps(secret),
    ):
        with pytest.raises(TypeError) as caught:
            attempt()
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_comparison_and_digest() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret("ä") != Secret("a")
    assert Secret(CANARY) != CANARY
    assert len({Secret(CANARY), Secret(CANARY)}) == 1
    assert Secret(CANARY).digest() == secret_digest(CANARY)
    assert len(secret_digest("\ud800")) == 32
