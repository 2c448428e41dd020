"""Aggregates in which one element is entered and another would be read, and those that are made to cost much.

Each is signed by the federation itself, as an operator signs what a member has handed in: the signature holds, so
the shape alone has to be noticed.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import Reason
from hkeid.saml.dsig.namespaces import MD
from hkeid.saml.metadata import MetadataReason, SignedBy, TrustedAsItIs, read_metadata
from hkeid.testing.saml_federation import Federation, Member

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
FEDERATION = Federation()
TRUST = SignedBy(tuple(FEDERATION.keys))
FIRST, SECOND = Member(0), Member(1)
START, END = "<md:EntityDescriptor", "</md:EntityDescriptor>"


def entity(member: Member) -> str:
    """Its EntityDescriptor alone."""
    text = FEDERATION.member(member)
    return text[text.index(START) :].rstrip()


def in_place_of(member: Member, new: str) -> bytes:
    """A signed aggregate of two members, one of them another than its operator thinks."""
    octets = FEDERATION.aggregate([FIRST, SECOND], signed=False).decode()
    assert octets.count(entity(member)) == 1
    return FEDERATION.sign(octets.replace(entity(member), new).encode())


def renamed(text: str, prefix: str) -> str:
    """The same entity, under another prefix of the same namespace."""
    inside = text.removeprefix(START).removesuffix(END)
    return f'<{prefix}:EntityDescriptor xmlns:{prefix}="{MD}"{inside}</{prefix}:EntityDescriptor>'


def scopes_of(octets: bytes, member: Member) -> set[str]:
    """What readers would believe of a member; its refusal, where they do not get that far."""
    try:
        found = read_metadata(octets, TRUST, now=NOW).entity(member.entity_id, NOW)
    except HkeidError as error:
        return {error.reason}
    assert found is not None
    assert found.idp is not None
    return {one.value for one in found.idp.scopes}


@pytest.mark.parametrize("length", [1, 60, 61, 62, 63, 64, 65, 66, 200])
@pytest.mark.parametrize("member", [FIRST, SECOND], ids=["first", "second"])
def test_an_entity_around_another_of_its_name(member: Member, length: int) -> None:
    """The operator looks at the scopes of the outer one; the inner one, in its extensions, has others."""
    own = entity(member)
    scope = f"member-{member.number}.example</shibmd:Scope>"
    inner = own.replace(scope, "victim.example</shibmd:Scope>")
    assert inner != own
    around = renamed(own.replace("<md:Extensions>", f"<md:Extensions>{inner}", 1), "p" * length)
    assert scopes_of(in_place_of(member, around), member) < {
        Reason.MESSAGE_NESTED,
        Reason.NOT_WELL_FORMED,
        MetadataReason.STRUCTURE,
    }


@pytest.mark.parametrize("prefix", ["q", "EntityDescriptor", "p" * 60])
def test_prefixes_are_a_members_own_business(prefix: str) -> None:
    for member in (FIRST, SECOND):
        octets = in_place_of(member, renamed(entity(member), prefix))
        for one in (FIRST, SECOND):
            assert scopes_of(octets, one) == {f"member-{one.number}.example"}


@pytest.mark.parametrize("member", [FIRST, SECOND], ids=["first", "second"])
def test_no_member_is_overlooked(member: Member) -> None:
    """Nor a second one of the same name: under a prefix too long for the scan, it is refused, not left out."""
    long = renamed(entity(member), "p" * 80)
    for new in (long, f"{entity(member)}\n{long}", f"{long}\n{entity(member)}"):
        assert scopes_of(in_place_of(member, new), member) == {MetadataReason.STRUCTURE}


@pytest.mark.parametrize(
    ("between", "before", "after"),
    [
        ("<md:Extensions/>", MetadataReason.STRUCTURE, MetadataReason.STRUCTURE),
        ('<x:y xmlns:x="urn:x"/>', MetadataReason.STRUCTURE, MetadataReason.STRUCTURE),
        ("<md:AffiliationDescriptor/>", Reason.MESSAGE_NESTED, MetadataReason.STRUCTURE),
        ("text", Reason.COMMENT, MetadataReason.STRUCTURE),
        (
            f"<md:Extensions>{entity(Member(2))}</md:Extensions>",
            Reason.NOT_WELL_FORMED,
            MetadataReason.STRUCTURE,
        ),
        ("<!-- --><md:Extensions/><!-- -->", MetadataReason.STRUCTURE, MetadataReason.STRUCTURE),
    ],
)
def test_nothing_else_stands_beside_members(between: str, before: str, after: str) -> None:
    """saml-metadata §2.3.1: Signature, Extensions (there are some), then entities and groups."""
    for member, expected in ((FIRST, before), (SECOND, after)):
        octets = in_place_of(member, f"{between}{entity(member)}")
        assert scopes_of(octets, SECOND) == {expected}


@pytest.mark.parametrize(
    "inside",
    ['<x:EntityDescriptor xmlns:x="urn:x"/>', '<md:EntityDescriptor entityID="urn:x:y"/>'],
)
def test_an_empty_tag_does_not_shift_what_ends_where(inside: str) -> None:
    own = entity(SECOND)
    octets = in_place_of(SECOND, own.replace("<md:Extensions>", f"<md:Extensions>{inside}", 1))
    assert scopes_of(octets, FIRST) == {MetadataReason.STRUCTURE}


def cpu_of(octets: bytes) -> tuple[float, str]:
    """CPU seconds, and the refusal."""
    began = time.thread_time()
    with pytest.raises(HkeidError) as caught:
        read_metadata(octets, TrustedAsItIs(), now=NOW)
    return time.thread_time() - began, caught.value.reason


def test_start_tags_are_not_parsed_again_without_end() -> None:
    """Each piece is parsed within the start tags around it, so that these are short, and groups are few."""
    one = f'<md:EntitiesDescriptor xmlns:md="{MD}"'
    wide = f"{one} Name='{'n' * 20_000}'>{entity(FIRST)}</md:EntitiesDescriptor>"
    spent, reason = cpu_of(wide.encode())
    assert (reason, spent < 0.5) == (Reason.TOO_LARGE, True)
    groups = "".join(
        f'<md:EntitiesDescriptor><md:EntityDescriptor entityID="urn:x:{number}">{END}'
        "</md:EntitiesDescriptor>"
        for number in range(5_000)
    )
    spent, reason = cpu_of(f"{one}>{groups}</md:EntitiesDescriptor>".encode())
    assert (reason, spent < 5) == (Reason.TOO_LARGE, True)


def test_comments_before_the_first_member_cost_what_they_weigh() -> None:
    """A million of them: looked at once, not once for each."""
    octets = f'<md:EntitiesDescriptor xmlns:md="{MD}">{"<!---->" * 1_000_000}{entity(FIRST)}'
    spent, reason = cpu_of(octets.encode())
    assert reason in (MetadataReason.STRUCTURE, Reason.TOO_LARGE, Reason.TOO_MANY_NODES)
    assert spent < 5


def test_a_document_that_breaks_off_is_refused_wherever_it_does() -> None:
    octets = FEDERATION.aggregate([FIRST, SECOND], groups=1, signed=False)
    whole = octets.rstrip()
    begins = [at for at in range(len(whole)) if whole.startswith((b"<", b"Desc", b">", b"-"), at)]
    for end in (*begins, *(at + len("Descriptor") for at in begins)):
        if end >= len(whole):
            continue
        with pytest.raises(HkeidError):
            read_metadata(whole[:end], TrustedAsItIs(), now=NOW)
