"""What a relying party may ask, and how it is told what it may not."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from hkeid.kernel.http import Request
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.papers import UNFIT, paper

REQUESTS = "/signing/requests"
DIGEST = base64.b64encode(hashlib.sha256(b"kept at home").digest()).decode()


@pytest.mark.parametrize("name", sorted(UNFIT))
def test_what_can_change_its_look_is_turned_down_at_once_with_the_reason(bureau, name) -> None:
    trait, make = UNFIT[name]
    status, answer = bureau.ask(bureau.document(), bureau.document(content=make()))
    assert status == 422
    assert (answer["error"], answer["document"]) == ("document_refused", 2)
    assert answer["reason"] in {trait.value, "pdf_malformed"}
    assert bureau.hub.events("signing:request:received") == []


def test_what_is_no_pdf_is_turned_down(bureau) -> None:
    status, answer = bureau.ask(bureau.document(content=b"%PDF-1.7 nothing more"))
    assert (status, answer["error"]) == (422, "document_refused")
    assert answer["document"] == 1


def test_a_field_that_is_signed_already_is_told(bureau) -> None:
    first = bureau.asked(bureau.document(field="one"))
    bureau.sign(first)
    signed = base64.b64decode(bureau.result(first)[1]["documents"][0]["pdf"])
    status, answer = bureau.ask(bureau.document(content=signed, field="one"))
    assert (status, answer["reason"], answer["document"]) == (422, "field_signed", 1)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"documents": []}, "documents_missing"),
        ({"documents": "one"}, "documents_missing"),
        ({"documents": [1]}, "document_malformed"),
        ({"documents": [{"name": "x"}]}, "document_malformed"),
        ({"documents": [{"name": "x", "pdf": "AA==", "hash": DIGEST}]}, "document_malformed"),
        ({"documents": [{"name": "x", "pdf": "not base64!"}]}, "document_malformed"),
        ({"documents": [{"name": "x", "pdf": 7}]}, "document_malformed"),
        ({"documents": [{"name": "x", "pdf": ""}]}, "document_malformed"),
        ({"documents": [{"name": "x", "pdf": "AA==", "sort": 1}]}, "document_malformed"),
        ({"documents": [{"name": " ", "hash": DIGEST}]}, "document_name_malformed"),
        ({"documents": [{"name": "a\u202eb", "hash": DIGEST}]}, "document_name_malformed"),
        ({"documents": [{"name": "x" * 201, "hash": DIGEST}]}, "document_name_malformed"),
        ({"documents": [{"hash": DIGEST}]}, "document_name_malformed"),
        ({"documents": [{"name": "x", "hash": "AAAA"}]}, "hash_length"),
        (
            {"documents": [{"name": "x", "hash": DIGEST, "hash_algorithm": "sha1"}]},
            "hash_unknown",
        ),
        ({"documents": [{"name": "x", "hash": DIGEST, "field": "f"}]}, "document_malformed"),
        ({"documents": [{"name": "x", "hash": DIGEST}] * 101}, "documents_too_many"),
        ({"purpose": "a\nb"}, "purpose_malformed"),
        ({"purpose": ["a"]}, "purpose_malformed"),
        ({"state": "x" * 513}, "state_malformed"),
        ({"subject": "short"}, "subject_malformed"),
        ({"subject": 1}, "subject_malformed"),
        ({"redirect_uri": None}, "redirect_uri_missing"),
        ({"level": "B-B"}, "member_unknown"),
    ],
)
def test_what_is_no_request_is_told_by_a_reason(bureau, members, reason) -> None:
    status, answer = (
        bureau.ask(**{"documents": [{"name": "x", "hash": DIGEST}], **members})
        if ("documents" not in members)
        else bureau.call(REQUESTS, {"redirect_uri": "https://rp.example.hk/eid/signed", **members})
    )
    assert (status, answer["reason"]) == (400, reason)


def test_a_redirect_uri_must_be_registered(bureau) -> None:
    status, answer = bureau.ask(redirect_uri="https://rp.example.hk/eid/signed?x=1")
    assert (status, answer["reason"]) == (403, "redirect_uri_not_registered")


def test_hashes_are_for_installations_that_allow_them(bureau) -> None:
    bureau.open(bare_hashes=False)
    status, answer = bureau.ask({"name": "x", "hash": DIGEST})
    assert (status, answer["reason"]) == (403, "hashes_not_allowed")


@pytest.mark.parametrize(
    ("limits", "status", "reason"),
    [
        ({"document_limit": 1000}, 403, "document_too_large"),
        ({"request_limit": 2000}, 403, "request_too_large"),
        ({"page_limit": 1}, 422, "pages_too_many"),
    ],
)
def test_limits(bureau, limits, status, reason) -> None:
    bureau.open(**limits)
    papers = [bureau.document(content=paper(2000, pages=2))] * 2
    found, answer = bureau.ask(*papers)
    assert (found, answer["reason"]) == (status, reason)


def test_open_requests_of_a_client_are_limited_and_hours_too(bureau) -> None:
    hashed = {"name": "x", "hash": DIGEST}
    bureau.open(open_limit=2)
    bureau.asked(hashed)
    bureau.asked(hashed)
    status, answer = bureau.ask(hashed)
    assert (status, answer["reason"]) == (403, "too_many_open")
    assert bureau.ask(hashed, client_id="ird")[0] == 201
    bureau.open(open_limit=100, hourly_limit=3)
    status, answer = bureau.ask(hashed)
    assert (status, answer["reason"]) == (429, "signature_requests_exhausted")
    redirect_uri = "https://rp.example.hk/eid/signed"
    wanted = {"redirect_uri": redirect_uri, "documents": [hashed], **bureau.proof()}
    headers = dict(bureau.post("/signing/requests", wanted).headers)
    assert 0 < int(headers["Retry-After"]) <= 3600
    bureau.hub.clock.pass_(hours=1)
    assert bureau.ask(hashed)[0] == 201


def test_requests_at_the_same_time_do_not_get_past_the_limit(bureau, monkeypatch) -> None:
    bureau.open(open_limit=2)
    together, kept = Barrier(6), []
    opened = bureau.evidence.open

    def all_at_once(request_id, **named):
        kept.append(request_id)
        together.wait(timeout=30)  # each has seen that there is room
        opened(request_id, **named)

    monkeypatch.setattr(bureau.evidence, "open", all_at_once)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: bureau.ask({"name": "x", "hash": DIGEST}), range(6)))
    assert sorted(status for status, _ in done) == [201, 201, 403, 403, 403, 403]
    assert {answer.get("reason") for _, answer in done} == {None, "too_many_open"}
    there = {answer["request_id"] for status, answer in done if status == 201}
    for request_id in kept:
        names = bureau.evidence.names(request_id)
        assert (request_id in there) == bool(names)


@pytest.mark.parametrize(
    "name",
    [
        "\u200b\u200b",
        "pay\u200f1",
        "a\u061cb",
        "a\u00adb",
        "\ufeff",
        "\u3164",
        "\u2800",
        "a\ue000",
        "a\U000e0041",
    ],
)
@pytest.mark.parametrize("member", ["name", "reason"])
def test_nothing_in_a_text_is_unseen(bureau, name, member) -> None:
    status, answer = bureau.ask(bureau.document(**{member: name}))
    assert (status, answer["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["聲明書　二〇二六", "𠮷野家.pdf", "Déclaration – № 1"])
def test_names_of_all_languages_are_taken(bureau, name) -> None:
    assert bureau.ask({"name": name, "hash": DIGEST})[0] == 201


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'"a",', b'{"a":1},'])
def test_a_body_of_many_members_is_refused_before_it_is_read(bureau, monkeypatch, unit) -> None:
    """Anybody may send one: read, 70 MiB of it would be two GiB."""

    def read(text, **_):
        raise AssertionError("read")

    monkeypatch.setattr("hkeid.kernel.canonical_json.loads_object", read)
    answer = bureau.post(REQUESTS, b'{"documents":[' + unit * 100_001 + b"1]}")
    assert (answer.status, json.loads(answer.body)["reason"]) == (400, "body_too_many_members")


# --- the client's proof -----------------------------------------------------------------------------


def test_an_assertion_counts_once(bureau) -> None:
    proof = bureau.proof()
    members = {**proof, "redirect_uri": "https://rp.example.hk/eid/signed",
               "documents": [{"name": "x", "hash": DIGEST}]}  # fmt: skip
    assert bureau.post(REQUESTS, members).status == 201
    answer = bureau.post(REQUESTS, members)
    assert (answer.status, json.loads(answer.body)["error"]) == (401, "invalid_client")


def test_an_assertion_is_used_up_by_a_refused_request_too(bureau) -> None:
    proof = bureau.proof()
    assert bureau.post(REQUESTS, proof).status == 400
    assert bureau.post(REQUESTS, proof).status == 401


@pytest.mark.parametrize(
    "changed",
    [{"client_assertion": "a.b.c"}, {"client_assertion_type": "x"}, {"client_secret": "y" * 20}],
)
def test_a_wrong_proof_is_refused(bureau, changed) -> None:
    answer = bureau.post(REQUESTS, {**bureau.proof(), **changed})
    assert answer.status in {400, 401}
    assert json.loads(answer.body)["error"] in {"invalid_client", "invalid_request"}


def test_nobody_is_refused(bureau) -> None:
    assert bureau.post(REQUESTS, {}).status == 401


def test_a_public_client_may_not_ask(bureau) -> None:
    with bureau.hub.memory.transaction() as tx:
        client = tx.clients.get("hko")
        tx.clients.put(replace(client, auth_method=ClientAuthMethod.NONE, jwks=None))
    answer = bureau.post(REQUESTS, {"client_id": "hko"})
    assert (answer.status, json.loads(answer.body)["reason"]) == (403, "client_is_public")


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "json_malformed"), (b"[]", "json_not_object"), (b'{"a":1,"a":2}', "json_malformed"),
     (b'{"client_id":1}', "member_malformed"), (b"\xff", "json_malformed")],
)  # fmt: skip
def test_what_is_no_json_object_is_told(bureau, body, reason) -> None:
    answer = bureau.post(REQUESTS, body)
    assert (answer.status, json.loads(answer.body)["reason"]) == (400, reason)


def test_other_media_types_methods_and_paths(bureau) -> None:
    answer = bureau.post(REQUESTS, {}, **{"content-type": "text/plain"})
    assert (answer.status, json.loads(answer.body)["reason"]) == (400, "body_not_json")
    assert bureau.door.handle(Request(method="GET", path=REQUESTS)).status == 405
    assert bureau.post(f"{REQUESTS}/short/result", {}).status == 404
    assert bureau.post(f"{REQUESTS}/{'A' * 22}", {}).status == 404
