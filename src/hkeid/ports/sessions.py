"""What a front door asks at once: is there a session, may this claim be released now?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant


class SessionReader(Protocol):
    """Looks up the broker's session; the broker implements it."""

    def current(self, reference: str | None, now: Instant) -> SessionView | None:
        """The live session behind the browser's reference, or None.

        None as well when the session ended or expired, its credential was revoked, or the resident
        may not log in at present.
        """
        ...

    def is_live(self, session_id: str, now: Instant) -> bool:
        """Whether the session with this internal id is still live."""
        ...


class VerifiedClaimsWish(Protocol):
    """One request for verified claims, as a front door understood it (OpenID Connect for Identity
    Assurance §5.3). Which claims may be told, and what is known of their verification, is not its matter.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The claims it asks for, by wire name."""
        ...

    def answer(
        self, verification: Mapping[str, Any], claims: Mapping[str, Any], now: Instant
    ) -> Mapping[str, Any] | None:
        """Of what may be told, what was asked for; None where the verification is not what was wanted.

        :param verification: how the claims were verified, in the form of the Identity Assurance Schema.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiableClaims:
    """What verified claims there can be, for metadata (Identity Assurance §8).

    :ivar claims: names of the claims, without language tags; empty: there are none at all.
    :ivar evidence: types of evidence.
    :ivar documents: types of documents; ``methods`` and ``checks``: how they are verified.
    :ivar records: types of electronic records.
    """

    trust_frameworks: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class ClaimsSource(Protocol):
    """Releases personal claims, each only with the resident's consent at that moment (S7)."""

    def supported(self) -> frozenset[str]:
        """Names of the claims there can be, without language tags."""
        ...

    def unconsented(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> frozenset[str]:
        """Those of ``names`` about which the resident has not yet decided for this client.

        A refusal of a voluntary claim is a decision: it is then neither asked for again nor
        released. A required claim that was refused or withdrawn counts as undecided, because the
        client's service cannot be had without it. Claims that the client has not registered are
        never among them; they are not released either.
        """
        ...

    def verifiable(self) -> VerifiableClaims:
        """What there can be in verified claims."""
        ...

    def release(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        verified: Collection[VerifiedClaimsWish] = (),
    ) -> Mapping[str, Any]:
        """The claims of ``names`` that may be released now, by wire name (``name#zh-Hant-HK`` too).

        Where ``verified`` claims are wanted and may be told, ``verified_claims`` is among them: one object,
        or an array where there are several. They need the resident's consent to each claim and to the claim
        ``verified_claims``.

        Records the disclosure, durably, before it returns.
        """
        ...
