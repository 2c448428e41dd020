"""A trust list of authorities that do not exist, and facts about signatures that nobody made.

For tests of what a signature is worth under Cap. 553. The list says of itself that it is a specimen.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hkeid.signing.legal import (
    CertificateFacts,
    LegalContext,
    RevocationStatus,
    SignatureFacts,
    TechnicalVerdict,
    TrustList,
    read_trust_list,
)

SIGNED = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
JUDGED = datetime(2026, 6, 1, tzinfo=UTC)

RECOGNISED_KEY = hashlib.sha256(b"specimen issuer, recognised").hexdigest()
SUSPENDED_KEY = hashlib.sha256(b"specimen issuer, suspended for a month").hexdigest()
ENDED_KEY = hashlib.sha256(b"specimen issuer, recognition expired").hexdigest()
DOUBTED_KEY = hashlib.sha256(b"specimen issuer, needs counsel").hexdigest()

GENERAL_POLICY = "1.3.6.1.4.1.99999.1.1"
RESTRICTED_POLICY = "1.3.6.1.4.1.99999.1.2"
SERVER_POLICY = "1.3.6.1.4.1.99999.1.3"
RETIRED_POLICY = "1.3.6.1.4.1.99999.1.4"
GUANGDONG_POLICY = "2.16.344.8.2.2008.810.2"

_HEAD = """
schema = 1
version = "SPECIMEN-1"
keeper = "hkeid.testing"
as_of = 2026-05-01
next_update = 2026-11-01
complete = {complete}

[[mutual_recognition]]
id = "hong-kong-guangdong"
name = "Specimen arrangement with another place"
policy = "{guangdong}"
varying_nodes = 3
"""

_AUTHORITY = """
[[authorities]]
id = "{id}"
name = "Specimen Authority {id}"
section = "{section}"
recognised_from = 2020-01-01
{more}
[[authorities.sources]]
where = "invented"
read = 2026-05-01
{suspensions}
[[authorities.issuers]]
name = "Specimen CA {id}"
keys = ["{key}"]
"""

_TYPE = """
[[authorities.types]]
id = "{id}-{use}"
name = "Specimen {use} {policy}"
section = "s.22"
recognised_from = 2020-01-01
policies = ["{policy}"]
use = "{use}"
{more}
[[authorities.types.sources]]
where = "invented"
read = 2026-05-01
"""

_SUSPENSION = """
[[authorities.suspensions]]
from = 2026-02-01
until = 2026-03-01
"""


def specimen_trust_list_file(*, complete: bool = False) -> bytes:
    """The list as TOML."""
    head = _HEAD.format(complete=str(complete).lower(), guangdong=GUANGDONG_POLICY)
    general = _TYPE.format(
        id="one", use="general", policy=GENERAL_POLICY,
        more="reliance_limit_hkd = 200000\nreliance_limit_minor_hkd = 0",
    )  # fmt: skip
    others = (
        ("restricted", RESTRICTED_POLICY, ""),
        ("not_for_documents", SERVER_POLICY, ""),
        ("general", RETIRED_POLICY, "recognised_until = 2025-01-01"),
    )
    kinds = general + "".join(
        _TYPE.format(id=f"other-{index}", use=use, policy=policy, more=more)
        for index, (use, policy, more) in enumerate(others)
    )
    authorities = (
        ("one", "s.34", RECOGNISED_KEY, "", ""),
        ("suspended", "s.21", SUSPENDED_KEY, "", _SUSPENSION),
        ("ended", "s.21", ENDED_KEY, "recognised_until = 2025-06-01", ""),
        ("doubted", "s.21", DOUBTED_KEY, 'counsel = "invented doubt"', ""),
    )
    return (
        head
        + "".join(
            _AUTHORITY.format(id=id_, section=section, key=key, more=more, suspensions=gaps) + kinds
            for id_, section, key, more, gaps in authorities
        )
    ).encode()


def specimen_trust_list(*, complete: bool = False) -> TrustList:
    """The same, read."""
    content = specimen_trust_list_file(complete=complete)
    return read_trust_list(content, sha256=hashlib.sha256(content).hexdigest())


def specimen_certificate(**changes: Any) -> CertificateFacts:
    """A personal certificate of the recognised specimen authority, with ``changes``."""
    certificate = CertificateFacts(
        subject="CHAN TAI MAN",
        issuer_name="Specimen CA one",
        issuer_key=RECOGNISED_KEY,
        policies=frozenset({f"{GENERAL_POLICY}.7"}),
        key_usage=frozenset({"digital_signature", "non_repudiation"}),
        not_before=SIGNED - timedelta(days=100),
        not_after=SIGNED + timedelta(days=900),
        revocation=RevocationStatus.GOOD,
    )
    return replace(certificate, **changes)


def specimen_signature(
    *, certificate: CertificateFacts | None = None, **changes: Any
) -> SignatureFacts:
    """A valid, time-stamped signature with that certificate, with ``changes``."""
    facts = SignatureFacts(
        technical=TechnicalVerdict.VALID,
        digital_signature=True,
        certificate=specimen_certificate() if certificate is None else certificate,
        claimed_time=SIGNED - timedelta(seconds=2),
        proved_time=SIGNED,
        covers_whole_document=True,
        changed_after_signing=False,
    )
    return replace(facts, **changes)


def government_context(**changes: Any) -> LegalContext:
    """A tax return to the Government, with every question answered well, and ``changes``."""
    context = LegalContext(
        government_party=True,
        document_type="tax-return",
        ordinance="Cap. 112",
        ordinance_excluded=False,
        method_specified=False,
        other_requirement_defeated=False,
    )
    return replace(context, **changes)


def private_context(**changes: Any) -> LegalContext:
    """A contract between two companies, with every question answered well, and ``changes``."""
    context = LegalContext(
        government_party=False,
        recipient_consents=True,
        document_type="contract",
        ordinance="common-law",
        method_reliable=True,
    )
    return replace(context, **changes)
