"""Aggregates: signed as a whole, cut into pieces, read entity by entity (saml-metadata §2.3.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

import pytest
from lxml import etree

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import Reason
from hkeid.saml.dsig.streamed import StreamedSignature
from hkeid.saml.metadata import (
    MetadataReason,
    RoleKind,
    SignedBy,
    TrustedAsItIs,
    cutting,
    read_metadata,
)
from hkeid.saml.metadata.aggregate import Aggregate
from hkeid.saml.metadata.indexing import AggregateLimits, read_aggregate
from hkeid.testing.saml_federation import Federation, Member

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
FEDERATION = Federation()
MEMBERS = [Member(number) for number in range(12)]
TRUST = SignedBy(tuple(FEDERATION.keys))


def reason_of(octets: bytes, trust: SignedBy | TrustedAsItIs = TRUST) -> str:
    try:
        read_metadata(octets, trust, now=NOW)
    except HkeidError as error:
        return error.reason
    return "accepted"


@pytest.fixture(params=[1, 4096, 262_144], ids=["run-of-one", "run-of-some", "one-run"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(cutting, "_RUN", request.param)
    return request.param


@pytest.mark.parametrize("groups", [0, 1, 3])
@pytest.mark.parametrize("trust", [TRUST, TrustedAsItIs()], ids=["signed", "as-it-is"])
def test_members_are_found(groups: int, trust: SignedBy | TrustedAsItIs, run: int) -> None:
    octets = FEDERATION.aggregate(MEMBERS, groups=groups)
    document = read_metadata(octets, trust, now=NOW)
    assert isinstance(document, Aggregate)
    assert document.signed is (trust is TRUST)
    assert len(document) == 12
    for member in MEMBERS:
        found = document.entity(member.entity_id, NOW)
        assert found is not None
        assert found.entity_id == member.entity_id
        assert (found.sp is not None, found.idp is not None) == (member.service, not member.service)
        role = found.sp or found.idp
        assert role is not None
        assert role.verification_keys == tuple(FEDERATION.keys)
        assert found.names().get("zh-Hant-HK") == f"Member {member.number} 大學 & Library"
        source = sha1(member.entity_id.encode()).digest()
        assert document.entity_of_source(source, NOW) == found
    assert document.entity("https://nobody.example", NOW) is None
    assert document.entity_of_source(bytes(20), NOW) is None


@pytest.mark.parametrize("groups", [0, 2])
def test_the_sum_of_the_pieces_is_the_canonical_form_of_the_whole(
    groups: int, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """xml-exc-c14n over all of it, as libxml2 gives it in one go."""
    digested = bytearray()
    update = StreamedSignature.update

    def spy(self: StreamedSignature, octets: bytes) -> None:
        digested.extend(octets)
        update(self, octets)

    monkeypatch.setattr(StreamedSignature, "update", spy)
    octets = FEDERATION.aggregate(MEMBERS, groups=groups)
    read_metadata(octets, TRUST, now=NOW)
    root = etree.fromstring(octets)
    root.text = (root.text or "") + (root[0].tail or "")
    root.remove(root[0])
    whole = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    assert sha256(digested).digest() == sha256(whole).digest()


def test_roles_are_listed() -> None:
    document = read_metadata(FEDERATION.aggregate(MEMBERS), TRUST, now=NOW)
    assert list(document.entity_ids(NOW)) == [one.entity_id for one in MEMBERS]
    for role, service in ((RoleKind.IDP, False), (RoleKind.SP, True)):
        wanted = [one.entity_id for one in MEMBERS if one.service is service]
        assert list(document.entity_ids(NOW, role)) == wanted


def test_an_entity_that_is_asked_for_again_is_the_same() -> None:
    document = read_metadata(FEDERATION.aggregate(MEMBERS), TRUST, now=NOW)
    name = MEMBERS[0].entity_id
    assert document.entity(name, NOW) is document.entity(name, NOW)


def test_validity_is_the_earliest_of_all_around() -> None:
    """saml-metadata §2.3.1: validUntil; §4.3: the earliest, the shortest."""
    octets = FEDERATION.aggregate(MEMBERS[:2], groups=2, signed=False)
    octets = octets.replace(b'Name="group 0"', b'Name="group 0" validUntil="2026-11-29T08:00:00Z"')
    octets = octets.replace(b'b=1"', b'b=1" validUntil="2026-12-01T08:00:00Z" cacheDuration="PT5M"')
    document = read_metadata(FEDERATION.sign(octets), TRUST, now=NOW)
    one, other = (document.entity(member.entity_id, NOW) for member in MEMBERS[:2])
    assert one is not None
    assert other is not None
    assert one.valid_until == datetime(2026, 11, 29, 8, tzinfo=UTC)
    assert one.cache_duration == timedelta(hours=1)
    assert other.valid_until == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert other.cache_duration == timedelta(minutes=5)
    later = datetime(2026, 11, 29, 8, tzinfo=UTC)
    assert document.entity(MEMBERS[0].entity_id, later) is None
    assert list(document.entity_ids(later)) == [MEMBERS[1].entity_id]


def test_one_prefix_for_two_namespaces_in_turn_and_none_at_all() -> None:
    """What a piece inherits is what it would have inherited in the whole."""
    octets = FEDERATION.aggregate(MEMBERS[:2], groups=2, signed=False)
    octets = octets.replace(
        b'<md:EntitiesDescriptor Name="group 0">',
        b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:mdui="urn:x:other">',
    ).replace(b"</md:EntitiesDescriptor>", b"</EntitiesDescriptor>", 1)
    document = read_metadata(FEDERATION.sign(octets), TRUST, now=NOW)
    one, other = (document.entity(member.entity_id, NOW) for member in MEMBERS[:2])
    assert one is not None
    assert other is not None
    assert not one.idp.ui.display_names  # type: ignore[union-attr]
    assert other.idp.ui.display_names  # type: ignore[union-attr]


def test_comments_may_hide_tags() -> None:
    octets = FEDERATION.aggregate(MEMBERS[:2], signed=False)
    hidden = b"<!-- </md:EntityDescriptor> <md:EntitiesDescriptor><md:EntityDescriptor> -->"
    for before in (b"<md:Organization>", b"  <md:EntityDescriptor", b"</md:EntitiesDescriptor>"):
        commented = octets.replace(before, hidden + before)
        assert reason_of(FEDERATION.sign(commented)) == "accepted"


def test_names_of_tags_in_text_and_attributes_are_no_tags() -> None:
    octets = FEDERATION.aggregate(MEMBERS[:2], signed=False)
    octets = octets.replace(
        b"Operations</md:", b"/md:EntityDescriptor&gt; EntitiesDescriptor </md:"
    )
    octets = octets.replace(
        b'publisher="', b'publisher="md:EntityDescriptor &lt;EntityDescriptor> '
    )
    assert reason_of(FEDERATION.sign(octets)) == "accepted"


def change(old: bytes, new: bytes, count: int = 1) -> bytes:
    octets = FEDERATION.aggregate(MEMBERS[:3])
    assert old in octets
    return octets.replace(old, new, count)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (change(b"member-1.example/logo", b"member-X.example/logo"), Reason.DIGEST_MISMATCH),
        (change(b"2026-12-05", b"2026-12-06"), Reason.DIGEST_MISMATCH),
        (change(b"  <md:EntityDescriptor", b"<md:EntityDescriptor"), Reason.DIGEST_MISMATCH),
        (change(b"</md:Extensions>\n  <!-- member", b"</md:Extensions>\n\n  <!-- member"), Reason.DIGEST_MISMATCH),
        (change(b"\n</md:EntitiesDescriptor>", b"</md:EntitiesDescriptor>"), Reason.DIGEST_MISMATCH),
        (change(b"<!-- member 1 -->", b"text"), MetadataReason.STRUCTURE),
        (change(b"<!-- member 1 -->", b"<md:Extensions/>"), MetadataReason.STRUCTURE),
        (change(b"<!-- member 1 -->", b"<?pi?>"), Reason.PROCESSING_INSTRUCTION),
        (change(b"<!-- member 1 -->", b"<![CDATA[ ]]>"), Reason.CDATA),
        (change(b"<!-- member 1 -->", b"<!-- a -- b -->"), Reason.COMMENT),
        (change(b"<!-- member 1 -->", b"<!ENTITY x 'y'>"), Reason.DOCUMENT_TYPE),
        (change(b"&amp;b=1", b"&x;b=1"), Reason.NOT_WELL_FORMED),
        (change(b"idp.member-1.example/shibboleth?a=1&amp;b=1", b"idp.member-0.example/shibboleth?a=1&#38;b=0"), MetadataReason.ENTITY_REPEATED),
        (change(b"</md:EntitiesDescriptor>", b"</md:EntitiesDescriptor>x"), Reason.NOT_WELL_FORMED),
        (change(b"</md:EntitiesDescriptor>", b"</md:EntitiesDescriptor><md:EntitiesDescriptor/>"), MetadataReason.STRUCTURE),
        (change(b"</md:EntitiesDescriptor>", b"</x:EntitiesDescriptor>"), MetadataReason.STRUCTURE),
        (change(b"</md:EntitiesDescriptor>", b""), MetadataReason.STRUCTURE),
        (change(b"<ds:Signature ", b"<ds:Nothing ", 1).replace(b"</ds:Signature>", b"</ds:Nothing>"), Reason.UNSIGNED),
        (change(b"Description xml:lang", b"D\xffscription xml:lang"), Reason.NOT_WELL_FORMED),
        (FEDERATION.aggregate(MEMBERS[:3], signed=False), Reason.UNSIGNED),
        (Federation().aggregate(MEMBERS[:3]), Reason.SIGNATURE_INVALID),
        (FEDERATION.aggregate([]), MetadataReason.STRUCTURE),
        (b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>', MetadataReason.STRUCTURE),
        (b'<EntitiesDescriptor xmlns="urn:x:y"><EntityDescriptor/></EntitiesDescriptor>', MetadataReason.ROOT),
        (b'<EntitiesDescriptor xmlns="urn:x:y"><EntityDescriptor></EntityDescriptor></EntitiesDescriptor>', MetadataReason.ROOT),
    ],
)  # fmt: skip
def test_what_is_refused(octets: bytes, expected: str) -> None:
    assert reason_of(octets) == expected


def test_end_of_a_document_is_required_bounded_and_heeded() -> None:
    cases = {
        "2026-12-26T08:00:00Z": "accepted",
        "2026-12-26T08:00:01Z": MetadataReason.VALID_TOO_LONG,
        "2026-11-28T08:00:00Z": MetadataReason.EXPIRED,
        "yesterday": MetadataReason.INSTANT,
    }
    for until, expected in cases.items():
        assert reason_of(FEDERATION.aggregate(MEMBERS[:1], until=until)) == expected
    octets = FEDERATION.aggregate(MEMBERS[:1], signed=False)
    endless = re.sub(rb' validUntil="[^"]*"', b"", octets)
    assert reason_of(FEDERATION.sign(endless)) == MetadataReason.NO_VALID_UNTIL


def test_limits_hold() -> None:
    octets = FEDERATION.aggregate(MEMBERS[:3])
    for limits, expected in (
        (AggregateLimits(octets=len(octets) - 1), Reason.TOO_LARGE),
        (AggregateLimits(entities=2), MetadataReason.TOO_MANY_ENTITIES),
    ):
        with pytest.raises(HkeidError) as caught:
            read_aggregate(octets, TRUST, limits)
        assert caught.value.reason == expected
    assert len(read_aggregate(octets, TRUST, AggregateLimits(octets=len(octets), entities=3))) == 3


def test_groups_nest_eight_deep_and_no_deeper() -> None:
    octets = FEDERATION.aggregate(MEMBERS[:1], groups=1, signed=False)
    inner = b'<md:EntitiesDescriptor Name="group 0">'
    for more, expected in ((6, "accepted"), (7, MetadataReason.STRUCTURE)):
        deep = octets.replace(inner, inner + b"<md:EntitiesDescriptor>" * more)
        deep = deep.replace(
            b"</md:EntitiesDescriptor>", b"</md:EntitiesDescriptor>" * (more + 1), 1
        )
        assert reason_of(FEDERATION.sign(deep)) == expected


def test_an_entity_that_the_gate_refuses_leaves_the_others_alone() -> None:
    """Two of one ID: not seen while indexing, refused when read."""
    octets = FEDERATION.aggregate(MEMBERS[:2], signed=False)
    octets = octets.replace(
        b'<md:EntityDescriptor entityID="https://idp.member-0',
        b'<md:EntityDescriptor ID="_federation" entityID="https://idp.member-0',
    )
    document = read_metadata(FEDERATION.sign(octets), TRUST, now=NOW)
    with pytest.raises(HkeidError) as caught:
        document.entity(MEMBERS[0].entity_id, NOW)
    assert caught.value.reason == Reason.ID_NOT_UNIQUE
    assert document.entity(MEMBERS[1].entity_id, NOW) is not None


def test_inclusive_prefixes_of_the_signer_count() -> None:
    """xml-exc-c14n §2.1: a PrefixList makes prefixes part of the root's canonical form."""
    octets = FEDERATION.aggregate(MEMBERS[:2], signed=False)
    signed = FEDERATION.sign(octets, prefixes=("mdui", "saml"))
    assert reason_of(signed) == "accepted"
    document = read_metadata(signed, TRUST, now=NOW)
    assert document.entity(MEMBERS[1].entity_id, NOW) is not None
