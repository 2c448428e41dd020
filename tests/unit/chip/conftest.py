"""A country, its cards, and a reader in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.chip import CardAccessNumber, ChipDocument, MrzKey, icao, read_document
from hkeid.testing.card_issuer import ICAO, CardDraft, CardFeatures, CardIssuer, draft_card
from hkeid.testing.card_issuer.groups import zone_birth
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_card.reader import CardInProcess, ReaderInProcess

NOW = datetime.now(UTC).replace(microsecond=0)


class Desk:
    """One card on a desk, with what is printed on it, and how to read it."""

    def __init__(self, draft: CardDraft, hooks: Mapping[Any, Any]) -> None:
        self.draft = draft
        self.card = VirtualCard(draft.image(), hooks=hooks)
        born = zone_birth(draft.person.birth_date)
        self.mrz = MrzKey(draft.document_number, born, draft.expires)
        self.can = CardAccessNumber(draft.can)
        self.log: list[tuple[bytes, bytes]] = []
        self.extended_length = 65_536

    def read(self, access: Any = "mrz", **arguments: Any) -> ChipDocument:
        key = {"mrz": self.mrz, "can": self.can}.get(access, access) if access else None
        arguments = {"profile": icao(), "random": SystemRandom(), "read_at": NOW} | arguments
        reader = ReaderInProcess(self.card, extended_length=self.extended_length)
        with reader.connect() as connection:
            assert isinstance(connection, CardInProcess)
            self.log = connection.log
            return read_document(connection, key, **arguments)

    @property
    def trust(self) -> Any:
        return self.draft.issuer.trust()


@pytest.fixture(scope="session")
def country() -> CardIssuer:
    return CardIssuer()


@pytest.fixture
def desk(country: CardIssuer) -> Callable[..., Desk]:
    """``desk(features, hooks={…}, change=draft -> None, **features)``."""

    def lay(
        features: CardFeatures = ICAO,
        *,
        hooks: Mapping[Any, Any] | None = None,
        change: Callable[[CardDraft], Any] | None = None,
        **changes: Any,
    ) -> Desk:
        draft = draft_card(
            PERSONAS["chan-tai-man"], features=features.but(**changes), issuer=country
        )
        if change is not None:
            change(draft)
        return Desk(draft, hooks or {})

    return lay
