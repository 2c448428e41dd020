"""Metadata at a URL: an aggregate of a federation, or one peer's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from hkeid.adapters.saml_metadata.fetching import NO_VALIDATORS, MetadataFetcher
from hkeid.adapters.saml_metadata.last_good import (
    DEFAULT_SCHEDULE,
    LastGood,
    RefreshOutcome,
    RefreshSchedule,
)
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.saml.metadata import (
    DEFAULT_METADATA_POLICY,
    AggregateLimits,
    MetadataDocument,
    MetadataPolicy,
    SignedBy,
    read_metadata,
)
from hkeid.saml.metadata.indexing import DEFAULT_AGGREGATE_LIMITS


class UrlMetadata(LastGood):
    """A document that is fetched again and again.

    :param trust: a key; what comes over the network is never taken as it is.
    :param kept: a file in which the last good document waits for the next start, when the server may be away. It
        has to verify like any other.
    :raises MetadataMisconfigured: ``saml_metadata_url``.
    """

    def __init__(
        self,
        url: str,
        fetcher: MetadataFetcher,
        trust: SignedBy,
        clock: Clock,
        *,
        policy: MetadataPolicy = DEFAULT_METADATA_POLICY,
        limits: AggregateLimits = DEFAULT_AGGREGATE_LIMITS,
        schedule: RefreshSchedule = DEFAULT_SCHEDULE,
        kept: Path | None = None,
    ) -> None:
        super().__init__(clock, schedule)
        fetcher.check(url)
        self._url = url
        self._fetcher = fetcher
        self._trust = trust
        self._policy = policy
        self._limits = limits
        self._kept = kept
        self._validators = NO_VALIDATORS

    def refresh(self, now: Instant) -> RefreshOutcome:
        """Fetch the document, if it is another than before.

        Nothing is raised; see :attr:`RefreshOutcome.failure`. Not to be called by two threads at a time.
        """
        self.recall(now)
        try:
            fetched = self._fetcher.fetch(self._url, self._validators)
            if fetched.octets is None:
                if self.document is not None:
                    self._policy.check(self.document.validity, now)
                return self._took(None, now)
            document = self._read(fetched.octets, now)
        except HkeidError as error:
            return self._failed(error, now)
        self._validators = fetched.validators
        self._keep(fetched.octets)
        return self._took(document, now)

    def recall(self, now: Instant) -> None:
        """After a start: serve what was good before it, so that nobody waits for the network, or for a server that
        is away. Nothing is raised, and nothing happens where there is a document already, or none was kept.
        """
        if self.document is None and self._kept is not None:
            with contextlib.suppress(OSError, HkeidError), self._kept.open("rb") as file:
                self._took(self._read(file.read(self._limits.octets + 1), now), now)

    def _read(self, octets: bytes, now: Instant) -> MetadataDocument:
        return read_metadata(octets, self._trust, now=now, policy=self._policy, limits=self._limits)

    def _keep(self, octets: bytes) -> None:
        """A disk that is full is no reason not to serve what has come."""
        if self._kept is None:
            return
        beside = self._kept.with_name(f"{self._kept.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            beside.write_bytes(octets)
            beside.replace(self._kept)
