"""Metadata of SAML peers, and our own, while a server runs: what changes is seen without a restart."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.adapters.sql import schema
from hkeid.kernel.errors import ConfigurationError, HkeidError, Unavailable
from hkeid.kernel.http import Request
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.ports import HttpAnswer
from hkeid.ports.keys import KeyPurpose, KeyState
from hkeid.saml.dsig import RSA_SHA256, XmlSigner
from hkeid.saml.messages import Binding
from hkeid.saml.metadata import (
    Entity,
    IdpRole,
    IndexedEndpoint,
    SpRole,
    TrustedAsItIs,
    read_metadata,
)
from hkeid.saml.metadata.publication import OUR_ALGORITHMS, OwnKey, publish, published_keys
from hkeid.saml.metadata.records import Endpoint
from hkeid_server import wsgi
from hkeid_server.config import read_config
from hkeid_server.wiring import make_keys, register_client, saml_metadata
from hkeid_server.wiring.saml_certificates import KeyCertificates

PLACE = "https://library.example/metadata.xml"
LIBRARY = "https://library.example"
UNIVERSITY = "https://university.example"
THREE = 'en = "Library"\nzh-Hant-HK = "圖書館"\nzh-Hans = "图书馆"\n'
SERVICE = f"""entity_id = "{LIBRARY}"
metadata_url = "{PLACE}"
metadata_key_file = "trusted.pem"
sector_identifier = "library.example"
[name]
{THREE}"""
UPSTREAM = f"""kind = "saml"
entity_id = "{UNIVERSITY}"
metadata_url = "{PLACE}"
metadata_key_file = "trusted.pem"
creates = true
[names]
{THREE}
[assurance]
default = "urn:hkeid:acr:eid"
"""


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signer(key: rsa.RSAPrivateKey) -> XmlSigner:
    return XmlSigner(
        algorithm=RSA_SHA256, sign=lambda octets: key.sign(octets, padding.PKCS1v15(), SHA256())
    )


@dataclass
class Network:
    """What stands at the one address; remembers how often it was asked."""

    key: rsa.RSAPrivateKey
    clock: Any
    answer: HttpAnswer | HkeidError = field(default_factory=lambda: Unavailable("http_no_answer"))
    asked: int = 0

    def serve(self, acs: str = f"{LIBRARY}/acs") -> None:
        """A document of one entity that is both, a service and an identity provider."""
        self.answer = HttpAnswer(status=200, body=self.document(acs))

    def document(self, acs: str, entity_id: str = LIBRARY) -> bytes:
        keys = published_keys(
            signing=(OwnKey(state=KeyState.ACTIVE, public=self.key.public_key()),)
        )
        at = IndexedEndpoint(binding=Binding.POST.value, location=acs, index=0, default=True)
        sso = Endpoint(binding=Binding.REDIRECT.value, location=f"{UNIVERSITY}/sso")
        entity = Entity(
            entity_id=entity_id,
            sp=SpRole(keys=keys, algorithms=OUR_ALGORITHMS, assertion_consumer_services=(at,)),
            idp=IdpRole(keys=keys, algorithms=OUR_ALGORITHMS, single_sign_on_services=(sso,)),
        )
        return publish(entity, signer(self.key), identifier="_1", now=self.clock.now())

    def send(self, method: str, url: str, **_: Any) -> HttpAnswer:
        assert (method, url) == ("GET", PLACE)
        self.asked += 1
        if isinstance(self.answer, HkeidError):
            raise self.answer
        return self.answer


@pytest.fixture
def network(key: Any, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    clock.moment = datetime.now(UTC)
    made = Network(key, clock)
    monkeypatch.setattr(saml_metadata, "HttpsClient", lambda **_: made)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for folder in ("saml", "upstreams"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "trusted.pem").write_bytes(pem)
    return made


def describe(folder: Path, service: str = SERVICE, upstream: str = "") -> None:
    if service:
        (folder / "saml" / "library.toml").write_text(service, "utf-8")
    if upstream:
        (folder / "upstreams" / "university.toml").write_text(upstream, "utf-8")


def addresses(house: Any) -> tuple[str, ...]:
    """Where logins of the service go, as pages and the consent ledger know it."""
    with house.store.transaction() as tx:
        return tx.clients.get("library").redirect_uris


def known(house: Any) -> Entity | None:
    """The service as the door knows it."""
    return house.saml._parts.metadata.entity(LIBRARY)


class TestPeers:
    def test_nothing_is_fetched_before_the_rounds_begin(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        """Nor by a request: the door says that it has no metadata yet."""
        describe(tmp_path)
        network.serve()
        house = make_house(saml={"enabled": True})
        with pytest.raises(Unavailable, match="saml_metadata_not_loaded"):
            known(house)
        house.saml.handle(Request(method="GET", path="/saml/login"))
        assert network.asked == 0
        house.saml_metadata.round()
        assert known(house) is not None
        assert addresses(house) == (f"{LIBRARY}/acs",)
        assert network.asked == 1

    def test_what_changes_is_seen_when_it_is_due(
        self, network: Network, make_house: Any, tmp_path: Path, clock: Any, log: Any
    ) -> None:
        describe(tmp_path)
        network.serve()
        house = make_house(saml={"enabled": True})
        house.saml_metadata.round()
        network.serve(acs=f"{LIBRARY}/moved")
        house.saml_metadata.round()
        assert network.asked == 1, "it is not due"
        clock.wait(hours=6)  # cacheDuration (saml-metadata §2.3.2)
        house.saml_metadata.round()
        assert addresses(house) == (f"{LIBRARY}/moved",)
        [location] = [one.location for one in known(house).sp.assertion_consumer_services]
        assert location == f"{LIBRARY}/moved"
        assert [one["place"] for one in log.events("saml:metadata:changed")] == [PLACE] * 2

    def test_the_last_good_one_serves_until_its_end(
        self, network: Network, make_house: Any, tmp_path: Path, clock: Any, log: Any
    ) -> None:
        """saml-metadata §4.3.1."""
        describe(tmp_path)
        network.serve()
        house = make_house(saml={"enabled": True})
        house.saml_metadata.round()
        network.answer = HttpAnswer(status=200, body=network.document(f"{UNIVERSITY}/acs")[:-20])
        clock.wait(days=6)
        house.saml_metadata.round()
        assert known(house) is not None
        assert addresses(house) == (f"{LIBRARY}/acs",)
        [event] = log.events("saml:metadata:not_read")
        assert event["place"] == PLACE
        clock.wait(days=2)
        with pytest.raises(Unavailable, match="saml_metadata_expired"):
            known(house)
        network.serve()
        house.saml_metadata.round()
        assert known(house) is not None

    def test_a_start_needs_no_network(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        """What was good before waits in ``saml.kept_metadata``, and has to verify anew."""
        describe(tmp_path)
        network.serve()
        make_house(saml={"enabled": True}).saml_metadata.round()
        network.answer = Unavailable("http_no_answer")
        house = make_house(saml={"enabled": True})
        assert known(house) is not None
        assert addresses(house) == (f"{LIBRARY}/acs",)
        [kept] = (tmp_path / "saml-metadata").iterdir()
        kept.write_bytes(kept.read_bytes().replace(b"/acs", b"/bad"))
        with pytest.raises(Unavailable, match="saml_metadata_not_loaded"):
            known(make_house(saml={"enabled": True}))

    def test_services_and_identity_providers_share_one_source(
        self, network: Network, make_house: Any, tmp_path: Path, key: Any
    ) -> None:
        """A federation's document is fetched once, whoever is in it."""
        describe(tmp_path, upstream=UPSTREAM.replace(UNIVERSITY, LIBRARY))
        network.serve()
        house = make_house(saml={"enabled": True})
        house.saml_metadata.round()
        assert network.asked == 1
        upstream = house.back_doors.upstreams.named("university").provider
        assert tuple(house.saml._parts.metadata._sources.values()) == (upstream._metadata,)

    def test_another_trusted_key_is_another_source(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "upstreams" / "trusted.pem").write_bytes(pem)
        describe(tmp_path, upstream=UPSTREAM.replace(UNIVERSITY, LIBRARY))
        network.serve()
        house = make_house(saml={"enabled": True})
        house.saml_metadata.round()
        assert network.asked == 2
        assert known(house) is not None
        with pytest.raises(Unavailable, match="saml_metadata_not_loaded"):
            house.back_doors.upstreams.named("university").provider._metadata.entity(LIBRARY)

    def test_a_file_that_is_replaced_is_read_within_minutes(
        self, network: Network, make_house: Any, tmp_path: Path, clock: Any
    ) -> None:
        file = tmp_path / "saml" / "library.xml"
        file.write_bytes(network.document(f"{LIBRARY}/acs"))
        describe(
            tmp_path,
            SERVICE.replace(f'metadata_url = "{PLACE}"\n', "").replace(
                'metadata_key_file = "trusted.pem"', 'metadata_file = "library.xml"'
            ),
        )
        house = make_house(saml={"enabled": True})
        assert addresses(house) == (f"{LIBRARY}/acs",)
        file.write_bytes(b"half of it")
        clock.wait(minutes=1)
        house.saml_metadata.round()
        assert addresses(house) == (f"{LIBRARY}/acs",)
        file.write_bytes(network.document(f"{LIBRARY}/elsewhere"))
        clock.wait(minutes=1)
        house.saml_metadata.round()
        assert addresses(house) == (f"{LIBRARY}/elsewhere",)

    def test_a_service_that_left_its_metadata_is_let_in_no_more(
        self, network: Network, make_house: Any, tmp_path: Path, clock: Any, log: Any
    ) -> None:
        describe(tmp_path)
        network.serve()
        house = make_house(saml={"enabled": True})
        house.saml_metadata.round()
        other = network.document(f"{LIBRARY}/acs", "https://other.example")
        network.answer = HttpAnswer(status=200, body=other)
        clock.wait(hours=6)
        house.saml_metadata.round()
        assert known(house) is None
        [event] = log.events("saml:service:not_in_metadata")
        assert event["service"] == "library"

    def test_the_key_that_is_trusted_must_be_there(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        describe(tmp_path, SERVICE.replace("trusted.pem", "lost.pem"))
        with pytest.raises(ConfigurationError, match=r"lost\.pem") as caught:
            make_house(saml={"enabled": True})
        assert caught.value.reason == "saml_metadata_unusable"


def test_a_server_reads_metadata_beside_its_requests(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(tmp_path)
    network.serve()
    config = read_config(
        {
            "profile": "sandbox",
            "issuer": "http://localhost:8000",
            "store": {"url": "memory"},
            "vault": {"url": "memory"},
            "sandbox": {"seed": False},
            "saml": {"enabled": True},
        },
        {},
        tmp_path,
    )
    make_keys(config)
    houses: list[Any] = []
    sound = wsgi.build_house
    monkeypatch.setattr(wsgi, "build_house", lambda one: houses.append(sound(one)) or houses[0])
    wsgi.create_application(config)
    try:
        assert known(houses[0]) is not None
        assert houses[0].saml_metadata._thread in threading.enumerate()
    finally:
        houses[0].saml_metadata.end()


class TestOurKeys:
    """saml-metadata §2.4.1.1: KeyDescriptor; peers have the next key before it signs."""

    def _metadata(self, house: Any) -> bytes:
        return house.saml.handle(Request(method="GET", path="/saml/metadata")).body

    def _certificates(self, octets: bytes, entity_id: str, now: datetime, role: str) -> list[Any]:
        entity = read_metadata(octets, TrustedAsItIs(), now=now).entity(entity_id, now)
        keys = getattr(entity, role).keys
        assert all(one.certificate is not None for one in keys)
        return [x509.load_der_x509_certificate(one.certificate) for one in keys]

    def test_roll_over_in_metadata_without_a_restart(
        self, network: Network, make_house: Any, tmp_path: Path, clock: Any
    ) -> None:
        describe(tmp_path, upstream=UPSTREAM)
        house = make_house(saml={"enabled": True})
        upstream = house.back_doors.upstreams.named("university").provider
        mine = "http://localhost:8000/saml/metadata"
        theirs = "http://localhost:8000/upstream/university/metadata"
        # The active key; with the next one; that one active, the first one passive, and a third next.
        signed_by, keys = [], house.keys
        for expected in (1, 2, 3):
            now = clock.now()
            as_idp = self._certificates(self._metadata(house), mine, now, "idp")
            as_sp = self._certificates(upstream.metadata(), theirs, now, "sp")
            assert len(as_idp) == expected
            assert as_idp == as_sp
            for signer in (house.saml._parts.signer(), upstream._keys().signer):
                assert signer.certificate == as_idp[0].public_bytes(Encoding.DER)
            signed_by.append(as_idp[0].public_key().public_numbers())
            keys.rotate(KeyPurpose.SAML_SIGNING, "RS256", now)
            clock.wait(hours=25)
        assert signed_by[0] == signed_by[1] != signed_by[2]
        assert as_idp[1].public_key().public_numbers() not in signed_by
        assert as_idp[2].public_key().public_numbers() == signed_by[0]

    def test_a_certificate_is_made_once_for_each_key(
        self, network: Network, make_house: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = make_house(saml={"enabled": True}).keys
        keys.add(KeyPurpose.SAML_DECRYPTION, "RSA-OAEP")
        keys.rotate(KeyPurpose.SAML_SIGNING, "RS256", clock.now())
        signed: list[str] = []
        sound = keys.sign
        monkeypatch.setattr(
            keys,
            "sign",
            lambda purpose, kid, octets: signed.append(kid) or sound(purpose, kid, octets),
        )
        certificates = KeyCertificates(keys, "eid.example.hk")
        first = dict(certificates)
        assert len(first) == len(certificates) == 3
        assert dict(certificates) == first
        assert len(signed) == 3
        assert certificates.get("unknown") is None
        names = {
            x509.load_der_x509_certificate(one).subject.rfc4514_string() for one in first.values()
        }
        assert len(names) == 1

    def test_decryption_keys_have_one_too(
        self, network: Network, make_house: Any, clock: Any
    ) -> None:
        house = make_house(saml={"enabled": True})
        house.keys.add(KeyPurpose.SAML_DECRYPTION, "RSA-OAEP")
        found = self._certificates(
            self._metadata(house), "http://localhost:8000/saml/metadata", clock.now(), "idp"
        )
        assert len(found) == 2

    def test_without_a_key_that_signs_there_is_none(
        self, network: Network, make_house: Any
    ) -> None:
        keys = make_house().keys
        assert dict(KeyCertificates(keys, "eid.example.hk")) == {}


class TestNames:
    """The consent ledger knows services of both kinds by one name each."""

    CLIENT = """id = "library"
redirect_uris = ["https://library.example/cb"]
auth_method = "none"
sector_identifier = "library.example"
[name]
en = "Library"
"""

    def _client(self, client_id: str = "library") -> Client:
        return Client(
            id=client_id,
            name={"en": "Library"},
            redirect_uris=("https://library.example/cb",),
            auth_method=ClientAuthMethod.NONE,
            sector_identifier="library.example",
            claims={},
        )

    def test_a_client_described_in_a_file_keeps_a_service_out(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        describe(tmp_path)
        clients = tmp_path / "clients"
        clients.mkdir()
        (clients / "any-name.toml").write_text(self.CLIENT, "utf-8")
        make_house()  # without the SAML door there is nobody else of that name
        with pytest.raises(ConfigurationError, match="library") as caught:
            make_house(saml={"enabled": True})
        assert caught.value.reason == "saml_service_repeated"

    def test_so_does_one_that_was_registered_before(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        schema.upgrade(url)
        house = make_house(store={"url": url})
        with house.store.transaction() as tx:
            tx.clients.put(self._client())
        describe(tmp_path)
        with pytest.raises(ConfigurationError, match="library") as caught:
            make_house(store={"url": url}, saml={"enabled": True})
        assert caught.value.reason == "saml_service_repeated"

    def test_no_client_takes_a_services_name_later(
        self, network: Network, make_house: Any, tmp_path: Path
    ) -> None:
        describe(tmp_path)
        house = make_house(saml={"enabled": True})
        with pytest.raises(ConfigurationError) as caught:
            register_client(house.config, house.store, self._client())
        assert caught.value.reason == "saml_service_repeated"
        with house.store.transaction() as tx:
            assert tx.clients.get("library").grant_types == ()
        register_client(house.config, house.store, self._client("other"))
        with house.store.transaction() as tx:
            assert tx.clients.get("other") is not None
