"""``hkeid chip``: cards in the real ``pcscd``, tokens of a real module, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hkeid.testing.card_issuer import HKIC, ICAO, CardDraft, CardFeatures, CardIssuer, draft_card
from hkeid.testing.pcscd import VirtualReaders, virtual_readers
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_card.dishonesty import mutated_card
from hkeid_server.cli import main

pytestmark = [pytest.mark.pcscd, pytest.mark.xdist_group("pcscd")]

WHO = PERSONAS["chan-tai-man"]
SLOTS = 3
_TURN = count()


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture(scope="module")
def readers() -> Iterator[VirtualReaders]:
    with virtual_readers(SLOTS) as running:
        yield running


@pytest.fixture
def trust(issuer: CardIssuer, tmp_path: Path) -> Path:
    folder = tmp_path / "signers"
    folder.mkdir()
    (folder / "utopia.cer").write_bytes(issuer.root.der)
    (folder / "utopia.crl").write_bytes(issuer.crl())
    (folder / "rubbish.cer").write_bytes(b"no certificate")
    return folder


@contextmanager
def inserted(readers: VirtualReaders, card: VirtualCard) -> Iterator[str]:
    """The name of a reader that holds the card."""
    number = next(_TURN) % SLOTS
    with readers.slot(number).holding(card):
        yield readers.names[number]


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["chip", *words], input=typed)


@pytest.fixture
def read(readers: VirtualReaders, issuer: CardIssuer, trust: Path) -> Callable[..., Any]:
    """``read(features, "--json")``: the result, and the card's draft."""

    def go(features: CardFeatures = ICAO, *words: str, believed: bool = True) -> Any:
        draft = draft_card(WHO, features=features, issuer=issuer)
        signers = ("--trust", str(trust)) if believed else ()
        typed = _zone(draft) if "--mrz" in words else draft.can + "\n"
        with inserted(readers, VirtualCard(draft.image())) as name:
            result = run("read", "--reader", name, *signers, *words, typed=typed)
        return result, draft

    return go


def _zone(draft: CardDraft) -> str:
    zone = draft.files["DG1"][-90:].decode("ascii")
    return "\n".join((zone[:30], zone[30:60], zone[60:], ""))


def test_an_accepted_card(read: Callable[..., Any], tmp_path: Path) -> None:
    portrait = tmp_path / "portrait.jpg"
    result, draft = read(ICAO, "--portrait", str(portrait))
    assert result.exit_code == 0, result.output
    assert "verdict      accepted" in result.stdout
    assert f"name         {WHO.person.name.english}" in result.stdout
    assert "… chip authentication" in result.stderr
    assert "… DG2: " in result.stderr
    assert "not trusted: " in result.stderr, "the file that is no certificate"
    assert portrait.read_bytes()[:2] == b"\xff\xd8"
    assert draft.can not in result.output
    assert draft.document_number not in result.output
    assert WHO.person.hkic_number.number not in result.output
    assert WHO.person.birth_date.isoformat() not in result.output


def test_numbers_are_shown_when_asked_for(read: Callable[..., Any]) -> None:
    result, draft = read(HKIC, "--show", "--profile", "hkic-specimen")
    assert result.exit_code == 0, result.output
    assert f"document     {draft.document_number}" in result.stdout
    assert f"identity card {WHO.person.hkic_number.reveal()}" in result.stdout
    assert "[specimen_profile]" in result.stdout


def test_json_has_everything_for_programs(read: Callable[..., Any]) -> None:
    result, draft = read(ICAO.but(pace=()), "--json", "--mrz")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["accepted"], told["access"], told["chip"]) == (True, "bac", "chip")
    assert told["files"]["DG1"] == len(draft.files["DG1"])
    assert told["holder"]["document"] == "SP*******"
    assert {"bac_only"} <= {one["code"] for one in told["findings"]}


def test_nobody_is_trusted_unless_named(read: Callable[..., Any]) -> None:
    result, _ = read(ICAO, believed=False)
    assert result.exit_code == 1
    assert "signature    right, but by nobody who is trusted" in result.stdout
    assert "[signer_unknown]" in result.stdout
    assert "verdict      not accepted" in result.stdout


def test_a_card_that_may_be_a_copy_is_not_accepted(read: Callable[..., Any]) -> None:
    result, _ = read(ICAO.but(chip_authentication=()))
    assert result.exit_code == 1
    assert "could be a copy" in result.stdout
    assert "verdict      not accepted" in result.stdout


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("clone-without-chip-key", 1, "[chip_session_wrong]"),
        ("portrait-exchanged", 1, "[group_hash_wrong] (DG2)"),
        ("removed-at-portrait", 4, "The card was taken away while it was read. [card_removed]"),
    ],
)
def test_a_dishonest_card(
    readers: VirtualReaders, issuer: CardIssuer, trust: Path, name: str, status: int, sentence: str
) -> None:
    mutated = mutated_card(name, who=WHO, issuer=issuer)
    words = ("read", "--trust", str(trust), "--reader")
    with inserted(readers, mutated.card) as reader:
        result = run(*words, reader, typed=mutated.can + "\n")
    assert result.exit_code == status, result.output
    assert sentence in result.stdout
    assert "verdict      not accepted" in result.stdout


def test_the_wrong_number(readers: VirtualReaders, issuer: CardIssuer) -> None:
    draft = draft_card(WHO, issuer=issuer)
    wrong = f"{(int(draft.can) + 1) % 10**6:06}"
    with inserted(readers, VirtualCard(draft.image())) as reader:
        result = run("read", "--reader", reader, "--json", typed=wrong + "\n")
    assert result.exit_code == 1
    assert [one["code"] for one in json.loads(result.stdout)["findings"]] == ["access_key_wrong"]


@pytest.mark.parametrize(
    ("words", "typed", "status", "sentence"),
    [
        (("read", "--wait", "0.2"), "123456\n", 4, "card absent"),
        (("read", "--reader", "nobody's"), "123456\n", 4, "no reader with"),
        (("read",), "12345\n", 1, "can_malformed"),
        (("read", "--mrz"), "I<UTO\n", 1, "mrz_malformed"),
        (("tokens", "--module", "/nowhere.so"), "", 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(
    readers: VirtualReaders, words: tuple[str, ...], typed: str, status: int, sentence: str
) -> None:
    readers.wait_until_empty()
    result = run(*words, typed=typed)
    assert result.exit_code == status, result.output
    assert sentence in result.stderr


def test_readers_are_listed(readers: VirtualReaders, issuer: CardIssuer) -> None:
    readers.wait_until_empty()
    with inserted(readers, VirtualCard(draft_card(WHO, issuer=issuer).image())) as name:
        with readers.reader(readers.names.index(name)).connect():
            pass
        result = run("readers")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert f"card   {name}" in lines
    assert sum(line.startswith("empty  ") for line in lines) >= SLOTS - 1
