"""What we publish: keys as they roll over, algorithms, an end, a signature, prefixes that stay."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from hkeid.ports.keys import KeyState
from hkeid.saml.dsig import XmlSigner
from hkeid.saml.dsig.namespaces import PREFIXES
from hkeid.saml.metadata import (
    OUR_ALGORITHMS,
    KeyUse,
    MetadataMisconfigured,
    MetadataReason,
    OwnKey,
    SignedBy,
    publish,
    published_keys,
    read_metadata,
)
from hkeid.testing.saml_entities import entity_with_everything, self_signed

NOW = datetime(2026, 11, 28, 8, 0, 0, 123456, tzinfo=UTC)
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]
ENTITY = entity_with_everything(KEYS[0], ec.generate_private_key(ec.SECP256R1()))


def own(number: int, state: KeyState) -> OwnKey:
    key = KEYS[number]
    return OwnKey(state=state, public=key.public_key(), certificate=self_signed(key))


def test_which_keys_peers_are_told() -> None:
    """The next one before it signs; passive ones while there may be messages under them; retired ones never."""
    states = (KeyState.PASSIVE, KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRED)
    every = [own(number, state) for number, state in enumerate(states)]
    keys = published_keys(signing=every, encryption=every)
    told = [(one.use, one.public) for one in keys]
    assert told == [
        (KeyUse.SIGNING, KEYS[2].public_key()),
        (KeyUse.SIGNING, KEYS[1].public_key()),
        (KeyUse.SIGNING, KEYS[0].public_key()),
        (KeyUse.ENCRYPTION, KEYS[2].public_key()),
    ]


def test_somebody_has_to_sign() -> None:
    with pytest.raises(MetadataMisconfigured) as caught:
        published_keys(signing=[own(0, KeyState.NEXT)])
    assert caught.value.reason == MetadataReason.NO_TRUST


def test_no_weak_algorithm_is_advertised() -> None:
    """SHA-1 and CBC in metadata make peers use them."""
    assert OUR_ALGORITHMS.digests
    assert OUR_ALGORITHMS.signatures
    octets = publish(ENTITY, XmlSigner.from_key(KEYS[0]), identifier="_1", now=NOW)
    advertised = re.findall(rb'Algorithm="([^"]*)"', octets)
    weak = [
        one
        for one in advertised
        for word in (b"sha1", b"md5", b"ripemd", b"-cbc", b"rsa-1_5", b"hmac", b"#dsa")
        if word in one
    ]
    assert weak == []
    assert b"aes256-gcm" in octets
    assert b"rsa-oaep" in octets


def test_published_metadata_is_signed_and_ends() -> None:
    octets = publish(ENTITY, XmlSigner.from_key(KEYS[0]), identifier="_1", now=NOW)
    document = read_metadata(octets, SignedBy((KEYS[0].public_key(),)), now=NOW)
    entity = document.entity(ENTITY.entity_id, NOW)
    assert entity is not None
    assert entity.valid_until == datetime(2026, 12, 5, 8, tzinfo=UTC)
    assert entity.cache_duration == timedelta(hours=6)
    assert entity.organization == ENTITY.organization
    assert entity.idp is not None
    assert entity.idp.scopes == ENTITY.idp.scopes  # type: ignore[union-attr]


def test_prefixes_stay_the_same() -> None:
    """pysaml2 #968: ns0, ns1 … change from document to document, and people compare documents."""
    octets = publish(ENTITY, XmlSigner.from_key(KEYS[0]), identifier="_1", now=NOW)
    declared = dict(re.findall(r'xmlns:([\w.-]+)="([^"]*)"', octets.decode()))
    assert declared == {name: PREFIXES[name] for name in declared}
    assert {"md", "mdui", "mdattr", "mdrpi", "shibmd", "alg", "idpdisc", "init", "remd"} <= set(
        declared
    )


def test_three_languages_are_there() -> None:
    octets = publish(ENTITY, XmlSigner.from_key(KEYS[0]), identifier="_1", now=NOW)
    names = etree.fromstring(octets).iterfind(".//{*}IDPSSODescriptor//{*}DisplayName")
    tags = [one.get("{http://www.w3.org/XML/1998/namespace}lang") for one in names]
    assert tags == ["en", "zh-Hant-HK", "zh-Hans"]
