"""The API held against the text of its specification (Cloud Signature Consortium API v2.0.0.2 and v1.0.4.0; clauses
of the former where none is named).
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.unit.signing.csc.conftest import BROWSER, Desk, b64, digest_of

from hkeid.kernel.http import Parameters, Request, Response
from hkeid.op import Interaction
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.timestamping.messages import read_tst_info

ONE, TWO = digest_of("one"), digest_of("two")
SHA256, SHA384 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2"
ECDSA, ECDSA_SHA256 = "1.2.840.10045.2.1", "1.2.840.10045.4.3.2"


def document_token(desk: Desk, *hashes: bytes) -> str:
    entries = [{"hash": b64(one), "label": "A", "hashType": "SDR"} for one in hashes]
    return desk.credential_token(*hashes, documentDigests=entries)


def sign_doc(desk: Desk, **changes: Any) -> dict[str, Any]:
    entry = {
        "hashes": [b64(ONE)],
        "hashAlgorithmOID": SHA256,
        "signature_format": "P",
        "signAlgo": ECDSA_SHA256,
        **changes,
    }
    entry = {name: value for name, value in entry.items() if value is not None}
    return {"credentialID": desk.credential_id, "documentDigests": [entry]}


class TestInfoAndCredentials:
    def test_modes_and_formats_are_stated(self, desk) -> None:
        """§11.1: as many envelope properties as formats; no asynchronous mode."""
        found = desk.good("info", None)
        formats = found["signature_formats"]
        assert len(formats["formats"]) == len(formats["envelope_properties"])
        assert found["asynchronousOperationMode"] is False
        assert found["validationInfo"] is False

    def test_authorization_by_oauth_has_no_expression_and_no_objects(self, desk) -> None:
        """§11.4, §11.5: both only where ``auth/mode`` is ``explicit``."""
        info = desk.good("credentials/info", desk.service_token(), credentialID=desk.credential_id)
        assert info["auth"] == {"mode": "oauth2code"}
        assert info["signatureQualifier"] == "hk_eto_es"

    @pytest.mark.parametrize("asked", [True, False, None])
    def test_only_valid_is_confirmed(self, desk, asked) -> None:
        """§11.4: ``onlyValid`` comes back where it was asked for and is served."""
        found = desk.good("credentials/list", desk.service_token(), onlyValid=asked)
        assert found.get("onlyValid") is (True if asked else None)

    @pytest.mark.parametrize(
        ("name", "body", "description"),
        [
            ("credentials/list", {"userID": "x"}, "userID parameter MUST be null"),
            ("credentials/list", {"certificates": "all"}, None),
            (
                "credentials/info",
                {},
                "Missing (or invalid type) string parameter credentialID",
            ),
            (
                "credentials/info",
                {"credentialID": 5},
                "Missing (or invalid type) string parameter credentialID",
            ),
            ("credentials/info", {"credentialID": "x"}, "Invalid parameter credentialID"),
        ],
    )
    def test_errors_in_the_specification_s_words(self, desk, name, body, description) -> None:
        """§11.4, §11.5, tables of errors."""
        if description is None:  # certificates matter only where the information is asked for
            desk.good(name, desk.service_token(), **body)
            body, description = {**body, "credentialInfo": True}, "Invalid parameter certificates"
        answer = desk.error(name, desk.service_token(), **body)
        assert answer == f"400 invalid_request: {description}"


class TestAuthorisation:
    @pytest.mark.parametrize("qualifier", ["eu_eidas_qes", "eu_eidas_qeseal", "x"])
    def test_no_qualifier_is_promised_that_is_not_true(self, desk, qualifier) -> None:
        """§8.4.2, §11.11: a credential is authorised for the kind of signature that it makes."""
        for change in ({}, {"credentialID": None}):
            detail = {**desk.detail(ONE), "signatureQualifier": qualifier, **change}
            answer = desk.push({name: one for name, one in detail.items() if one is not None})
            assert json.loads(answer.body)["error"] == "invalid_authorization_details"

    def test_a_scope_request_by_qualifier_alone(self, desk) -> None:
        """§8.4.2: ``signatureQualifier`` where no ``credentialID`` is given; 500 characters describe."""
        step = desk.authorize(
            **desk.request(
                scope="credential",
                signatureQualifier="hk_eto_es",
                numSignatures="1",
                hashes=b64(ONE),
                hashAlgorithmOID=SHA256,
                description="a" * 500,
            )
        )
        assert isinstance(step, Interaction)
        assert len(step.detail["documentDigests"][0]["label"]) == 200
        tokens = desk.tokens(desk.approve(step))
        assert tokens["authorization_details"][0]["credentialID"] == desk.credential_id
        desk.good("signatures/signHash", tokens["access_token"], **desk.signing(ONE))

    @pytest.mark.parametrize(
        ("count", "description"),
        [
            (None, "Missing (or invalid type) integer parameter numSignatures"),
            ("x", "Missing (or invalid type) integer parameter numSignatures"),
            (0, "Invalid value for parameter numSignatures"),
            (101, "Numbers of signatures is too high"),
        ],
    )
    def test_the_number_of_signatures_is_needed(self, desk, count, description) -> None:
        """§11.6, table of errors."""
        body = {"credentialID": desk.credential_id, "hashes": [b64(ONE)], "numSignatures": count}
        answer = desk.error("credentials/authorize", desk.service_token(), **body)
        assert answer == f"400 invalid_request: {description}"


class TestSignHash:
    @pytest.mark.parametrize(
        ("change", "description"),
        [
            ({"hashes": None}, "Missing (or invalid type) array parameter hash"),
            ({"hashes": []}, "Empty hash array"),
            ({"hashes": ["!"]}, "Invalid Base64 hash string parameter"),
            ({"hashes": [b64(ONE[1:])]}, "Invalid digest value length"),
            ({"signAlgo": None}, "Missing (or invalid type) string parameter signAlgo"),
            ({"signAlgo": "1.2"}, "Invalid parameter signAlgo"),
            ({"operationMode": "A"}, "Invalid parameter operationMode"),
            ({"SAD": 5}, "Missing (or invalid type) string parameter SAD"),
            (
                {"signAlgo": ECDSA, "hashAlgorithmOID": None},
                "Missing (or invalid type) string parameter hashAlgorithmOID",
            ),
            (
                {"signAlgo": ECDSA, "hashAlgorithmOID": SHA384},
                "Invalid parameter hashAlgorithmOID",
            ),
        ],
    )
    def test_errors_in_the_specification_s_words(self, desk, change, description) -> None:
        """§11.10, table of errors; what was approved is not lost."""
        token = desk.credential_token(ONE)
        answer = desk.error("signatures/signHash", token, **desk.signing(ONE, **change))
        assert answer == f"400 invalid_request: {description}"
        desk.good("signatures/signHash", token, **desk.signing(ONE))

    @pytest.mark.parametrize("other", [SHA384, "1.2.3", None])
    def test_an_algorithm_that_names_its_hash_needs_no_other(self, desk, other) -> None:
        """§11.10: ``hashAlgorithmOID`` is omitted or ignored there."""
        token = desk.credential_token(ONE)
        desk.good("signatures/signHash", token, **desk.signing(ONE, hashAlgorithmOID=other))

    def test_what_belongs_to_the_asynchronous_mode_is_ignored(self, desk) -> None:
        """§11.10: ``validity_period`` and ``response_uri`` mean something with ``A`` alone."""
        body = desk.signing(
            ONE, validity_period=5, response_uri="https://rp.example", clientData="x"
        )
        desk.good("signatures/signHash", desk.credential_token(ONE), **body)


class TestSignDoc:
    @pytest.mark.parametrize(
        ("change", "description"),
        [
            (
                {"signature_format": None},
                "Missing (or invalid type) string parameter signature_format",
            ),
            ({"signature_format": "C"}, "Invalid parameter signature_format"),
            ({"signature_format": "X"}, "Invalid parameter signature_format"),
            (
                {"signed_envelope_property": "Attached"},
                "Invalid parameter signed_envelope_property",
            ),
            ({"conformance_level": "Ades-B-LT"}, "Invalid parameter conformance_level"),
            ({"signed_props": [{"attribute_name": "Reason"}]}, "Invalid parameter signed_props"),
            (
                {"hashAlgorithmOID": SHA384},
                "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
            ),
            ({"hashes": [b64(ONE[1:])]}, "Invalid digest value length"),
        ],
    )
    def test_errors_in_the_specification_s_words(self, desk, change, description) -> None:
        """§11.11, table of errors; what was approved is not lost."""
        token = document_token(desk, ONE)
        answer = desk.error("signatures/signDoc", token, **sign_doc(desk, **change))
        assert answer == f"400 invalid_request: {description}"
        desk.good("signatures/signDoc", token, **sign_doc(desk))

    @pytest.mark.parametrize(
        "change",
        [
            {"signed_envelope_property": "Certification", "conformance_level": "AdES-B-B"},
            {"signed_envelope_property": "Revision", "conformance_level": "AdES-B-T"},
            {"signAlgo": ECDSA},
        ],
    )
    def test_both_spellings_of_the_levels(self, desk, change) -> None:
        """§11.11 has ``Ades-B-B`` in its table and ``AdES-B-B`` in its examples."""
        desk.good("signatures/signDoc", document_token(desk, ONE), **sign_doc(desk, **change))

    def test_documents_are_refused_and_nothing_is_lost(self, desk) -> None:
        """§11.11: documents, both, or neither."""
        token = document_token(desk, ONE)
        good = sign_doc(desk)
        document = [{"document": "JVBERi0=", "signature_format": "P", "signAlgo": ECDSA_SHA256}]
        cases = (
            ({"documentDigests": None, "documents": document}, "Invalid array parameter documents"),
            ({"documents": document}, "Both documentDigests and documents parameters passed"),
            ({"documentDigests": []}, "Empty documentDigests and documents objects"),
            ({"documentDigests": [5]}, "Invalid object parameter documentDigests"),
            ({"operationMode": "A"}, "Invalid parameter operationMode"),
            ({"returnValidationInfo": True}, "Invalid parameter returnValidationInfo"),
            ({"signatureQualifier": "eu_eidas_qes"}, "Invalid parameter signatureQualifier"),
            ({"credentialID": None}, "Missing (or invalid type) string parameter credentialID"),
        )
        for change, description in cases:
            answer = desk.error("signatures/signDoc", token, **{**good, **change})
            assert answer.startswith(f"400 invalid_request: {description}")
        desk.good("signatures/signDoc", token, **good)

    def test_a_qualifier_stands_in_the_place_of_the_credential(self, desk) -> None:
        """§11.11: at least one of ``credentialID`` and ``signatureQualifier``."""
        body = {**sign_doc(desk), "credentialID": None, "signatureQualifier": "hk_eto_es"}
        desk.good("signatures/signDoc", document_token(desk, ONE), **body)

    def test_other_documents_are_not_authorised(self, desk) -> None:
        """§11.11: what was authorised, and nothing else; it is used up."""
        token = document_token(desk, ONE)
        answer = desk.error("signatures/signDoc", token, **sign_doc(desk, hashes=[b64(TWO)]))
        assert answer.endswith("documentDigests or documents are not authorized by the SAD")
        again = desk.error("signatures/signDoc", token, **sign_doc(desk))
        assert again == "400 invalid_request: Invalid parameter SAD"


class TestTimestamp:
    @pytest.mark.parametrize("version", ["v1", "v2"])
    @pytest.mark.parametrize("nonce", ["1", "00ff", "FEDCBA9876543210", "8" * 64])
    def test_the_token_has_the_client_s_nonce(self, desk, version, nonce) -> None:
        """v1 §11.10, v2 §11.13: the nonce is included in the token."""
        from asn1crypto import cms

        body = {"hash": b64(ONE), "hashAlgo": SHA256, "nonce": nonce}
        found = desk.good("signatures/timestamp", desk.service_token(), version, **body)
        token = cms.ContentInfo.load(base64.b64decode(found["timestamp"]))
        info = token["content"]["encap_content_info"]["content"].parsed
        assert info["nonce"].native == int(nonce, 16)
        assert info["message_imprint"]["hashed_message"].native == ONE
        assert read_tst_info(info.dump()).nonce == int(nonce, 16)

    def test_without_one_there_is_none(self, desk) -> None:
        from asn1crypto import cms

        body = {"hash": b64(ONE), "hashAlgo": SHA256}
        found = desk.good("signatures/timestamp", desk.service_token(), **body)
        token = cms.ContentInfo.load(base64.b64decode(found["timestamp"]))
        assert token["content"]["encap_content_info"]["content"].parsed["nonce"].native is None

    @pytest.mark.parametrize(
        ("change", "description"),
        [
            ({"nonce": "x"}, "Invalid parameter nonce"),
            ({"nonce": "-1"}, "Invalid parameter nonce"),
            ({"nonce": "f" * 200}, "Invalid parameter nonce"),
            ({"nonce": 5}, "Missing (or invalid type) string parameter nonce"),
            ({"hash": None}, "Missing (or invalid type) string parameter hash"),
            ({"hash": "!"}, "Invalid Base64 hash string parameter"),
            ({"hash": b64(b"x")}, "Invalid digest value length"),
            ({"hashAlgo": "1.2"}, "Invalid parameter hashAlgo"),
            ({"hashAlgo": None}, "Missing (or invalid type) string parameter hashAlgo"),
        ],
    )
    def test_errors_in_the_specification_s_words(self, desk, change, description) -> None:
        """§11.13, table of errors."""
        body = {"hash": b64(ONE), "hashAlgo": SHA256, **change}
        answer = desk.error("signatures/timestamp", desk.service_token(), **body)
        assert answer == f"400 invalid_request: {description}"


class TestMethodsThatAreNotServed:
    @pytest.mark.parametrize("version", ["v1", "v2"])
    @pytest.mark.parametrize(
        "name",
        [
            "auth/login",
            "auth/revoke",
            "credentials/sendOTP",
            "credentials/extendTransaction",
            "credentials/authorizeCheck",
            "signatures/signPolling",
        ],
    )
    def test_they_say_so(self, desk, version, name) -> None:
        """v1 §10.1, v2 §10.1: 501; and ``info`` does not name them."""
        answer = desk.error(name, desk.service_token(), version)
        assert answer == f"501 invalid_request: Not implemented: {name}"
        assert name not in desk.good("info", None, version)["methods"]

    def test_their_other_methods(self, desk) -> None:
        for method, status in (("GET", 405), ("OPTIONS", 204)):
            request = Request(
                method=method,
                path="/csc/v2/auth/login",
                query=Parameters.of({}),
                browser=BROWSER,
            )
            answer = desk.door.handle(request)
            assert isinstance(answer, Response)
            assert answer.status == status


def test_every_kind_of_key_by_its_bare_algorithm(make_hub) -> None:
    """§11.10: the hash function beside a bare algorithm; v1 §11.9 calls it ``hashAlgo``."""
    from hkeid.signing.csc.algorithms import FACTS

    for kind in (SigningKeyKind.P256, SigningKeyKind.RSA2048):
        desk = Desk(make_hub(), kind=kind)
        body = desk.signing(ONE, signAlgo=FACTS[kind].algorithms[0])
        desk.good("signatures/signHash", desk.credential_token(ONE), **body)
        body["hashAlgo"] = body.pop("hashAlgorithmOID")
        desk.good("signatures/signHash", desk.credential_token(ONE), "v1", **body)
