"""What the page shows on which a resident approves signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hkeid_server.models import CeremonyForm, WhoAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class HashToSign:
    """One document.

    :ivar label: as the relying party calls it; "" where it says nothing.
    :ivar document: the document's hash in groups, or "" where nobody knows the document.
    :ivar to_be_signed: the hash to be signed, in groups.
    """

    label: str
    document: str
    to_be_signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HashesPage:
    """Approve signatures.

    :ivar code: four characters that the relying party shows too, or None.
    :ivar holder: name in the certificate; "" where nothing can be signed.
    :ivar credential: id of the key, as relying parties know it.
    :ivar until: when the certificate ends.
    :ivar ceremony: None where nothing can be signed.
    :ivar problem: why not, or why the passkey was not accepted.
    """

    who: WhoAsks
    decline: str
    code: str | None = None
    holder: str = ""
    credential: str = ""
    until: datetime | None = None
    documents: tuple[HashToSign, ...] = ()
    language: str = ""
    ceremony: CeremonyForm | None = None
    problem: str | None = None

    @property
    def unknown(self) -> int:
        """How many documents nobody knows."""
        return sum(not one.document for one in self.documents)
