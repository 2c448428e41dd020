"""What every identity provider behind us does, whatever it speaks. The broker knows this and no more.

::

    departure = provider.begin(UpstreamRequest(state=…, callback=…))   # keep departure.kept, send the browser
    …
    answer = provider.finish(kept, request, now)                       # UpstreamAuthentication, or an error

Nothing is kept in the process: what ``finish`` needs travels in ``Departure.kept``, which the broker
stores once, sealed under the state. So any node finishes what another began.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUseRecord
from hkeid.upstream.attributes import NO_ATTRIBUTES, Attributes

STATE_BYTES = 24
"""Bytes of chance in a state: 32 characters. The narrowest upstream (iAM Smart) takes 36."""

_STATE = re.compile(r"[A-Za-z0-9_-]{22,36}")


class UpstreamKind(StrEnum):
    """What a provider speaks."""

    OIDC = "oidc"
    SAML = "saml"
    IAM_SMART = "iam_smart"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """A wish to have somebody proved by an upstream.

    :ivar state: unpredictable, of this departure alone: 22 to 36 characters of ``[A-Za-z0-9_-]``
        (``random.token(STATE_BYTES)``). It comes back with the answer.
    :ivar callback: our address to which the upstream sends the browser back, as registered there.
    :ivar acr: the lowest rung that would do, or None. It is asked for; what comes back may be lower, and the
        caller compares.
    :ivar fresh: the person must act anew, whatever session the upstream has.
    :ivar max_age: greatest age of the upstream's authentication in seconds, or None.
    :ivar ui_locales: wanted languages, best first (BCP 47).
    :ivar client_name: who asks, for an upstream that shows it, or None.
    :ivar user_agent: the browser's ``User-Agent``; iAM Smart must be told the kind of browser.
    :raises MalformedInput: ``state_malformed``.
    """

    state: str = field(repr=False)
    callback: str
    acr: Acr | None = None
    fresh: bool = False
    max_age: int | None = None
    ui_locales: tuple[str, ...] = ()
    client_name: str | None = None
    user_agent: str | None = None

    def __post_init__(self) -> None:
        if _STATE.fullmatch(self.state) is None:
            raise MalformedInput("state_malformed", field="state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that the browser sends by POST at once.

    :ivar fields: names and values in order; they may hold a whole signed message.
    """

    action: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser goes.

    :ivar to: an address (303), or a form to send.
    :ivar kept: what ``finish`` needs: opaque, at most 4 KiB, secret. Store it for one use, under the state.
    """

    to: str | Form = field(repr=False)
    kept: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamAuthentication:
    """Whom an upstream proved, and how well.

    :ivar provider: :attr:`UpstreamProvider.id`.
    :ivar subject: the person's name at this upstream, never reused there for somebody else. With
        ``provider`` it makes the key of a link; alone it means nothing.
    :ivar acr: the rung by this upstream's table, never above what the upstream proved (law 7).
    :ivar upstream_acr: the upstream's own word for it, or None.
    :ivar amr: RFC 8176 values.
    :ivar authenticated_at: when the person acted, by the upstream's word; never in our future.
    :ivar attributes: claims by our names, after the provider's mapping.
    :ivar session: the upstream's name of its session (``sid``, ``SessionIndex``), or None.
    :ivar session_subject: whom the upstream names when it ends the session, where that is another name than
        ``subject`` (a NameID beside a lasting attribute); None: ``subject``.
    :ivar logout: what ``begin_logout`` needs later, opaque; seal it in the session's row. None: it ends
        no sessions.
    :ivar ends_at: a session that is made of it ends then at the latest, by the upstream's word, or None. How long a
        token is good is no such word.
    :ivar proxying: how far it may be passed on to others, or None: as far as anybody likes.
    :ivar continuation: what later calls at this upstream need for the same person (iAM Smart: form filling,
        re-authentication), opaque; seal it like ``logout``. None: there are none.
    """

    provider: str
    subject: str = field(repr=False)
    acr: Acr
    upstream_acr: str | None = None
    amr: tuple[str, ...] = ()
    authenticated_at: Instant
    attributes: Attributes = NO_ATTRIBUTES
    session: str | None = field(default=None, repr=False)
    session_subject: str | None = field(default=None, repr=False)
    logout: bytes | None = field(default=None, repr=False)
    ends_at: Instant | None = None
    proxying: Proxying | None = None
    continuation: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamLogoutRequest:
    """A wish to end a session at the upstream: ``logout`` is that of the authentication.

    :ivar callback: where the browser shall come back to, as registered there.
    """

    logout: bytes = field(repr=False)
    state: str = field(repr=False)
    callback: str
    ui_locales: tuple[str, ...] = ()


class LogoutOutcome(StrEnum):
    """How a logout went."""

    DONE = "done"
    PARTIAL = "partial"
    """Not everywhere: somebody behind or before us did not answer."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamLogout:
    """A logout that an upstream has sent, verified.

    :ivar subject: whose sessions end, as :attr:`UpstreamAuthentication.session_subject` named them; None: known by
        the session alone (a logout token with ``sid`` and no ``sub``).
    :ivar sessions: which of the subject's upstream sessions end; () means all of them.
    :ivar once: put it (``tx.single_use.put``) in the transaction that ends the sessions; where that says
        False, the message was used before, and nothing is done.
    :ivar browser: it came through the browser, and the answer goes back that way.
    :ivar kept: what :meth:`UpstreamProvider.answer_logout` needs.
    """

    provider: str
    subject: str | None = field(default=None, repr=False)
    sessions: tuple[str, ...] = field(default=(), repr=False)
    once: SingleUseRecord = field(repr=False)
    browser: bool = False
    kept: bytes = field(default=b"", repr=False)


