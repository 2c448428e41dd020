"""Whatever arrives, a relying party's parsers raise from the one tree or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp.callback import read_callback, read_code
from hkeid.rp.errors import LoginFailed
from hkeid.rp.id_token import Expected, check_id_token
from hkeid.rp.login_state import LoginState
from hkeid.rp.metadata import parse_metadata
from hkeid.rp.pages import accepted_locales
from hkeid.rp.sealing import Sealer
from hkeid.rp.surroundings import SystemRandom
from hkeid.rp.token_endpoint import read_tokens
from hkeid.rp.transport import check_url
from hkeid.rp.web import is_local_path

# Lone surrogates included: JSON can carry them.
TEXT = st.text(st.characters())
NOW = datetime(2026, 11, 23, tzinfo=UTC)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
claim_names = st.sampled_from(
    [
        "iss",
        "aud",
        "azp",
        "sub",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "at_hash",
        "auth_time",
        "acr",
        "amr",
        "sid",
    ]
)
honest: dict[str, Any] = {
    "iss": "https://eid.example.hk",
    "aud": "service",
    "sub": "s",
    "exp": int(NOW.timestamp()) + 60,
    "iat": int(NOW.timestamp()),
    "nonce": "n",
    "auth_time": int(NOW.timestamp()),
    "acr": "urn:hkeid:acr:eid",
}
EXPECTED = Expected(
    issuer="https://eid.example.hk",
    client_id="service",
    nonce="n",
    access_token="a",
    not_before=NOW,
    max_age=60,
    acr="urn:hkeid:acr:eid",
)


@given(TEXT | TEXT.map(lambda text: f"https://service.example.hk/eid/callback?{text}"))
def test_callbacks(text: str) -> None:
    try:
        read_code(read_callback(text))
    except LoginFailed as failed:
        assert failed.reason


@given(st.lists(st.tuples(st.sampled_from(["code", "state", "iss", "error"]), TEXT)))
def test_callback_parameters(pairs: list[tuple[str, str]]) -> None:
    try:
        code = read_code(read_callback(Parameters(tuple(pairs))))
    except LoginFailed:
        return
    assert ("code", code) in pairs


@given(TEXT | json_values.map(str))
def test_login_states(text: str) -> None:
    try:
        LoginState.decode(text)
    except LoginFailed as failed:
        assert failed.reason == "login_state_malformed"


@given(
    st.text(min_size=1),
    st.none() | st.integers(0, 10**6),
    st.none() | st.text(min_size=1),
    st.booleans(),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
)
def test_login_states_survive_the_journey(
    word: str, max_age: int | None, acr: str | None, again: bool, created: datetime
) -> None:
    if not word.isascii():
        word = word.encode("unicode_escape").decode()
    state = LoginState(
        issuer="https://eid.example.hk",
        client_id=word,
        redirect_uri="https://service.example.hk/eid/callback",
        state=word,
        nonce=word,
        verifier=word,
        created=created.replace(tzinfo=UTC, microsecond=0),
        acr=None if acr is None else acr.encode("unicode_escape").decode(),
        max_age=max_age,
        again=again,
    )
    assert LoginState.decode(state.encode()) == state


@given(st.dictionaries(claim_names, json_values | st.just("\ud800"), max_size=4))
@settings(max_examples=200)
def test_id_token_claims(changes: dict[str, Any]) -> None:
    try:
        check_id_token({**honest, **changes}, EXPECTED, NOW, algorithm="ES256")
    except LoginFailed as failed:
        assert failed.reason.startswith("id_token_")


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "issuer",
                "authorization_endpoint",
                "token_endpoint",
                "jwks_uri",
                "response_types_supported",
                "code_challenge_methods_supported",
            ]
        ),
        json_values | st.just("https://eid.example.hk"),
    )
)
def test_metadata(document: dict[str, Any]) -> None:
    whole = {"response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
    try:
        parse_metadata({**whole, **document}, "https://eid.example.hk")
    except LoginFailed as failed:
        assert failed.reason.startswith("metadata_")


@given(st.binary() | json_values.map(lambda value: str(value).replace("'", '"').encode()))
def test_token_answers(body: bytes) -> None:
    answer = HttpAnswer(status=200, headers={"content-type": "application/json"}, body=body)
    try:
        read_tokens(answer, NOW)
    except LoginFailed as failed:
        assert failed.reason.startswith("token_")


@given(
    st.dictionaries(
        st.sampled_from(
            ["access_token", "token_type", "id_token", "expires_in", "scope", "refresh_token"]
        ),
        json_values,
    )
)
def test_token_members(members: dict[str, Any]) -> None:
    import json

    body = json.dumps({"token_type": "Bearer", "access_token": "a", **members}).encode()
    answer = HttpAnswer(status=200, headers={"content-type": "application/json"}, body=body)
    try:
        read_tokens(answer, NOW)
    except LoginFailed as failed:
        assert failed.reason.startswith("token_")


@given(TEXT | TEXT.map(lambda text: f"https://{text}"))
def test_addresses(text: str) -> None:
    try:
        parts = check_url(text, field="url")
    except HkeidError:
        return
    assert parts.hostname


@given(TEXT)
def test_sealed_cookies(text: str) -> None:
    sealer = Sealer(["a secret of enough characters"], SystemRandom())
    assert sealer.open("purpose", text, NOW) is None


@given(TEXT)
def test_languages(text: str) -> None:
    for tag in accepted_locales(text):
        assert tag.isascii()


@given(TEXT | TEXT.map(lambda text: f"/{text}"))
def test_local_paths(text: str) -> None:
    if is_local_path(text):
        assert text.startswith("/")
        assert not text.startswith(("//", "/\\"))
        assert text.isprintable()
