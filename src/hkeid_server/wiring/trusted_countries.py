"""The countries whose chips are believed: a folder that operators keep, read again when it changes."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from hkeid.adapters.country_signers import load_country_signers
from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence
from hkeid.chip.trust import CountrySigners
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid_server.journal import Journal

_Snapshot = frozenset[tuple[str, int, int]]
_WHERE = "stations:country-signers:read"


class TrustedCountries:
    """Verifies readings with the certificates, master lists and revocation lists of a folder.

    A list that is laid down while the server runs counts from the next reading on. A change that cannot be
    read is logged, and what was read before stays in force: half a copied file is no reason to believe
    nobody, nor to believe somebody revoked. Without any certificate nothing is trusted, so that no card
    upgrades an eID (law 7).

    :raises ConfigurationError: ``country_signers_unreadable``, ``country_signers_list_refused``: what lies
        there at the start cannot be used.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._lock = Lock()
        self._seen = self._snapshot()
        self._trust = self._load()

    @property
    def trust(self) -> CountrySigners:
        """What the folder holds now."""
        with self._lock:
            seen = self._snapshot()
            if seen != self._seen:
                self._seen = seen
                try:
                    self._trust = self._load()
                except ConfigurationError as error:
                    self._journal.refusal(error, where=_WHERE)
            return self._trust

    def verify(self, document: ChipDocument, *, at: Instant) -> ChipEvidence:
        """What the document proves."""
        return document.verify(trust=self.trust, at=at)

    def _load(self) -> CountrySigners:
        try:
            found = load_country_signers(self._folder)
        except ConfigurationError as error:
            if self._folder.is_dir() and error.reason != "country_signers_missing":
                raise
            self._journal.event("stations:country-signers:missing", level="warning")
            return CountrySigners()
        for one in found.rejected:
            self._journal.event(
                "stations:country-signer:rejected",
                level="warning", reason=one.reason, label=one.label,
            )  # fmt: skip
        return found

    def _snapshot(self) -> _Snapshot:
        """What tells one state of the folder from another."""
        try:
            found = [(path.name, path.stat()) for path in self._folder.iterdir()]
        except OSError:
            return frozenset()
        return frozenset((name, status.st_mtime_ns, status.st_size) for name, status in found)
