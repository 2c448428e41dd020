"""What the simulated iAM Smart remembers."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hkeid.testing.personas import Persona


class Decision(StrEnum):
    """What the person did on the phone."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(slots=True, kw_only=True)
class LoginSession:
    """A QR page that waits for a phone."""

    id: str
    redirect: str
    state: str
    scope: str
    language: str
    same_device: bool
    decision: Decision = Decision.WAITING
    code: str | None = field(default=None, repr=False)
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class IssuedCode:
    """An authorization code, redeemed once within 30 seconds."""

    persona: Persona
    scope: str
    made_at: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    """A push that waits in somebody's app."""

    kind: str
    members: dict[str, Any]
    persona: Persona
    decision: Decision = Decision.WAITING


@dataclass(slots=True)
class Memory:
    """Everything, behind one lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    sessions: dict[str, LoginSession] = field(default_factory=dict)
    codes: dict[str, IssuedCode] = field(default_factory=dict)
    tokens: dict[str, Persona] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    timestamp: int = 0
    key: bytes | None = None
    key_made_at: int = 0

    def new_key(self, now: int) -> bytes:
        """A fresh content key."""
        self.key, self.key_made_at = secrets.token_bytes(32), now
        return self.key
