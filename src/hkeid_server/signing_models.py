"""What the pages of signing show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hkeid_server.models import CeremonyForm, Text, WhoAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page of a document.

    :ivar width: of the picture in pixels, as is ``height``.
    """

    address: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentToSign:
    """A document on the page.

    :ivar fingerprint: SHA-256 in groups of four hexadecimal digits.
    :ivar file: address of the file itself; "" for a bare hash.
    :ivar size: kilobytes.
    :ivar stamp: page (from 1) on which a visible stamp will stand; 0: in the field made for it; None: none.
    :ivar here: address of the page that shows it, in a batch.
    :ivar looked_at: its pages were put before the resident.
    :ivar reason: what the service wants to stand in the signature; "" for nothing.
    """

    number: int
    name: str
    fingerprint: str
    file: str = ""
    size: int = 0
    pages: int = 0
    stamp: int | None = None
    here: str = ""
    looked_at: bool = False
    pictures: tuple[PagePicture, ...] = ()
    reason: str = ""

    @property
    def is_hash(self) -> bool:
        """The service keeps the document to itself."""
        return not self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPage:
    """Sign, or do not.

    :ivar trouble: ``unavailable``: an outside part did not answer when it was to be signed.
    """

    who: WhoAsks
    purpose: str
    code: str
    documents: tuple[DocumentToSign, ...]
    ceremony: CeremonyForm
    refuse: str
    until: datetime
    problem: str | None = None
    trouble: str | None = None

    @property
    def only(self) -> DocumentToSign | None:
        """The document, where there is one only."""
        return self.documents[0] if len(self.documents) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """One document of a batch."""

    who: WhoAsks
    document: DocumentToSign
    total: int
    back: str
    following: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificatePage:
    """Before the first signature: a key and a certificate in the resident's name."""

    who: WhoAsks
    names: tuple[Text, ...]
    action: str
    refuse: str
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignEndPage:
    """A request that is decided, or that this resident cannot sign.

    :ivar kind: ``signed``, ``refused``, ``expired``, ``other-person``, ``not-plus``, ``cooling``.
    :ivar back: address of the relying party; None where the browser is not sent there.
    :ivar refuse: where "do not sign" leads, while the request still waits; None else.
    :ivar documents: names of what was signed.
    """

    kind: str
    who: WhoAsks
    back: str | None = None
    refuse: str | None = None
    documents: tuple[str, ...] = ()
    can_upgrade: bool = False
