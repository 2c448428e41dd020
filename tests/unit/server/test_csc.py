"""Remote signing through the whole server: OAuth, the resident's page, the API, and pyHanko as a client."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html import unescape
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from tests.unit.server.conftest import (
    CHALLENGE,
    ORIGIN,
    REDIRECT_URI,
    VERIFIER,
    MovingClock,
    Person,
)

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.op.records import Client as RelyingParty
from hkeid.op.records import ClientAuthMethod
from hkeid.signing.cms import signed_attributes
from hkeid.signing.csc import BROWSER_PATHS, CREDENTIAL_2025
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper
from hkeid_server import front as front_module
from hkeid_server.config import read_config
from hkeid_server.interactions.approval import grouped
from hkeid_server.sandbox import issue_ticket, seed_sandbox
from hkeid_server.wiring.certificates import make_authority, make_root_folder
from hkeid_server.wsgi import serve_house

SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA = "1.2.840.10045.4.3.2"


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


class Town:
    """A server with an authority, a resident with an eID+ and a relying party."""

    def __init__(self, make_house: Any, folder: Any, clock: MovingClock, **csc: Any) -> None:
        content = {
            "certificates": {"folder": str(folder / "ca"), "timestamps": True},
            "csc": {"enabled": True, **csc},
        }
        self.root = authority_in(folder, clock, content)
        self.house = make_house(**content)
        seed_sandbox(self.house)
        for name in ("rp", "other"):
            with self.house.store.transaction() as tx:
                tx.clients.put(
                    RelyingParty(
                        id=name,
                        name={"en": "Tax <Office>", "zh-Hant-HK": "稅務局", "zh-Hans": "税务局"},
                        redirect_uris=(REDIRECT_URI,),
                        auth_method=ClientAuthMethod.NONE,
                        sector_identifier="rp.example.hk",
                        scopes=("openid", "service", "credential"),
                        authorization_details_types=(CREDENTIAL_2025,),
                        claims={},
                    )
                )
        self.front = serve_house(self.house)
        self.person = Person(self.front)
        self.person.get("/activate")
        self.person.post("/activate", {"code": issue_ticket(self.house, "chan-tai-man").reveal()})
        assert self.person.ceremony().status_code == 303
        self.become(EidState.UPGRADED)
        self.credential_id = self.listed()

    def become(self, state: EidState) -> None:
        with self.house.store.transaction() as tx:
            for resident in list(tx.residents):
                tx.residents.change(resident, replace(resident, state=state))

    def call(self, path: str, token: str | None = None, /, **body: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self.person.client.post(path, base_url=ORIGIN, json=body, headers=headers)
        found = json.loads(answer.get_data())
        assert answer.status_code == 200, found
        return found

    def form(self, path: str, **form: str) -> Any:
        answer = self.person.client.post(path, base_url=ORIGIN, data=form)
        found = json.loads(answer.get_data())
        assert answer.status_code in {200, 201}, found
        return found

    def request(self, client: str = "rp", **more: str) -> dict[str, str]:
        return {
            "client_id": client,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }

    def token(self, location: str, client: str = "rp") -> str:
        code = dict(parse_qsl(urlsplit(location).query))["code"]
        return str(
            self.form(
                "/csc/v2/oauth2/token",
                grant_type="authorization_code",
                client_id=client,
                code=code,
                redirect_uri=REDIRECT_URI,
                code_verifier=VERIFIER,
            )["access_token"]
        )

    def service_token(self) -> str:
        page = self.person.get(
            "/csc/v1/oauth2/authorize?" + urlencode(self.request(scope="service"))
        )
        assert page.status_code == 303, page.text
        return self.token(page.headers["Location"])

    def ask(self, detail: dict[str, Any]) -> str:
        """Push a request and open the resident's page; gives the code that the client was told."""
        pushed = self.form(
            "/csc/v2/oauth2/pushed_authorize",
            **self.request(authorization_details=json.dumps([detail])),
        )
        query = urlencode({"client_id": "rp", "request_uri": pushed["request_uri"]})
        page = self.person.get("/csc/v2/oauth2/authorize?" + query)
        assert page.status_code == 303, page.text
        assert page.headers["Location"].startswith("/interaction/csc/")
        self.person.follow()
        return str(pushed["confirmation_code"])

    def detail(self, *digests: dict[str, str]) -> dict[str, Any]:
        return {
            "type": CREDENTIAL_2025,
            "credentialID": self.credential_id,
            "numSignatures": len(digests),
            "documentDigests": list(digests),
            "hashAlgorithmOID": SHA256,
        }

    def listed(self) -> str:
        (found,) = self.call("/csc/v2/credentials/list", self.service_token())["credentialIDs"]
        return str(found)


