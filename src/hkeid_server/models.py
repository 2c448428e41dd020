"""What each page shows: plain values between the core and the templates.

A view fills one of these; a template reads nothing else. So a page can be looked at, tested and
translated without the journey that leads to it (see :mod:`hkeid_server.gallery`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hkeid_server.consent_models import ServiceCard

from hkeid_server.elsewhere_models import NOWHERE_ELSE, Elsewhere, WaysIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of text with the language it is in, where that is not the page's."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAsks:
    """The relying party as the resident sees it: its name, and the domain that cannot be chosen."""

    name: str
    domain: str
    policy: str | None = None

    @property
    def initial(self) -> str:
        """The first letter or character, for the monogram."""
        return self.name[:1].upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyForm:
    """A WebAuthn ceremony on a page.

    :ivar kind: ``get`` (use a passkey) or ``create``.
    :ivar options: JSON for ``parseRequestOptionsFromJSON``/``parseCreationOptionsFromJSON``.
    :ivar lifetime: seconds until the server forgets the challenge.
    :ivar restart: address of a page with a new challenge.
    :ivar autofill: offer passkeys in a field as well (conditional mediation).
    """

    kind: str
    id: str
    options: str
    action: str
    lifetime: int
    restart: str
    autofill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EidCard:
    """The eID as a card."""

    names: tuple[Text, ...]
    state: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPage:
    """A page that shows the same to everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivatePage:
    """Enter the activation code. ``error``: ``empty``, ``unknown`` or ``attempts``."""

    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivatePasskeyPage:
    """Create the first passkey. ``fields`` travel with the form."""

    ceremony: CeremonyForm
    problem: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivatedPage:
    """The eID is active."""

    card: EidCard


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreLoginsPage:
    """All other identity providers, and a search among them.

    :ivar search: address to which the search goes.
    :ivar typed: what is searched for, or "".
    :ivar doors: what was found; all where nothing was typed.
    :ivar total: how many there are.
    :ivar back: address of the login page.
    """

    who: WhoAsks | None
    search: str
    typed: str
    doors: tuple[Elsewhere, ...]
    total: int
    back: str
    decline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """Log in: for a relying party (``who``), or for the account page (None).

    :ivar fresh: there is a session, but it is too old for the relying party.
    :ivar stronger: there is a session, but a stronger passkey is wanted.
    :ivar signing: the relying party asks for a signature, not for a login.
    :ivar elsewhere: other identity providers by which one can log in here.
    :ivar signal: JSON for ``signal.js``, or None.
    """

    who: WhoAsks | None
    ceremony: CeremonyForm
    elsewhere: WaysIn = NOWHERE_ELSE
    decline: str | None = None
    will_ask: bool = False
    fresh: bool = False
    stronger: bool = False
    signing: bool = False
    problem: str | None = None
    signal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePage:
    """Keep the eID of this browser, or use another."""

    who: WhoAsks
    name: str
    keep: str
    change: str
    decline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCard:
    """A device on the account page."""

    id: str
    name: str
    synced: bool
    added: datetime
    used: datetime | None
    current: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCard:
    """A browser in which the resident is logged in."""

    id: str
    agent: str
    since: datetime
    current: bool
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """An officer looked at the record: in which role, and why."""

    at: datetime
    role: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLine:
    """Something that the resident signed."""

    at: datetime
    client: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    """Another login that leads to this eID.

    :ivar removable: it is not the only way in.
    """

    provider: str
    subject: str
    name: str
    since: datetime
    used: datetime
    removable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """My eID.

    :ivar done: what was just done, for the notice on top.
    :ivar cooling_until: after a recovery: until then basic logins only; None else.
    :ivar signing: whether this installation serves signing; ``signed``: what the resident signed.
    :ivar links: other logins that lead here; ``elsewhere``: those that can be added.
    :ivar told_by: channels by which the resident is told (``email``, ``web_push``, ``sms``).
    :ivar profile: how many things stand in the resident's profile; None: there is no profile.
    """

    card: EidCard
    devices: tuple[DeviceCard, ...]
    sessions: tuple[SessionCard, ...]
    services: tuple[ServiceCard, ...]
    accesses: tuple[AccessLine, ...] = ()
    can_upgrade: bool = False
    done: str | None = None
    signal: str | None = None
    cooling_until: datetime | None = None
    told_by: tuple[str, ...] = ()
    signing: bool = False
    signed: tuple[SignedLine, ...] = ()
    links: tuple[LinkCard, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    profile: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAddPage:
    """Add a device: show who you are (``get``), then make the passkey (``create``)."""

    ceremony: CeremonyForm
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRemovePage:
    """Confirm the removal of a device."""

    name: str
    action: str
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReinstatePage:
    """Use a stopped device again: show who you are with another one (``get``), or confirm (None)."""

    name: str
    action: str
    ceremony: CeremonyForm | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutPage:
    """A relying party asks to log out (OpenID Connect RP-Initiated Logout §2)."""

    who: WhoAsks | None
    confirm: str
    decline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FarewellPage:
    """After logging out (``out``), staying (``stayed``) or freezing (``frozen``).

    :ivar frames: addresses of relying parties that end their own sessions in this browser.
    :ivar onward: where the page leads when they have, or None.
    :ivar who: the relying party that it leads to, or None.
    """

    kind: str = "out"
    frames: tuple[str, ...] = ()
    onward: str | None = None
    who: WhoAsks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """Something went wrong; ``kind`` is one of :data:`hkeid_server.problems.KINDS`."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaCard:
    """A test person of the sandbox."""

    id: str
    name: str
    chinese: str | None
    story: str
    state: str
    can_activate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An activation code, shown once."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalService:
    """A relying party of the sandbox that runs on this machine."""

    name: str
    domain: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPage:
    """The test persons, and the activation code just made."""

    personas: tuple[PersonaCard, ...]
    services: tuple[LocalService, ...]
    ticket: Ticket | None = None
