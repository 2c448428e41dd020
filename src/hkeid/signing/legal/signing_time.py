"""When the signature was made, and whether the certificate was then in its period (s.6(1A)(d), s.6(2)(c))."""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.kernel.instants import Instant
from hkeid.signing.legal.facts import CertificateFacts, RevocationStatus, SignatureFacts
from hkeid.signing.legal.opinion import LegalReason, defeats, leaves_open, note, supports
from hkeid.signing.legal.periods import Period, Window, held

_SECTION = "s.6(1A)(d), s.6(2)(c)"
_TIME = "s.6(1A)(d), s.6(2)"
_PROVED = "signature.proved_time"
_EARLIEST = "signature.not_earlier_than"
_REVOCATION = "certificate.revocation"


def earliest_of(facts: SignatureFacts, certificate: CertificateFacts) -> Instant:
    """The signature names its certificate by hash (RFC 5035 §3), so it is no older than that."""
    if facts.not_earlier_than is None:
        return certificate.not_before
    return max(certificate.not_before, facts.not_earlier_than)


def window_of(facts: SignatureFacts, certificate: CertificateFacts, at: Instant) -> Window | None:
    """The moments at which it may have been made; ``None`` where the facts leave no moment.

    Without a proved time the signature exists at least now, at ``at``.
    """
    earliest = earliest_of(facts, certificate)
    latest = at if facts.proved_time is None else min(facts.proved_time, at)
    return Window(earliest, latest) if earliest <= latest else None


def certificate_time(
    facts: SignatureFacts, certificate: CertificateFacts, at: Instant
) -> Iterator[LegalReason]:
    """Proved time, the certificate's own period, and its revocation."""
    yield _proved(facts, at)
    window = window_of(facts, certificate, at)
    if window is None:
        yield defeats("made_before_validity", _SECTION, "certificate.not_before")
        return
    yield from _claim(facts, certificate, window)
    yield from _period(facts, certificate, window)
    yield from _revocation(facts, certificate, window)


def _proved(facts: SignatureFacts, at: Instant) -> LegalReason:
    if facts.proved_time is None:
        code = "time_unknown" if facts.claimed_time is None else "time_only_claimed"
        return leaves_open(code, _TIME, missing=(_PROVED,))
    if facts.proved_time > at:
        return leaves_open("time_in_the_future", _TIME, _PROVED)
    return supports("time_proved", _TIME, _PROVED, time=facts.proved_time.isoformat())


def _claim(
    facts: SignatureFacts, certificate: CertificateFacts, window: Window
) -> Iterator[LegalReason]:
    """The claimed time proves nothing, but it may speak against the signer."""
    claimed = facts.claimed_time
    if claimed is None:
        return
    if claimed < certificate.not_before:
        yield leaves_open("claimed_before_validity", _SECTION, "signature.claimed_time")
    elif facts.proved_time is not None and claimed > window.latest:
        yield note("claimed_after_proof", _TIME, "signature.claimed_time", _PROVED)


def _period(
    facts: SignatureFacts, certificate: CertificateFacts, window: Window
) -> Iterator[LegalReason]:
    fact = "certificate.not_after"
    until = certificate.not_after.isoformat()
    # notAfter itself still belongs to the validity (RFC 5280 §4.1.2.5).
    if window.earliest > certificate.not_after:
        yield defeats("made_after_validity", _SECTION, fact, until=until)
    elif facts.proved_time is None:
        return
    elif window.latest > certificate.not_after:
        yield leaves_open("perhaps_after_validity", _SECTION, fact, missing=(_PROVED,), until=until)
    else:
        yield supports("within_certificate_period", _SECTION, fact, until=until)


def _revocation(
    facts: SignatureFacts, certificate: CertificateFacts, window: Window
) -> Iterator[LegalReason]:
    """The Ordinance names revocation of recognition, not of one certificate by its authority. A use
    after revocation is taken to be against the terms of the certificate.
    """
    section = "s.6(1A)(e)"
    if certificate.revocation is RevocationStatus.UNKNOWN:
        yield leaves_open("revocation_missing", section, missing=(_REVOCATION,))
    elif certificate.revocation is RevocationStatus.GOOD:
        yield supports("not_revoked", section, _REVOCATION)
    elif certificate.revoked_at is None:
        missing = ("certificate.revoked_at",)
        yield leaves_open("revoked_unknown_when", section, _REVOCATION, missing=missing)
    else:
        yield _revoked_at(facts, certificate.revoked_at, window, section)


def _revoked_at(
    facts: SignatureFacts, moment: Instant, window: Window, section: str
) -> LegalReason:
    answer = held((Period(window.earliest, moment),), window)
    time = moment.isoformat()
    if answer is False:
        return defeats("revoked_before", section, _REVOCATION, time=time)
    if answer and facts.proved_time is not None:
        return supports("revoked_later", section, _REVOCATION, _PROVED, time=time)
    missing = (_PROVED,) if facts.proved_time is None else (_PROVED, _EARLIEST)
    return leaves_open("perhaps_revoked", section, _REVOCATION, missing=missing, time=time)