def authority_in(folder: Any, clock: MovingClock, content: dict[str, Any]) -> bytes:
    """Make an authority for a server; gives the root's certificate."""
    config = read_config({"profile": "sandbox", "issuer": ORIGIN, **content}, {}, folder)
    random = SystemRandom()
    names = {"name": "SPECIMEN Root", "organization": "SPECIMEN"}
    root = make_root_folder(folder / "root", None, clock, random, **names)
    store = MemoryStore(MemoryKeyStore(), clock, random)
    issuing = {"name": "SPECIMEN Issuing", "organization": "SPECIMEN"}
    made = make_authority(config, root, store, clock, random, **issuing)
    return made.chain[-1]


@pytest.fixture
def town(make_house, tmp_path, clock) -> Town:
    return Town(make_house, tmp_path, clock, bare_hash_clients=["rp"])


def text_of(page: str, element: str) -> str:
    found = re.search(rf'id="{element}"[^>]*>([^<]*)<', page)
    assert found, (element, page)
    return unescape(found[1]).strip()


DOCUMENT = hashlib.sha256(b"a tax return").digest()


def named(label: str = "Tax return <2026>.pdf", **more: str) -> dict[str, str]:
    return {"hash": b64(DOCUMENT), "hashType": "SDR", "label": label, **more}


def test_the_page_shows_who_asks_what_and_the_code_and_the_passkey_signs(town) -> None:
    code = town.ask(town.detail(named(), named("Annex.pdf")))
    page = town.person.page.text
    assert text_of(page, "who-name") == "Tax <Office>"
    assert text_of(page, "confirmation-code") == code
    assert text_of(page, "document-hash-1") == text_of(page, "document-hash-2")
    assert text_of(page, "document-hash-1") == grouped(DOCUMENT)
    assert "Tax return &lt;2026&gt;.pdf" in page
    assert "Annex.pdf" in page
    assert 'id="holder">CHAN Tai Man <span lang="zh-Hant-HK">陳大文</span></dd>' in page
    assert text_of(page, "credential-id") == town.credential_id
    assert "no-document" not in page
    done = town.person.ceremony()
    assert done.status_code == 303, done.text
    assert done.headers["Location"].startswith(REDIRECT_URI)
    token = town.token(done.headers["Location"])
    digests = {"hashes": [b64(DOCUMENT)] * 2, "signAlgo": ECDSA, "signature_format": "P"} | {
        "conformance_level": "Ades-B-T"
    }
    wanted = {"credentialID": town.credential_id, "documentDigests": [digests]}
    found = town.call("/csc/v2/signatures/signDoc", token, **wanted)
    assert len(found["SignatureObject"]) == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hant-HK", "以通行密鑰簽署"),
        ("zh-Hans", "以通行密钥签署"),
        ("en", "Sign with your passkey"),
    ],
)
def test_the_page_speaks_three_languages_and_binds_the_one_it_was_shown_in(
    town, language, words
) -> None:
    town.ask(town.detail(named()))
    here = town.person.page.request.path
    page = town.person.get(f"{here}?lang={language}")
    assert words in page.text
    done = town.person.ceremony()
    assert done.status_code == 303, done.text


def test_a_refusal_goes_back_and_signs_nothing(town) -> None:
    town.ask(town.detail(named()))
    here = town.person.page.request.path
    back = town.person.post(f"{here}/decline")
    assert "error=access_denied" in back.headers["Location"]
    with town.house.store.transaction() as tx:
        (resident, *_) = [one for one in tx.residents if one.state is EidState.UPGRADED]
        assert tx.made_signatures.of_resident(resident.id) == ()


def test_a_page_that_was_tampered_with_signs_nothing(town) -> None:
    """The answer to one question is sent to another one."""
    town.ask(town.detail(named("First.pdf")))
    first = town.person.page.text
    town.ask(town.detail(named("Second.pdf")))
    here = town.person.page.request.path
    form = re.search(r'data-options="([^"]*)"', first)
    ceremony = re.search(r'name="ceremony" value="([^"]*)"', first)
    assert form
    assert ceremony
    answer = town.person.phone.get(json.loads(unescape(form[1])), ORIGIN)
    refused = town.person.post(
        f"{here}/passkey",
        {"ceremony": ceremony[1], "response": json.dumps(answer), "language": "en"},
    )
    assert refused.status_code == 403
    assert 'id="problem"' in refused.text


@pytest.mark.parametrize(
    ("state", "problem"), [(EidState.ACTIVE, "Signing needs an eID+"), (EidState.UPGRADED, None)]
)
def test_who_has_no_eid_plus_is_told_the_way(town, state, problem) -> None:
    detail = town.detail(named())
    town.become(state)
    town.ask(detail)
    page = town.person.page
    assert (page.status_code == 403) == (problem is not None)
    if problem is not None:
        assert problem in page.text
        here = page.request.path
        back = town.person.post(f"{here}/decline")
        assert "error=access_denied" in back.headers["Location"]


