"""Whatever comes in, what goes out is a Response, an Interaction or an error from the tree (law 3)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hkeid.jose import JoseRefused, verify_jwt
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.claims_request import parse_claims
from hkeid.oidc.client_assertion import claimed_client
from hkeid.oidc.errors import OAuthError
from hkeid.oidc.locales import best_locale, parse_ui_locales
from hkeid.oidc.parameters import receive
from hkeid.oidc.scopes import parse_scope
from hkeid.op import ErrorPage, Interaction, Profile
from hkeid.op.authorization.parameters import LIMITS
from hkeid.op.authorization.request import from_record
from hkeid.op.logout.request import LIMITS as LOGOUT_LIMITS
from hkeid.op.redirect_uris import check_redirect_uri
from hkeid.op.registration import KNOWN_NAMES, client_from_metadata
from hkeid.op.revocation.endpoint import LIMITS as REVOKE_LIMITS
from hkeid.op.token.request import LIMITS as TOKEN_LIMITS
from hkeid.testing.provider import (
    BROWSER,
    CALLBACK,
    ISSUER,
    ProviderBench,
    RelyingPartyKey,
    a_client,
    reasons,
)

FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Surrogates too: whoever builds a Request may have decoded bytes in a lax way.
TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
WORDS = st.sampled_from(
    [
        *("hko", CALLBACK, "code", "openid", "openid profile offline_access", "S256", "v" * 43),
        *("none", "login", "consent", "none login", "select_account", "form_post", "query", "0"),
        *("authorization_code", "refresh_token", "{}", '{"id_token":{"acr":{"essential":true}}}'),
        *('{"userinfo":{"name":null}}', "urn:hkeid:acr:eid-plus", "zh-HK", "a.b.c", "e30.e30."),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ]
)
VALUE = st.one_of(WORDS, TEXT)
FORM = "application/x-www-form-urlencoded"


def pairs_of(names: list[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    name = st.one_of(st.sampled_from(names), TEXT)
    return st.lists(st.tuples(name, VALUE), max_size=12).map(tuple)


@pytest.fixture(scope="module")
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(grant_types=("authorization_code", "refresh_token"), claims=reasons("name"))
    )
    bench.log_in()
    return bench


def check_answer(bench: ProviderBench, request: Request) -> Response | Interaction:
    answer = bench.provider.handle(request)
    assert isinstance(answer, Response | Interaction)
    if isinstance(answer, Response):
        assert answer.status in (200, 204, 303, 400, 401, 404, 405)
        for name, value in answer.headers:
            assert not {"\r", "\n", "\0"} & set(name + value), "no header can be smuggled in"
    return answer


@FEW
@given(
    changes=st.dictionaries(st.sampled_from(sorted(LIMITS)), VALUE, max_size=6),
    extra=pairs_of(sorted(LIMITS)),
    post=st.booleans(),
    session=st.booleans(),
)
def test_authorization(
    bench: ProviderBench,
    changes: dict[str, str],
    extra: tuple[tuple[str, str], ...],
    post: bool,
    session: bool,
) -> None:
    pairs = Parameters((*bench.parameters(**changes).items(), *extra))
    request = Request(
        method="POST" if post else "GET",
        path="/authorize",
        query=Parameters() if post else pairs,
        form=pairs if post else Parameters(),
        browser=BROWSER,
        session="session-reference" if session else None,
    )
    answer = check_answer(bench, request)
    if isinstance(answer, ErrorPage):
        assert answer.header("Location") is None
    elif isinstance(answer, Response) and answer.status == 303:
        location = answer.header("Location") or ""
        assert location.startswith(CALLBACK + "?")
        assert bench.answer(answer)["iss"] == ISSUER


HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "content-type", "origin"]),
    st.one_of(
        st.sampled_from([FORM, "Basic aGtvOng=", "Bearer x", "DPoP x", "Basic \udcff", "Bearer"]),
        TEXT,
    ),
)


@FEW
@given(
    path=st.sampled_from(["/token", "/revoke", "/userinfo", "/logout", "/authorize", "/jwks"]),
    method=st.sampled_from(["GET", "POST"]),
    pairs=pairs_of(sorted({*TOKEN_LIMITS, *REVOKE_LIMITS, *LOGOUT_LIMITS, "access_token"})),
    headers=HEADERS,
    is_form=st.booleans(),
    known_client=st.booleans(),
)
def test_all_other_endpoints(
    bench: ProviderBench,
    path: str,
    method: str,
    pairs: tuple[tuple[str, str], ...],
    headers: dict[str, str],
    is_form: bool,
    known_client: bool,
) -> None:
    if known_client:
        pairs = (*bench.credentials().items(), *pairs)
    check_answer(
        bench,
        Request(
            method=method,
            path=path,
            query=Parameters(pairs),
            form=Parameters(pairs),
            headers={**headers, **({"content-type": FORM} if is_form else {})},
            browser=BROWSER,
            session="session-reference",
        ),
    )


@FEW
@given(method=TEXT, path=TEXT, body=st.binary(max_size=50))
def test_any_request_line(bench: ProviderBench, method: str, path: str, body: bytes) -> None:
    check_answer(bench, Request(method=method, path=path, body=body))


@FEW
@given(interaction_id=TEXT, browser=st.one_of(st.none(), TEXT))
def test_any_interaction_id(bench: ProviderBench, interaction_id: str, browser: str | None) -> None:
    with pytest.raises(HkeidError) as caught:
        bench.provider.look(interaction_id, browser)
    assert caught.value.reason == "interaction_unknown"


@given(pairs=pairs_of(sorted(LIMITS)))
def test_received_values_are_clean(pairs: tuple[tuple[str, str], ...]) -> None:
    found = receive(Parameters(pairs), LIMITS)
    assert not found.values.keys() & found.faults.keys()
    for name, value in found.values.items():
        assert [v for n, v in pairs if n == name] == [value]
        assert 0 < len(value) <= LIMITS[name]
        value.encode()


@given(text=TEXT)
def test_small_parsers(text: str) -> None:
    scopes = parse_scope(text)
    assert scopes is None or text.split(" ", maxsplit=1)[0] == scopes[0]
    assert best_locale(parse_ui_locales(text)) in ("en", "zh-Hant-HK", "zh-Hans")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["id_token", "userinfo", "essential", "value", "values", "acr"]),
                st.text(max_size=5),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(value=st.one_of(JSON.map(json.dumps), TEXT))
def test_claims_parameter(value: str) -> None:
    try:
        found = parse_claims(value)
    except OAuthError as error:
        assert error.reason == "claims_malformed"
    else:
        assert all(isinstance(name, str) for name in (*found.id_token, *found.userinfo))


KEY = RelyingPartyKey()
GOOD_JWT = KEY.sign({"sub": "x", "exp": 1})


@given(
    token=st.one_of(
        TEXT,
        st.tuples(JSON, JSON).map(lambda pair: KEY.sign(pair[1]).split(".", 1)[1]),
        st.tuples(st.integers(0, len(GOOD_JWT) - 1), st.characters()).map(
            lambda change: GOOD_JWT[: change[0]] + change[1] + GOOD_JWT[change[0] + 1 :]
        ),
    )
)
def test_jwt(token: str) -> None:
    if token == GOOD_JWT:
        return
    with pytest.raises(JoseRefused):
        verify_jwt(token, KEY.jwks()["keys"], algorithms={"ES256"}, typ={None})


@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk"]), JSON))
def test_jwt_headers(header: dict[str, object]) -> None:
    with suppress(JoseRefused):
        verify_jwt(KEY.sign({}, **header), KEY.jwks()["keys"], algorithms={"ES256"}, typ={None})


@given(jwk=st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "alg"]), JSON))
def test_keys(jwk: dict[str, object]) -> None:
    with pytest.raises(JoseRefused):
        verify_jwt(GOOD_JWT, [jwk], algorithms={"ES256"}, typ={None})


@given(text=TEXT)
def test_claimed_client(text: str) -> None:
    with suppress(JoseRefused):
        assert claimed_client(text)


@given(uri=st.one_of(TEXT, TEXT.map("https://".__add__)), native=st.booleans())
def test_redirect_uris(uri: str, native: bool) -> None:
    try:
        check_redirect_uri(uri, field="x", native=native, profile=Profile.SANDBOX)
    except HkeidError as error:
        assert error.reason == "redirect_uri_not_allowed"
    else:
        assert uri.isascii()
        assert "#" not in uri


METADATA = st.dictionaries(
    st.one_of(st.sampled_from(sorted(KNOWN_NAMES)), st.text(max_size=8)),
    st.one_of(JSON, WORDS, st.lists(WORDS, max_size=2)),
    max_size=6,
)


@given(metadata=METADATA)
def test_client_metadata(metadata: dict[str, object]) -> None:
    least = {
        "client_id": "hko",
        "client_name": "x",
        "redirect_uris": [CALLBACK],
        "jwks": KEY.jwks(),
    }
    try:
        client = client_from_metadata({**least, **metadata}, profile=Profile.SANDBOX)
    except HkeidError as error:
        assert error.reason.startswith(("client_metadata_", "redirect_uri_", "client_for_"))
    else:
        assert client.sector_identifier
        assert "openid" in client.scopes


@FEW
@given(changes=st.dictionaries(st.sampled_from(["state", "nonce", "ui_locales", "scope"]), VALUE))
def test_a_request_survives_being_kept(bench: ProviderBench, changes: dict[str, str]) -> None:
    """What is kept in an interaction is the same request again."""
    step = bench.authorize(prompt="login", **changes)
    if not isinstance(step, Interaction):
        return
    again = bench.provider.look(step.id, BROWSER, step.session)
    assert again == step
    with bench.store.transaction() as tx:
        record = tx.single_use.look("op_interaction", secret_digest(step.id))
    assert record is not None
    kept = canonical_json.loads_object(record.payload)["request"]
    assert from_record(kept).as_record() == kept
