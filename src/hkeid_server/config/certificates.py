"""The section about the embedded certification authority and time-stamps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hkeid.kernel.secret import Secret

EXAMPLE_ARC = "2.999.1"
"""An arc that anybody may use in examples (ITU-T X.660 annex A)."""
_ARC = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,9})){1,19}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatesSection:
    """``[certificates]``: the embedded certification authority, for sandboxes and private use. It is never a
    recognized certification authority under Cap. 553.

    :ivar enabled: serve certificates, revocation lists and OCSP below ``/pki/``.
    :ivar timestamps: serve time-stamps (RFC 3161) at ``/tsa``.
    :ivar folder: folder of the issuing authority (``hkeid ca init``), readable by the server alone.
    :ivar passphrase: seals the key files in it.
    :ivar address: where relying parties reach ``/pki/``, for the pointers in certificates; the issuer's if empty.
        Plain http is right here: what is fetched is signed, and may be needed to check TLS itself.
    :ivar policy_arc: your own arc of object identifiers; policies are numbered below it.
    :ivar practice_statement: address of your certification practice statement; empty: none is pointed to.
    :ivar timestamp_accuracy_milliseconds: how far this machine's clock may be off, which you vouch for.
    :ivar timestamps_ordered: tokens are ordered by their times alone; each then waits for the store.
    """

    enabled: bool = False
    timestamps: bool = False
    folder: Path = Path("ca")
    passphrase: Secret | None = None
    address: str = ""
    policy_arc: str = EXAMPLE_ARC
    practice_statement: str = ""
    timestamp_accuracy_milliseconds: int = 1000
    timestamps_ordered: bool = False


def certificates_complaints(section: CertificatesSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    for key in ("address", "practice_statement"):
        value = str(getattr(section, key))
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and value.isascii()
        if value and not (good and not parts.query and not value.endswith("/")):
            yield f"certificates.{key}", "an http or https URL without query and trailing slash"
    if _ARC.match(section.policy_arc) is None:
        yield "certificates.policy_arc", "an object identifier in dotted form"
    if not 1 <= section.timestamp_accuracy_milliseconds <= 60_000:
        yield "certificates.timestamp_accuracy_milliseconds", "between 1 and 60000"


def certificates_refusals(section: CertificatesSection) -> Iterator[str]:
    """What production refuses."""
    if not (section.enabled or section.timestamps):
        return
    if section.policy_arc == "2.999" or section.policy_arc.startswith("2.999."):
        yield "certificates.policy_arc: an arc for examples; use your own"
    if section.passphrase is None:
        yield "certificates.passphrase_file: keys of an authority are sealed"
