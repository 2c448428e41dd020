"""Whatever an upstream sends, the parsers raise from the one tree or not at all."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from hkeid.adapters.encipherment_keys import RsaEnciphermentKey
from hkeid.adapters.system import SystemRandom
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import HttpAnswer
from hkeid.testing.fake_hub import SettableClock
from hkeid.upstream import Attributes, UpstreamFailed
from hkeid.upstream.iam_smart import IamSmartApi, IamSmartSettings, IamSmartUpstream, read_callback
from hkeid.upstream.iam_smart.calls import read_form
from hkeid.upstream.iam_smart.codes import failure
from hkeid.upstream.iam_smart.content_keys import ContentKey, read_key
from hkeid.upstream.iam_smart.envelopes import open_content, read_envelope, seal_content
from hkeid.upstream.iam_smart.pending import CallKind, Settled
from hkeid.upstream.iam_smart.person import IamSmartPerson, read_person
from hkeid.upstream.iam_smart.profile import EME_FIELDS, PROFILE_FIELDS, read_profile
from hkeid.upstream.mapping import AttributeMapping
from hkeid.upstream.mapping_steps import DATE_FORMS
from hkeid.upstream.oidc.claims import attributes_of, methods_of
from hkeid.upstream.oidc.logout import read_token

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEXT = st.text(st.characters(), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEK = RsaEnciphermentKey(rsa.generate_private_key(public_exponent=65537, key_size=2048))
KEY = bytes(range(32))


class Silence:
    """A network in which nothing is understood."""

    def send(self, *_: Any, **__: Any) -> HttpAnswer:
        return HttpAnswer(status=200, body=b'{"code":"D20000"}')


def api() -> IamSmartApi:
    made = IamSmartApi(
        IamSmartSettings(
            host="https://iam.example.hk", client_id="client", client_secret=Secret("s")
        ),
        kek=KEK,
        http=Silence(),
        clock=SettableClock(NOW),
        random=SystemRandom(),
    )
    made.keys._kept = ContentKey(value=KEY, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    return made


API = api()
JSON = {"content-type": "application/json"}


def members(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=len(names))


def _bytes(value: Any) -> bytes:
    try:
        return canonical_json.dumps(value)
    except ValueError:
        return b"{}"


@given(
    st.binary(max_size=400)
    | members("txID", "code", "message", "content", "secretKey", "key").map(_bytes)
)
def test_envelopes(body: bytes) -> None:
    try:
        envelope = read_envelope(body)
    except UpstreamFailed:
        return
    assert isinstance(envelope.return_code, str)


@given(
    st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())
)
def test_contents(text: str) -> None:
    try:
        open_content(KEY, text)
    except UpstreamFailed:
        return
    raise AssertionError("nobody sealed this")


@given(st.binary(min_size=12, max_size=12), st.data())
def test_a_sealed_content_opens_and_an_altered_one_does_not(iv: bytes, data: st.DataObject) -> None:
    sealed = seal_content(KEY, {"businessID": "x", "n": 1}, iv)
    assert open_content(KEY, sealed) == {"businessID": "x", "n": 1}
    raw = bytearray(base64.b64decode(sealed))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        open_content(KEY, base64.b64encode(bytes(raw)).decode())
    except UpstreamFailed:
        return
    raise AssertionError(f"altered at {place} and opened")


@settings(max_examples=150)
@given(
    members("txID", "code", "content", "secretKey", "key") | st.just({}),
    members("businessID", "state", "isPassed", "idNo"),
)
def test_callbacks(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    bodies = [_bytes(outer)]
    bodies.append(_bytes({"txID": "", "code": "D00000", "content": _sealed(inner)}))
    for body in bodies:
        request = Request(method="POST", path="/", headers=JSON, body=body)
        try:
            callback = read_callback(API, request, NOW)
        except UpstreamFailed:
            continue
        assert isinstance(callback.business_id, str)
        assert callback.authentic or not callback.succeeded
        settled = Settled(
            kind=CallKind.FORM_FILLING,
            callback=callback,
            asked={"fields": sorted(PROFILE_FIELDS | EME_FIELDS)},
        )
        try:
            read_form(settled)
        except UpstreamFailed:
            continue


def _sealed(inner: dict[str, Any]) -> str:
    return seal_content(KEY, canonical_json.loads_object(_bytes(inner)), bytes(12))


@given(
    members(
        "accessToken",
        "tokenType",
        "issueAt",
        "expiresIn",
        "openID",
        "lastModifiedDate",
        "userType",
        "scope",
    )
)
def test_token_answers(content: dict[str, Any]) -> None:
    content.setdefault("tokenType", "Bearer")
    try:
        person = read_person(content, NOW)
    except UpstreamFailed:
        return
    assert IamSmartPerson.decode(person.encode()).open_id == person.open_id


@given(
    st.binary(max_size=100)
    | members("open_id", "access_token", "signs", "scopes", "issued_at", "expires_at").map(_bytes)
)
def test_continuations(kept: bytes) -> None:
    try:
        IamSmartPerson.decode(kept)
    except UpstreamFailed:
        return


@settings(max_examples=50)
@given(members("secretKey", "issueAt", "expiresIn"))
def test_content_key_answers(content: dict[str, Any]) -> None:
    try:
        key = read_key(KEK, content, NOW)
    except UpstreamFailed:
        return
    assert len(key.value) == 32


@given(st.dictionaries(st.sampled_from(sorted(PROFILE_FIELDS | EME_FIELDS)), VALUES, max_size=6))
def test_profiles(content: dict[str, Any]) -> None:
    try:
        found = read_profile(content, PROFILE_FIELDS | EME_FIELDS)
    except UpstreamFailed:
        return
    assert all(isinstance(one, str) for values in found.values() for one in values)


@given(
    st.lists(
        st.tuples(st.sampled_from(["code", "state", "error_code", "businessID"]), TEXT), max_size=5
    ),
    st.binary(max_size=80),
)
def test_login_callbacks(pairs: list[tuple[str, str]], kept: bytes) -> None:
    upstream = IamSmartUpstream(API)
    request = Request(method="GET", path="/", query=Parameters(tuple(pairs)))
    good = canonical_json.dumps(
        {"v": 1, "client_id": "client", "state": "s" * 32, "created": 1795392000}
    )
    for one in (kept, good):
        try:
            upstream.finish(one, request, NOW)
        except UpstreamFailed:
            continue
        raise AssertionError("nobody logged in")


@given(VALUES)
def test_return_codes(code: Any) -> None:
    assert isinstance(failure(code), UpstreamFailed)


@given(st.dictionaries(TEXT, VALUES, max_size=6))
def test_claims_become_attributes(claims: dict[str, Any]) -> None:
    try:
        found = attributes_of(claims)
    except UpstreamFailed:
        return
    assert all(isinstance(one, str) for values in found.values() for one in values)
    assert all(isinstance(word, str) for word in methods_of(claims))


@given(members("iss", "aud", "sub", "sid", "iat", "exp", "jti", "events", "nonce"))
def test_logout_tokens(claims: dict[str, Any]) -> None:
    good = {
        "iss": "i",
        "aud": "c",
        "iat": 1,
        "exp": 1,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    for one in (claims, {**good, **claims}):
        try:
            read_token(one, provider="p", issuer="i", client_id="c", now=NOW)
        except UpstreamFailed:
            continue


@given(st.sampled_from(sorted(DATE_FORMS)), TEXT)
def test_dates(form: str, value: str) -> None:
    table = AttributeMapping.read([{"claim": "birthdate", "from": "d", "date": form}])
    table.dry_run(Attributes({"d": (value,)}))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "claim",
                "from",
                "first",
                "join",
                "constant",
                "separator",
                "after",
                "before",
                "date",
                "values",
                "required",
                "x",
            ]
        ),
        VALUES,
    )
)
def test_mapping_tables(table: dict[str, Any]) -> None:
    try:
        AttributeMapping.read([table])
    except HkeidError as error:
        assert error.reason == "mapping_table_invalid"
