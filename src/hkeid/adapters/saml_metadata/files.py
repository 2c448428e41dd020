"""Metadata in a local file."""

from __future__ import annotations

from pathlib import Path

from hkeid.adapters.saml_metadata.last_good import (
    DEFAULT_SCHEDULE,
    LastGood,
    RefreshOutcome,
    RefreshSchedule,
)
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.saml.metadata import (
    LOCAL_METADATA_POLICY,
    AggregateLimits,
    MetadataPolicy,
    MetadataReason,
    MetadataTrust,
    read_metadata,
)
from hkeid.saml.metadata.indexing import DEFAULT_AGGREGATE_LIMITS


class FileMetadata(LastGood):
    """A file that an operator, or another program, keeps up to date.

    :param trust: a key, or :class:`hkeid.saml.metadata.TrustedAsItIs`, said in so many words.
    """

    def __init__(
        self,
        path: Path,
        trust: MetadataTrust,
        clock: Clock,
        *,
        policy: MetadataPolicy = LOCAL_METADATA_POLICY,
        limits: AggregateLimits = DEFAULT_AGGREGATE_LIMITS,
        schedule: RefreshSchedule = DEFAULT_SCHEDULE,
    ) -> None:
        super().__init__(clock, schedule)
        self._path = path
        self._trust = trust
        self._policy = policy
        self._limits = limits
        self._seen: tuple[int, int] | None = None

    def refresh(self, now: Instant) -> RefreshOutcome:
        """Read the file, if it is another than before. Nothing is raised; see :attr:`RefreshOutcome.failure`."""
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen == self._seen and self.document is not None:
                self._policy.check(self.document.validity, now)
                return self._took(None, now)
            with self._path.open("rb") as file:
                octets = file.read(self._limits.octets + 1)
            document = read_metadata(
                octets, self._trust, now=now, policy=self._policy, limits=self._limits
            )
        except OSError as error:
            failure = Unavailable(MetadataReason.FILE, detail=type(error).__name__)
            return self._failed(failure, now)
        except HkeidError as error:
            return self._failed(error, now)
        self._seen = seen
        return self._took(document, now)
