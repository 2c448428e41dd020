"""Suggestions, in memory: a demonstration keeps nothing longer than it runs."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from relying_party_flask.texts import TOPICS

MESSAGE_LIMIT = 1_000
NAME_LIMIT = 100
_MOST_RESIDENTS = 1_000
_MOST_EACH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One suggestion. The reference is what the resident quotes."""

    reference: str
    topic: str
    message: str
    name: str
    sent_at: datetime


@dataclass(slots=True)
class Draft:
    """The form as it was filled in, and what is wrong with it by field."""

    topic: str = ""
    message: str = ""
    name: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    def check(self) -> bool:
        """Whether the form can be sent; fills :attr:`errors` with names of texts."""
        self.errors = {}
        if self.topic not in TOPICS:
            self.errors["topic"] = "error_topic"
        if not self.message.strip():
            self.errors["message"] = "error_message"
        elif len(self.message) > MESSAGE_LIMIT:
            self.errors["message"] = "error_message_long"
        if len(self.name) > NAME_LIMIT:
            self.errors["name"] = "error_name_long"
        return not self.errors


class SuggestionBox:
    """Suggestions by the residents who made them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, list[Suggestion]] = {}

    def add(self, sub: str, draft: Draft) -> Suggestion:
        """Keep a checked draft; the oldest make room when there are too many."""
        suggestion = Suggestion(
            reference=f"WS-{secrets.token_hex(4).upper()}",
            topic=draft.topic,
            message=draft.message.strip(),
            name=draft.name.strip(),
            sent_at=datetime.now(UTC),
        )
        with self._lock:
            if sub not in self._kept and len(self._kept) >= _MOST_RESIDENTS:
                del self._kept[next(iter(self._kept))]
            own = self._kept.setdefault(sub, [])
            own.append(suggestion)
            del own[:-_MOST_EACH]
        return suggestion

    def of(self, sub: str) -> list[Suggestion]:
        """A resident's suggestions, newest first."""
        with self._lock:
            return list(reversed(self._kept.get(sub, [])))

    def find(self, sub: str, reference: str) -> Suggestion | None:
        """A resident's own suggestion; nobody else's."""
        return next((one for one in self.of(sub) if one.reference == reference), None)
