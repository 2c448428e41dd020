"""The façade, the plug-ins behind it, and what a profile may claim."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hkeid.chip import CardAccessNumber, hkic, hkic_specimen, icao, open_reader
from hkeid.chip.findings import FindingCode
from hkeid.kernel import plugins
from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.ports.cards import CardUnavailable
from hkeid.testing.card_issuer import HKIC
from hkeid.testing.virtual_card.reader import ReaderInProcess

HERE = "hkeid_plugged_in_for_a_test"


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch, desk: Any) -> Any:
    """A reader called ``test`` with a card in it."""
    on_desk = desk(HKIC)

    @contextmanager
    def factory(*, empty: bool = False) -> Iterator[ReaderInProcess]:
        yield ReaderInProcess(None if empty else on_desk.card)

    module = type(sys)(HERE)
    module.factory = factory  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, HERE, module)
    monkeypatch.setitem(plugins._SHIPPED[plugins.CARD_READERS], "test", (f"{HERE}:factory", "pcsc"))
    return on_desk


def test_what_users_type(plugged: Any) -> None:
    with open_reader("test") as reader, reader.connect() as card:
        document = card.read(access=CardAccessNumber(plugged.draft.can))
        assert reader.name == "virtual reader"
        assert [event.inserted for event in reader.events(timeout=0)] == [True]
    evidence = document.verify(trust=plugged.trust)
    assert evidence.accepted
    assert evidence.holder is not None


def test_an_empty_reader(plugged: Any) -> None:
    with (
        open_reader("test", empty=True) as reader,
        pytest.raises(CardUnavailable) as caught,
        reader.connect(timeout=0),
    ):
        pass
    assert caught.value.reason == "card_absent"


def test_the_shipped_kinds_are_there() -> None:
    assert plugins.names(plugins.CARD_READERS) == ("pcsc",)
    assert callable(plugins.load(plugins.CARD_READERS, "pcsc"))


def test_the_shipped_kinds_of_cards_are_there() -> None:
    assert plugins.names(plugins.CARD_PROFILES) == ("hkic-specimen", "icao")
    for name in plugins.names(plugins.CARD_PROFILES):
        assert plugins.load(plugins.CARD_PROFILES, name)().name == name


def test_an_unknown_reader_is_told_what_there_is() -> None:
    with pytest.raises(ConfigurationError) as caught, open_reader("pccs"):
        pass
    assert caught.value.reason == "plugin_unknown"
    assert "pcsc" in str(caught.value)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        plugins._SHIPPED[plugins.CARD_READERS], "gone", ("no_such_package_here:factory", "pcsc")
    )
    with pytest.raises(MissingExtra, match=r"hkeid\[pcsc\]"), open_reader("gone"):
        pass


def test_the_specimen_is_no_real_card() -> None:
    assert [found.code for found in hkic_specimen().findings] == [FindingCode.SPECIMEN_PROFILE]
    assert icao().findings == ()


class Integration:
    """What a licensed integrator would fill in."""

    def application(self) -> bytes:
        return bytes.fromhex("F000000001")

    def terminal_key(self) -> Any:
        return object()


def test_the_real_card_needs_a_licence() -> None:
    with pytest.raises(ConfigurationError) as caught:
        hkic(Integration())
    assert caught.value.reason == "hkic_not_authorised"
    profile = hkic(Integration(), authorised_deployer=True)
    assert (profile.name, profile.application.hex()) == ("hkic", "f000000001")
    assert "object at" not in repr(profile)