def test_a_bare_hash_is_warned_of_or_refused(make_house, tmp_path, clock, town) -> None:
    town.ask(town.detail({"hash": b64(DOCUMENT), "label": "A"}))
    page = town.person.page.text
    assert 'id="no-document"' in page
    assert text_of(page, "signed-hash-1") == grouped(DOCUMENT)
    (tmp_path / "two").mkdir()
    strict = Town(make_house, tmp_path / "two", clock)
    strict.ask(strict.detail({"hash": b64(DOCUMENT), "label": "A"}))
    assert strict.person.page.status_code == 403
    assert "did not say which document" in strict.person.page.text
    certificate = strict.call(
        "/csc/v1/credentials/info", strict.service_token(), credentialID=strict.credential_id
    )["cert"]["certificates"][0]
    attributes = signed_attributes(DOCUMENT, base64.b64decode(certificate))
    value = hashlib.sha256(attributes).digest()
    strict.ask(strict.detail({"hash": b64(value), "signedAttributes": b64(attributes)}))
    assert text_of(strict.person.page.text, "document-hash-1") == grouped(DOCUMENT)


def test_the_browsers_paths_are_known_to_the_front() -> None:
    assert BROWSER_PATHS <= front_module.BROWSER_PATHS


def test_without_the_section_there_is_no_api(make_house) -> None:
    house = make_house()
    assert "csc" not in house.doors
    answer = Person(serve_house(house)).get("/csc/v2/info")
    assert answer.status_code == 404
    document = Person(serve_house(house)).get("/.well-known/openid-configuration").get_json()
    assert "service" not in document["scopes_supported"]
    assert document["authorization_details_types_supported"] == [FORM_DETAIL]


def test_without_an_authority_it_does_not_start(make_house, tmp_path) -> None:
    with pytest.raises(ConfigurationError):
        make_house(csc={"enabled": True}, certificates={"folder": str(tmp_path / "none")})


@pytest.mark.parametrize("key", ["bare_hash_clients", "own_clients"])
def test_client_ids_are_looked_at(make_house, key) -> None:
    with pytest.raises(ConfigurationError, match=f"csc.{key}"):
        make_house(csc={key: ["a b"]})


class Network:
    """``aiohttp.ClientSession`` as far as pyHanko uses it, before our server."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.answers: list[tuple[str, int]] = []

    def post(self, url: str, *, headers: Any, json: Any, raise_for_status: bool, timeout: Any):
        assert raise_for_status
        path = url.removeprefix(ORIGIN)
        answer = self._town.person.client.post(path, base_url=ORIGIN, json=json, headers=headers)
        self.answers.append((path, answer.status_code))
        return _Answer(answer.status_code, answer.get_data())


class _Answer:
    def __init__(self, status: int, body: bytes) -> None:
        self._status, self._body = status, body

    async def __aenter__(self) -> Self:
        if self._status >= 400:
            from aiohttp import ClientError

            raise ClientError(self._body.decode())
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def json(self) -> Any:
        return json.loads(self._body)


class ByThePage(CSCAuthorizationManager):
    """pyHanko's own interface for authorisations: the resident approves on our page."""

    town: Town

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        digests = [{"hash": one, "label": "Contract.pdf"} for one in hash_b64s]
        self.town.ask(self.town.detail(*digests))
        done = self.town.person.ceremony()
        assert done.status_code == 303, done.text
        return CSCAuthorizationInfo(sad=self.town.token(done.headers["Location"]))


async def sign_by_pyhanko(town: Town, pdf: bytes, network: Network) -> bytes:
    session = CSCServiceSessionInfo(
        service_url=ORIGIN,
        credential_id=town.credential_id,
        oauth_token=town.service_token(),
        api_ver="v1",
    )
    info = await fetch_certs_in_csc_credential(network, session)
    assert info.hash_pinning_required
    assert info.max_batch_size == 100
    manager = ByThePage(session, info)
    manager.town = town
    signer = CSCSigner(network, manager)
    out = io.BytesIO()
    await signers.async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)),
        signers.PdfSignatureMetadata(field_name="Signature1", md_algorithm="sha256"),
        signer=signer,
        output=out,
    )
    return out.getvalue()


def test_pyhankos_own_client_signs_through_the_server(town) -> None:
    network = Network(town)
    signed = run_in_own_loop(sign_by_pyhanko(town, paper(pages=1), network))
    assert network.answers == [
        ("/csc/v1/credentials/info", 200),
        ("/csc/v1/signatures/signHash", 200),
    ]
    reader = PdfFileReader(io.BytesIO(signed))
    root = asn1_x509.Certificate.load(town.root)
    context = ValidationContext(
        trust_roots=[root], allow_fetching=False, moment=town.house.clock.now()
    )
    (embedded,) = reader.embedded_signatures
    status = run_in_own_loop(async_validate_pdf_signature(embedded, context))
    assert status.intact
    assert status.valid
    assert status.trusted
    assert "CHAN Tai Man" in status.signing_cert.subject.human_friendly
