"""The sections about authorities outside that stand in for the embedded ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from hkeid.kernel.secret import Secret

_SERVER = re.compile(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z")
_POLICY = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,9})){1,19}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAuthoritySection:
    """``[outside_authority]``: a certification authority outside, over CMP (RFC 9810), that certifies residents'
    keys instead of the embedded one. Needs the program ``openssl`` (3.0 or newer).

    :ivar server: ``https://HOST[:PORT]``; empty: the embedded authority certifies.
    :ivar path: of the server for residents' certificates.
    :ivar chain: file (PEM): certificate of the issuing authority first, then those above.
    :ivar reference: by which the authority knows our secret.
    :ivar secret: shared with the authority; or else certificate, key and trusted:
    :ivar certificate: file (PEM) of our certificate as a registration authority.
    :ivar key: file (PEM) of its key.
    :ivar key_passphrase: of that file.
    :ivar trusted: file (PEM) of certificates that the authority's own messages must chain to.
    :ivar tls_trusted: file (PEM) of certificates that the server's TLS must chain to.
    :ivar ocsp: address of its OCSP responder, to ask how it stands with a certificate; empty: nobody is asked.
    :ivar timeout_seconds: for one exchange.
    """

    server: str = ""
    path: str = "pkix/"
    chain: str = ""
    reference: str = ""
    secret: Secret | None = None
    certificate: str = ""
    key: str = ""
    key_passphrase: Secret | None = None
    trusted: str = ""
    tls_trusted: str = ""
    ocsp: str = ""
    timeout_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTimestampsSection:
    """``[outside_timestamps]``: a time-stamp authority outside (RFC 3161 over HTTP) whose time-stamps residents'
    signatures bear instead of our own.

    :ivar url: its address; plain http is right here: what it sends is signed. Empty: ``certificates.timestamps``.
    :ivar trusted: file (PEM) of certificates that its tokens must chain to.
    :ivar policy: object identifier of the policy to ask for; empty: its usual one.
    :ivar authorization: value of an ``Authorization`` header, for authorities that want one.
    :ivar tolerance_seconds: how far its clock and ours may disagree.
    :ivar timeout_seconds: for one time-stamp.
    """

    url: str = ""
    trusted: str = ""
    policy: str = ""
    authorization: Secret | None = None
    tolerance_seconds: int = 120
    timeout_seconds: int = 10


def outside_complaints(
    authority: OutsideAuthoritySection, timestamps: OutsideTimestampsSection
) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    yield from (
        _authority_complaints if authority.server else _idle("outside_authority", "server")
    )(authority)
    yield from (_timestamps_complaints if timestamps.url else _idle("outside_timestamps", "url"))(
        timestamps
    )
    ranges = {
        "outside_authority.timeout_seconds": (authority.timeout_seconds, 1, 120),
        "outside_timestamps.timeout_seconds": (timestamps.timeout_seconds, 1, 60),
        "outside_timestamps.tolerance_seconds": (timestamps.tolerance_seconds, 0, 3600),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            yield name, f"between {low} and {high}"


def outside_refusals(authority: OutsideAuthoritySection) -> Iterator[str]:
    """What production refuses."""
    if authority.server and not authority.server.startswith("https://"):
        yield "outside_authority.server: must be https; residents' names are sent there"


def _idle(section: str, key: str) -> Any:
    """A complaint about whatever is set in a section that is switched off: somebody believes it is on."""

    def complaints(given: Any) -> Iterator[tuple[str, str]]:
        for one in fields(given):
            if getattr(given, one.name) != one.default:
                yield f"{section}.{key}", f"set where {section}.{one.name} is"

    return complaints


def _authority_complaints(section: OutsideAuthoritySection) -> Iterator[tuple[str, str]]:
    here = "outside_authority"
    if not _SERVER.match(section.server):
        yield (
            f"{here}.server",
            "https://HOST or https://HOST:PORT; the path is outside_authority.path",
        )
    tls = section.server.startswith("https://")
    if tls != bool(section.tls_trusted):
        yield (
            f"{here}.tls_trusted",
            "a file of certificates where the server is https, and only there",
        )
    if not section.chain:
        yield f"{here}.chain", "a file with the authority's certificate, then those above"
    if section.secret is not None:
        if not section.reference:
            yield f"{here}.reference", "the name by which the authority knows the secret"
        if section.key or section.certificate:
            yield f"{here}.secret_file", "left out where certificate and key are given"
    else:
        for key in ("certificate", "key", "trusted"):
            if not getattr(section, key):
                yield f"{here}.{key}", "a file, or outside_authority.secret_file must be"
    if section.ocsp and not _is_url(section.ocsp):
        yield f"{here}.ocsp", "an http or https URL"


def _timestamps_complaints(section: OutsideTimestampsSection) -> Iterator[tuple[str, str]]:
    here = "outside_timestamps"
    if not _is_url(section.url):
        yield f"{here}.url", "an http or https URL"
    if not section.trusted:
        yield f"{here}.trusted", "a file of certificates that its time-stamps chain to"
    if section.policy and not _POLICY.match(section.policy):
        yield f"{here}.policy", "an object identifier in dotted form"
    if section.authorization is not None and not section.url.startswith("https://"):
        yield f"{here}.url", "https where there is an authorization"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
