"""The page that repeats a service's POST, and what counts as a method."""

from __future__ import annotations

import pytest

from hkeid.kernel.http import Parameters
from hkeid_server.coming_again import coming_again
from hkeid_server.metrics import known_method


def page(fields: dict[str, str], accept: str | None = "en") -> str:
    answer = coming_again("/authorize", Parameters.of(fields), accept_language=accept)
    assert answer.status == 200
    assert answer.header("set-cookie") is None
    assert answer.header("cache-control") == "no-store"
    return answer.body.decode()


def test_fields_are_repeated_as_they_came() -> None:
    sent = page({"state": 'x"><script>alert(1)</script>', "state'": "陳"})
    assert 'name="state" value="x&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in sent
    assert 'name="state&#x27;" value="陳"' in sent
    assert sent.count("<script") == 1
    assert '<form id="form-post" method="post" action="/authorize">' in sent


@pytest.mark.parametrize(
    ("fields", "accept", "language"),
    [
        ({"ui_locales": "zh-Hans en"}, "en", "zh-Hans"),
        ({}, "zh-TW", "zh-Hant-HK"),
        ({}, "fr", "en"),
        ({}, None, "zh-Hant-HK"),
    ],
)
def test_it_speaks_the_readers_language(fields, accept, language: str) -> None:
    assert f'<html lang="{language}">' in page(fields, accept)


def test_a_method_of_the_clients_own_making_is_no_label() -> None:
    assert known_method("POST") == "POST"
    assert known_method("JOHN-DOE-A1234563") == "other"


def test_the_address_is_text_too() -> None:
    """An address decoded from a request may hold anything."""
    sent = coming_again('/x"><script>', Parameters.of({}), accept_language="en").body.decode()
    assert 'action="/x&quot;&gt;&lt;script&gt;"' in sent
    assert sent.count("<script") == 1