@runtime_checkable
class UpstreamProvider(Protocol):
    """One identity provider behind us."""

    @property
    def id(self) -> str:
        """Its name in the configuration, in links and in addresses: ``[a-z0-9-]{1,32}``."""
        ...

    @property
    def kind(self) -> UpstreamKind:
        """What it speaks."""
        ...

    @property
    def names(self) -> Mapping[Language, str]:
        """What people call it, in the three scripts."""
        ...

    @property
    def authority(self) -> str:
        """What it is called by the world: a URI that says to relying parties who authenticated (saml-core §2.7.2.2,
        AuthenticatingAuthority).
        """
        ...

    def begin(self, request: UpstreamRequest) -> Departure:
        """Where to send the browser.

        :raises UpstreamRefused: ``upstream_acr_out_of_reach``.
        :raises UpstreamFailed: the upstream cannot be asked (see :mod:`hkeid.upstream.errors`).
        """
        ...

    def finish(self, kept: bytes, request: Request, now: Instant) -> UpstreamAuthentication:
        """Read what the browser brought back, verify it, fetch what is missing.

        The caller has used up the record that ``kept`` was in; it is never finished twice.

        :raises UpstreamFailed: nobody is authenticated; ``code`` is what the front door answers.
        """
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """A provider whose sessions can end together with ours. Providers without it are not asked."""

    def begin_logout(self, request: UpstreamLogoutRequest) -> Departure | None:
        """Where to send the browser so that the upstream's session ends too; None: nowhere."""
        ...

    def finish_logout(self, kept: bytes, request: Request, now: Instant) -> LogoutOutcome:
        """Read what the browser brought back.

        :raises UpstreamFailed: the answer is none, or not the one that was waited for.
        """
        ...

    def read_logout(self, request: Request, now: Instant) -> UpstreamLogout:
        """Recognise and verify a logout that the upstream has sent.

        :raises UpstreamFailed: it is none, or not a good one; :meth:`refuse_logout` answers it.
        """
        ...

    def answer_logout(self, logout: UpstreamLogout, outcome: LogoutOutcome) -> Response | Departure:
        """What the upstream is answered, directly or through the browser."""
        ...

    def refuse_logout(self, error: Exception) -> Response:
        """What the upstream is answered where :meth:`read_logout` raised ``error``."""
        ...
