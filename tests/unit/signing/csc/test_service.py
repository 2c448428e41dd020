"""The signing API: both spellings, one use per approval, JSON errors."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from tests.unit.signing.csc.conftest import BROWSER, Desk, b64, digest_of

from hkeid.identity.state import EidState
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.op import ErrorPage, Interaction
from hkeid.op.codes import CODE_KIND
from hkeid.op.interactions import RECORD_KIND
from hkeid.op.pushed.records import PREFIX, PUSHED_KIND
from hkeid.op.tokens import DETAILS_KIND
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing import SignerIdentity, der
from hkeid.signing.activation import SignatureEvidence, verify_evidence
from hkeid.signing.cms import signed_attributes
from hkeid.signing.cms.attributes import MESSAGE_DIGEST
from hkeid.signing.csc import CREDENTIAL, PATHS

ONE, TWO, THREE = (digest_of(name) for name in ("one", "two", "three"))


def verified(desk: Desk, signature: str, digest: bytes) -> None:
    """By ``cryptography``, with the key of the certificate that the API hands out."""
    token = desk.service_token()
    info = desk.good("credentials/info", token, credentialID=desk.credential_id)
    certificate = x509.load_der_x509_certificate(base64.b64decode(info["cert"]["certificates"][0]))
    public = certificate.public_key()
    algorithm = hashes.SHA384() if len(digest) == 48 else hashes.SHA256()
    value = base64.b64decode(signature)
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(value, digest, ec.ECDSA(utils.Prehashed(algorithm)))
    else:
        public.verify(value, digest, padding.PKCS1v15(), utils.Prehashed(algorithm))


class TestDescriptions:
    @pytest.mark.parametrize(
        ("version", "members"),
        [
            ("v1", {"oauth2"}),
            (
                "v2",
                {
                    *("oauth2Issuer", "supportsRar", "signAlgorithms", "signature_formats"),
                    *("conformance_levels", "supportedHashTypes", "validationInfo"),
                    "asynchronousOperationMode",
                },
            ),
        ],
    )
    def test_info_needs_no_token(self, desk, version, members) -> None:
        found = desk.good("info", None, version)
        common = {"specs", "name", "logo", "region", "lang", "description", "authType", "methods"}
        assert set(found) == common | members
        assert found["specs"] == {"v1": "1.0.4.0", "v2": "2.2.0.0"}[version]
        assert found["authType"] == ["oauth2code"]
        served = {path.split("/", 3)[3] for path in PATHS}
        assert {one for one in found["methods"] if not one.startswith("oauth2/")} == served

    @pytest.mark.parametrize("version", ["v1", "v2"])
    @pytest.mark.parametrize("kind", list(SigningKeyKind))
    def test_the_credential_is_listed_and_described(self, make_hub, version, kind) -> None:
        desk = Desk(make_hub(), kind=kind)
        token = desk.service_token()
        (named,) = desk.good("credentials/list", token, version)["credentialIDs"]
        assert named == desk.credential_id
        wishes = {"certificates": "chain", "certInfo": True}
        info = desk.good("credentials/info", token, version, credentialID=named, **wishes)
        own, *issuers = (base64.b64decode(one) for one in info["cert"]["certificates"])
        assert (own, *issuers) == desk.credentials.ready(desk.resident_id).certificates
        assert info["SCAL"] == "2"
        assert info["multisign"] == 100
        assert info["cert"]["status"] == "valid"
        assert "CHAN Tai Man" in info["cert"]["subjectDN"]
        assert len(info["cert"]["validTo"]) == len("20261103090000Z")
        bare, specific = info["key"]["algo"]
        assert bare in {"1.2.840.113549.1.1.1", "1.2.840.10045.2.1"}
        assert specific.startswith(("1.2.840.113549.1.1.1", "1.2.840.10045.4.3."))
        assert info["key"]["len"] in {256, 384, 2048, 3072}
        assert ("authMode" in info) == (version == "v1")
        assert ("auth" in info) == (version == "v2")

    def test_v2_lists_with_infos(self, desk) -> None:
        found = desk.good("credentials/list", desk.service_token(), credentialInfo=True)
        (info,) = found["credentialInfos"]
        assert info["credentialID"] == found["credentialIDs"][0]
        assert info["cert"]["certificates"]

    def test_without_an_eid_plus_there_is_none(self, desk) -> None:
        token = desk.service_token()
        with desk.hub.memory.transaction() as tx:
            resident = tx.residents.get(desk.resident_id)
            tx.residents.change(resident, replace(resident, state=EidState.ACTIVE))
        assert desk.good("credentials/list", token) == {"credentialIDs": []}

    def test_methods_of_own_applications_are_named_where_there_are_such(self, make_hub) -> None:
        desk = Desk(make_hub(), own=frozenset())
        assert "credentials/getChallenge" not in desk.good("info", None)["methods"]


class TestAuthorisationByThePage:
    @pytest.mark.parametrize("kind", [SigningKeyKind.P256, SigningKeyKind.RSA2048])
    def test_a_v2_client_signs_by_par_pkce_and_rar(self, make_hub, kind) -> None:
        desk = Desk(make_hub(), kind=kind)
        token = desk.credential_token(ONE, TWO)
        found = desk.good("signatures/signHash", token, **desk.signing(ONE, TWO))
        for signature, digest in zip(found["signatures"], (ONE, TWO), strict=True):
            verified(desk, signature, digest)
        assert desk.hub.trail_is_sound()

    def test_the_token_response_names_the_credential(self, desk) -> None:
        detail = desk.detail(ONE, signatureQualifier="eu_eidas_aes")
        del detail["credentialID"]
        done = desk.approve(desk.ask(detail))
        tokens = desk.tokens(done)
        (granted,) = tokens["authorization_details"]
        assert granted["credentialID"] == desk.credential_id
        assert tokens["expires_in"] <= 300
        assert "id_token" not in tokens
        desk.good("signatures/signHash", tokens["access_token"], **desk.signing(ONE))

    def test_the_token_request_may_repeat_the_details(self, desk) -> None:
        detail = desk.detail(ONE, TWO)
        done = desk.approve(desk.ask(detail))
        repeated = desk.tokens(done, authorization_details=json.dumps([detail]))
        assert repeated["authorization_details"][0]["numSignatures"] == 2

    def test_but_not_other_hashes(self, desk) -> None:
        done = desk.approve(desk.ask(desk.detail(ONE, TWO)))
        for other in (desk.detail(TWO, ONE), desk.detail(ONE), desk.detail(THREE, TWO)):
            with pytest.raises(AssertionError, match="invalid_authorization_details"):
                desk.tokens(done, authorization_details=json.dumps([other]))

    @pytest.mark.parametrize("name", [CREDENTIAL])
    def test_the_older_name_of_the_type(self, desk, name) -> None:
        token = desk.credential_token(ONE, type=name)
        desk.good("signatures/signHash", token, **desk.signing(ONE))

    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_scope_credential_means_the_same(self, desk, version) -> None:
        query = desk.request(
            scope="credential",
            credentialID=desk.credential_id,
            numSignatures="2",
            description="Tax return",
        )
        name = "hash" if version == "v1" else "hashes"
        query[name] = ",".join(
            base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (ONE, TWO)
        )
        step = desk.authorize(version, **query)
        assert isinstance(step, Interaction)
        assert [one["label"] for one in step.detail["documentDigests"]] == ["Tax return"] * 2
        sad = desk.tokens(desk.approve(step))["access_token"]
        # v1: the service's token in the header, the credential's as SAD.
        body = desk.signing(ONE, TWO)
        body["hash"] = body.pop("hashes")
        body["hashAlgo"] = body.pop("hashAlgorithmOID")
        found = desk.good("signatures/signHash", desk.service_token(), version, **body, SAD=sad)
        assert len(found["signatures"]) == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"numSignatures": "3"},
            {"numSignatures": None},
            {"numSignatures": "two"},
            {"hashes": "!"},
            {"hashes": None},
            {"hashAlgorithmOID": "1.3.14.3.2.26"},
        ],
    )
    def test_a_request_that_contradicts_itself(self, desk, change) -> None:
        wishes = {"numSignatures": "1", "hashes": b64(ONE), **change}
        query = desk.request(scope="credential", credentialID=desk.credential_id, **wishes)
        answer = desk.authorize(**query)
        assert isinstance(answer, Response)
        assert "invalid_authorization_details" in (answer.header("Location") or "")

    def test_a_repeated_parameter_has_no_meaning(self, desk) -> None:
        query = desk.request(
            scope="credential",
            credentialID=desk.credential_id,
            numSignatures="1",
            hashes=b64(ONE),
        )
        pairs = Parameters((*query.items(), ("hashes", b64(TWO))))
        answer = desk.door.handle(
            Request(
                method="GET",
                path="/csc/v2/oauth2/authorize",
                query=pairs,
                browser=BROWSER,
                session=desk.session.reference.reveal(),
            )
        )
        assert isinstance(answer, Response)
        assert "invalid_authorization_details" in (answer.header("Location") or "")

    @pytest.mark.parametrize(
        "change",
        [
            {"numSignatures": 3},
            {"numSignatures": True},
            {"hashAlgorithmOID": "1.2.3"},
            {"hashAlgorithmOID": None},
            {"documentDigests": []},
            {"documentDigests": [{"hash": b64(ONE)}] * 101, "numSignatures": 101},
            {"documentDigests": [{"hash": b64(ONE[:31])}]},
            {"documentDigests": [{"hash": b64(ONE), "hashType": "OTHER"}]},
            {"documentDigests": [{"hash": b64(ONE), "label": "line\nbreak"}]},
            {"documentDigests": [{"hash": b64(ONE), "label": "x" * 201}]},
            {"documentDigests": [{"hash": b64(ONE), "label": "\u202egnp.exe"}]},
            {"documentDigests": [{"hash": b64(ONE), "more": 1}]},
            {"documentDigests": ["x"]},
            {"credentialID": 5},
            {"credentialID": None},
            {"locations": "x"},
            {"unknown": 1},
        ],
    )
    def test_details_are_read_strictly(self, desk, change) -> None:
        detail = {**desk.detail(ONE), **change}
        detail = {name: value for name, value in detail.items() if value is not None}
        answer = desk.push(detail)
        assert answer.status == 400
        assert json.loads(answer.body)["error"] == "invalid_authorization_details"

    def test_both_screens_show_the_same_code(self, desk) -> None:
        pushed = json.loads(desk.push(desk.detail(ONE)).body)
        step = desk.authorize(client_id="hko", request_uri=pushed["request_uri"])
        assert isinstance(step, Interaction)
        assert step.confirmation == pushed["confirmation_code"]
        again = desk.authorize(client_id="hko", request_uri=pushed["request_uri"])
        assert isinstance(again, ErrorPage)

    def test_names_of_documents_are_nowhere_in_the_clear(self, desk) -> None:
        """Law 4: a name of a document may be personal data."""

        def kept(kind: str, secret: str) -> bytes:
            return desk.hub.look("single_use", "look", kind, secret_digest(secret)).payload

        entry = {"hash": b64(ONE), "label": "Divorce of CHAN Tai Man.pdf"}
        pushed = json.loads(desk.push(desk.detail(ONE, documentDigests=[entry])).body)
        uri = pushed["request_uri"]
        step = desk.authorize(client_id="hko", request_uri=uri)
        done = desk.approve(step)
        code = parse_qs(urlsplit(done.header("Location")).query)["code"][0]
        token = desk.tokens(done)["access_token"]
        for kind, secret in (
            (PUSHED_KIND, uri.removeprefix(PREFIX)),
            (RECORD_KIND, step.id),
            (CODE_KIND, code),
            (DETAILS_KIND, token),
        ):
            assert len(kept(kind, secret)) > 20
            assert b"Divorce" not in kept(kind, secret)
            assert b64(ONE).encode() not in kept(kind, secret)

    def test_a_hundred_hashes(self, desk) -> None:
        many = tuple(digest_of(str(number)) for number in range(100))
        token = desk.credential_token(*many)
        found = desk.good("signatures/signHash", token, **desk.signing(*many))
        assert len(found["signatures"]) == 100

    def test_the_evidence_verifies_offline_and_tells_what_was_shown(self, desk) -> None:
        desk.good("signatures/signHash", desk.credential_token(ONE), **desk.signing(ONE))
        (made,) = desk.hub.look("made_signatures", "of_resident", desk.resident_id)
        evidence = SignatureEvidence.loads(made.evidence)
        verify_evidence(evidence, rp_id="id.example.hk", origins={"https://id.example.hk"})
        assert evidence.activation.statement.hashes == (ONE,)
        assert made.client_id == "hko"


class TestOneUse:
    def test_a_token_signs_once(self, desk) -> None:
        token = desk.credential_token(ONE)
        desk.good("signatures/signHash", token, **desk.signing(ONE))
        again = desk.error("signatures/signHash", token, **desk.signing(ONE))
        assert again == "400 invalid_request: Invalid parameter SAD"

    @pytest.mark.parametrize(
        "other", [(TWO, ONE), (ONE,), (ONE, TWO, THREE), (ONE, THREE), (ONE, ONE)]
    )
    def test_other_hashes_burn_it(self, desk, other) -> None:
        token = desk.credential_token(ONE, TWO)
        wrong = desk.error("signatures/signHash", token, **desk.signing(*other))
        assert wrong == "400 invalid_request: Hash is not authorized by the SAD"
        right = desk.error("signatures/signHash", token, **desk.signing(ONE, TWO))
        assert right == "400 invalid_request: Invalid parameter SAD"
        assert "signing:authorisation:misused" in desk.hub.events()
        assert desk.hub.look("made_signatures", "of_resident", desk.resident_id) == ()

    def test_it_ends_after_five_minutes(self, desk) -> None:
        token = desk.credential_token(ONE)
        desk.hub.clock.pass_(seconds=300)
        late = desk.error("signatures/signHash", token, **desk.signing(ONE))
        assert late.startswith("401 invalid_token")

    def test_activation_data_end_too(self, desk) -> None:
        token = desk.service_token()
        sad = desk.sad(token, ONE)
        desk.hub.clock.pass_(seconds=300)
        late = desk.error("signatures/signHash", token, **desk.signing(ONE, SAD=sad))
        assert late == "400 invalid_request: SAD expired"

    def test_another_client_cannot_use_it(self, desk) -> None:
        theirs = desk.service_token("ird")
        token = desk.credential_token(ONE)
        stolen = desk.error("signatures/signHash", theirs, **desk.signing(ONE, SAD=token))
        assert stolen == "400 invalid_request: Invalid parameter SAD"
        sad = desk.sad(desk.service_token(), ONE)
        stolen = desk.error("signatures/signHash", theirs, **desk.signing(ONE, SAD=sad))
        assert stolen == "400 invalid_request: Invalid parameter SAD"

    @pytest.mark.parametrize(
        "change",
        [
            {"signAlgo": "1.2.840.113549.1.1.11"},
            {"signAlgo": "1.2.840.10045.4.3.3"},
            {"signAlgoParams": b64(b"\x30\x00")},
            {"operationMode": "A"},
            {"credentialID": "another"},
            {"hashes": []},
            {"hashes": "x"},
            {"hashes": [5]},
            {"hashes": ["!!"]},
            {"SAD": 5},
        ],
    )
    def test_what_was_not_approved_is_refused_and_nothing_is_lost(self, desk, change) -> None:
        token = desk.credential_token(ONE)
        answer = desk.error("signatures/signHash", token, **desk.signing(ONE, **change))
        assert answer.startswith("400 invalid_request: ")
        desk.good("signatures/signHash", token, **desk.signing(ONE))

    @pytest.mark.parametrize("sad", [None, "", "x", "x" * 5000])
    def test_without_approval_nothing_is_signed(self, desk, sad) -> None:
        token = desk.service_token()
        body = desk.signing(ONE, **({} if sad is None else {"SAD": sad}))
        assert desk.error("signatures/signHash", token, **body).startswith("400 invalid_request")
        # One token for the service is no approval, in whichever place it stands.
        body = desk.signing(ONE, SAD=desk.service_token())
        assert desk.error("signatures/signHash", token, **body).startswith("400 invalid_request")

    def test_a_resident_who_was_stopped_signs_no_more(self, desk) -> None:
        token, body = desk.credential_token(ONE), desk.signing(ONE)
        with desk.hub.memory.transaction() as tx:
            resident = tx.residents.get(desk.resident_id)
            tx.residents.change(resident, replace(resident, state=EidState.SUSPENDED))
        stopped = desk.error("signatures/signHash", token, **body)
        assert stopped.startswith("401 invalid_token")


class TestOwnApplications:
    def test_a_challenge_is_answered_and_signs_once(self, desk) -> None:
        token = desk.service_token()
        sad = desk.sad(token, ONE, TWO)
        body = desk.signing(ONE, TWO, SAD=sad)
        found = desk.good("signatures/signHash", token, "v1", **body)
        verified(desk, found["signatures"][1], TWO)
        assert desk.error("signatures/signHash", token, "v1", **body).startswith("400")

    def test_an_answer_for_other_hashes_is_none(self, desk) -> None:
        token = desk.service_token()
        wanted = {"credentialID": desk.credential_id, "numSignatures": 1, "hashes": [b64(ONE)]}
        asked = desk.good("credentials/getChallenge", token, **wanted)
        answer = desk.phone.get(asked["publicKey"], "https://id.example.hk")
        data = [{"id": asked["challengeID"], "value": json.dumps(answer)}]
        other = {**wanted, "hashes": [b64(TWO)]}
        refused = desk.error("credentials/authorize", token, **other, authData=data)
        assert refused == "400 invalid_request: The credential cannot be used."

    def test_an_answer_with_another_token_is_none(self, desk) -> None:
        wanted = {"credentialID": desk.credential_id, "numSignatures": 1, "hashes": [b64(ONE)]}
        asked = desk.good("credentials/getChallenge", desk.service_token(), **wanted)
        answer = desk.phone.get(asked["publicKey"], "https://id.example.hk")
        data = [{"id": asked["challengeID"], "value": json.dumps(answer)}]
        refused = desk.error("credentials/authorize", desk.service_token(), **wanted, authData=data)
        assert refused.startswith("400 invalid_request: Refused: ceremony_")

    @pytest.mark.parametrize(
        "data", [None, [], "x", [5], [{"id": 5}], [{"id": "x", "value": ""}], [{}, {}]]
    )
    def test_an_answer_of_another_form(self, desk, data) -> None:
        wanted = {
            "credentialID": desk.credential_id,
            "numSignatures": 1,
            "hashes": [b64(ONE)],
            "authData": data,
        }
        refused = desk.error("credentials/authorize", desk.service_token(), **wanted)
        assert refused.startswith("400 invalid_request")

    def test_others_are_sent_to_the_page(self, desk) -> None:
        wanted = {"credentialID": desk.credential_id, "numSignatures": 1, "hashes": [b64(ONE)]}
        token = desk.service_token("ird")
        for name in ("credentials/getChallenge", "credentials/authorize"):
            assert desk.error(name, token, **wanted).startswith("403 unauthorized_client")


class TestWhatIsSigned:
    def test_a_bare_hash_is_for_trusted_clients_alone(self, make_hub) -> None:
        desk = Desk(make_hub(), bare=frozenset())
        step = desk.ask(desk.detail(ONE))
        with pytest.raises(Exception, match="hash_bare"):
            desk.approve(step)

    def test_signed_attributes_show_the_document(self, make_hub) -> None:
        desk = Desk(make_hub(), bare=frozenset())
        certificate = desk.credentials.ready(desk.resident_id).certificates[0]
        attributes = signed_attributes(ONE, certificate)
        value = hashlib.sha256(attributes).digest()
        entry = {"hash": b64(value), "label": "A", "signedAttributes": b64(attributes)}
        token = desk.credential_token(value, documentDigests=[entry])
        desk.good("signatures/signHash", token, **desk.signing(value))
        (made,) = desk.hub.look("made_signatures", "of_resident", desk.resident_id)
        statement = SignatureEvidence.loads(made.evidence).activation.statement
        assert statement.documents[0].document == ONE

    def test_attributes_that_do_not_fit_are_refused(self, make_hub) -> None:
        desk = Desk(make_hub(), bare=frozenset())
        own = desk.credentials.ready(desk.resident_id).certificates[0]
        other = desk.certification.authority.certificate.encoded
        good = signed_attributes(ONE, own)
        cases = {
            "attributes_mismatch": (TWO, good),
            "attributes_other_certificate": (None, signed_attributes(ONE, other)),
            "attributes_unknown": (None, b"\x31\x00"),
        }
        for reason, (other_value, attributes) in cases.items():
            value = other_value or hashlib.sha256(attributes).digest()
            entry = {"hash": b64(value), "signedAttributes": b64(attributes)}
            with pytest.raises(Exception, match=reason):
                desk.approve(desk.ask(desk.detail(value, documentDigests=[entry])))
        for number in range(1, len(good)):
            cut = good[:number]
            value = hashlib.sha256(cut).digest()
            entry = {"hash": b64(value), "signedAttributes": b64(cut)}
            if number % 7:
                continue
            with pytest.raises(Exception, match="attributes_unknown"):
                desk.approve(desk.ask(desk.detail(value, documentDigests=[entry])))

    def test_a_second_digest_is_refused(self, make_hub) -> None:
        """Of two values nobody could say which one a verifier reads, and which one the page should show."""
        desk = Desk(make_hub(), bare=frozenset())
        own = desk.credentials.ready(desk.resident_id).certificates[0]
        kind, one, two = der.oid(MESSAGE_DIGEST), der.octet_string(ONE), der.octet_string(TWO)
        honest, double = (der.sequence(kind, der.tlv(der.SET, *v)) for v in ((one,), (one, two)))
        content = der.only_element(signed_attributes(ONE, own))[1]
        assert honest in content
        attributes = der.tlv(der.SET, content.replace(honest, double))
        value = hashlib.sha256(attributes).digest()
        entry = {"hash": b64(value), "signedAttributes": b64(attributes)}
        with pytest.raises(Exception, match="attributes_unknown"):
            desk.approve(desk.ask(desk.detail(value, documentDigests=[entry])))

    @pytest.mark.parametrize("level", ["Ades-B-B", "Ades-B-T"])
    def test_finished_signatures_over_documents(self, make_hub, level) -> None:
        from asn1crypto import cms

        desk = Desk(make_hub(), bare=frozenset())
        entries = [{"hash": b64(one), "label": "A", "hashType": "SDR"} for one in (ONE, TWO)]
        token = desk.credential_token(ONE, TWO, documentDigests=entries)
        digests = {
            "hashes": [b64(ONE), b64(TWO)],
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "signature_format": "P",
            "conformance_level": level,
            "signAlgo": "1.2.840.10045.4.3.2",
        }
        body = {"credentialID": desk.credential_id, "documentDigests": [digests]}
        found = desk.good("signatures/signDoc", token, **body)
        key = desk.credentials.ready(desk.resident_id)
        identity = SignerIdentity.of(key.certificates[0], key.certificates[1:])
        for encoded, document in zip(found["SignatureObject"], (ONE, TWO), strict=True):
            signed = cms.ContentInfo.load(base64.b64decode(encoded))["content"]
            signer = signed["signer_infos"][0]
            attributes = signed_attributes(document, key.certificates[0])
            assert b"\x31" + signer["signed_attrs"].dump()[1:] == attributes
            identity.require_signature(signer["signature"].native, attributes)
            assert (signer["unsigned_attrs"].native is not None) == (level == "Ades-B-T")
        assert desk.error("signatures/signDoc", token, **body).startswith("400 invalid_request")


class TestErrors:
    @pytest.mark.parametrize("path", sorted(PATHS))
    def test_without_a_token(self, desk, path) -> None:
        _, _, version, name = path.split("/", 3)
        answer = desk.call(name, None, version)
        if name == "info":
            assert answer.status == 200
            return
        assert answer.status == 401
        assert (answer.header("WWW-Authenticate") or "").startswith("Bearer")
        assert json.loads(answer.body)["error"] == "invalid_token"
        assert desk.call(name, "x" * 20, version).status == 401

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"a":1,"a":2}', b'{"a":"\\ud800"}'])
    @pytest.mark.parametrize("name", ["info", "credentials/list", "signatures/signHash"])
    def test_a_body_that_is_no_object(self, desk, name, body) -> None:
        answer = desk.door.handle(
            Request(
                method="POST",
                path=f"/csc/v2/{name}",
                headers={
                    "content-type": "application/json",
                    "authorization": f"Bearer {desk.service_token()}",
                },
                body=body,
            )
        )
        assert isinstance(answer, Response)
        assert answer.status == 400
        assert json.loads(answer.body)["error"] == "invalid_request"

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            ("credentials/list", {"userID": "somebody"}),
            ("credentials/list", {"pageToken": "2"}),
            ("credentials/list", {"maxResults": 0}),
            ("credentials/info", {}),
            ("credentials/info", {"credentialID": "another"}),
            ("credentials/info", {"credentialID": 5}),
            ("signatures/timestamp", {}),
        ],
    )
    def test_parameters_that_cannot_be_meant(self, desk, name, body) -> None:
        answer = desk.error(name, desk.service_token(), **body)
        assert answer.startswith("400 invalid_request: ")

    def test_a_token_for_logging_in_is_none_for_the_service(self, desk) -> None:
        answer = desk.authorize(**desk.request(scope="openid", nonce="n"))
        assert isinstance(answer, Response)
        token = desk.tokens(answer)["access_token"]
        assert desk.error("credentials/list", token).startswith("403 insufficient_scope")

    def test_other_methods_and_paths(self, desk) -> None:
        answers: dict[str, Any] = {
            "DELETE /csc/v2/info": 405,
            "GET /csc/v2/credentials/list": 405,
            "OPTIONS /csc/v2/credentials/list": 204,
            "GET /csc/v2/info": 200,
            "POST /csc/v3/info": 404,
        }
        for line, status in answers.items():
            method, path = line.split(" ")
            answer = desk.door.handle(Request(method=method, path=path))
            assert isinstance(answer, Response)
            assert answer.status == status, line
