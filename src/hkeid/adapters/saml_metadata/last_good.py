"""The last good document of a source, which serves until its time is over, whatever comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.saml.metadata import Entity, MetadataDocument, MetadataReason, RoleKind
from hkeid.saml.metadata.reader import Validity, is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSchedule:
    """When a source is read again.

    :ivar usually: where the document has no ``cacheDuration``.
    :ivar least: and most, whatever it says.
    :ivar retry: after a failure; doubled for each further one, up to ``least_often_retry``.
    """

    usually: timedelta = timedelta(hours=6)
    least: timedelta = timedelta(minutes=5)
    most: timedelta = timedelta(hours=24)
    retry: timedelta = timedelta(minutes=1)
    least_often_retry: timedelta = timedelta(hours=1)

    def after_success(self, validity: Validity, now: Instant) -> Instant:
        """At ``cacheDuration``, and well before ``validUntil`` (saml-metadata §4.3.1)."""
        said = self.usually if validity.cache is None else validity.cache
        wait = max(self.least, min(self.most, said))
        if validity.until is not None:
            wait = min(wait, max(self.least, (validity.until - now) * 3 // 4))
        return now + wait

    def after_failure(self, failures: int, now: Instant) -> Instant:
        """Soon, and less and less often."""
        return now + min(self.least_often_retry, self.retry * (1 << min(failures - 1, 16)))


DEFAULT_SCHEDULE = RefreshSchedule()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshOutcome:
    """What a refresh came to.

    :ivar changed: whether there is another document now.
    :ivar failure: why there is not; what was there before goes on serving.
    :ivar due: when to refresh next.
    """

    changed: bool
    failure: HkeidError | None
    due: Instant


class LastGood:
    """What serves. Documents are replaced by one assignment, so that readers on other threads see one or the other.

    :param clock: for what is over.
    """

    def __init__(self, clock: Clock, schedule: RefreshSchedule) -> None:
        self._clock = clock
        self._schedule = schedule
        self._document: MetadataDocument | None = None
        self._failures = 0

    @property
    def document(self) -> MetadataDocument | None:
        """The last good one, be it over or not."""
        return self._document

    def entity(self, entity_id: str) -> Entity | None:
        """As :meth:`hkeid.saml.metadata.MetadataSource.entity`.

        :raises hkeid.kernel.errors.Unavailable: ``saml_metadata_not_loaded``, ``saml_metadata_expired``.
        """
        document, now = self._serving()
        return document.entity(entity_id, now)

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """As :meth:`hkeid.saml.metadata.MetadataSource.entity_of_source`; errors as :meth:`entity`."""
        document, now = self._serving()
        return document.entity_of_source(source_id, now)

    def entity_ids(self, role: RoleKind | None = None) -> Iterator[str]:
        """As :meth:`hkeid.saml.metadata.MetadataDirectory.entity_ids`; errors as :meth:`entity`."""
        document, now = self._serving()
        return document.entity_ids(now, role)

    def _serving(self) -> tuple[MetadataDocument, Instant]:
        document, now = self._document, self._clock.now()
        if document is None:
            raise Unavailable(MetadataReason.NOT_LOADED)
        if is_over(document.validity.until, now):
            raise Unavailable(MetadataReason.EXPIRED)
        return document, now

    def _took(self, document: MetadataDocument | None, now: Instant) -> RefreshOutcome:
        """A new document, or None where the one before stands."""
        if document is not None:
            self._document = document
        self._failures = 0
        due = now
        if self._document is not None:
            due = self._schedule.after_success(self._document.validity, now)
        return RefreshOutcome(changed=document is not None, failure=None, due=due)

    def _failed(self, failure: HkeidError, now: Instant) -> RefreshOutcome:
        self._failures += 1
        due = self._schedule.after_failure(self._failures, now)
        return RefreshOutcome(changed=False, failure=failure, due=due)
