"""Tables of certification: which certificates there are, revocation lists, serial numbers given out.

Certificates themselves are not here, and nobody's name.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

issued_certificates = Table(
    "issued_certificates",
    METADATA,
    _key("authority"),
    _key("serial"),
    _column("profile", TEXT),
    _column("reference", TEXT),
    _column("fingerprint", BYTES),
    _column("not_before", INSTANT),
    _column("not_after", INSTANT),
    _column("issued_at", INSTANT),
    _column("revoked_at", INSTANT, nullable=True),
    _column("reason", TEXT, nullable=True),
    _column("invalid_since", INSTANT, nullable=True),
    Index("issued_certificates_reference_idx", "reference", "issued_at"),
    Index("issued_certificates_revoked_idx", "authority", "revoked_at"),
    sqlite_with_rowid=False,
)

revocation_lists = Table(
    "revocation_lists",
    METADATA,
    _key("authority"),
    _key("number", BigInteger()),
    _column("this_update", INSTANT),
    _column("next_update", INSTANT),
    _column("encoded", BYTES),
)

serial_counters = Table(
    "serial_counters",
    METADATA,
    _key("name"),
    _column("following", BigInteger()),
    _column("last_at", INSTANT),
    sqlite_with_rowid=False,
)
