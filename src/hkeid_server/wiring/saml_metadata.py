"""Metadata of SAML peers: services in front and identity providers behind."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from hkeid.adapters.http import HttpsClient
from hkeid.adapters.saml_metadata import (
    FileMetadata,
    MetadataFetcher,
    RefreshSchedule,
    UrlMetadata,
)
from hkeid.kernel.errors import ConfigurationError
from hkeid.saml.metadata import SignedBy, TrustedAsItIs
from hkeid_server.descriptions import MetadataPlace
from hkeid_server.metadata_rounds import MetadataRounds
from hkeid_server.wiring.foundation import Foundation

PeerSource = FileMetadata | UrlMetadata

# Looking whether a file is another one costs next to nothing, and whoever replaced it waits for it.
_FILES = RefreshSchedule(
    usually=timedelta(minutes=1),
    least=timedelta(minutes=1),
    most=timedelta(minutes=1),
    least_often_retry=timedelta(minutes=5),
)


class PeerMetadata:
    """One source for each place, whoever asks for it: a federation's document is read once for all its members.

    :ivar rounds: keeps them up to date, once it has begun. Addresses are not asked before; until then serves what
        was kept of them.
    """

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self._sources: dict[tuple[str, bytes | None], PeerSource] = {}
        self.rounds = MetadataRounds(base.clock, base.journal)

    def at(self, place: MetadataPlace) -> PeerSource:
        """The source of a place; the same for the same place and the same trusted key.

        A file is read at once, and must be good.

        :raises hkeid.kernel.errors.ConfigurationError: ``saml_metadata_unusable``, ``saml_metadata_url``,
            ``saml_metadata_no_trust``.
        """
        if isinstance(place, Path):
            named: tuple[str, bytes | None] = (str(place.resolve()), None)
        else:
            named = (place[0], _key(place[1]))
        found = self._sources.get(named)
        if found is None:
            found = self._sources[named] = self._opened(*named)
        return found

    def _opened(self, name: str, key: bytes | None) -> PeerSource:
        clock = self._base.clock
        if key is not None:
            source = UrlMetadata(
                name, self._fetcher, SignedBy.pem(key), clock, kept=self._kept(name, key)
            )
            source.recall(clock.now())
            self.rounds.watch(source, name)
            return source
        file = FileMetadata(Path(name), TrustedAsItIs(), clock, schedule=_FILES)
        outcome = file.refresh(clock.now())
        if outcome.failure is not None:
            raise ConfigurationError(
                "saml_metadata_unusable", detail=f"{name}: {outcome.failure.reason}"
            )
        self.rounds.watch(file, name, due=outcome.due)
        return file

    def _kept(self, address: str, key: bytes) -> Path:
        folder = self._base.config.path(self._base.config.saml.kept_metadata)
        # A server that may not write here serves all the same; it has nothing at hand at the next start.
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
        return folder / f"{sha256(address.encode() + key).hexdigest()[:32]}.xml"

    @cached_property
    def _fetcher(self) -> MetadataFetcher:
        production = self._base.config.production
        return MetadataFetcher(
            client=HttpsClient(public_only=production, plain=not production),
            insecure_localhost=not production,
        )


def _key(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "saml_metadata_unusable", detail=f"{file}: {error.strerror}"
        ) from None
