"""A signing service with a provider before it, a relying party, and a resident with an eID+ and a phone."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.identity.state import EidState
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc import pkce
from hkeid.oidc.client_assertion import ASSERTION_TYPE
from hkeid.oidc.scopes import API_SCOPES
from hkeid.op import Approved, Interaction, InteractionKind, Provider, ProviderSettings
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.activation import SignatureActivation
from hkeid.signing.credentials_of_residents import (
    ResidentCredentials,
    ResidentCredentialSettings,
)
from hkeid.signing.csc import (
    CREDENTIAL,
    CREDENTIAL_2025,
    Asker,
    CredentialApprovals,
    CredentialDetails,
    CscDoor,
    ServiceParts,
    ServiceSettings,
    SigningService,
)
from hkeid.signing.csc.algorithms import FACTS, hash_identifier
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.certification import Certification
from hkeid.testing.fake_hub import FakeClaims
from hkeid.testing.provider import CALLBACK, VERIFIER, RelyingPartyKey, a_client

ISSUER = "https://id.example.hk"
ORIGIN = "https://id.example.hk"
BROWSER = "browser-of-the-test"
FORM = "application/x-www-form-urlencoded"
TYPES = (CREDENTIAL_2025, CREDENTIAL)


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass
class Desk:
    """Everything around one signing service.

    :ivar bare: clients whose bare hashes are taken.
    """

    hub: Any
    kind: SigningKeyKind = SigningKeyKind.P256
    bare: frozenset[str] = frozenset({"hko"})
    own: frozenset[str] = frozenset({"hko"})
    phone: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)

    def __post_init__(self) -> None:
        hub = self.hub
        self.key = RelyingPartyKey()
        scopes = ("openid", "service", "credential", "offline_access")
        for name in ("hko", "ird"):
            with hub.memory.transaction() as tx:
                tx.clients.put(
                    a_client(
                        name,
                        jwks=self.key.jwks(),
                        scopes=scopes,
                        authorization_details_types=TYPES,
                    )
                )
        self.session = hub.activate(self.phone)
        self.resident_id = self.session.view.authentication.resident_id
        with hub.memory.transaction() as tx:
            resident = tx.residents.get(self.resident_id)
            tx.residents.change(resident, replace(resident, state=EidState.UPGRADED))
        self.certification = Certification(store=hub.memory, clock=hub.clock)
        keys = WrappedResidentKeys(hub.keys, hub.random)
        self.credentials = ResidentCredentials(
            hub.store,
            keys,
            self.certification.authority,
            hub.fields,
            hub.clock,
            hub.random,
            ResidentCredentialSettings(kind=self.kind),
        )
        self.activation = SignatureActivation(hub.store, keys, hub.policy, hub.clock, hub.random)
        self.approvals = CredentialApprovals(
            self.credentials, self.activation, bare_hash_clients=self.bare
        )
        self.provider = Provider.production(
            ISSUER,
            hub.store,
            hub.keys,
            hub.broker,
            FakeClaims(),
            hub.clock,
            hub.random,
            ProviderSettings(client_cache=timedelta(0)),
            tuple(CredentialDetails(name=name) for name in TYPES),
            API_SCOPES,
        )
        unit = self.certification.timestamp_unit()
        self.service = SigningService(
            ServiceParts(
                issuer=ISSUER,
                tokens=self.provider,
                credentials=self.credentials,
                approvals=self.approvals,
                activation=self.activation,
                clock=hub.clock,
                timestamps=unit,
                settings=ServiceSettings(own_clients=self.own),
            )
        )
        self.door = CscDoor(self.provider, self.service)

    # --- OAuth ------------------------------------------------------------------------------------

    def client_proof(self, client: str = "hko") -> dict[str, str]:
        now = epoch_seconds(self.hub.clock.now())
        claims = {
            "iss": client,
            "sub": client,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": self.hub.random.token(16),
        }
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.key.sign(claims),
        }

    def request(self, client: str = "hko", **changes: str | None) -> dict[str, str]:
        values = {
            "client_id": client,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": "s",
            "code_challenge": pkce.challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    def post(self, path: str, form: dict[str, str]) -> Response:
        answer = self.door.handle(
            Request(
                method="POST",
                path=path,
                form=Parameters.of(form),
                headers={"content-type": FORM},
            )
        )
        assert isinstance(answer, Response)
        return answer

    def authorize(self, version: str = "v2", **query: str) -> Response | Interaction:
        return self.door.handle(
            Request(
                method="GET",
                path=f"/csc/{version}/oauth2/authorize",
                query=Parameters.of(query),
                browser=BROWSER,
                session=self.session.reference.reveal(),
            )
        )

    def tokens(self, redirect: Response, client: str = "hko", **form: str) -> dict[str, Any]:
        location = redirect.header("Location") or ""
        code = dict(parse_qsl(urlsplit(location).query))["code"]
        answer = self.post(
            "/csc/v2/oauth2/token",
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
                **self.client_proof(client),
                **form,
            },
        )
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def service_token(self, client: str = "hko") -> str:
        answer = self.authorize(**self.request(client, scope="service"))
        assert isinstance(answer, Response), answer
        return str(self.tokens(answer, client)["access_token"])

    def detail(self, *hashes: bytes, **changes: Any) -> dict[str, Any]:
        entries = [{"hash": b64(one), "label": f"Form {n}.pdf"} for n, one in enumerate(hashes, 1)]
        return {
            "type": CREDENTIAL_2025,
            "credentialID": self.credential_id,
            "numSignatures": len(hashes),
            "documentDigests": entries,
            "hashAlgorithmOID": hash_identifier(self.kind.hash_name),
            **changes,
        }

    def push(self, detail: dict[str, Any], client: str = "hko", **more: str) -> Response:
        form = self.request(client, authorization_details=json.dumps([detail]), **more)
        return self.post("/csc/v2/oauth2/pushed_authorize", {**form, **self.client_proof(client)})

    def ask(self, detail: dict[str, Any], client: str = "hko") -> Interaction:
        pushed = self.push(detail, client)
        assert pushed.status == 201, pushed.body
        uri = json.loads(pushed.body)["request_uri"]
        step = self.authorize(client_id=client, request_uri=uri)
        assert isinstance(step, Interaction), step
        assert step.kind is InteractionKind.APPROVAL
        return step

    def approve(self, step: Interaction, client: str = "hko") -> Response:
        asker = Asker(
            client_id=client,
            name="Observatory",
            confirmation=step.confirmation,
            language="en",
        )
        question = self.approvals.question(self.resident_id, step.detail or {}, asker)
        start = self.approvals.start(question, binding=BROWSER)
        answer = self.phone.get(start.options, ORIGIN)
        given = self.approvals.finish(question, start.id, answer, binding=BROWSER)
        outcome = Approved(
            detail=given.detail,
            authorisation=given.authorisation,
            expires_at=given.expires_at,
        )
        done = self.door.resume(step.id, outcome, browser=BROWSER, session=self.session.view)
        assert isinstance(done, Response)
        return done

    def credential_token(self, *hashes: bytes, client: str = "hko", **changes: Any) -> str:
        done = self.approve(self.ask(self.detail(*hashes, **changes), client), client)
        return str(self.tokens(done, client)["access_token"])

    # --- the API ----------------------------------------------------------------------------------

    @property
    def credential_id(self) -> str:
        return self.credentials.ready(self.resident_id).id

    def call(self, name: str, token: str | None, version: str = "v2", /, **body: Any) -> Response:
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        answer = self.door.handle(
            Request(
                method="POST",
                path=f"/csc/{version}/{name}",
                headers=headers,
                body=json.dumps(body).encode(),
            )
        )
        assert isinstance(answer, Response)
        return answer

    def good(self, name: str, token: str | None, version: str = "v2", /, **body: Any) -> Any:
        answer = self.call(name, token, version, **body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def error(self, name: str, token: str | None, version: str = "v2", /, **body: Any) -> str:
        answer = self.call(name, token, version, **body)
        members = json.loads(answer.body)
        assert set(members) == {"error", "error_description"}, members
        assert answer.status >= 400
        return f"{answer.status} {members['error']}: {members['error_description']}"

    def signing(self, *hashes: bytes, **changes: Any) -> dict[str, Any]:
        return {
            "credentialID": self.credential_id,
            "hashes": [b64(one) for one in hashes],
            "hashAlgorithmOID": hash_identifier(self.kind.hash_name),
            "signAlgo": FACTS[self.kind].algorithms[1],
            "operationMode": "S",
            **changes,
        }

    def sad(self, token: str, *hashes: bytes, **changes: Any) -> str:
        """As an application of the operator's own gets it."""
        wanted = {
            "credentialID": self.credential_id,
            "numSignatures": len(hashes),
            "hash": [b64(one) for one in hashes],
            "hashAlgo": hash_identifier(self.kind.hash_name),
            **changes,
        }
        asked = self.good("credentials/getChallenge", token, "v1", **wanted)
        answer = self.phone.get(asked["publicKey"], ORIGIN)
        data = [{"id": asked["challengeID"], "value": json.dumps(answer)}]
        given = self.good("credentials/authorize", token, "v1", **wanted, authData=data)
        assert given["expiresIn"] == 300
        return str(given["SAD"])


@pytest.fixture
def desk(hub) -> Desk:
    return Desk(hub)
