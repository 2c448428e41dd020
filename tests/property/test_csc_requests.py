"""Whatever a client sends to the signing API, it is answered by JSON, and nothing is signed by chance."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.kernel.http import Parameters
from hkeid.signing.csc import CredentialDetails, CredentialRequest, CscError
from hkeid.signing.csc.documents import shown_documents
from hkeid.signing.csc.fields import Fields, decoded, encoded
from hkeid.signing.csc.oauth_requests import with_details
from hkeid.signing.errors import CredentialRefused

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
HASH = st.binary(min_size=32, max_size=32).map(lambda one: base64.b64encode(one).decode())
ENTRY = st.fixed_dictionaries(
    {"hash": st.one_of(HASH, JSON)},
    optional={
        "label": st.one_of(TEXT, JSON),
        "hashType": st.one_of(st.sampled_from(["SDR", "DTBSR", "sdr", "x"]), JSON),
        "signedAttributes": st.one_of(HASH, JSON),
        "more": JSON,
    },
)
DETAIL = st.fixed_dictionaries(
    {"type": st.just("credential")},
    optional={
        "credentialID": st.one_of(st.just("abc"), JSON),
        "signatureQualifier": st.one_of(st.just("eu_eidas_qes"), JSON),
        "numSignatures": st.one_of(st.integers(0, 4), JSON),
        "hashAlgorithmOID": st.one_of(st.just("2.16.840.1.101.3.4.2.1"), JSON),
        "documentDigests": st.one_of(st.lists(st.one_of(ENTRY, JSON), max_size=4), JSON),
        "locations": JSON,
        "more": JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(detail=DETAIL)
def test_a_detail_parses_into_one_form_or_is_malformed(detail: dict[str, Any]) -> None:
    try:
        parsed = CredentialDetails(name="credential").parse(detail)
    except MalformedInput as error:
        assert error.reason in {"detail_malformed", "digest_malformed"}
        return
    assert CredentialDetails(name="credential").parse(parsed) == parsed
    assert len(parsed["documentDigests"]) == parsed["numSignatures"]
    assert CredentialDetails().covers(parsed, parsed)
    wanted = CredentialRequest.of(parsed)
    try:
        shown = shown_documents(wanted.named, b"certificate", wanted.hash_name, bare=False)
    except (CredentialRefused, MalformedInput):
        return
    assert all(one.document is not None for one in shown), "nothing bare gets through"


@given(content_type=st.one_of(st.just("application/json"), TEXT), body=st.binary(max_size=80))
def test_a_body_is_an_object_or_refused(content_type: str, body: bytes) -> None:
    try:
        fields = Fields.read(content_type, body)
    except CscError as error:
        assert error.code == "invalid_request"
        return
    assert isinstance(dict(fields.members), dict)


@given(members=st.dictionaries(st.sampled_from(["a", "hash", "hashes", "n"]), JSON, max_size=4))
def test_members_are_of_their_type_or_refused(members: dict[str, Any]) -> None:
    fields = Fields(members)
    readers = (
        lambda: fields.text("a"),
        lambda: fields.needed("a", "n"),
        lambda: fields.flag("a"),
        lambda: fields.count("n"),
        lambda: fields.listed("hashes", "hash"),
        fields.hashes,
    )
    for read in readers:
        try:
            read()
        except CscError as error:
            assert error.reason in {
                *("parameter_missing", "parameter_malformed"),
                *("hashes_empty", "hash_malformed"),
            }


@given(value=st.binary(min_size=1, max_size=80), safe=st.booleans(), padded=st.booleans())
def test_base64_is_read_in_every_spelling(value: bytes, safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode if safe else base64.b64encode)(value).decode()
    assert decoded(text if padded else text.rstrip("="), "hash") == value
    assert decoded(encoded(value), "hash") == value


@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("scope", "credentialID", "hash", "hashes", "numSignatures", "state"),
                    *("hashAlgorithmOID", "description", "authorization_details"),
                ]
            ),
            st.one_of(st.sampled_from(["credential", "service credential", "1", "abc"]), TEXT),
        ),
        max_size=8,
    )
)
def test_an_old_request_becomes_a_new_one_or_stays(pairs: list[tuple[str, str]]) -> None:
    given_ = Parameters(tuple(pairs))
    made = with_details(given_)
    if made is given_:
        return
    (text,) = made.all("authorization_details")
    (detail,) = json.loads(text)
    assert made.all("state") == given_.all("state")
    try:
        CredentialDetails().parse(detail)
    except HkeidError as error:
        assert isinstance(error, MalformedInput)
        return
    assert not set(given_.repeated()) & {"hash", "hashes", "credentialID", "numSignatures"}
