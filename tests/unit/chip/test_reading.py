"""Reading honest cards, whatever they can do; the card's side was written independently."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.chip import (
    AccessProtocol,
    CardRefused,
    ChipGenuine,
    FindingCode,
    PassiveOutcome,
    ReadingRules,
    hkic_specimen,
)
from hkeid.chip.finding_texts import meaning_of
from hkeid.kernel.errors import MalformedInput
from hkeid.testing.card_issuer import BENCH_BAC, HKIC, ICAO

WAYS = {
    "passport": (ICAO, {}, "mrz", AccessProtocol.PACE_GM, "aes-128", ChipGenuine.CHIP),
    "by can": (ICAO, {}, "can", AccessProtocol.PACE_GM, "aes-128", ChipGenuine.CHIP),
    "identity card": (HKIC, {}, "can", AccessProtocol.PACE_GM, "aes-256", ChipGenuine.ACTIVE),
    "bac": (ICAO, {"pace": ()}, "mrz", AccessProtocol.BAC, "aes-128", ChipGenuine.CHIP),
    "bac alone": (BENCH_BAC, {}, "mrz", AccessProtocol.BAC, "3des", ChipGenuine.CLONEABLE),
    "cam": (
        ICAO,
        {"pace": ("cam aes-128 brainpoolP256r1",)},
        "mrz",
        AccessProtocol.PACE_CAM,
        "aes-128",
        ChipGenuine.CAM,
    ),
    "cam of 384 bits": (
        ICAO,
        {"pace": ("cam aes-256 secp384r1",), "chip_authentication": ()},
        "can",
        AccessProtocol.PACE_CAM,
        "aes-256",
        ChipGenuine.CAM,
    ),
    "im on a curve": (
        ICAO,
        {"pace": ("im aes-256 secp384r1",), "active_authentication": "rsa-2048 sha256"},
        "mrz",
        AccessProtocol.PACE_IM,
        "aes-128",
        ChipGenuine.CHIP,
    ),
    "im on a classic group": (
        ICAO,
        {"pace": ("im aes-192 modp-1024-160",), "chip_authentication": ()},
        "mrz",
        AccessProtocol.PACE_IM,
        "aes-192",
        ChipGenuine.CLONEABLE,
    ),
    "3des throughout": (
        ICAO,
        {"pace": ("gm 3des secp256r1",), "chip_authentication": ("3des secp256r1",)},
        "mrz",
        AccessProtocol.PACE_GM,
        "3des",
        ChipGenuine.CHIP,
    ),
    "classic groups": (
        ICAO,
        {
            "pace": ("gm aes-128 modp-2048-256",),
            "chip_authentication": ("aes-256 modp-2048-224",),
            "active_authentication": "rsa-2048 sha1",
        },
        "mrz",
        AccessProtocol.PACE_GM,
        "aes-256",
        ChipGenuine.CHIP,
    ),
    "large curves": (
        ICAO,
        {
            "pace": ("gm aes-256 brainpoolP512r1",),
            "chip_authentication": ("aes-192 secp521r1", "3des brainpoolP384r1"),
            "active_authentication": "secp384r1 sha384",
        },
        "mrz",
        AccessProtocol.PACE_GM,
        "aes-192",
        ChipGenuine.CHIP,
    ),
    "p-224, where the square root is harder": (
        ICAO,
        {"pace": ("gm aes-128 secp224r1",)},
        "can",
        AccessProtocol.PACE_GM,
        "aes-128",
        ChipGenuine.CHIP,
    ),
    "the strongest of several": (
        ICAO,
        {"pace": ("gm aes-128 secp256r1", "gm aes-256 secp521r1", "im aes-192 secp384r1")},
        "mrz",
        AccessProtocol.PACE_GM,
        "aes-128",
        ChipGenuine.CHIP,
    ),
    "no access control": (
        ICAO,
        {"pace": (), "bac": False, "chip_authentication": ()},
        None,
        AccessProtocol.NONE,
        "none",
        ChipGenuine.CLONEABLE,
    ),
    "a key for a card that needs none": (
        ICAO,
        {"pace": (), "bac": False, "chip_authentication": ()},
        "mrz",
        AccessProtocol.NONE,
        "none",
        ChipGenuine.CLONEABLE,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_honest_card(way: str, desk: Any) -> None:
    features, changes, access, protocol, cipher, genuine = WAYS[way]
    on_desk = desk(features, **changes)
    document = on_desk.read(access)
    assert (document.access, document.cipher) == (protocol, cipher)
    assert document.apdus == len(on_desk.log)
    image = on_desk.card.image.files
    assert document.files == {name: image[name] for name in document.files}
    assert {"COM", "SOD", "DG1", "DG2"} <= set(document.files)
    assert "DG3" not in document.files
    evidence = document.verify(trust=on_desk.trust)
    assert evidence.passive is PassiveOutcome.TRUSTED
    assert evidence.genuine is genuine
    assert not [one for one in evidence.findings if one.fatal]
    assert evidence.accepted is (genuine is not ChipGenuine.CLONEABLE)
    assert evidence.holder is not None
    assert evidence.holder.document_number == on_desk.draft.document_number
    assert evidence.holder.person.hkic_number == on_desk.draft.person.hkic_number or (
        "DG11" not in document.files
    )


@pytest.mark.parametrize(
    ("size", "features", "link"),
    [
        (60_000, {}, 65_536),
        (60_000, {"longest_answer": 2_000}, 65_536),
        (60_000, {"longest_answer": 2_000, "warn_at_end": True}, 65_536),
        (40_000, {"extended_length": False}, 65_536),
        (40_000, {"extended_length": False, "pace": ()}, 65_536),
        (40_000, {}, 256),
        (40_000, {}, 261),
        (40_000, {"warn_at_end": True}, 1_000),
    ],
)
def test_long_portraits(size: int, features: dict[str, Any], link: int, desk: Any) -> None:
    """Beyond offset 32,767 READ BINARY has another form; answers may be shorter than asked."""
    on_desk = desk(portrait_size=size, **features)
    on_desk.extended_length = link
    document = on_desk.read()
    assert document.files["DG2"] == on_desk.card.image.files["DG2"]
    assert document.verify(trust=on_desk.trust).accepted


def test_a_card_that_ends_the_session_over_extended_length(desk: Any) -> None:
    """It says that it can, and cannot: the reading begins again with short lengths."""
    from hkeid.testing.virtual_card import Point

    def command(wire: bytes, card: Any) -> bytes:
        if len(wire) > 5 and wire[4] == 0 and wire[0] & 0x0C:
            card.channel = None
            return b"\0\0"  # too short for a command: 6700, unprotected
        return wire

    on_desk = desk(hooks={Point.COMMAND: command}, chip_authentication=(), pace=())
    blocks: dict[bytes, int] = {}
    document = on_desk.read(rules=ReadingRules(known_blocks=blocks))
    assert document.files["DG2"] == on_desk.card.image.files["DG2"]
    assert document.apdus == len(on_desk.log)
    assert blocks == {on_desk.card.atr: 256}
    again = on_desk.read(rules=ReadingRules(known_blocks=blocks))
    assert again.apdus < document.apdus


def test_fewer_groups_and_progress(desk: Any) -> None:
    """Only what is wanted is read; what proves the chip is always read."""
    seen: list[tuple[str, int, int]] = []
    on_desk = desk(HKIC)
    document = on_desk.read(
        "can",
        groups={"DG1"},
        progress=lambda one: seen.append((one.step, one.done, one.total)),
    )
    assert set(document.files) == {"COM", "SOD", "DG1", "DG14", "DG15"}
    steps = list(dict.fromkeys(step for step, _, _ in seen))
    assert steps == [
        "access",
        "CardAccess",
        "COM",
        "SOD",
        "DG14",
        "DG15",
        "active_authentication",
        "DG1",
    ]
    assert seen[-1][1] == seen[-1][2] == len(document.files["DG1"])
    with pytest.raises(ValueError, match="DG17"):
        on_desk.read("can", groups={"DG17"})


def test_a_session_of_chip_authentication_with_nothing_left_to_read(desk: Any) -> None:
    """The proof is made by one byte more."""
    document = desk().read(groups=set())
    assert set(document.files) == {"COM", "SOD", "DG14"}
    assert [proof.kind.value for proof in document.proofs] == ["chip"]


def test_fingerprints_are_locked_and_that_is_a_note(desk: Any) -> None:
    on_desk = desk()
    document = on_desk.read(groups={"DG1", "DG2", "DG3"})
    assert [(one.code.value, one.severity.value) for one in document.findings] == [
        ("file_locked", "note")
    ]
    assert document.verify(trust=on_desk.trust).accepted


def test_the_specimen_profile_says_so(desk: Any) -> None:
    on_desk = desk(HKIC)
    document = on_desk.read("can", profile=hkic_specimen())
    evidence = document.verify(trust=on_desk.trust)
    assert document.profile == "hkic-specimen"
    assert FindingCode.SPECIMEN_PROFILE in {one.code for one in evidence.findings}
    assert evidence.accepted
    assert "synthetic" in meaning_of(FindingCode.SPECIMEN_PROFILE)


def test_a_server_may_choose_the_challenge(desk: Any) -> None:
    on_desk = desk(HKIC)
    document = on_desk.read("can", rules=ReadingRules(challenge=b"8 octets"))
    (proof,) = document.proofs
    assert proof.parts["challenge"] == b"8 octets"
    with pytest.raises(MalformedInput) as caught:
        on_desk.read("can", rules=ReadingRules(challenge=b"short"))
    assert caught.value.reason == "challenge_malformed"


def test_no_silent_downgrade(desk: Any) -> None:
    """PACE that cannot be done is not followed by BAC, unless allowed, and then it is fatal."""
    on_desk = desk(pace=("gm aes-128 brainpoolP320r1",))
    with pytest.raises(CardRefused) as caught:
        on_desk.read()
    assert caught.value.reason == "pace_unsupported"
    document = on_desk.read(rules=ReadingRules(allow_bac_after_pace=True))
    assert document.access is AccessProtocol.BAC
    evidence = document.verify(trust=on_desk.trust)
    assert [one.code.value for one in evidence.findings if one.fatal] == ["pace_skipped"]
    assert not evidence.accepted


def test_nothing_prints_what_was_read(desk: Any) -> None:
    on_desk = desk(HKIC)
    document = on_desk.read("can")
    evidence = document.verify(trust=on_desk.trust)
    shown = repr(document) + repr(evidence) + repr(on_desk.can) + repr(on_desk.mrz)
    assert on_desk.draft.document_number not in shown
    assert on_desk.draft.can not in shown
    assert "parts" not in shown
