"""Verifying a document that somebody tampered with after it was read, or that nobody vouches for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.chip import (
    AccessProtocol,
    ChipDocument,
    ChipEvidence,
    ChipGenuine,
    ChipProof,
    PassiveOutcome,
    ProofKind,
)
from hkeid.chip import (
    FindingCode as F,
)
from hkeid.chip.trust import CountrySigners
from hkeid.testing.card_issuer import HKIC, ICAO, CardIssuer, draft_card
from hkeid.testing.personas import PERSONAS

CAM = ICAO.but(pace=("cam aes-128 brainpoolP256r1",))
BOTH = ICAO.but(active_authentication="brainpoolP256r1 sha256")


def _fatal(evidence: ChipEvidence) -> set[F]:
    return {one.code for one in evidence.findings if one.fatal}


def _with(document: ChipDocument, **files: bytes | None) -> ChipDocument:
    changed = {**document.files, **files}
    return replace(document, files={k: v for k, v in changed.items() if v is not None})


def _changed(proof: ChipProof, **parts: bytes) -> ChipProof:
    return replace(proof, parts={**proof.parts, **parts})


def test_an_unknown_country(desk: Any) -> None:
    evidence = desk().read().verify(trust=CardIssuer().trust())
    assert evidence.passive is PassiveOutcome.SIGNATURE_OK_UNTRUSTED
    assert evidence.genuine is ChipGenuine.CHIP
    assert evidence.signer
    assert not evidence.accepted


def test_long_after(desk: Any) -> None:
    on_desk = desk()
    document = on_desk.read()
    later = document.read_at + timedelta(days=365 * 30)
    evidence = document.verify(trust=on_desk.trust, at=later)
    assert F.DOCUMENT_EXPIRED in _fatal(evidence)
    assert len(evidence.sod_digest) == 32


@pytest.mark.parametrize("features", [ICAO, HKIC, CAM], ids=["chip", "active", "cam"])
def test_a_proof_taken_away(features: Any, desk: Any) -> None:
    """What the signed files promise must be there; a copy would keep silent."""
    on_desk = desk(features)
    document = on_desk.read("can")
    evidence = replace(document, proofs=()).verify(trust=on_desk.trust)
    assert F.CHIP_PROOF_MISSING in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED


def test_one_proof_of_two_taken_away(desk: Any) -> None:
    on_desk = desk(BOTH)
    document = on_desk.read()
    assert {proof.kind for proof in document.proofs} == {ProofKind.CHIP, ProofKind.ACTIVE}
    assert document.verify(trust=on_desk.trust).accepted
    for proof in document.proofs:
        evidence = replace(document, proofs=(proof,)).verify(trust=on_desk.trust)
        assert _fatal(evidence) == {F.CHIP_PROOF_MISSING}


@pytest.mark.parametrize(
    ("features", "group"), [(ICAO, "DG14"), (HKIC, "DG15")], ids=["DG14", "DG15"]
)
def test_the_keys_taken_away(features: Any, group: str, desk: Any) -> None:
    on_desk = desk(features)
    document = on_desk.read("can")
    bare = replace(_with(document, **{group: None}), proofs=())
    evidence = bare.verify(trust=on_desk.trust)
    assert F.CHIP_PROOF_MISSING in _fatal(evidence)
    with_proof = _with(document, **{group: None}).verify(trust=on_desk.trust)
    assert F.CHIP_PROOF_WITHOUT_KEY in _fatal(with_proof)


def test_keys_of_another_card(desk: Any) -> None:
    """DG14 and its proof from another genuine card: the hash is not the signed one."""
    one, two = desk(), desk()
    document, other = one.read(), two.read()
    mixed = replace(_with(document, DG14=other.files["DG14"]), proofs=other.proofs)
    evidence = mixed.verify(trust=one.trust)
    assert F.DG14_HASH_WRONG in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED
    evidence = replace(document, proofs=other.proofs).verify(trust=one.trust)
    assert _fatal(evidence) == {F.CHIP_PROOF_WITHOUT_KEY}


def test_keys_swapped(desk: Any) -> None:
    on_desk = desk(BOTH)
    document = on_desk.read()
    swapped = _with(document, DG14=document.files["DG15"], DG15=document.files["DG14"])
    evidence = swapped.verify(trust=on_desk.trust)
    assert {F.DG14_HASH_WRONG, F.DG15_HASH_WRONG} <= _fatal(evidence)


def test_keys_that_nobody_signed(country: CardIssuer, desk: Any) -> None:
    """EF.COM lists DG15, EF.SOD does not: somebody gave a chip keys of its own."""

    def change(draft: Any) -> None:
        signed = {name: draft.files[name] for name in draft.data_groups if name != "DG15"}
        draft.files["SOD"] = country.security_object(signed, digest="sha256")

    on_desk = desk(HKIC, change=change)
    document = on_desk.read("can")
    assert "DG15" not in document.files
    evidence = document.verify(trust=on_desk.trust)
    assert F.DG15_NOT_IN_SOD in _fatal(evidence)
    forced = _with(document, DG15=on_desk.card.image.files["DG15"]).verify(trust=on_desk.trust)
    assert F.DG15_NOT_IN_SOD in _fatal(forced)


def test_common_file_and_signed_object_differ(desk: Any) -> None:
    """EF.SOD decides what is read; that EF.COM says something else is fatal all the same."""
    from hkeid.testing.card_issuer.groups import com

    on_desk = desk(change=lambda draft: draft.files.__setitem__("COM", com(["DG1", "DG2"])))
    document = on_desk.read()
    assert "DG14" in document.files
    evidence = document.verify(trust=on_desk.trust)
    assert _fatal(evidence) == {F.COM_SOD_DIFFERENT}
    assert evidence.passive is PassiveOutcome.TRUSTED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: _changed(p, signature=bytes(64)), F.ACTIVE_SIGNATURE_WRONG),
        (lambda p: _changed(p, challenge=bytes(8)), F.ACTIVE_SIGNATURE_WRONG),
        (lambda p: _changed(p, challenge=b"1"), F.CHIP_PROOF_MALFORMED),
        (lambda p: _changed(p, more=b"1"), F.CHIP_PROOF_MALFORMED),
        (lambda p: replace(p, kind=ProofKind.CHIP), F.CHIP_PROOF_MALFORMED),
        (lambda p: replace(p, kind=ProofKind.CAM), F.CHIP_PROOF_MALFORMED),
    ],
)
def test_a_changed_signature(change: Any, code: F, desk: Any) -> None:
    on_desk = desk(HKIC)
    document = on_desk.read("can")
    changed = replace(document, proofs=tuple(change(proof) for proof in document.proofs))
    evidence = changed.verify(trust=on_desk.trust)
    assert code in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"ephemeral": b"\7"}, F.CHIP_SESSION_WRONG),
        ({"ephemeral": b""}, F.CHIP_PROOF_MALFORMED),
        ({"ephemeral": b"\xff" * 33}, F.CHIP_PROOF_MALFORMED),
        ({"ephemeral": b"\xff" * 2000}, F.CHIP_PROOF_MALFORMED),
        ({"ephemeral": b"\1"}, F.CHIP_PROOF_MALFORMED),
        ({"answer": b"\x90\x00"}, F.CHIP_SESSION_WRONG),
        ({"answer": b""}, F.CHIP_SESSION_WRONG),
        ({"answer": bytes(40)}, F.CHIP_SESSION_WRONG),
        ({"chip_key": b"\x04" + bytes(64)}, F.CHIP_PROOF_WITHOUT_KEY),
    ],
)
def test_a_changed_transcript(parts: dict[str, bytes], code: F, desk: Any) -> None:
    on_desk = desk()
    document = on_desk.read()
    changed = tuple(_changed(proof, **parts) for proof in document.proofs)
    evidence = replace(document, proofs=changed).verify(trust=on_desk.trust)
    assert code in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"mapping_data": b"\7"}, F.MAPPING_DATA_WRONG),
        ({"mapping_data": b""}, F.MAPPING_DATA_MALFORMED),
        ({"mapping_data": b"\xff" * 3000}, F.MAPPING_DATA_MALFORMED),
        ({"mapping_key": b"\x04" + bytes(64)}, F.MAPPING_DATA_WRONG),
        ({"mapping_key": b""}, F.CHIP_PROOF_WITHOUT_KEY),
        ({"more": b""}, F.CHIP_PROOF_MALFORMED),
    ],
)
def test_a_changed_mapping(parts: dict[str, bytes], code: F, desk: Any) -> None:
    on_desk = desk(CAM)
    document = on_desk.read()
    changed = tuple(_changed(proof, **parts) for proof in document.proofs)
    evidence = replace(document, proofs=changed).verify(trust=on_desk.trust)
    assert code in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED


def test_card_security_of_nobody(desk: Any) -> None:
    """A key in an untrusted EF.CardSecurity proves nothing."""
    on_desk = desk(CAM)
    document = on_desk.read()
    stranger = CardIssuer()
    security = stranger.card_security(on_desk.draft._card_security())
    evidence = _with(document, CardSecurity=security).verify(trust=on_desk.trust)
    assert F.CARD_SECURITY_UNTRUSTED in _fatal(evidence)
    evidence = _with(document, CardSecurity=None).verify(trust=on_desk.trust)
    assert F.CHIP_PROOF_WITHOUT_KEY in _fatal(evidence)
    evidence = _with(document, CardSecurity=b"\x30\x00").verify(trust=on_desk.trust)
    assert F.CARD_SECURITY_MALFORMED in _fatal(evidence)


def test_a_weaker_way_of_chip_authentication(desk: Any) -> None:
    on_desk = desk(chip_authentication=("aes-256 brainpoolP320r1", "aes-128 secp256r1"))
    evidence = on_desk.read().verify(trust=on_desk.trust)
    assert F.CHIP_WEAKER_CHOSEN in {one.code for one in evidence.findings}
    assert evidence.accepted


def test_access_that_was_weakened(desk: Any) -> None:
    """EF.CardAccess is unsigned, but DG14 repeats it."""
    on_desk = desk()
    document = on_desk.read()
    by_bac = replace(document, access=AccessProtocol.BAC)
    assert _fatal(by_bac.verify(trust=on_desk.trust)) == {F.PACE_SKIPPED}
    hidden = replace(by_bac, card_access=None)
    assert _fatal(hidden.verify(trust=on_desk.trust)) == {F.PACE_HIDDEN}
    rubbish = replace(document, card_access=b"\x31")
    assert _fatal(rubbish.verify(trust=on_desk.trust)) == {F.CARD_ACCESS_MALFORMED}
    other = desk(pace=("gm aes-256 secp256r1",)).read()
    mixed = replace(document, card_access=other.card_access)
    assert _fatal(mixed.verify(trust=on_desk.trust)) == {F.CARD_ACCESS_DIFFERENT}


def test_many_proofs_are_not_all_tried(desk: Any) -> None:
    on_desk = desk()
    document = on_desk.read()
    evidence = replace(document, proofs=document.proofs * 1000).verify(trust=on_desk.trust)
    assert F.CHIP_PROOF_MALFORMED in _fatal(evidence)


def test_nothing_at_all(desk: Any) -> None:
    on_desk = desk()
    empty = replace(on_desk.read(), files={}, proofs=(), card_access=None)
    evidence = empty.verify(trust=on_desk.trust)
    assert evidence.passive is PassiveOutcome.FAILED
    assert evidence.holder is None
    assert not evidence.accepted


def _mixed(document: ChipDocument, other: ChipDocument) -> ChipDocument:
    """One document, opened and proved by the chip of another."""
    proofs = tuple(one for one in other.proofs if one.kind is ProofKind.CAM)
    mixed = _with(document, CardSecurity=other.files["CardSecurity"])
    return replace(mixed, proofs=proofs)


@pytest.mark.parametrize(
    ("number", "code"), [(None, F.CARD_SECURITY_DIFFERENT), (9, F.MAPPING_KEY_OF_ANOTHER)]
)
def test_the_mapping_of_another_card_of_the_country(number: Any, code: F, desk: Any) -> None:
    """Honest signatures each, and not of one chip: whether the other key has this number or its own."""

    def renumbered(draft: Any) -> None:
        if number is not None:
            draft.mapping_key = replace(draft.mapping_key, number=number)

    on_desk, other = desk(CAM), desk(CAM, change=renumbered)
    evidence = _mixed(on_desk.read(), other.read()).verify(trust=on_desk.trust)
    assert code in _fatal(evidence)
    assert evidence.genuine is ChipGenuine.FAILED
    assert not evidence.accepted


def test_the_mapping_of_another_country(desk: Any) -> None:
    """A country that is trusted vouches for its own chips, not for another country's documents."""
    cam_alone = CAM.but(chip_authentication=())
    on_desk = desk(cam_alone)
    abroad = draft_card(PERSONAS["ho-sau-lan"], features=cam_alone, issuer=CardIssuer(country="XX"))
    other = type(on_desk)(abroad, {})
    signers = [*on_desk.trust.anchors, *other.trust.anchors]
    trust = CountrySigners.of([one.der for one in signers])
    evidence = _mixed(on_desk.read(), other.read()).verify(trust=trust)
    assert F.CARD_SECURITY_DIFFERENT in _fatal(evidence)
    assert not evidence.accepted
    assert on_desk.read().verify(trust=trust).genuine is ChipGenuine.CAM


def test_card_security_that_offers_other_ways_than_dg14(desk: Any) -> None:
    on_desk = desk(CAM)
    document, draft = on_desk.read(), on_desk.draft
    other = desk(CAM.but(pace=("cam aes-128 brainpoolP256r1", "gm aes-256 secp256r1"))).draft
    other.mapping_key = draft.mapping_key
    security = draft.issuer.card_security(other._card_security())
    evidence = _with(document, CardSecurity=security).verify(trust=on_desk.trust)
    assert F.CARD_SECURITY_DIFFERENT in _fatal(evidence)


@pytest.mark.parametrize("features", [CAM, CAM.but(chip_authentication=())], ids=["listed", "not"])
def test_an_honest_mapping(features: Any, desk: Any) -> None:
    on_desk = desk(features)
    evidence = on_desk.read().verify(trust=on_desk.trust)
    assert evidence.accepted
    assert evidence.genuine is not ChipGenuine.CLONEABLE
