"""Entities asked for one at a time (Metadata Query Protocol, draft-young-md-query, and its SAML profile)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from urllib.parse import quote

from hkeid.adapters.saml_metadata.fetching import NO_VALIDATORS, MetadataFetcher, Validators
from hkeid.adapters.saml_metadata.last_good import DEFAULT_SCHEDULE, RefreshSchedule
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.saml.metadata import (
    DEFAULT_METADATA_POLICY,
    Entity,
    MetadataPolicy,
    MetadataReason,
    MetadataRefused,
    SignedBy,
)
from hkeid.saml.metadata.aggregate import source_id_of
from hkeid.saml.metadata.document import read_single
from hkeid.saml.metadata.reader import Validity, at
from hkeid.saml.metadata.syntax import is_entity_id

_LONGEST_NAME = 2_048
_SHA1_OCTETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a question came to.

    :ivar fresh: until when it is not asked again.
    :ivar failure: why there is no entity, other than that there is none.
    """

    fresh: Instant
    entity: Entity | None = None
    failure: HkeidError | None = field(default=None, repr=False)
    validators: Validators = NO_VALIDATORS


class QueriedMetadata:
    """A service that answers for one entity at a time; each answer has to be signed, and in force.

    Answers are kept for their ``cacheDuration``, and longer, until ``validUntil``, while the service is away; that
    there is no such entity is kept as well, so that whoever sends invented names costs one query each. Answers
    without an entity are kept apart, so that invented names never drive out an entity.

    :param base: URL under which ``entities/`` is.
    :param fetcher: with a limit and a timeout for one entity; people wait meanwhile.
    :param by_sha1: ask by ``{sha1}`` and the hash of the name (SAML profile §3.2).
    :param most: answers that are kept, of either kind; those go first that were asked for longest ago.
    :param unknown_for: how long that there is no such entity is believed.
    :raises MetadataMisconfigured: ``saml_metadata_url``.
    """

    def __init__(
        self,
        base: str,
        fetcher: MetadataFetcher,
        trust: SignedBy,
        clock: Clock,
        *,
        policy: MetadataPolicy = DEFAULT_METADATA_POLICY,
        schedule: RefreshSchedule = DEFAULT_SCHEDULE,
        by_sha1: bool = False,
        most: int = 2_000,
        unknown_for: timedelta = timedelta(minutes=10),
    ) -> None:
        fetcher.check(base)
        self._base = base.rstrip("/")
        self._fetcher = fetcher
        self._trust = trust
        self._clock = clock
        self._policy = policy
        self._schedule = schedule
        self._by_sha1 = by_sha1
        self._most = most
        self._unknown_for = unknown_for
        self._answers: OrderedDict[bytes, _Answer] = OrderedDict()
        self._without: OrderedDict[bytes, _Answer] = OrderedDict()
        self._lock = Lock()

    def entity(self, entity_id: str) -> Entity | None:
        """As :meth:`hkeid.saml.metadata.MetadataSource.entity`.

        :raises hkeid.kernel.errors.Unavailable: as :meth:`MetadataFetcher.fetch`.
        :raises MetadataRefused: ``saml_metadata_another_entity``; as :meth:`MetadataPolicy.check`.
        :raises MetadataMalformed: as :func:`hkeid.saml.metadata.read_metadata`.
        :raises hkeid.saml.dsig.SamlMalformed: likewise.
        :raises hkeid.saml.dsig.SignatureRefused: likewise.
        """
        name = quote(entity_id, safe="", errors="replace")
        if not is_entity_id(entity_id) or len(name) > _LONGEST_NAME:
            return None
        source_id = source_id_of(entity_id)
        found = self._ask(_sha1(source_id) if self._by_sha1 else name, source_id)
        return found if found is None or found.entity_id == entity_id else None

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """As :meth:`hkeid.saml.metadata.MetadataSource.entity_of_source`; errors as :meth:`entity`."""
        return self._ask(_sha1(source_id), source_id) if len(source_id) == _SHA1_OCTETS else None

    def refresh(self, now: Instant) -> int:
        """Forget what is over; gives the number of answers left."""
        with self._lock:
            for answers in (self._answers, self._without):
                over = [key for key, one in answers.items() if _worthless(one, now)]
                for key in over:
                    del answers[key]
            return len(self._answers) + len(self._without)

    def _ask(self, identifier: str, source_id: bytes) -> Entity | None:
        now = self._clock.now()
        with self._lock:
            before = self._kept(source_id)
        if before is None or before.fresh <= now:
            before = self._asked_anew(identifier, source_id, before, now)
            self._remember(source_id, before)
        if before.failure is not None:
            raise before.failure.with_traceback(None)
        return None if before.entity is None else at(before.entity, now)

    def _asked_anew(
        self, identifier: str, source_id: bytes, before: _Answer | None, now: Instant
    ) -> _Answer:
        entity = None if before is None or before.entity is None else at(before.entity, now)
        known = NO_VALIDATORS if before is None or entity is None else before.validators
        try:
            fetched = self._fetcher.fetch(f"{self._base}/entities/{identifier}", known)
            if fetched.octets is not None:
                entity = read_single(fetched.octets, self._trust)
                if source_id_of(entity.entity_id) != source_id:
                    raise MetadataRefused(MetadataReason.ANOTHER_ENTITY)
            if entity is None:
                raise MetadataRefused(MetadataReason.EXPIRED)
            validity = Validity(entity.valid_until, entity.cache_duration)
            self._policy.check(validity, now)
        except NotFound:
            return _Answer(fresh=now + self._unknown_for)
        except HkeidError as error:
            soon = self._schedule.after_failure(1, now)
            # The answer before, if it still counts; otherwise the failure.
            old = None if before is None or before.entity is None else at(before.entity, now)
            if before is None or old is None:
                return _Answer(fresh=soon, failure=error)
            return _Answer(fresh=soon, entity=old, validators=before.validators)
        fresh = self._schedule.after_success(validity, now)
        return _Answer(fresh=fresh, entity=entity, validators=fetched.validators)

    def _kept(self, source_id: bytes) -> _Answer | None:
        for answers in (self._answers, self._without):
            if source_id in answers:
                answers.move_to_end(source_id)
                return answers[source_id]
        return None

    def _remember(self, source_id: bytes, answer: _Answer) -> None:
        kept, other = self._answers, self._without
        if answer.entity is None:
            kept, other = other, kept
        with self._lock:
            other.pop(source_id, None)
            kept[source_id] = answer
            kept.move_to_end(source_id)
            while len(kept) > self._most:
                kept.popitem(last=False)


def _sha1(source_id: bytes) -> str:
    return f"%7Bsha1%7D{source_id.hex()}"


def _worthless(answer: _Answer, now: Instant) -> bool:
    """Over, and of no use while the service is away either."""
    return answer.fresh <= now and (answer.entity is None or at(answer.entity, now) is None)
