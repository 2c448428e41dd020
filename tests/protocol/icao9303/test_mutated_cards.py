"""Every dishonest card is refused, each by its own finding (issue: chip, mutated cards).

The cases follow BSI TR-03105 part 5.1, layers 6 and 7, and add clones, removal and silence.
"""

from __future__ import annotations

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.chip.errors import finding_of
from hkeid.chip.evidence import ChipEvidence
from hkeid.chip.findings import Finding, FindingCode
from hkeid.chip.profiles.icao import icao
from hkeid.chip.reading import read_document
from hkeid.chip.trust import CountrySigners
from hkeid.kernel.errors import HkeidError
from hkeid.testing.card_issuer import CardIssuer
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import ReaderInProcess
from hkeid.testing.virtual_card.dishonesty import (
    MUTATIONS,
    MutatedCard,
    Mutation,
    mutated_card,
    reader_trust,
)

_WHO = PERSONAS["chan-tai-man"]
_MOST_COMMANDS = 2_000


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture(scope="module")
def trust(issuer: CardIssuer) -> CountrySigners:
    return reader_trust(issuer)


def read(
    mutated: MutatedCard, trust: CountrySigners, issuer: CardIssuer
) -> tuple[tuple[Finding, ...], ChipEvidence | None]:
    """What reading and verifying come to, in process."""
    with ReaderInProcess(mutated.card).connect() as connection:
        try:
            document = read_document(
                connection,
                mutated.access,
                profile=icao(),
                random=SystemRandom(),
                read_at=issuer.now,
            )
        except HkeidError as error:
            return (finding_of(error),), None
    evidence = document.verify(trust=trust)
    return evidence.findings, evidence


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_dishonest_card_ends_in_its_own_finding(
    mutation: Mutation, issuer: CardIssuer, trust: CountrySigners
) -> None:
    mutated = mutated_card(mutation, who=_WHO, issuer=issuer)
    findings, evidence = read(mutated, trust, issuer)
    assert mutation.findings & {one.code for one in findings}
    assert evidence is None or not evidence.accepted
    assert mutated.card.commands < _MOST_COMMANDS


@pytest.mark.parametrize(
    "features",
    list(dict.fromkeys(one.features for one in MUTATIONS.values())),
    ids=lambda one: "; ".join(one.pace),
)
def test_the_same_cards_without_the_lie_are_trusted(
    features: object, issuer: CardIssuer, trust: CountrySigners
) -> None:
    """So that it is the lie that is found."""
    honest = Mutation(
        name="none",
        layer=next(iter(MUTATIONS.values())).layer,
        description="",
        finding=FindingCode.CHIP_CLONEABLE,
        features=features,  # type: ignore[arg-type]
        with_mrz=True,
    )
    findings, evidence = read(mutated_card(honest, who=_WHO, issuer=issuer), trust, issuer)
    assert evidence is not None
    provable = features.chip_authentication or features.active_authentication  # type: ignore[attr-defined]
    provable = provable or features.pace[:1] == ("cam aes-128 brainpoolP256r1",)  # type: ignore[attr-defined]
    weak_hash = features.digest == "sha1"  # type: ignore[attr-defined]
    assert evidence.accepted is bool(provable and not weak_hash), findings


def test_there_are_at_least_sixty(issuer: CardIssuer) -> None:
    assert len(MUTATIONS) >= 60
    assert len({one.finding for one in MUTATIONS.values()}) >= 60
    assert len({one.description for one in MUTATIONS.values()}) == len(MUTATIONS)
