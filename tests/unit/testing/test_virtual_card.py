"""The virtual card's conduct, command by command (ISO/IEC 7816-4, Doc 9303-10 §3, 9303-11 §4)."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.chip.access import CardAccessNumber, MrzKey
from hkeid.chip.errors import CardRefused
from hkeid.chip.lds.details import read_dg12
from hkeid.chip.lds.portrait import read_portrait
from hkeid.chip.profiles.icao import icao
from hkeid.chip.reading import read_document
from hkeid.ports.cards import CardUnavailable
from hkeid.testing.card_issuer import (
    BENCH_BAC,
    BENCH_PACE,
    HKIC,
    ICAO,
    CardFeatures,
    CardIssuer,
    card_access_number_of,
    draft_card,
    issue_card,
)
from hkeid.testing.card_issuer.issuing import drawn_portrait
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import ReaderInProcess, VirtualCard

WHO = PERSONAS["chan-tai-man"]
SELECT = bytes.fromhex("00A4040C07A0000002471001")
OPEN = CardFeatures(pace=(), bac=False, chip_authentication=())


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


def send(card: VirtualCard, *commands: str) -> str:
    """The last answer."""
    answer = b""
    for command in commands:
        answer = card.transmit(bytes.fromhex(command))
    return answer.hex().upper()


def card_of(issuer: CardIssuer, features: CardFeatures = OPEN, **more: Any) -> VirtualCard:
    card = issue_card(WHO, issuer=issuer, features=features, **more)
    card.power(on=True)
    return card


def test_answer_to_reset_has_a_right_check_byte(issuer: CardIssuer) -> None:
    """PC/SC part 3: TCK is the exclusive-or of T0 to the last historical byte."""
    for extended in (True, False):
        atr = card_of(issuer, OPEN.but(extended_length=extended)).atr
        assert functools.reduce(operator.xor, atr[1:]) == 0
        assert bool(atr[-2] & 0x40) is extended


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        (["00"], "6700"),
        (["00A4040C07A000000247"], "6700"),
        (["00A4040C07A0000002471002"], "6A82"),
        (["00A4020C02011E"], "6A82"),
        (["00A4090C02011E"], "6A86"),
        (["00B0000004"], "6986"),
        (["00FF0000"], "6D00"),
        (["0CB0000000"], "6985"),
        (["0084000008"], "6985"),
        (["0088000008000000000000000000"], "6D00"),
        (["0022C1A4020000"], "6A88"),
        (["0086000000"], "6985"),
    ],
)
def test_refusals_in_the_master_file(commands: list[str], status: str, issuer: CardIssuer) -> None:
    assert send(card_of(issuer), *commands) == status


def test_reading_by_selection_and_by_short_identifier(issuer: CardIssuer) -> None:
    card = card_of(issuer)
    com = card.image.files["COM"]
    select = SELECT.hex()
    assert send(card, select, "00A4020C02011E", "00B0000000") == (com + b"\x90\x00").hex().upper()
    assert send(card, select, "00B09E0000") == (com + b"\x90\x00").hex().upper()
    assert send(card, "00B0000504") == (com[5:9] + b"\x90\x00").hex().upper()
    assert send(card, f"00B0{len(com):04X}01") == "6B00"
    assert send(card, "00B0880000") == "6A82"  # DG8 is not there


def test_reading_far_into_a_file(issuer: CardIssuer) -> None:
    """READ BINARY B1: offset in object 54, content in object 53 (ISO/IEC 7816-4 §11.3.3)."""
    card = card_of(issuer, OPEN.but(portrait_size=70_000))
    content = card.image.files["DG2"]
    answer = send(card, SELECT.hex(), "00B100020554030100000C")
    assert answer == "530A" + content[65_536:65_546].hex().upper() + "9000"
    assert send(card, "00B1000203530100") == "6A80"
    assert send(card, "00B100000554030FFFFF0C") == "6B00"
    assert send(card, "00B1001E0454020000" + "10")[:2] == "53"
    assert send(card, "00B1FFFF0454020000" + "10") == "6A82"


def test_extended_length_only_where_it_is_announced(issuer: CardIssuer) -> None:
    command = "00B082000000" + "00"
    with_it = card_of(issuer)
    content = with_it.image.files["DG2"]
    assert send(with_it, SELECT.hex(), command) == (content + b"\x90\x00").hex().upper()
    without = card_of(issuer, OPEN.but(extended_length=False))
    assert send(without, SELECT.hex(), command) == "6700"
    assert without.image.files["ATR/INFO"] != with_it.image.files["ATR/INFO"]


def test_a_file_that_ends_early_may_be_warned_of(issuer: CardIssuer) -> None:
    card = card_of(issuer, OPEN.but(warn_at_end=True))
    assert send(card, SELECT.hex(), "00B09E0000")[-4:] == "6282"
    assert send(card, "00B0000004")[-4:] == "9000"


def test_what_is_protected_is_not_read_in_plain(issuer: CardIssuer) -> None:
    card = card_of(issuer, ICAO)
    assert send(card, SELECT.hex(), "00B0810000") == "6982"
    assert send(card, "00A4000C023F00", "00B09C0000")[-4:] == "9000"  # EF.CardAccess is free


def test_fingerprints_stay_locked(issuer: CardIssuer) -> None:
    card = card_of(issuer)
    assert "DG3" in card.image.files
    assert send(card, SELECT.hex(), "00B0830000") == "6982"


def test_a_plain_command_ends_secure_messaging(issuer: CardIssuer) -> None:
    """Doc 9303-11 §9.8.2: the session is over, and its rights with it."""
    card = card_of(issuer, ICAO)
    with ReaderInProcess(card).connect() as connection:
        key = CardAccessNumber(card_access_number_of(WHO))
        read_document(connection, key, profile=icao(), random=SystemRandom(), read_at=issuer.now)
        assert card.channel is not None
        assert send(card, "00B0810000") == "6982"
        assert card.channel is None


def test_wrong_card_access_numbers_suspend_the_password_until_power_is_cut(
    issuer: CardIssuer,
) -> None:
    draft = draft_card(WHO, issuer=issuer)
    card = VirtualCard(draft.image())
    wrong = CardAccessNumber(f"{(int(draft.can) + 1) % 1_000_000:06}")

    def attempt(key: CardAccessNumber) -> str:
        try:
            with_reader = ReaderInProcess(card)
            connection = with_reader.connection()
            read_document(
                connection, key, profile=icao(), random=SystemRandom(), read_at=issuer.now
            )
        except CardRefused as error:
            return error.reason
        return "read"

    reasons = [attempt(wrong) for _ in range(6)]
    assert reasons == ["access_key_wrong"] * 5 + ["access_key_blocked"]
    assert attempt(CardAccessNumber(draft.can)) == "access_key_blocked"
    card.power(on=False)
    assert attempt(CardAccessNumber(draft.can)) == "read"


def test_a_reader_without_a_card() -> None:
    reader = ReaderInProcess(None)
    assert list(reader.events(timeout=0)) == []
    with pytest.raises(CardUnavailable) as caught, reader.connect():
        pass
    assert caught.value.reason == "card_absent"


@pytest.mark.parametrize("features", [BENCH_BAC, BENCH_PACE], ids=["bac", "pace"])
def test_the_card_of_the_benchmarks_has_sixteen_kilobytes(
    features: CardFeatures, issuer: CardIssuer
) -> None:
    files = card_of(issuer, features).image.files
    assert 14_900 <= len(files["DG2"]) <= 15_100
    assert 15_900 <= sum(map(len, files.values())) <= 16_400


def test_the_same_person_gets_the_same_numbers(issuer: CardIssuer) -> None:
    first, second = (draft_card(WHO, issuer=issuer) for _ in range(2))
    assert first.document_number == second.document_number
    assert first.can == second.can
    other = draft_card(PERSONAS["lee-sze"], issuer=issuer)
    assert (other.document_number, other.can) != (first.document_number, first.can)


def test_a_persona_and_a_person_are_both_good(issuer: CardIssuer) -> None:
    assert draft_card(WHO, issuer=issuer).person is WHO.person
    assert draft_card(WHO.person, issuer=issuer).person is WHO.person


def test_a_personas_card_is_the_one_that_the_register_knows(issuer: CardIssuer) -> None:
    for persona in PERSONAS.values():
        draft = draft_card(persona, issuer=issuer)
        assert draft.can == persona.card.access_number == card_access_number_of(persona)
        issued = read_dg12(draft.files["DG12"]).issued
        assert issued == persona.card.issued
        assert draft.expires > issuer.now.date()
        has_picture = read_portrait(draft.files["DG2"]).image != drawn_portrait()
        assert has_picture is (persona.portrait is not None)


PACE = [f"{mapping} {suite} {group}"
        for mapping in ("gm", "im", "cam")
        for suite in ("3des", "aes-128", "aes-192", "aes-256")
        for group in ("secp256r1", "brainpoolP384r1", "modp-1024-160")
        if not (mapping == "cam" and (suite == "3des" or group.startswith("modp")))]  # fmt: skip


@pytest.mark.parametrize("words", PACE)
def test_every_way_of_pace_is_read_and_accepted(words: str, issuer: CardIssuer) -> None:
    _, suite, group = words.split()
    features = ICAO.but(pace=(words,), chip_authentication=(f"{suite} {group}",))
    card = issue_card(WHO, issuer=issuer, features=features)
    with ReaderInProcess(card).connect() as connection:
        key = CardAccessNumber(card_access_number_of(WHO))
        document = read_document(
            connection, key, profile=icao(), random=SystemRandom(), read_at=issuer.now
        )
    assert document.verify(trust=issuer.trust()).accepted
    assert document.cipher == suite
    assert all(card.image.files[name] == content for name, content in document.files.items())


@pytest.mark.parametrize(
    "features",
    [
        HKIC,
        ICAO.but(pace=(), chip_authentication=("3des modp-2048-256",)),
        ICAO.but(active_authentication="rsa-2048 sha512"),
        ICAO.but(active_authentication="rsa-1024 sha1", chip_authentication=()),
        ICAO.but(active_authentication="secp521r1 sha512", chip_authentication=()),
        ICAO.but(extended_length=False, portrait_size=40_000),
        ICAO.but(longest_answer=500, portrait_size=70_000),
        ICAO.but(warn_at_end=True, zone="td2", digest="sha512", lds_version="0108"),
        ICAO.but(zone="td3", groups=frozenset({13})),
        ICAO.but(chip_authentication=("aes-256 brainpoolP256r1", "3des brainpoolP256r1")),
    ],
    ids=str,
)
def test_every_feature_is_read_and_accepted(features: CardFeatures, issuer: CardIssuer) -> None:
    draft = draft_card(WHO, issuer=issuer, features=features)
    key: Any = CardAccessNumber(draft.can)
    if not features.pace:
        key = MrzKey(draft.document_number, "850412", draft.expires)
    with ReaderInProcess(VirtualCard(draft.image())).connect() as connection:
        document = read_document(
            connection, key, profile=icao(), random=SystemRandom(), read_at=issuer.now
        )
    evidence = document.verify(trust=issuer.trust())
    assert evidence.accepted, evidence.findings
    assert evidence.holder is not None
    assert evidence.holder.document_number == draft.document_number
