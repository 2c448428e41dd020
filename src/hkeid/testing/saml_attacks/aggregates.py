"""Attacks on aggregates of metadata: what makes a verifier and an index see different entities."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hkeid.saml.dsig import Reason
from hkeid.saml.metadata import MetadataReason
from hkeid.testing.saml_federation import Federation, Member

GENUINE = (Member(0), Member(1), Member(2))
"""Who is in the honest aggregate. Attackers would like to be in it, or to be one of these."""

EVIL = "https://idp.mallory.example/shibboleth"
_Make = Callable[[Federation], bytes]
_START = b"<md:EntitiesDescriptor "
_END = b"</md:EntitiesDescriptor>"
_SIGNATURE = re.compile(rb"<ds:Signature .*?</ds:Signature>", re.DOTALL)
_MEMBER = re.compile(rb"<md:EntityDescriptor .*?</md:EntityDescriptor>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AggregateAttack:
    """One shape.

    :ivar make: the document.
    :ivar reason: why it is refused.
    """

    name: str
    make: _Make = field(repr=False)
    reason: str = field(repr=False)


AGGREGATE_ATTACKS: dict[str, AggregateAttack] = {}


def _attack(reason: str) -> Callable[[_Make], _Make]:
    def enter(make: _Make) -> _Make:
        name = getattr(make, "__name__", "").removeprefix("_")
        AGGREGATE_ATTACKS[name] = AggregateAttack(name, make, reason)
        return make

    return enter


def _genuine(federation: Federation) -> bytes:
    return federation.aggregate(GENUINE)


def _evil(federation: Federation) -> bytes:
    """An entity of the attacker's, with a key of his."""
    text = federation.member(Member(7)).replace("idp.member-7.example", "idp.mallory.example")
    return text.partition("-->\n  ")[2].encode()


def _signature(octets: bytes) -> bytes:
    found = _SIGNATURE.search(octets)
    return b"" if found is None else found.group()


def _members(octets: bytes) -> list[bytes]:
    return _MEMBER.findall(octets)


def _start(octets: bytes) -> bytes:
    begin = octets.index(_START)
    return octets[begin : octets.index(b">", begin) + 1]


# --- entities that nobody signed


@_attack(Reason.DIGEST_MISMATCH)
def _entity_added_at_the_end(federation: Federation) -> bytes:
    return _genuine(federation).replace(_END, _evil(federation) + _END)


@_attack(Reason.DIGEST_MISMATCH)
def _entity_added_at_the_beginning(federation: Federation) -> bytes:
    return _genuine(federation).replace(b"  <!-- member 0", _evil(federation) + b"  <!-- member 0")


