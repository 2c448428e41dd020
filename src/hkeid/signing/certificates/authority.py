"""The embedded certification authority.

It is for sandboxes and private use. It is not, and never becomes, a recognized certification authority under
the Electronic Transactions Ordinance (Cap. 553): recognition is given to persons, not to software.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.kernel.errors import NotFound, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import (
    CertificateState,
    CertificateStatus,
    CertificateSubject,
    IssuedCertificate,
    RevocationReason,
)
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.signing.certificates.building import CertificateBody, build_certificate, new_serial
from hkeid.signing.certificates.errors import CertificateRefused
from hkeid.signing.certificates.events import (
    CertificateIssued,
    CertificateRevoked,
    RevocationListPublished,
)
from hkeid.signing.certificates.extensions import Pointers, extensions_of
from hkeid.signing.certificates.keys import Credential, key_identifier
from hkeid.signing.certificates.profiles import PROFILES, CertificateProfile
from hkeid.signing.certificates.reading import ReadCertificate, read_certificate
from hkeid.signing.certificates.records import (
    CertificatesTransaction,
    IssuedRecord,
    RevocationListRecord,
)
from hkeid.signing.certificates.requests import requested_key
from hkeid.signing.certificates.revocation_lists import RevokedEntry, build_revocation_list
from hkeid.signing.certificates.subjects import subject_name

_BACKDATED = timedelta(minutes=5)
_SECOND = timedelta(seconds=1)
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySettings:
    """How an authority works.

    :ivar list_every: how old a revocation list may become before there is a new one.
    :ivar list_lifetime: from ``thisUpdate`` to ``nextUpdate``: longer, so that relying parties outlive a
        failure of ours.
    """

    pointers: Pointers = field(default_factory=Pointers)
    list_every: timedelta = timedelta(days=1)
    list_lifetime: timedelta = timedelta(days=4)
    profiles: Mapping[str, CertificateProfile] = field(default_factory=lambda: PROFILES)


class EmbeddedAuthority:
    """:class:`hkeid.ports.certificates.CertificateAuthority` with a key of our own.

    :param credential: the issuing authority's key, certificate and chain.
    :raises CertificateRefused: ``authority_unfit``: the certificate is no authority's, or not of this key.
    """

    def __init__(
        self,
        store: Store[CertificatesTransaction],
        credential: Credential,
        clock: Clock,
        random: Random,
        settings: AuthoritySettings | None = None,
    ) -> None:
        self._store = store
        self._credential = credential
        self._clock = clock
        self._random = random
        self.settings = settings or AuthoritySettings()
        self._own = read_certificate(credential.certificate)
        if self._own.public_key != credential.key.public_key:
            raise CertificateRefused("authority_unfit", detail="the key is another's")
        if not (self._own.is_authority and self._own.signs_certificates and self._own.signs_lists):
            raise CertificateRefused("authority_unfit", detail="not an authority's certificate")
        self.id = key_identifier(self._own.public_key).hex()
        """By which its records are found."""

    @property
    def certificate(self) -> ReadCertificate:
        """Its own certificate."""
        return self._own

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Its own certificate and those above, DER: what stands behind each certificate."""
        return (self._credential.certificate, *self._credential.chain)

    def issue(
        self, request: bytes, *, profile: str, subject: CertificateSubject
    ) -> IssuedCertificate:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.issue`. The certificate is recorded and
        audited, in one transaction, before anybody gets it.

        :raises CertificateRefused: ``profile_unknown``, ``profile_not_for_requests``,
            ``request_key_refused``, ``request_signature_wrong``, ``subject_refused``,
            ``subject_is_identity_card``, ``authority_expired``.
        :raises hkeid.signing.certificates.errors.RequestMalformed: ``certificate_request_malformed``.
        """
        kind = self._profile(profile)
        public_key = requested_key(request)
        if public_key == self._own.public_key:
            raise CertificateRefused("request_key_refused", detail="the authority's own key")
        body = self._body(kind, public_key, subject)
        certificate = build_certificate(body, self._credential.key)
        record = IssuedRecord(
            authority=self.id,
            serial=f"{body.serial:x}",
            profile=kind.name,
            reference=subject.reference,
            fingerprint=hashlib.sha256(certificate).digest(),
            not_before=body.not_before,
            not_after=body.not_after,
            issued_at=self._clock.now(),
        )
        with self._store.transaction() as tx:
            tx.issued_certificates.add(record)
            tx.audit.append(
                CertificateIssued(
                    authority=self.id,
                    serial=record.serial,
                    profile=record.profile,
                    reference=record.reference,
                    fingerprint=record.fingerprint.hex(),
                )
            )
        return IssuedCertificate(certificate=certificate, chain=self.chain)

    def revoke(
        self, serial: int, reason: RevocationReason, invalid_since: Instant | None = None
    ) -> None:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.revoke`.

        :raises CertificateRefused: ``certificate_revoked_already``, ``certificate_not_revocable``,
            ``invalid_since_in_future``.
        """
        at = self._clock.now()
        if invalid_since is not None and invalid_since > at:
            raise CertificateRefused("invalid_since_in_future")
        with self._store.transaction() as tx:
            record = tx.issued_certificates.get(self.id, f"{serial:x}")
            if record is None:
                raise NotFound("certificate_unknown")
            self._revoke(tx, record, at, reason, invalid_since)

    def revoke_all(self, reference: str, reason: RevocationReason) -> int:
        """Take back every certificate of a subject that can be and whose period has not ended; returns how
        many.
        """
        at = self._clock.now()
        with self._store.transaction() as tx:
            found = [
                one
                for one in tx.issued_certificates.of_reference(reference)
                if one.authority == self.id
                and one.revoked_at is None
                and one.not_after >= at
                and self._revocable(one)
            ]
            for record in found:
                self._revoke(tx, record, at, reason, None)
        return len(found)

    def status(self, serial: int) -> CertificateStatus:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.status`."""
        with self._store.transaction() as tx:
            record = tx.issued_certificates.get(self.id, f"{serial:x}") if serial > 0 else None
        return status_of(record)

    def revocation_list(self) -> RevocationListRecord:
        """The list to serve: the newest, unless it is older than it should be or something was revoked
        since; then a new one, signed, kept and audited.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            newest = tx.revocation_lists.newest(self.id)
            last = tx.issued_certificates.last_revocation(self.id)
        if (
            newest is not None
            and now < newest.this_update + self.settings.list_every
            and (last is None or last < newest.this_update)
        ):
            return newest
        return self._publish(0 if newest is None else newest.number)

    def publish_list(self) -> RevocationListRecord:
        """Sign a new revocation list of everything that was ever revoked.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_list_raced``: other processes published
            theirs at each try.
        """
        return self._publish(None)

    def _publish(self, after: int | None) -> RevocationListRecord:
        """A new list; or the one that somebody else published since the one numbered ``after``."""
        for _ in range(_TRIES):
            with self._store.transaction() as tx:
                newest = tx.revocation_lists.newest(self.id)
                if newest is not None and after is not None and newest.number > after:
                    return newest
                revoked = tx.issued_certificates.revoked(self.id)
                record = self._list(1 if newest is None else newest.number + 1, revoked)
                if tx.revocation_lists.put(record):
                    tx.audit.append(
                        RevocationListPublished(
                            authority=self.id, number=record.number, revoked=len(revoked)
                        )
                    )
                    return record
        raise Unavailable("revocation_list_raced")

    def _list(self, number: int, revoked: tuple[IssuedRecord, ...]) -> RevocationListRecord:
        now = self._clock.now().replace(microsecond=0)
        ends = now + self.settings.list_lifetime
        encoded = build_revocation_list(
            self._credential.key,
            self._own.subject,
            number=number,
            this_update=now,
            next_update=ends,
            entries=[entry_of(one) for one in revoked],
            complete_since=self._own.not_before,
        )
        return RevocationListRecord(
            authority=self.id, number=number, this_update=now, next_update=ends, encoded=encoded
        )

    def _profile(self, name: str) -> CertificateProfile:
        profile = self.settings.profiles.get(name)
        if profile is None:
            raise CertificateRefused("profile_unknown", detail=name)
        if not profile.on_request:
            raise CertificateRefused("profile_not_for_requests", detail=name)
        return profile

    def _body(
        self, profile: CertificateProfile, public_key: bytes, subject: CertificateSubject
    ) -> CertificateBody:
        """What the certificate will say; not beyond the authority's own end."""
        begins = (self._clock.now() - _BACKDATED).replace(microsecond=0)
        begins = max(begins, self._own.not_before)
        # RFC 5280 §4.1.2.5: both ends are included.
        ends = min(begins + profile.lifetime - _SECOND, self._own.not_after)
        if not self._own.valid_at(self._clock.now()) or ends <= begins:
            raise CertificateRefused("authority_expired", detail=str(self._own.not_after))
        return CertificateBody(
            serial=new_serial(self._random),
            issuer=self._own.subject,
            subject=subject_name(subject),
            not_before=begins,
            not_after=ends,
            public_key=public_key,
            extensions=extensions_of(
                profile, public_key, self._own.public_key, self.settings.pointers
            ),
        )

    def _revocable(self, record: IssuedRecord) -> bool:
        profile = self.settings.profiles.get(record.profile)
        return profile is None or profile.revocable

    def _revoke(
        self,
        tx: CertificatesTransaction,
        record: IssuedRecord,
        at: Instant,
        reason: RevocationReason,
        invalid_since: Instant | None,
    ) -> None:
        if not self._revocable(record):
            raise CertificateRefused("certificate_not_revocable", detail=record.profile)
        if not tx.issued_certificates.revoke(
            self.id, record.serial, at=at, reason=reason, invalid_since=invalid_since
        ):
            raise CertificateRefused("certificate_revoked_already")
        tx.audit.append(
            CertificateRevoked(
                authority=self.id,
                serial=record.serial,
                reference=record.reference,
                reason=reason.value,
            )
        )


def status_of(record: IssuedRecord | None) -> CertificateStatus:
    """What a record says; none: unknown."""
    if record is None:
        return CertificateStatus(state=CertificateState.UNKNOWN)
    if record.revoked_at is None:
        return CertificateStatus(state=CertificateState.GOOD)
    return CertificateStatus(
        state=CertificateState.REVOKED, revoked_at=record.revoked_at, reason=record.reason
    )


def entry_of(record: IssuedRecord) -> RevokedEntry:
    """A revoked certificate's entry in a list."""
    return RevokedEntry(
        serial=int(record.serial, 16),
        revoked_at=record.revoked_at or record.issued_at,
        reason=record.reason or RevocationReason.UNSPECIFIED,
        invalid_since=record.invalid_since,
    )
