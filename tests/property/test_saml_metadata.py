"""Metadata that the writer writes is read the same; whatever else comes raises our errors alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import XmlSigner
from hkeid.saml.metadata import (
    LOCAL_METADATA_POLICY,
    AlgorithmSupport,
    AttributeConsumingService,
    Contact,
    DiscoHints,
    EncryptionMethod,
    Endpoint,
    Entity,
    EntityAttribute,
    IdpRole,
    IndexedEndpoint,
    KeyUse,
    LocalisedText,
    Logo,
    MetadataTrust,
    Organization,
    Registration,
    RequestedAttribute,
    RoleKey,
    Scope,
    SignedBy,
    SigningMethod,
    SpRole,
    TrustedAsItIs,
    UiInfo,
    read_metadata,
    write_entity,
    write_group,
)
from hkeid.saml.metadata.instants import (
    read_duration,
    read_instant,
    write_duration,
    write_instant,
)
from hkeid.testing.saml_entities import entity_with_everything, self_signed
from hkeid.testing.saml_federation import Federation, Member

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP384R1())
CERTIFICATE = self_signed(RSA_KEY)
TRUST = SignedBy((RSA_KEY.public_key(),))
AS_IT_IS = TrustedAsItIs()
_SPACE = " \t\r\n"

texts = (
    st.text(
        st.characters(
            exclude_categories=("Cs",),
            exclude_characters="".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])),
        ),
        min_size=1, max_size=20,
    )
    .map(lambda text: text.strip(_SPACE))
    .filter(bool)
)  # fmt: skip
uris = st.from_regex(r"urn:[a-z0-9:&<>\"'-]{1,20}", fullmatch=True)
urls = st.from_regex(
    r"https?://[a-z]{1,9}\.example(:[1-9][0-9]{0,3})?/[a-zA-Z0-9/?&='%-]{0,12}", fullmatch=True
)
languages = st.sampled_from(["en", "zh-Hant-HK", "zh-Hans", "de-CH-1996", "x-y"])


def tuples(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=most).map(tuple)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


localised = st.dictionaries(languages, texts, max_size=3).map(LocalisedText.of)
pages = st.dictionaries(languages, urls, max_size=2).map(LocalisedText.of)
endpoints = st.builds(Endpoint, binding=uris, location=urls, response_location=optional(urls))


def indexed(most: int = 3) -> st.SearchStrategy[Any]:
    one = st.builds(
        IndexedEndpoint, binding=uris, location=urls, response_location=optional(urls),
        index=st.integers(0, 65_535), default=optional(st.booleans()),
    )  # fmt: skip
    return st.lists(one, max_size=most, unique_by=lambda found: found.index).map(tuple)


numbers = st.integers(0, 9_999)
methods = tuples(
    st.builds(
        EncryptionMethod,
        algorithm=uris,
        key_bits=optional(numbers),
        digest=optional(uris),
        mask=optional(uris),
    )
)
keys = tuples(
    st.one_of(
        st.builds(
            RoleKey, public=st.just(RSA_KEY.public_key()), certificate=st.sampled_from([None, CERTIFICATE]),
            use=optional(st.sampled_from(KeyUse)), names=tuples(texts), encryption_methods=methods,
        ),
        st.builds(RoleKey, public=st.just(EC_KEY.public_key()), use=optional(st.sampled_from(KeyUse))),
    )
)  # fmt: skip
logos = st.builds(
    Logo, url=st.one_of(urls.map(lambda url: url.replace("http:", "https:")), st.just("data:image/png;base64,AA==")),
    width=st.integers(1, 99_999), height=st.integers(1, 99_999), language=optional(languages),
)  # fmt: skip
uis = st.builds(
    UiInfo, display_names=localised, descriptions=localised, keywords=localised, logos=tuples(logos),
    information_urls=pages, privacy_statement_urls=pages,
)  # fmt: skip
algorithms = st.builds(
    AlgorithmSupport, digests=tuples(uris),
    signatures=tuples(st.builds(SigningMethod, algorithm=uris, least_bits=optional(numbers), most_bits=optional(numbers))),
)  # fmt: skip
moments = st.datetimes(datetime(2026, 11, 29), datetime(2999, 1, 1)).map(
    lambda one: one.replace(tzinfo=UTC)
)
roles: dict[str, st.SearchStrategy[Any]] = {
    "keys": keys,
    "single_logout_services": tuples(endpoints),
    "artifact_resolution_services": indexed(),
    "name_id_formats": tuples(texts),
    "algorithms": algorithms,
    "ui": uis,
    "error_url": optional(urls),
}
idps = st.builds(
    IdpRole, **roles, single_sign_on_services=tuples(endpoints), want_authn_requests_signed=st.booleans(),
    scopes=st.lists(st.builds(Scope, value=texts, regexp=st.booleans()), max_size=3, unique=True).map(tuple),
    hints=st.builds(DiscoHints, networks=tuples(texts), domains=tuples(texts), locations=tuples(texts)),
)  # fmt: skip
requested = st.builds(
    RequestedAttribute, name=uris, name_format=optional(uris), friendly_name=optional(uris),
    required=st.booleans(), values=tuples(texts),
)  # fmt: skip
consuming = st.lists(
    st.builds(
        AttributeConsumingService, index=st.integers(0, 65_535), default=optional(st.booleans()), names=localised,
        descriptions=localised, requested=tuples(requested),
    ),
    max_size=2, unique_by=lambda one: one.index,
).map(tuple)  # fmt: skip
sps = st.builds(
    SpRole, **roles, assertion_consumer_services=indexed(), attribute_consuming_services=consuming,
    authn_requests_signed=st.booleans(), wants_assertions_signed=st.booleans(), discovery_responses=indexed(2),
    request_initiators=tuples(endpoints, 2),
)  # fmt: skip
kinds = st.sampled_from(["technical", "support", "administrative", "billing", "other"])
contacts = st.builds(
    Contact, kind=kinds, company=optional(texts), given_name=optional(texts), surname=optional(texts),
    emails=tuples(texts, 2), telephones=tuples(texts, 2), security=st.booleans(),
)  # fmt: skip


@st.composite
def entities(draw: st.DrawFn) -> Entity:
    """A role ends with its entity or before."""
    until = draw(optional(moments))
    ends = [until] if until is None else [until, until - timedelta(microseconds=1)]
    when = st.sampled_from(ends)
    with_end = {"valid_until": when}
    return Entity(
        entity_id=draw(urls),
        idp=draw(optional(st.builds(_ending, idps, with_end["valid_until"]))),
        sp=draw(optional(st.builds(_ending, sps, with_end["valid_until"]))),
        attributes=draw(tuples(st.builds(EntityAttribute, name=uris, values=tuples(texts), name_format=optional(uris)))),
        registration=draw(optional(st.builds(Registration, authority=texts, instant=optional(moments), policies=pages))),
        organization=draw(optional(st.builds(Organization, names=localised, display_names=localised, urls=pages))),
        contacts=draw(tuples(contacts)),
        valid_until=until,
        cache_duration=draw(optional(st.timedeltas(timedelta(0), timedelta(days=9_999)).map(lambda one: timedelta(seconds=int(one.total_seconds()))))),
    )  # fmt: skip


def _ending(role: Any, end: datetime | None) -> Any:
    from dataclasses import replace

    return replace(role, valid_until=end)


def read(octets: bytes, trust: MetadataTrust, entity_id: str) -> Entity | None:
    document = read_metadata(octets, trust, now=NOW, policy=LOCAL_METADATA_POLICY)
    return document.entity(entity_id, NOW)


@given(entities())
def test_what_is_written_is_read_the_same(entity: Entity) -> None:
    signer = XmlSigner.from_key(RSA_KEY)
    alone = write_entity(entity, identifier="_entity", signer=signer)
    assert read(alone, TRUST, entity.entity_id) == entity
    assert read(write_entity(entity), AS_IT_IS, entity.entity_id) == entity
    group = write_group([entity], identifier="_group", signer=signer)
    assert read(group, TRUST, entity.entity_id) == entity


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))
def test_moments(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert read_instant(write_instant(aware)) == aware


@given(st.integers(0, 10**9))
def test_durations(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert read_duration(write_duration(length)) == length


FEDERATION = Federation(key=RSA_KEY)
DOCUMENTS = (
    write_entity(entity_with_everything(RSA_KEY, ec.generate_private_key(ec.SECP256R1()))),
    FEDERATION.aggregate([Member(3), Member(4)], groups=2, signed=False),
    FEDERATION.aggregate([Member(3), Member(4)]),
)
WORDS = st.sampled_from(
    [
        b"<!-- -->", b"<!--", b"-->", b"<?x?>", b"<![CDATA[]]>", b"<!DOCTYPE r>", b"&amp;", b"&x;", b' xmlns=""', b' ID="_x"',
        b"<md:EntityDescriptor>", b"</md:EntityDescriptor>", b"<md:EntitiesDescriptor>", b"</md:EntitiesDescriptor>",
        b"<md:EntityDescriptor/>", b"EntityDescriptor", b"\0", b"\xff", b" ", b"=", b'"', b"'", b"<", b">", b"/", b"-1", b"99999999999",
        b"true", b"P1Y", b"2026-13-01T00:00:00Z", b"9999-12-31T23:59:59-14:00", b"javascript:x", b"https://[", b"AAAA",
    ]
)  # fmt: skip
edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(WORDS, st.binary(max_size=3))), min_size=1, max_size=4
)  # fmt: skip


@given(st.sampled_from(range(3)), edits)
def test_spoilt_documents_raise_our_errors_alone(which: int, edits: list[Any]) -> None:
    octets = DOCUMENTS[which]
    for where, length, word in edits:
        at = int(where * len(octets))
        octets = octets[:at] + word + octets[at + length :]
    _ours_alone(octets, TrustedAsItIs())
    _ours_alone(octets, TRUST)


@given(st.binary(max_size=200))
def test_anything_at_all_raises_our_errors_alone(octets: bytes) -> None:
    _ours_alone(octets, TrustedAsItIs())


@given(
    st.sampled_from(
        [
            b"validUntil",
            b"cacheDuration",
            b"index",
            b"isDefault",
            b"Location",
            b"use",
            b"entityID",
            b"width",
            b"KeySize",
        ]
    ),
    st.text(max_size=12),
)
def test_values_of_other_types_raise_our_errors_alone(name: bytes, value: str) -> None:
    octets = DOCUMENTS[0].replace(
        b"entityID=", b'validUntil="2026-12-05T08:00:00Z" cacheDuration="PT1H" entityID=', 1
    )
    head, _, rest = octets.partition(name + b'="')
    octets = head + name + b'="' + value.encode("utf-8", "replace") + rest[rest.find(b'"') :]
    _ours_alone(octets, TrustedAsItIs())


def _ours_alone(octets: bytes, trust: MetadataTrust) -> None:
    try:
        document = read_metadata(octets, trust, now=NOW, policy=LOCAL_METADATA_POLICY)
    except HkeidError as error:
        assert error.reason.startswith("saml_")
        return
    for name in document.entity_ids(NOW):
        try:
            found = document.entity(name, NOW)
        except HkeidError as error:
            assert error.reason.startswith("saml_")
        else:
            assert found is None or found.entity_id == name
