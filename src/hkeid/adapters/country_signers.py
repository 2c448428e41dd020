"""Country signers out of a folder: what an operator lays down beside the configuration."""

from __future__ import annotations

from pathlib import Path

from hkeid.chip.signatures import TrustPolicy
from hkeid.chip.trust import CountrySigners
from hkeid.kernel.errors import ConfigurationError, HkeidError

CERTIFICATES = frozenset({".pem", ".cer", ".crt", ".der"})
REVOCATION_LISTS = frozenset({".crl"})
MASTER_LISTS = frozenset({".ml"})
_LARGEST = 16 << 20


def load_country_signers(
    folder: Path,
    *,
    policy: TrustPolicy | None = None,
    master_list_signers: Path | None = None,
) -> CountrySigners:
    """Read every certificate (``.pem .cer .crt .der``), master list (``.ml``) and revocation list
    (``.crl``) in ``folder``. Sub-folders are not read.

    Certificates and lists that are not believed are in ``rejected``; show them to the operator.

    :param master_list_signers: folder with certificates that may sign master lists. Without it a list
        must be signed under a CSCA among the certificates.
    :raises ConfigurationError: ``country_signers_unreadable``, ``country_signers_missing`` (not one
        certificate), ``country_signers_list_refused`` (a master list is not believed).
    """
    files = _files(folder)
    found = CountrySigners.of(_having(files, CERTIFICATES), policy=policy)
    signers = (
        [] if master_list_signers is None else _having(_files(master_list_signers), CERTIFICATES)
    )
    for path, content in files.items():
        if path.suffix.lower() in MASTER_LISTS:
            try:
                found = found.with_master_list(content, signers=signers)
            except HkeidError as error:
                raise ConfigurationError(
                    "country_signers_list_refused", detail=f"{path.name}: {error.reason}"
                ) from None
    if not found.anchors:
        raise ConfigurationError("country_signers_missing", detail=str(folder))
    return found.with_revocation_lists(_having(files, REVOCATION_LISTS))


def _files(folder: Path) -> dict[Path, bytes]:
    try:
        paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
        if any(path.stat().st_size > _LARGEST for path in paths):
            raise ConfigurationError("country_signers_unreadable", detail=f"{folder}: too large")
        return {path: path.read_bytes() for path in paths}
    except OSError as error:
        raise ConfigurationError("country_signers_unreadable", detail=str(error)) from None


def _having(files: dict[Path, bytes], suffixes: frozenset[str]) -> list[bytes]:
    return [content for path, content in files.items() if path.suffix.lower() in suffixes]
