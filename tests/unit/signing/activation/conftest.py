"""A resident with an eID+, a signing key with a certificate, and a phone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.activation import (
    ActivationRequest,
    ActivationSettings,
    DocumentHashes,
    SignatureActivation,
    SigningKey,
)
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty

ORIGIN = "https://id.example.hk"
CLIENT = "ird-etax"


def certificate_for(public_key: bytes, now: Any) -> bytes:
    issuer = ec.generate_private_key(ec.SECP256R1())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SPECIMEN")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")]))
        .public_key(serialization.load_der_public_key(public_key))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(issuer, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


@dataclass
class Notary:
    """The activation room with one resident in front of it."""

    hub: Any
    settings: ActivationSettings = field(default_factory=ActivationSettings)
    phone: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)
    kind: SigningKeyKind = SigningKeyKind.P256

    def __post_init__(self) -> None:
        hub = self.hub
        session = hub.activate(self.phone)
        self.resident_id = session.view.authentication.resident_id
        self.keys = WrappedResidentKeys(hub.keys, hub.random)
        self.activation = SignatureActivation(
            hub.store, self.keys, hub.policy, hub.clock, hub.random, self.settings
        )
        self.change_resident(state=EidState.UPGRADED)
        self.key = self.new_key(self.kind)

    def change_resident(self, **changes: Any) -> None:
        with self.hub.store.transaction() as tx:
            resident = tx.residents.get(self.resident_id)
            assert tx.residents.change(resident, replace(resident, **changes))

    def new_key(self, kind: SigningKeyKind) -> SigningKey:
        now, key_id = self.hub.clock.now(), self.hub.random.token(16)
        generated = self.keys.generate(key_id, kind)
        key = SigningKey(
            id=key_id,
            resident_id=self.resident_id,
            kind=kind,
            handle=generated.handle,
            public_key=generated.public_key,
            certificates=(certificate_for(generated.public_key, now),),
            created_at=now,
        )
        with self.hub.store.transaction() as tx:
            assert tx.signing_keys.add(key)
        return key

    def request(self, *names: str, **changes: Any) -> ActivationRequest:
        names = names or ("return.pdf",)
        function = hashlib.new
        documents = tuple(
            DocumentHashes(
                document=hashlib.sha256(name.encode()).digest(),
                to_be_signed=function(
                    self.key.kind.hash_name, b"attributes " + name.encode()
                ).digest(),
            )
            for name in names
        )
        request = ActivationRequest(
            resident_id=self.resident_id,
            client_id=CLIENT,
            key_id=self.key.id,
            documents=documents,
            display=canonical_json.dumps({"who": "Inland Revenue", "names": list(names)}),
        )
        return replace(request, **changes)

    def hashes(self, request: ActivationRequest) -> tuple[bytes, ...]:
        return tuple(one.to_be_signed for one in request.documents)

    def answer(self, start: Any, dishonesty: Dishonesty = HONEST) -> dict[str, Any]:
        return self.phone.get(start.options, ORIGIN, dishonesty=dishonesty)

    def approve(self, request: ActivationRequest, dishonesty: Dishonesty = HONEST) -> Any:
        start = self.activation.start(request, binding="browser")
        return self.activation.finish(
            start.id, self.answer(start, dishonesty), request, binding="browser"
        )

    def sign(self, token: Any, request: ActivationRequest, **changes: Any) -> Any:
        wanted = {"client_id": CLIENT, "key_id": self.key.id, "hashes": self.hashes(request)}
        return self.activation.sign(token, **{**wanted, **changes})


@pytest.fixture
def notary(hub) -> Notary:
    return Notary(hub)
