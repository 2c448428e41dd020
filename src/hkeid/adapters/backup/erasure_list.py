"""The erasure list as a file of its own, for the day when the vault itself is lost.

Whoever restores the vault from a backup must know who was erased since. The list holds internal ids
and moments, nothing about a person, and may be kept with any backup and as long as one likes.
"""

from __future__ import annotations

import os
from pathlib import Path

from hkeid.adapters.backup.sqlite_files import put_in_place
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.vault import DataKeyVault


def write_erasures(vault: DataKeyVault, file: Path) -> int:
    """Write the whole erasure list, one JSON object to a line; returns how many entries."""
    partial = file.with_name(f"{file.name}.partial")
    count = 0
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as lines:
        for resident_id, at in vault.erased():
            entry = {"erased_at": epoch_microseconds(at), "resident_id": resident_id}
            lines.write(canonical_json.dumps(entry) + b"\n")
            count += 1
    put_in_place(partial, file)
    return count


def read_erasures(file: Path) -> tuple[tuple[str, Instant], ...]:
    """The entries of an erasure list.

    :raises hkeid.kernel.errors.MalformedInput: ``erasure_list_malformed``.
    """
    return tuple(_entry(line) for line in file.read_bytes().splitlines())


def _entry(line: bytes) -> tuple[str, Instant]:
    entry = canonical_json.loads_object(line, field="erasure list")
    resident_id, erased_at = entry.get("resident_id"), entry.get("erased_at")
    if set(entry) != {"resident_id", "erased_at"} or not isinstance(resident_id, str):
        raise MalformedInput("erasure_list_malformed")
    if type(erased_at) is not int:
        raise MalformedInput("erasure_list_malformed")
    try:
        return resident_id, from_epoch_microseconds(erased_at)
    except OverflowError:
        raise MalformedInput("erasure_list_malformed") from None
