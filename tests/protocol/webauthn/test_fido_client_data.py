"""Client data and the JSON around it, in the manner of the FIDO server tests: suites
AttestationResponse-Resp-1, -2 and AssertionResponse-Resp-1, -2. Every case is pinned to its reason
(and member), so that a crash or a lucky other rule never passes for a rejection.

Each case runs against registration and login alike unless it belongs to one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty

Edit = Callable[[dict[str, Any]], Any]


def put(path: str, value: Any) -> Edit:
    """Set a member of the answer; ``...`` takes it out."""

    def edit(answer: dict[str, Any]) -> dict[str, Any]:
        *parents, name = path.split(".")
        place = answer
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[name]
        else:
            place[name] = value
        return answer

    return edit


def _both_ids(value: Any) -> Edit:
    return lambda answer: {**answer, "id": value, "rawId": value}


ENVELOPE: dict[str, tuple[Edit, str]] = {
    "F-1 id missing": (put("id", ...), "member_missing@id"),
    "F-2 id no string": (put("id", 7), "member_type@id"),
    "F-2 id null": (put("id", None), "member_type@id"),
    "F-3 id not base64url": (put("id", "!§$"), "base64url_malformed@id"),
    "id in standard base64": (put("id", "ab+/"), "base64url_malformed@id"),
    "id empty": (put("id", ""), "member_empty@id"),
    "id padded": (_both_ids("AAAAAA=="), "base64url_malformed@id"),
    "id with stray bits": (_both_ids("AB"), "base64url_malformed@id"),
    "id of a lone surrogate": (_both_ids("\ud800"), "base64url_malformed@id"),
    "id of 1024 bytes": (_both_ids("A" * 1366), "member_too_large@id"),
    "rawId missing": (put("rawId", ...), "member_missing@rawId"),
    "rawId no string": (put("rawId", ["x"]), "member_type@rawId"),
    "rawId not base64url": (put("rawId", "!"), "base64url_malformed@rawId"),
    "rawId another": (put("rawId", "AAAA"), "raw_id_mismatch"),
    "F-4 type missing": (put("type", ...), "member_missing@type"),
    "F-5 type no string": (put("type", True), "member_type@type"),
    "F-6 type password": (put("type", "password"), "credential_type_mismatch"),
    "type empty": (put("type", ""), "member_empty@type"),
    "F-7 response missing": (put("response", ...), "member_missing@response"),
    "F-8 response no object": (put("response", "x"), "member_type@response"),
    "response an array": (put("response", []), "member_type@response"),
    "F-9 clientDataJSON missing": (
        put("response.clientDataJSON", ...),
        "member_missing@response.clientDataJSON",
    ),
    "F-10 clientDataJSON no string": (
        put("response.clientDataJSON", {}),
        "member_type@response.clientDataJSON",
    ),
    "F-11 clientDataJSON empty": (
        put("response.clientDataJSON", ""),
        "member_empty@response.clientDataJSON",
    ),
    "clientDataJSON not base64url": (
        put("response.clientDataJSON", "a b"),
        "base64url_malformed@response.clientDataJSON",
    ),
    "clientDataJSON huge": (
        put("response.clientDataJSON", "A" * 20_000),
        "member_too_large@response.clientDataJSON",
    ),
    "clientExtensionResults no object": (
        put("clientExtensionResults", []),
        "member_type@clientExtensionResults",
    ),
    "unsolicited client extension": (
        put("clientExtensionResults", {"appid": True}),
        "extension_unsolicited",
    ),
    "an array": (lambda answer: json.dumps([answer]), "json_not_object@credential"),
    "a list object": (lambda answer: [answer], "json_not_object@credential"),
    "nothing": (lambda _: "", "json_malformed@credential"),
    "null": (lambda _: None, "json_not_object@credential"),
    "no JSON": (lambda answer: json.dumps(answer)[:-1], "json_malformed@credential"),
    "trailing text": (lambda answer: json.dumps(answer) + "{}", "json_malformed@credential"),
    "a member twice": (
        lambda answer: '{"id":"AAAA",' + json.dumps(answer)[1:],
        "json_malformed@credential",
    ),
    "NaN": (
        lambda answer: json.dumps({**answer, "x": float("nan")}),
        "json_malformed@credential",
    ),
    "no UTF-8": (lambda _: b'{"id":"\xff"}', "json_malformed@credential"),
    "nested without end": (lambda _: "[" * 60_000, "json_malformed@credential"),
    "huge": (
        lambda answer: json.dumps({**answer, "x": "y" * 140_000}),
        "response_too_large@credential",
    ),
}

_FIELD = "clientDataJSON"
CLIENT_DATA: dict[str, tuple[dict[str, Any], str]] = {
    "F-1 type missing": ({"type": ...}, f"member_missing@{_FIELD}.type"),
    "F-2 type no string": ({"type": 1}, f"member_type@{_FIELD}.type"),
    "F-3 type empty": ({"type": ""}, f"member_empty@{_FIELD}.type"),
    "F-4 type another": ({"type": "payment.get"}, "type_mismatch"),
    "F-6 challenge missing": ({"challenge": ...}, f"member_missing@{_FIELD}.challenge"),
    "F-7 challenge no string": ({"challenge": [1]}, f"member_type@{_FIELD}.challenge"),
    "F-8 challenge empty": ({"challenge": ""}, f"member_empty@{_FIELD}.challenge"),
    "F-9 challenge not base64url": ({"challenge": "~"}, f"base64url_malformed@{_FIELD}.challenge"),
    "F-10 challenge another": ({"challenge": "AAAA"}, "challenge_mismatch"),
    "F-11 origin missing": ({"origin": ...}, f"member_missing@{_FIELD}.origin"),
    "F-12 origin no string": ({"origin": None}, f"member_type@{_FIELD}.origin"),
    "F-13 origin empty": ({"origin": ""}, f"member_empty@{_FIELD}.origin"),
    "F-14 origin another": ({"origin": "https://example.com"}, "origin_mismatch"),
    "origin a subdomain": ({"origin": "https://evil.id.example.hk"}, "origin_mismatch"),
    "origin the parent": ({"origin": "https://example.hk"}, "origin_mismatch"),
    "origin with a port": ({"origin": "https://id.example.hk:8443"}, "origin_mismatch"),
    "origin with the default port": ({"origin": "https://id.example.hk:443"}, "origin_mismatch"),
    "origin without TLS": ({"origin": "http://id.example.hk"}, "origin_mismatch"),
    "origin with a slash": ({"origin": "https://id.example.hk/"}, "origin_mismatch"),
    "origin in capitals": ({"origin": "https://ID.example.hk"}, "origin_mismatch"),
    "origin opaque": ({"origin": "null"}, "origin_mismatch"),
    "origin a look-alike": ({"origin": "https://id.example.hk.evil.test"}, "origin_mismatch"),
    "crossOrigin true": ({"crossOrigin": True}, "cross_origin"),
    "crossOrigin no boolean": ({"crossOrigin": "false"}, f"member_type@{_FIELD}.crossOrigin"),
    "crossOrigin null": ({"crossOrigin": None}, f"member_type@{_FIELD}.crossOrigin"),
    "topOrigin foreign": (
        {"crossOrigin": True, "topOrigin": "https://evil.test"},
        "cross_origin",
    ),
    "topOrigin alone": ({"topOrigin": "https://id.example.hk"}, "cross_origin"),
    "topOrigin no string": ({"topOrigin": 1}, f"member_type@{_FIELD}.topOrigin"),
    "topOrigin empty": ({"topOrigin": ""}, f"member_empty@{_FIELD}.topOrigin"),
    "F-15 tokenBinding no object": (
        {"tokenBinding": "supported"},
        f"token_binding_malformed@{_FIELD}.tokenBinding",
    ),
    "F-16 tokenBinding without status": (
        {"tokenBinding": {"id": "AAAA"}},
        f"token_binding_malformed@{_FIELD}.tokenBinding",
    ),
    "F-17 tokenBinding of unknown status": (
        {"tokenBinding": {"status": "maybe"}},
        f"token_binding_malformed@{_FIELD}.tokenBinding",
    ),
    "tokenBinding status no string": (
        {"tokenBinding": {"status": ["present"]}},
        f"token_binding_malformed@{_FIELD}.tokenBinding",
    ),
    "tokenBinding present without id": (
        {"tokenBinding": {"status": "present"}},
        f"token_binding_malformed@{_FIELD}.tokenBinding",
    ),
    "tokenBinding present": (
        {"tokenBinding": {"status": "present", "id": "AAAA"}},
        "token_binding_mismatch",
    ),
    "P tokenBinding supported": ({"tokenBinding": {"status": "supported"}}, "ok"),
    "P tokenBinding not supported": ({"tokenBinding": {"status": "not-supported"}}, "ok"),
    "P members added by the browser": ({"other_keys_can_be_added_here": "x"}, "ok"),
    "P without crossOrigin": ({"crossOrigin": ...}, "ok"),
}


def _again(raw: bytes) -> bytes:
    return raw[:-1] + b',"origin":"https://id.example.hk"}'


def _padded(raw: bytes) -> bytes:
    loaded = json.loads(raw)
    return json.dumps({**loaded, "challenge": loaded["challenge"] + "="}).encode()


RAW: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "origin twice": (_again, "json_malformed@clientDataJSON"),
    "challenge padded": (_padded, "base64url_malformed@clientDataJSON.challenge"),
    "an array": (lambda raw: b"[" + raw + b"]", "json_not_object@clientDataJSON"),
    "a string": (lambda _: b'"webauthn.get"', "json_not_object@clientDataJSON"),
    "truncated": (lambda raw: raw[:-1], "json_malformed@clientDataJSON"),
    "trailing text": (lambda raw: raw + b"x", "json_malformed@clientDataJSON"),
    "no UTF-8": (lambda raw: raw.replace(b"id.", b"\xff\xfe."), "json_malformed@clientDataJSON"),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "json_malformed@clientDataJSON"),
    "two byte order marks": (
        lambda raw: b"\xef\xbb\xbf" * 2 + raw,
        "json_malformed@clientDataJSON",
    ),
    "P one byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, "ok"),
    "Infinity": (lambda raw: raw[:-1] + b',"x":Infinity}', "json_malformed@clientDataJSON"),
    "a number too long": (
        lambda raw: raw[:-1] + b',"x":' + b"9" * 5000 + b"}",
        "json_malformed@clientDataJSON",
    ),
}

REGISTRATION = [pytest.param(True, id="registration"), pytest.param(False, id="login")]


def _try(bench: Any, dishonesty: Dishonesty, *, registration: bool) -> Any:
    phone = SoftwareAuthenticator()
    if registration:
        return bench.register(bench.create(phone, dishonesty))
    credential = bench.credential(phone)
    return bench.log_in(bench.get(phone, dishonesty), credential)


@pytest.mark.parametrize("registration", REGISTRATION)
@pytest.mark.parametrize("case", ENVELOPE)
def test_envelope(case: str, bench: Any, expect: Any, *, registration: bool) -> None:
    edit, expected = ENVELOPE[case]
    dishonesty = Dishonesty(response=edit)
    expect(expected, lambda: _try(bench, dishonesty, registration=registration))


@pytest.mark.parametrize("registration", REGISTRATION)
@pytest.mark.parametrize("case", CLIENT_DATA)
def test_client_data(case: str, bench: Any, expect: Any, *, registration: bool) -> None:
    members, expected = CLIENT_DATA[case]
    dishonesty = Dishonesty(client_data=members)
    expect(expected, lambda: _try(bench, dishonesty, registration=registration))


@pytest.mark.parametrize("registration", REGISTRATION)
@pytest.mark.parametrize("case", RAW)
def test_client_data_as_bytes(case: str, bench: Any, expect: Any, *, registration: bool) -> None:
    rewrite, expected = RAW[case]
    dishonesty = Dishonesty(client_data_json=rewrite)
    expect(expected, lambda: _try(bench, dishonesty, registration=registration))


@pytest.mark.parametrize(
    ("registration", "type_"),
    [
        pytest.param(True, "webauthn.get", id="F-5 get at registration"),
        pytest.param(False, "webauthn.create", id="F-5 create at login"),
    ],
)
def test_type_of_the_other_ceremony(
    type_: str, bench: Any, expect: Any, *, registration: bool
) -> None:
    dishonesty = Dishonesty(client_data={"type": type_})
    expect("type_mismatch", lambda: _try(bench, dishonesty, registration=registration))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"crossOrigin": True}, "ok"),
        ({"crossOrigin": True, "topOrigin": "https://my.example.hk"}, "ok"),
        ({"crossOrigin": True, "topOrigin": "https://evil.test"}, "top_origin_mismatch"),
        ({"crossOrigin": False, "topOrigin": "https://my.example.hk"}, "cross_origin"),
    ],
)
def test_frames_where_policy_allows_them(
    members: dict[str, Any], expected: str, bench: Any, expect: Any
) -> None:
    answer = bench.create(SoftwareAuthenticator(), Dishonesty(client_data=members))
    framed = {"allow_cross_origin": True, "top_origins": frozenset({"https://my.example.hk"})}
    expect(expected, lambda: bench.register(answer, **framed))
