"""An entity that says everything that metadata can say of one, for tests of readers and writers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hkeid.ports.keys import KeyState
from hkeid.saml.metadata import (
    OUR_ALGORITHMS,
    AttributeConsumingService,
    Contact,
    DiscoHints,
    Endpoint,
    Entity,
    EntityAttribute,
    IdpRole,
    IndexedEndpoint,
    LocalisedText,
    Logo,
    Organization,
    OwnKey,
    Registration,
    RequestedAttribute,
    RoleKey,
    Scope,
    SpRole,
    UiInfo,
    published_keys,
)
from hkeid.saml.metadata.records import ENTITY_CATEGORY_SUPPORT, SUBJECT_ID_REQUIREMENT

_BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
_FORMATS = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_URI_NAMES = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_NAMES = LocalisedText.of(
    {"en": "Hong Kong eID", "zh-Hant-HK": "香港數碼個人身分", "zh-Hans": "香港数码个人身份"}
)
_PAGES = LocalisedText.of(
    {one: f"https://eid.example/{one}/about?a=1&b=2" for one in ("en", "zh-Hant-HK")}
)


def self_signed(key: rsa.RSAPrivateKey) -> bytes:
    """DER of a certificate whose time is long over, which is no matter in metadata."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "eid.example")])
    then = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(then)
        .not_valid_after(then + timedelta(days=1))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.DER)


def entity_with_everything(key: rsa.RSAPrivateKey, following: ec.EllipticCurvePrivateKey) -> Entity:
    """An identity provider that is a service provider as well.

    :param key: for signatures and encryption, in a certificate.
    :param following: of the next key for signatures, bare.
    """
    active = OwnKey(state=KeyState.ACTIVE, public=key.public_key(), certificate=self_signed(key))
    bare = OwnKey(state=KeyState.NEXT, public=following.public_key())
    keys = published_keys(signing=[bare, active], encryption=[active])
    ui = UiInfo(
        display_names=_NAMES,
        descriptions=LocalisedText.of({"en": 'Login with <eID> & "more"', "zh-Hans": "登录"}),
        keywords=LocalisedText.of({"en": "identity hongkong"}),
        logos=(Logo(url="https://eid.example/logo.png", width=80, height=60),
               Logo(url="data:image/png;base64,iVBORw0KGgo=", width=16, height=16, language="zh-Hans")),
        information_urls=_PAGES,
        privacy_statement_urls=_PAGES,
    )  # fmt: skip
    return Entity(
        entity_id="https://eid.example/saml?tenant=a&b",
        idp=_idp(keys, ui),
        sp=_sp(keys, ui),
        attributes=(
            EntityAttribute(
                name=ENTITY_CATEGORY_SUPPORT, name_format=_URI_NAMES,
                values=("http://refeds.org/category/research-and-scholarship", "https://refeds.org/category/personalized"),
            ),
            EntityAttribute(name=SUBJECT_ID_REQUIREMENT, name_format=_URI_NAMES, values=("pairwise-id",)),
        ),
        registration=Registration(
            authority="https://federation.example", instant=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
            policies=LocalisedText.of({"en": "https://federation.example/policy"}),
        ),
        organization=Organization(names=_NAMES, display_names=_NAMES, urls=_PAGES),
        contacts=(
            Contact(kind="technical", company="eID", given_name="Siu Ming", surname="Chan", emails=("help@eid.example",), telephones=("+852 2345 6789",)),
            Contact(kind="other", given_name="Incidents", emails=("security@eid.example",), security=True),
        ),
    )  # fmt: skip


def _idp(keys: tuple[RoleKey, ...], ui: UiInfo) -> IdpRole:
    return IdpRole(
        keys=keys,
        algorithms=OUR_ALGORITHMS,
        ui=ui,
        error_url="https://eid.example/error?code=ERRORURL_CODE&ts=ERRORURL_TS",
        single_logout_services=(_both("slo"), Endpoint(binding=f"{_BINDINGS}SOAP", location="https://eid.example/soap")),
        artifact_resolution_services=(_indexed("SOAP", "artifact", 0),),
        name_id_formats=(f"{_FORMATS}persistent", f"{_FORMATS}transient"),
        single_sign_on_services=(
            Endpoint(binding=f"{_BINDINGS}HTTP-Redirect", location="https://eid.example/sso"),
            Endpoint(binding=f"{_BINDINGS}HTTP-POST", location="https://eid.example/sso"),
        ),
        want_authn_requests_signed=True,
        scopes=(Scope(value="eid.example"), Scope(value=r"^.+\.eid\.example$", regexp=True)),
        hints=DiscoHints(networks=("192.0.2.0/24",), domains=("eid.example",), locations=("geo:22.3,114.2",)),
    )  # fmt: skip


def _sp(keys: tuple[RoleKey, ...], ui: UiInfo) -> SpRole:
    return SpRole(
        keys=keys,
        ui=ui,
        single_logout_services=(_both("sp/slo"),),
        name_id_formats=(f"{_FORMATS}transient",),
        assertion_consumer_services=(_indexed("HTTP-POST", "sp/acs", 1), _indexed("HTTP-Artifact", "sp/acs", 2, default=True)),
        attribute_consuming_services=(
            AttributeConsumingService(
                index=0, default=True, names=_NAMES, descriptions=_NAMES,
                requested=(
                    RequestedAttribute(name="urn:oid:0.9.2342.19200300.100.1.3", name_format=_URI_NAMES, friendly_name="mail", required=True),
                    RequestedAttribute(name="role", values=("staff", "student")),
                ),
            ),
        ),
        authn_requests_signed=True,
        wants_assertions_signed=True,
        discovery_responses=(IndexedEndpoint(
            binding="urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
            location="https://eid.example/disco", index=1),),
        request_initiators=(Endpoint(
            binding="urn:oasis:names:tc:SAML:profiles:SSO:request-init", location="https://eid.example/login"),),
    )  # fmt: skip


def _both(path: str) -> Endpoint:
    return Endpoint(
        binding=f"{_BINDINGS}HTTP-Redirect",
        location=f"https://eid.example/{path}",
        response_location=f"https://eid.example/{path}/answer",
    )


def _indexed(
    binding: str, path: str, index: int, *, default: bool | None = None
) -> IndexedEndpoint:
    return IndexedEndpoint(
        binding=f"{_BINDINGS}{binding}",
        location=f"https://eid.example/{path}/{index}",
        index=index,
        default=default,
    )