@_attack(Reason.DIGEST_MISMATCH)
def _entity_exchanged(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(_members(octets)[1], _evil(federation).strip())


@_attack(Reason.DIGEST_MISMATCH)
def _entity_taken_out(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(_members(octets)[1], b"")


@_attack(Reason.DIGEST_MISMATCH)
def _entities_in_another_order(federation: Federation) -> bytes:
    octets = _genuine(federation)
    first, second, _ = _members(octets)
    return octets.replace(first, b"@").replace(second, first).replace(b"@", second)


@_attack(Reason.DIGEST_MISMATCH)
def _key_exchanged(federation: Federation) -> bytes:
    octets = _genuine(federation)
    other = Federation().aggregate(GENUINE[:1], signed=False)
    theirs = re.search(rb"<ds:X509Certificate>\s[^<]*</ds:X509Certificate>", other)
    ours = re.search(rb"<ds:X509Certificate>\s[^<]*</ds:X509Certificate>", octets)
    return (
        octets
        if ours is None or theirs is None
        else octets.replace(ours.group(), theirs.group(), 1)
    )


@_attack(Reason.DIGEST_MISMATCH)
def _end_put_off(federation: Federation) -> bytes:
    return _genuine(federation).replace(b'validUntil="2026-12-05', b'validUntil="2026-12-25')


@_attack(Reason.DIGEST_MISMATCH)
def _entity_of_its_own_end(federation: Federation) -> bytes:
    return _genuine(federation).replace(b'b=1"', b'b=1" validUntil="2026-12-25T00:00:00Z"')


@_attack(MetadataReason.ENTITY_REPEATED)
def _entity_twice(federation: Federation) -> bytes:
    octets = federation.aggregate(GENUINE, signed=False)
    return federation.sign(octets.replace(_END, _members(octets)[0] + _END))


@_attack(MetadataReason.ENTITY_REPEATED)
def _entity_twice_in_two_groups(federation: Federation) -> bytes:
    octets = federation.aggregate([*GENUINE, Member(1)], groups=2, signed=False)
    return federation.sign(octets)


# --- wrapping


@_attack(Reason.REFERENCE_ELSEWHERE)
def _signed_group_within_another(federation: Federation) -> bytes:
    """The genuine aggregate inside, its signature on a new root of another ID."""
    octets = _genuine(federation)
    start = _start(octets).replace(b'"_federation"', b'"_evil"')
    at = octets.index(_START)
    signature = _signature(octets)
    inner = octets[at:].replace(signature, b"").strip()
    return octets[:at] + start + signature + _evil(federation) + inner + _END


@_attack(Reason.ID_NOT_UNIQUE)
def _signed_group_within_another_of_the_same_id(federation: Federation) -> bytes:
    octets = _genuine(federation)
    at = octets.index(_START)
    signature = _signature(octets)
    inner = octets[at:].replace(signature, b"").strip()
    return octets[:at] + _start(octets) + signature + _evil(federation) + inner + _END


@_attack(Reason.UNSIGNED)
def _signed_group_beside_an_entity(federation: Federation) -> bytes:
    octets = _genuine(federation)
    at = octets.index(_START)
    start = _start(octets).replace(b'"_federation"', b'"_evil"')
    return octets[:at] + start + octets[at:].strip() + _evil(federation) + _END


@_attack(Reason.NOT_WELL_FORMED)
def _genuine_members_in_extensions(federation: Federation) -> bytes:
    octets = _genuine(federation)
    inside = b"".join(_members(octets))
    return octets.replace(b"</md:Extensions>", inside + b"</md:Extensions>", 1)


@_attack(Reason.SIGNATURE_OBJECT)
def _something_genuine_in_an_object(federation: Federation) -> bytes:
    inside = b"<ds:Object><md:Extensions/></ds:Object></ds:Signature>"
    return _genuine(federation).replace(b"</ds:Signature>", inside, 1)


@_attack(MetadataReason.STRUCTURE)
def _signature_behind_the_first_member(federation: Federation) -> bytes:
    octets = _genuine(federation)
    signature = _signature(octets)
    unsigned = octets.replace(signature, b"")
    first = _members(octets)[0]
    return federation.sign(unsigned).replace(first, first + signature, 1)


@_attack(Reason.SIGNATURE_REPEATED)
def _second_signature(federation: Federation) -> bytes:
    octets = _genuine(federation)
    signature = _signature(octets)
    extensions = b"  <md:Extensions>"
    return octets.replace(extensions, signature + extensions, 1).replace(
        signature, signature + b"<!-- -->", 1
    )


@_attack(Reason.UNSIGNED)
def _signature_taken_out(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(_signature(octets), b"")


@_attack(Reason.UNSIGNED)
def _signature_on_a_member_only(federation: Federation) -> bytes:
    octets = _genuine(federation)
    signature = _signature(octets)
    first = _members(octets)[0]
    start = first[: first.index(b">") + 1]
    return octets.replace(signature, b"").replace(start, start + signature)


# --- what one reader takes for a tag and another does not


@_attack(Reason.DIGEST_MISMATCH)
def _comment_that_hides_a_member(federation: Federation) -> bytes:
    octets = _genuine(federation)
    first = _members(octets)[0]
    inside = first.replace(b"<!--", b"").replace(b"-->", b"")
    return octets.replace(first, b"<!-- " + inside + b" -->")


@_attack(Reason.COMMENT)
def _comment_that_ends_twice(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(b"<!-- member 1 -->", b"<!-- member 1 --" + _evil(federation) + b"-->")


@_attack(Reason.CDATA)
def _member_in_cdata(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(b"Operations", b"<![CDATA[" + _evil(federation) + b"]]>", 1)


@_attack(Reason.NOT_WELL_FORMED)
def _member_in_an_attribute(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(
        b'contactType="technical"', b"contactType='" + _evil(federation) + b"'", 1
    )


@_attack(Reason.DIGEST_MISMATCH)
def _tags_as_text(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(b"Operations", b"&lt;/md:EntityDescriptor&gt;", 1)


@_attack(MetadataReason.STRUCTURE)
def _end_of_the_group_within_a_member(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets.replace(b"</md:EntityDescriptor>", _END + b"</md:EntityDescriptor>", 1)


@_attack(Reason.NOT_WELL_FORMED)
def _member_that_ends_in_another(federation: Federation) -> bytes:
    octets = _genuine(federation)
    first, second, _ = _members(octets)
    crossed = first.replace(b"</md:Organization>", b"</md:EntityDescriptor>").replace(
        b"</md:ContactPerson>\n  </md:EntityDescriptor>", b"</md:ContactPerson>"
    )
    return octets.replace(first, crossed).replace(second, second)


@_attack(MetadataReason.STRUCTURE)
def _member_of_a_lookalike_namespace(federation: Federation) -> bytes:
    octets = federation.aggregate(GENUINE, signed=False)
    first = _members(octets)[0]
    other = first.replace(b"md:EntityDescriptor", b"x:EntityDescriptor").replace(
        b"<x:EntityDescriptor",
        b'<x:EntityDescriptor xmlns:x="urn:oasis:names:tc:SAML:2.0:metadata:x"',
    )
    return federation.sign(octets.replace(first, other))


def _under_a_long_prefix(member: bytes) -> bytes:
    """A member whose tags a scan that looks back a fixed way does not find."""
    name = b"%b:EntityDescriptor" % (b"p" * 80)
    declared = b'<%b xmlns:%b="urn:oasis:names:tc:SAML:2.0:metadata"' % (name, b"p" * 80)
    return member.replace(b"<md:EntityDescriptor", declared, 1).replace(
        b"</md:EntityDescriptor>", b"</%b>" % name
    )


@_attack(MetadataReason.STRUCTURE)
def _member_around_another_of_its_name(federation: Federation) -> bytes:
    """An operator checks the scopes of the outer one, which is entered; the inner one would be read."""
    octets = federation.aggregate(GENUINE, signed=False)
    own = _members(octets)[1]
    inner = own.replace(b"member-1.example</shibmd", b"victim.example</shibmd")
    around = _under_a_long_prefix(own).replace(b"<md:Extensions>", b"<md:Extensions>" + inner, 1)
    return federation.sign(octets.replace(own, around))


@_attack(MetadataReason.STRUCTURE)
def _member_twice_under_a_long_prefix(federation: Federation) -> bytes:
    octets = federation.aggregate(GENUINE, signed=False)
    own = _members(octets)[0]
    return federation.sign(octets.replace(own, _under_a_long_prefix(own) + own))


@_attack(MetadataReason.STRUCTURE)
def _empty_tag_within_a_member(federation: Federation) -> bytes:
    """A start without an end, for those that count them."""
    octets = federation.aggregate(GENUINE, signed=False)
    within = b'<md:Extensions><x:EntityDescriptor xmlns:x="urn:x"/>'
    return federation.sign(
        octets.replace(b"<md:Extensions>\n      <mdrpi:R", within + b"<mdrpi:R", 1)
    )


@_attack(Reason.NAMESPACE)
def _void_canonical_form(federation: Federation) -> bytes:
    """CVE-2025-66568: a relative namespace URI."""
    octets = _genuine(federation)
    return octets.replace(b"<md:EntityDescriptor ", b'<md:EntityDescriptor xmlns:x="y" ', 1)


@_attack(Reason.DOCUMENT_TYPE)
def _document_type(federation: Federation) -> bytes:
    at = b"<!-- once a day -->"
    return _genuine(federation).replace(
        at, b'<!DOCTYPE md [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    )


@_attack(Reason.DOCUMENT_TYPE)
def _document_type_within(federation: Federation) -> bytes:
    return _genuine(federation).replace(b"<!-- member 2 -->", b'<!ENTITY x "y">')


@_attack(Reason.NOT_WELL_FORMED)
def _document_behind_the_document(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets + b"<x/>"


@_attack(MetadataReason.STRUCTURE)
def _group_behind_the_group(federation: Federation) -> bytes:
    octets = _genuine(federation)
    return octets + octets[octets.index(_START) :]


@_attack(Reason.NOT_WELL_FORMED)
def _overlong_utf8(federation: Federation) -> bytes:
    return _genuine(federation).replace(b"Operations", b"Operation\xc1\xb3", 1)


# --- keys


@_attack(Reason.SIGNATURE_INVALID)
def _key_of_a_stranger(federation: Federation) -> bytes:  # noqa: ARG001  # not of this federation
    return Federation().aggregate(GENUINE)


@_attack(Reason.SIGNATURE_INVALID)
def _signature_of_another_aggregate(federation: Federation) -> bytes:
    """The strangers' SignedInfo, genuine value."""
    octets = _genuine(federation)
    other = Federation().aggregate(GENUINE)
    value = re.search(rb"<ds:SignatureValue>[^<]*", octets)
    theirs = re.search(rb"<ds:SignatureValue>[^<]*", other)
    return (
        other if value is None or theirs is None else other.replace(theirs.group(), value.group())
    )
