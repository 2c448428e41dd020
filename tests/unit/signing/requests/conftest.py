"""A relying party, a resident with an eID+ and a phone, and the room between them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence
from hkeid.adapters.pdf import WorkerPages, pages_in_worker
from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc.client_assertion import ASSERTION_TYPE
from hkeid.op import Provider
from hkeid.profile import ConsentLedger
from hkeid.signing import Level
from hkeid.signing.activation import ActivationSettings, SignatureActivation
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid.signing.requests import (
    RequestParts,
    RequestSettings,
    ShownAs,
    SignatureRequestDoor,
    SignatureRequests,
)
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.certification import Certification
from hkeid.testing.papers import paper
from hkeid.testing.provider import RelyingPartyKey, a_client

ORIGIN = "https://id.example.hk"
ISSUER = "https://id.example.hk"
BACK = "https://rp.example.hk/eid/signed"
SHOWN = ShownAs(name="Observatory", domain="rp.example.hk", language="en")


@dataclass
class Bureau:
    hub: Any
    engine: Any
    pages: Any
    settings: RequestSettings = field(
        default_factory=lambda: RequestSettings(level=Level.B_LTA, bare_hashes=True)
    )
    phone: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)
    key: RelyingPartyKey = field(default_factory=RelyingPartyKey)

    def __post_init__(self) -> None:
        hub = self.hub
        for name in ("hko", "ird"):
            client = a_client(
                name,
                redirect_uris=("https://rp.example.hk/eid/callback", BACK),
                jwks=self.key.jwks(),
                sector_identifier=f"{name}.example.hk",
            )
            with hub.memory.transaction() as tx:
                tx.clients.put(client)
        self.session = self.resident(self.phone)
        self.certification = Certification(store=hub.memory, clock=hub.clock)
        self.provider = Provider.production(
            ISSUER, hub.store, hub.keys, hub.broker,
            ConsentLedger(hub.store, hub.fields, hub.clock, hub.random), hub.clock, hub.random,
        )  # fmt: skip
        self.evidence = SealedEvidence(
            hub.memory, MemoryEvidenceKeys(), hub.keys, hub.clock, hub.random
        )
        self.timestamps: Any = self.certification.timestamp_unit()
        self.open()

    def resident(self, phone: SoftwareAuthenticator, state: EidState = EidState.UPGRADED) -> Any:
        session = self.hub.activate(phone).view
        resident_id = session.authentication.resident_id
        with self.hub.memory.transaction() as tx:
            known = tx.residents.get(resident_id)
            assert tx.residents.change(known, replace(known, state=state, proofed=Acr.EID_PLUS))
        return session

    def open(self, **changes: Any) -> None:
        """The room; with other settings where some are given."""
        hub = self.hub
        self.settings = replace(self.settings, **changes)
        keys = WrappedResidentKeys(hub.keys, hub.random)
        self.requests = SignatureRequests(
            RequestParts(
                store=hub.store,
                evidence=self.evidence,
                fields=hub.fields,
                keys=hub.keys,
                engine=self.engine,
                pages=self.pages,
                credentials=ResidentCredentials(
                    hub.store, keys, self.certification.authority, hub.fields, hub.clock, hub.random
                ),
                activation=SignatureActivation(
                    hub.store, keys, hub.policy, hub.clock, hub.random, ActivationSettings()
                ),
                clock=hub.clock,
                random=hub.random,
                settings=self.settings,
                timestamps=self.timestamps,
                revocation=self.certification.revocation,
            ),
            issuer=ISSUER,
        )
        self.door = SignatureRequestDoor(
            self.requests, issuer=ISSUER, authenticate=self.provider.authenticate_client
        )

    # --- the relying party -----------------------------------------------------------------------

    def proof(self, client_id: str = "hko") -> dict[str, str]:
        now = epoch_seconds(self.hub.clock.now())
        claims = {
            "iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60,
            "jti": self.hub.random.token(16),
        }  # fmt: skip
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.key.sign(claims),
        }

    def post(self, path: str, members: Any, **headers: str) -> Response:
        body = members if isinstance(members, bytes) else json.dumps(members).encode()
        headers = {"content-type": "application/json", **headers}
        return self.door.handle(Request(method="POST", path=path, headers=headers, body=body))

    def call(self, path: str, members: dict[str, Any], client_id: str = "hko") -> Any:
        answer = self.post(path, {**self.proof(client_id), **members})
        return answer.status, json.loads(answer.body)

    @staticmethod
    def document(name: str = "Declaration.pdf", content: bytes | None = None, **more: Any) -> Any:
        content = paper() if content is None else content
        return {"name": name, "pdf": base64.b64encode(content).decode(), **more}

    def ask(self, *documents: dict[str, Any], client_id: str = "hko", **members: Any) -> Any:
        given = list(documents) or [self.document()]
        wanted = {"redirect_uri": BACK, "state": "s-1", "purpose": "To try", "documents": given}
        return self.call("/signing/requests", {**wanted, **members}, client_id)

    def asked(self, *documents: dict[str, Any], **members: Any) -> str:
        status, answer = self.ask(*documents, **members)
        assert status == 201, answer
        return answer["request_id"]

    def result(self, request_id: str, client_id: str = "hko") -> Any:
        return self.call(f"/signing/requests/{request_id}/result", {}, client_id)

    # --- the resident ----------------------------------------------------------------------------

    def page(self, request_id: str, session: Any = None) -> Any:
        session = session or self.session
        self.requests.viewing.open(request_id, session)
        self.requests.approving.make_key(session)
        return self.requests.approving.start(request_id, session, SHOWN, binding="b1")

    def send(self, request_id: str, page: Any, **more: Any) -> Any:
        answer = self.phone.get(page.ceremony.options, ORIGIN)
        session = more.pop("session", self.session)
        return self.requests.approving.finish(
            request_id, session, page.ceremony.id, answer, **{"binding": "b1", **more}
        )

    def sign(self, request_id: str) -> Any:
        return self.send(request_id, self.page(request_id))

    def state(self, request_id: str) -> str:
        return self.hub.look("signature_requests", "get", request_id).state.value


@pytest.fixture(scope="session")
def pages() -> Iterator[WorkerPages]:
    with pages_in_worker(timeout=120, cpu_seconds=60) as made:
        yield made


@pytest.fixture
def bureau(hub, engine, pages) -> Bureau:
    return Bureau(hub, engine, pages)
