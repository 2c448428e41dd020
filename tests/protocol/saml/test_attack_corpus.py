"""Every shape of the corpus is refused, for its reason; honest documents are not; nobody goes out to fetch."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import SignedElement, read_redirect
from hkeid.testing.saml_attacks import (
    ATTACKS,
    BENIGN,
    REDIRECT_ATTACKS,
    REDIRECT_KINDS,
    TARGETS,
    Bench,
    Target,
    honest,
    verify,
)
from hkeid.testing.saml_attacks.surgery import FORGED
from hkeid.testing.saml_specimens import COMBINATIONS, Kind, SignedWhere, SpecimenPeer

_OUTWARD = ("socket.", "open", "os.", "subprocess.", "urllib.", "ftplib.", "http.", "shutil.")
_watching: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _watching is not None and event.startswith(_OUTWARD):
        _watching.append(f"{event} {arguments!r}")


sys.addaudithook(_hook)  # for the life of the process; it only listens while asked to


@pytest.fixture(scope="module")
def peer() -> SpecimenPeer:
    return SpecimenPeer()


@pytest.fixture
def reached_outside() -> Iterator[list[str]]:
    """What Python was asked to open, connect or start meanwhile."""
    global _watching  # noqa: PLW0603 - an audit hook is global
    _watching = []
    yield _watching
    _watching = None


def _refusal(kind: Kind, signed: SignedWhere, octets: bytes, peer: SpecimenPeer) -> str:
    try:
        verify(kind, signed, octets, peer.keys)
    except HkeidError as error:
        return error.reason
    return "accepted"


@pytest.mark.parametrize("name", ATTACKS)
def test_refused_for_the_right_reason(
    name: str, peer: SpecimenPeer, reached_outside: list[str]
) -> None:
    attack = ATTACKS[name]
    targets = [target for target in TARGETS if attack.applies(target)]
    documents = [(target, attack.make(Bench(peer, target))) for target in targets]
    reached_outside.clear()
    found = {
        str(target): _refusal(target.kind, target.signed, octets, peer)
        for target, octets in documents
    }
    assert found == {str(target): attack.reason(target) for target in targets}
    assert reached_outside == []


def test_the_hook_hears_what_it_listens_for(reached_outside: list[str]) -> None:
    Path(__file__).read_bytes()
    assert any(one.startswith("open ") for one in reached_outside)


@pytest.mark.parametrize("name", REDIRECT_ATTACKS)
@pytest.mark.parametrize("kind", REDIRECT_KINDS, ids=lambda kind: kind.name.lower())
def test_query_refused_for_the_right_reason(name: str, kind: Kind, peer: SpecimenPeer) -> None:
    attack = REDIRECT_ATTACKS[name]
    with pytest.raises(HkeidError) as caught:
        read_redirect(attack.make(peer, kind)).verify(peer.keys)
    assert caught.value.reason == attack.reason


@pytest.mark.parametrize(
    ("kind", "signed"), COMBINATIONS, ids=lambda one: getattr(one, "name", "").lower()
)
def test_honest_documents_are_accepted(kind: Kind, signed: SignedWhere, peer: SpecimenPeer) -> None:
    found = verify(kind, signed, peer.specimen(kind, signed).octets, peer.keys)
    assert any(isinstance(one, SignedElement) for one in found)


@pytest.mark.parametrize("name", BENIGN)
def test_documents_of_other_honest_signers_are_accepted(name: str, peer: SpecimenPeer) -> None:
    make, applies = BENIGN[name]
    targets: list[Target] = [target for target in TARGETS if applies(target)]
    assert targets
    for target in targets:
        octets = make(Bench(peer, target))
        found = verify(target.kind, target.signed, octets, peer.keys)
        assert FORGED not in str([one.element.attrib for one in found]), target


@pytest.mark.parametrize("kind", REDIRECT_KINDS, ids=lambda kind: kind.name.lower())
def test_honest_queries_are_accepted(kind: Kind, peer: SpecimenPeer) -> None:
    query = read_redirect(honest(peer, kind))
    assert query.relay_state == "state ~&=+/ü"
    assert query.verify(peer.keys).tag.endswith(kind.value.partition(":")[2])


def test_the_corpus_is_large_enough() -> None:
    """Issue: at least 60 shapes for each kind of document and way of signing it."""
    counted = Counter(
        (target.kind, target.signed)
        for attack in ATTACKS.values()
        for target in TARGETS
        if attack.applies(target)
    )
    assert min(counted.values()) >= 60
    assert set(counted) == set(COMBINATIONS)
    assert {attack.family for attack in ATTACKS.values()} >= {
        "XSW", "CVE-2019-3465", "signature exclusion", "SAMLStorm", "text splitting", "ID pollution",
        "parser differentials", "document type", "namespaces", "void canonical form", "bombs",
        "transforms", "references", "canonicalisation", "keys", "algorithms", "structure",
    }  # fmt: skip
