"""The corpus against the metadata reader: every shape is refused, alone and for aggregates, for its reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.metadata import SignedBy, TrustedAsItIs, cutting, read_metadata
from hkeid.testing.saml_attacks import AGGREGATE_ATTACKS, ATTACKS, TARGETS, Bench
from hkeid.testing.saml_attacks.aggregates import EVIL, GENUINE
from hkeid.testing.saml_federation import Federation
from hkeid.testing.saml_specimens import Kind, SpecimenPeer

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
TARGET = next(target for target in TARGETS if target.kind is Kind.METADATA)


@pytest.fixture(scope="module")
def peer() -> SpecimenPeer:
    return SpecimenPeer()


@pytest.fixture(scope="module")
def federation() -> Federation:
    return Federation()


def refusal(octets: bytes, trust: SignedBy) -> str:
    try:
        document = read_metadata(octets, trust, now=NOW)
        for name in document.entity_ids(NOW):
            document.entity(name, NOW)
    except HkeidError as error:
        return error.reason
    return "accepted"


@pytest.mark.parametrize("name", [name for name, one in ATTACKS.items() if one.applies(TARGET)])
def test_one_entity(name: str, peer: SpecimenPeer) -> None:
    """What the kernel refuses, nothing above it accepts."""
    octets = ATTACKS[name].make(Bench(peer, TARGET))
    assert refusal(octets, SignedBy(tuple(peer.keys))) != "accepted"


@pytest.mark.parametrize("run", [1, 262_144], ids=["run-of-one", "one-run"])
@pytest.mark.parametrize("name", AGGREGATE_ATTACKS)
def test_aggregates(
    name: str, run: int, federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "_RUN", run)
    attack = AGGREGATE_ATTACKS[name]
    octets = attack.make(federation)
    assert octets != federation.aggregate(GENUINE)
    assert refusal(octets, SignedBy(tuple(federation.keys))) == attack.reason


def test_the_honest_aggregate_is_accepted(federation: Federation) -> None:
    assert refusal(federation.aggregate(GENUINE), SignedBy(tuple(federation.keys))) == "accepted"


def test_there_are_enough() -> None:
    assert len(AGGREGATE_ATTACKS) >= 30


def test_what_the_attacker_wants_would_have_been_there(federation: Federation) -> None:
    """Without a signature to verify, the added entity is read: so it is the signature that keeps it out."""
    octets = AGGREGATE_ATTACKS["entity_added_at_the_end"].make(federation)
    document = read_metadata(octets, TrustedAsItIs(), now=NOW)
    assert any(name.startswith(EVIL) for name in document.entity_ids(NOW))
