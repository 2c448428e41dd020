"""What is read of an entity, and what is not (saml-metadata §2, extensions)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import PublicKey
from hkeid.saml.metadata import (
    LOCAL_METADATA_POLICY,
    Entity,
    IdpRole,
    KeyUse,
    LocalisedText,
    MetadataMisconfigured,
    MetadataReason,
    RefusedKey,
    RoleKind,
    SignedBy,
    SpRole,
    SubjectIdRequirement,
    TrustedAsItIs,
    read_metadata,
)
from hkeid.saml.metadata.instants import read_duration, read_instant
from hkeid.saml.metadata.reader import at
from hkeid.testing.saml_entities import entity_with_everything, self_signed

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
CURVE = ec.generate_private_key(ec.SECP256R1())
SPACES = (
    'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
    'xmlns:dsig11="http://www.w3.org/2009/xmldsig11#" xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" '
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" '
    'xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport" xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
)
SAML2 = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def document(inside: str, attributes: str = "") -> bytes:
    return f'<md:EntityDescriptor {SPACES} entityID="https://x.example" {attributes}>{inside}</md:EntityDescriptor>'.encode()


def read(inside: str, attributes: str = "") -> Entity:
    octets = document(inside, attributes)
    found = read_metadata(octets, TrustedAsItIs(), now=NOW, policy=LOCAL_METADATA_POLICY)
    entity = found.entity("https://x.example", NOW)
    assert entity is not None
    return entity


def idp(inside: str, attributes: str = "") -> IdpRole:
    role = read(f"<md:IDPSSODescriptor {SAML2} {attributes}>{inside}</md:IDPSSODescriptor>").idp
    assert role is not None
    return role


def sp(inside: str, attributes: str = "") -> SpRole:
    role = read(f"<md:SPSSODescriptor {SAML2} {attributes}>{inside}</md:SPSSODescriptor>").sp
    assert role is not None
    return role


def reason_of(inside: str, attributes: str = "") -> str:
    with pytest.raises(HkeidError) as caught:
        read(inside, attributes)
    return caught.value.reason


def certificate(octets: bytes, use: str = "") -> str:
    text = b64encode(octets).decode()
    wrapped = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return (
        f"<md:KeyDescriptor {use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{wrapped}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def key_value(inside: str) -> str:
    return f"<md:KeyDescriptor><ds:KeyInfo><ds:KeyValue>{inside}</ds:KeyValue></ds:KeyInfo></md:KeyDescriptor>"


def rsa_value(modulus: int, exponent: int) -> str:
    m, e = (
        b64encode(value.to_bytes((value.bit_length() + 7) // 8 or 1, "big")).decode()
        for value in (modulus, exponent)
    )
    return key_value(
        f"<ds:RSAKeyValue><ds:Modulus>{m}</ds:Modulus><ds:Exponent>{e}</ds:Exponent></ds:RSAKeyValue>"
    )


def curve_value(key: ec.EllipticCurvePublicKey, uri: str) -> str:
    point = b64encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()
    return key_value(
        f'<dsig11:ECKeyValue><dsig11:NamedCurve URI="{uri}"/><dsig11:PublicKey>{point}</dsig11:PublicKey>'
        "</dsig11:ECKeyValue>"
    )


# --- keys


def test_a_key_is_bare_whatever_its_certificate_says() -> None:
    """Metadata Interoperability Profile §2.5: the certificate of this one ended in 2020."""
    role = idp(certificate(self_signed(KEY)))
    assert role.verification_keys == (KEY.public_key(),)
    assert role.keys[0].certificate == self_signed(KEY)


@pytest.mark.parametrize(
    ("use", "signing", "encryption"),
    [("", 1, 1), ('use="signing"', 1, 0), ('use="encryption"', 0, 1), ('use=""', 1, 1)],
)
def test_a_key_without_use_serves_both(use: str, signing: int, encryption: int) -> None:
    """saml-metadata §2.4.1.1."""
    role = idp(certificate(self_signed(KEY), use))
    assert (len(role.verification_keys), len(role.encryption_keys)) == (signing, encryption)


def test_bare_key_values_are_read() -> None:
    """XML Signature 1.1 §4.5.2."""
    numbers = KEY.public_key().public_numbers()
    assert idp(rsa_value(numbers.n, numbers.e)).verification_keys == (KEY.public_key(),)
    curve = CURVE.public_key()
    read_back = idp(curve_value(curve, "urn:oid:1.2.840.10045.3.1.7"))
    assert read_back.verification_keys == (curve,)


N = KEY.public_key().public_numbers().n


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        (certificate(self_signed(SMALL)), MetadataReason.KEY_TOO_SMALL),
        (rsa_value(SMALL.public_key().public_numbers().n, 65537), MetadataReason.KEY_TOO_SMALL),
        (rsa_value((1 << 8200) + 1, 65537), MetadataReason.KEY_TOO_LARGE),
        (rsa_value(N, 1), MetadataReason.KEY_SYNTAX),
        (rsa_value(N, 4), MetadataReason.KEY_SYNTAX),
        (rsa_value(0, 0), MetadataReason.KEY_SYNTAX),
        (curve_value(CURVE.public_key(), "urn:oid:1.3.132.0.10"), MetadataReason.KEY_KIND),
        (curve_value(CURVE.public_key(), "urn:oid:1.3.132.0.34"), MetadataReason.KEY_SYNTAX),
        (curve_value(ec.generate_private_key(ec.SECP256K1()).public_key(), "urn:oid:1.3.132.0.10"), MetadataReason.KEY_KIND),
        (key_value("<ds:DSAKeyValue/>"), MetadataReason.KEY_KIND),
        (key_value(""), MetadataReason.KEY_KIND),
        ("<md:KeyDescriptor/>", MetadataReason.KEY_KIND),
        ("<md:KeyDescriptor><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>", MetadataReason.KEY_KIND),
        (certificate(b"no certificate"), MetadataReason.KEY_SYNTAX),
        (certificate(b""), MetadataReason.KEY_SYNTAX),
        (certificate(self_signed(KEY)).replace("</ds:X509C", "!</ds:X509C"), MetadataReason.KEY_SYNTAX),
        (certificate(self_signed(KEY)).replace("</ds:KeyInfo>", f"{rsa_value(SMALL.public_key().public_numbers().n, 3).partition('<ds:KeyInfo>')[2].partition('</ds:KeyInfo>')[0]}</ds:KeyInfo>"), MetadataReason.KEY_SYNTAX),
    ],
)  # fmt: skip
def test_keys_that_are_not_used(descriptor: str, expected: str) -> None:
    """With a reason; the role and its other keys stand."""
    role = idp(descriptor + certificate(self_signed(KEY)))
    assert role.refused_keys == (RefusedKey(reason=expected, use=None),)
    assert role.verification_keys == (KEY.public_key(),)


def test_keys_of_kinds_that_sign_no_saml() -> None:
    for key, expected in (
        (dsa.generate_private_key(1024), MetadataReason.KEY_KIND),
        (ed25519.Ed25519PrivateKey.generate(), MetadataReason.KEY_KIND),
        (SMALL, MetadataReason.KEY_TOO_SMALL),
    ):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(MetadataMisconfigured) as caught:
            SignedBy.pem(pem)
        assert caught.value.reason == expected


def test_what_is_trusted_is_given_as_certificates_or_keys() -> None:
    der = self_signed(KEY)
    body = b64encode(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
    bare = CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    expected: list[PublicKey] = [KEY.public_key(), KEY.public_key(), CURVE.public_key()]
    assert list(SignedBy.pem(pem * 2, bare).keys) == expected
    for nothing in ((b"",), (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",), ()):
        with pytest.raises(MetadataMisconfigured) as caught:
            SignedBy.pem(*nothing)
        assert caught.value.reason == MetadataReason.NO_TRUST


# --- roles


def test_roles_of_other_protocols_are_none() -> None:
    """saml-metadata §2.4.1: protocolSupportEnumeration."""
    saml1 = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"'
    both = f'{saml1[:-1]} urn:oasis:names:tc:SAML:2.0:protocol"'
    assert read(f"<md:IDPSSODescriptor {saml1}/>").idp is None
    assert read(f"<md:IDPSSODescriptor {both}/>").idp is not None
    found = read(
        f"<md:SPSSODescriptor {saml1}/><md:SPSSODescriptor {SAML2} AuthnRequestsSigned='1'/>"
    )
    assert found.sp is not None
    assert found.sp.authn_requests_signed is True


def test_a_role_ends_by_itself_or_with_what_is_around_it() -> None:
    entity = read(
        f'<md:IDPSSODescriptor {SAML2} validUntil="2026-11-29T08:00:00Z"/><md:SPSSODescriptor {SAML2} validUntil="2030-01-01T00:00:00Z"/>',
        'validUntil="2026-12-01T00:00:00Z" cacheDuration="PT1H"',
    )  # fmt: skip
    assert entity.idp is not None
    assert entity.sp is not None
    assert entity.idp.valid_until == datetime(2026, 11, 29, 8, tzinfo=UTC)
    assert entity.sp.valid_until == entity.valid_until == datetime(2026, 12, 1, tzinfo=UTC)
    assert entity.cache_duration == timedelta(hours=1)
    assert at(entity, NOW) is entity
    assert at(entity, datetime(2026, 11, 29, 8, tzinfo=UTC)) == replace(entity, idp=None)
    assert at(entity, datetime(2026, 12, 1, tzinfo=UTC)) is None


def test_the_default_service() -> None:
    """saml-metadata §2.2.3: true; else the first that does not say false; else the first."""

    def service(index: int, default: str = "") -> str:
        return f'<md:AssertionConsumerService index="{index}" {default} Binding="{POST}" Location="https://x.example/{index}"/>'

    no, yes = 'isDefault="false"', 'isDefault="true"'
    for services, expected in (
        (service(5, no) + service(6) + service(7, yes), 7),
        (service(5, no) + service(6) + service(7), 6),
        (service(5, no) + service(6, no), 5),
    ):
        role = sp(services)
        assert role.default_assertion_consumer_service is not None
        assert role.default_assertion_consumer_service.index == expected
        assert role.assertion_consumer_service(5) is not None
        assert role.assertion_consumer_service(9) is None
    assert sp("").default_assertion_consumer_service is None
    assert (
        reason_of(f"<md:SPSSODescriptor {SAML2}>{service(1)}{service(1)}</md:SPSSODescriptor>")
        == MetadataReason.STRUCTURE
    )


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example", "//x.example", "https:///x", "https://[", "https://x.example/\n", "https://x.example:0/", "https://" + "x" * 5000]
)  # fmt: skip
def test_places_where_nobody_is_sent(location: str) -> None:
    endpoint = f'<md:SingleSignOnService Binding="{POST}" Location="{location.replace(chr(10), "&#10;x")}"/>'
    good = f'<md:SingleSignOnService Binding="{POST}" Location="https://x.example/" ResponseLocation="{location[:20].replace(chr(10), "")}"/>'
    role = idp(endpoint + good, f'errorURL="{location.replace(chr(10), "&#10;x")}"')
    assert [one.location for one in role.single_sign_on_services] == ["https://x.example/"]
    assert role.error_url is None


@pytest.mark.parametrize(
    ("inside", "attributes", "expected"),
    [
        ("", 'validUntil="tomorrow"', MetadataReason.INSTANT),
        ("", 'validUntil="2026-02-30T00:00:00Z"', MetadataReason.INSTANT),
        ("", 'cacheDuration="-PT1H"', MetadataReason.DURATION),
        ("", 'cacheDuration="P"', MetadataReason.DURATION),
        ("", 'cacheDuration="P1DT"', MetadataReason.DURATION),
        (f"<md:IDPSSODescriptor {SAML2} WantAuthnRequestsSigned='yes'/>", "", MetadataReason.VALUE),
        (f"<md:IDPSSODescriptor {SAML2}><md:SingleSignOnService Binding='x'/></md:IDPSSODescriptor>", "", MetadataReason.STRUCTURE),
        (f"<md:SPSSODescriptor {SAML2}><md:AssertionConsumerService Binding='x' Location='https://x.example/'/></md:SPSSODescriptor>", "", MetadataReason.STRUCTURE),
        (f"<md:SPSSODescriptor {SAML2}><md:AssertionConsumerService index='-1' Binding='x' Location='https://x.example/'/></md:SPSSODescriptor>", "", MetadataReason.VALUE),
        (f"<md:SPSSODescriptor {SAML2}><md:KeyDescriptor use='both'/></md:SPSSODescriptor>", "", MetadataReason.VALUE),
        (f"<md:SPSSODescriptor {SAML2}>{'<md:KeyDescriptor/>' * 33}</md:SPSSODescriptor>", "", MetadataReason.STRUCTURE),
        ("<md:Extensions><mdattr:EntityAttributes><saml:Attribute/></mdattr:EntityAttributes></md:Extensions>", "", MetadataReason.STRUCTURE),
    ],
)  # fmt: skip
def test_what_makes_an_entity_unreadable(inside: str, attributes: str, expected: str) -> None:
    assert reason_of(inside, attributes) == expected


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 1025])
def test_names_that_are_none(name: str) -> None:
    octets = f'<md:EntityDescriptor {SPACES} entityID="{name}"/>'.encode()
    with pytest.raises(HkeidError) as caught:
        read_metadata(octets, TrustedAsItIs(), now=NOW, policy=LOCAL_METADATA_POLICY)
    assert caught.value.reason == MetadataReason.ENTITY_ID


def test_a_document_of_something_else() -> None:
    octets = f"<md:IDPSSODescriptor {SPACES} {SAML2}/>".encode()
    with pytest.raises(HkeidError) as caught:
        read_metadata(octets, TrustedAsItIs(), now=NOW, policy=LOCAL_METADATA_POLICY)
    assert caught.value.reason == MetadataReason.ROOT


# --- what an entity says of itself


def test_entity_attributes() -> None:
    entity = entity_with_everything(KEY, CURVE)
    assert "http://refeds.org/category/research-and-scholarship" in entity.supported_categories
    assert entity.categories == ()
    assert entity.subject_id_requirement is SubjectIdRequirement.PAIRWISE_ID
    attribute = entity.attributes[1]
    for values, expected in (
        (("subject-id", "pairwise-id"), None),
        (("other",), None),
        (("any",), SubjectIdRequirement.ANY),
    ):
        other = replace(entity, attributes=(replace(attribute, values=values),))
        assert other.subject_id_requirement is expected


def test_logos_and_pages_that_no_browser_should_load() -> None:
    logos = "".join(
        f'<mdui:Logo width="{width}" height="1">{url}</mdui:Logo>'
        for width, url in (
            ("1", "http://x.example/l.png"), ("1", "javascript:x"), ("1", "data:text/html,x"), ("0", "https://x.example/l.png"),
            ("a", "https://x.example/l.png"), ("٣", "https://x.example/l.png"), ("2", "https://x.example/good.png"), ("1", "data:image/svg+xml,a b"),
        )
    )  # fmt: skip
    page = '<mdui:InformationURL xml:lang="en">javascript:x</mdui:InformationURL>'
    role = idp(f"<md:Extensions><mdui:UIInfo>{logos}{page}</mdui:UIInfo></md:Extensions>")
    assert [logo.url for logo in role.ui.logos] == ["https://x.example/good.png"]
    assert not role.ui.information_urls


def test_texts_in_languages() -> None:
    names = "".join(
        f'<mdui:DisplayName xml:lang="{tag}">{text}</mdui:DisplayName>'
        for tag, text in (
            ("en", " One "),
            ("EN", "again"),
            ("zh-HK", "一"),
            ("", "none"),
            ("x y", "none"),
            ("de", " "),
        )
    )
    found = idp(
        f"<md:Extensions><mdui:UIInfo>{names}</mdui:UIInfo></md:Extensions>"
    ).ui.display_names
    assert found == LocalisedText((("en", "One"), ("zh-HK", "一")))


@pytest.mark.parametrize(
    ("known", "wanted", "expected"),
    [
        ({"en": "E", "zh-Hant-HK": "T", "zh-Hans": "S"}, "zh-Hant-HK", "T"),
        ({"en": "E", "zh-HK": "T", "zh-CN": "S"}, "zh-Hant-HK", "T"),
        ({"en": "E", "zh-HK": "T", "zh-CN": "S"}, "zh-Hans", "S"),
        ({"en": "E", "zh-TW": "T", "zh": "Z"}, "zh-Hant-HK", "T"),
        ({"en": "E", "zh": "Z"}, "zh-Hans", "Z"),
        ({"en-GB": "E", "de": "D"}, "en", "E"),
        ({"de": "D", "en": "E"}, "fr", "E"),
        ({"de": "D", "fr": "F"}, "zh-Hans", "D"),
        ({"EN": "E"}, "en", "E"),
    ],
)  # fmt: skip
def test_which_text_somebody_gets(known: dict[str, str], wanted: str, expected: str) -> None:
    assert LocalisedText.of(known).get(wanted) == expected


def test_no_text_at_all() -> None:
    assert LocalisedText().get("en") is None
    assert not LocalisedText()


def test_scopes_and_algorithms_of_the_entity_count_for_its_roles() -> None:
    entity = read(
        "<md:Extensions><shibmd:Scope>a.example</shibmd:Scope><alg:DigestMethod Algorithm='urn:d'/></md:Extensions>"
        f"<md:IDPSSODescriptor {SAML2}><md:Extensions><shibmd:Scope regexp='true'>b</shibmd:Scope></md:Extensions></md:IDPSSODescriptor>"
        f"<md:SPSSODescriptor {SAML2}><md:Extensions><alg:SigningMethod Algorithm='urn:s' MinKeySize='256'/></md:Extensions></md:SPSSODescriptor>"
    )  # fmt: skip
    assert entity.idp is not None
    assert entity.sp is not None
    assert [(one.value, one.regexp) for one in entity.idp.scopes] == [
        ("b", True),
        ("a.example", False),
    ]
    assert entity.idp.algorithms.digests == ("urn:d",)
    assert entity.sp.algorithms.digests == ()
    assert entity.sp.algorithms.signatures[0].least_bits == 256


def test_comments_take_nothing_away() -> None:
    found = read(
        "<!-- a --><md:ContactPerson contactType='support'><!-- b --><md:Company>C</md:Company></md:ContactPerson>"
    )
    assert found.contacts[0].company == "C"
    assert (
        reason_of(
            "<md:ContactPerson contactType='support'><md:Company>C<!-- --></md:Company></md:ContactPerson>"
        )
        == "saml_comment"
    )


def test_moments_and_durations() -> None:
    expected = datetime(2026, 11, 28, 8, tzinfo=UTC)
    for text in (
        "2026-11-28T08:00:00Z",
        "2026-11-28T08:00:00",
        "2026-11-28T16:00:00+08:00",
        "2026-11-28T08:00:00.000000000Z",
    ):
        assert read_instant(text) == expected
    assert read_duration("P1Y2M3DT4H5M6.7S") == timedelta(
        days=365 + 60 + 3, hours=4, minutes=5, seconds=6
    )
    with pytest.raises(HkeidError):
        read_instant("9999-12-31T23:59:59-14:00")


def test_uses_of_keys_are_told_apart() -> None:
    role = entity_with_everything(KEY, CURVE).idp
    assert role is not None
    assert [one.use for one in role.keys] == [KeyUse.SIGNING, KeyUse.SIGNING, KeyUse.ENCRYPTION]
    assert role.verification_keys == (KEY.public_key(), CURVE.public_key())
    assert [one.public for one in role.encryption_keys] == [KEY.public_key()]


def test_one_entity_as_a_document() -> None:
    octets = document(f"<md:IDPSSODescriptor {SAML2}/>")
    found = read_metadata(octets, TrustedAsItIs(), now=NOW, policy=LOCAL_METADATA_POLICY)
    assert list(found.entity_ids(NOW)) == ["https://x.example"]
    assert list(found.entity_ids(NOW, RoleKind.IDP)) == ["https://x.example"]
    assert list(found.entity_ids(NOW, RoleKind.SP)) == []
    assert found.entity("https://y.example", NOW) is None
