"""Puts the embedded certification authority together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from hkeid.adapters.certificate_authorities.folders import (
    OCSP,
    SERVICES,
    TIME_STAMP,
    AuthorityFolder,
    RootFolder,
)
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.ports import Clock, Random, Store
from hkeid.signing.certificates import (
    AuthoritySettings,
    EmbeddedAuthority,
    EmbeddedRevocation,
    OcspResponder,
    Pointers,
    RepositoryDoor,
)
from hkeid.signing.certificates.door import (
    ISSUING_CERTIFICATE,
    ISSUING_LIST,
    ROOT_CERTIFICATE,
    ROOT_LIST,
)
from hkeid.signing.certificates.door import OCSP as OCSP_PATH
from hkeid.signing.timestamping import TimestampUnit, TimestampUnitSettings
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.config import Config
from hkeid_server.wiring.opening import MEMORY, close_store, open_keys, open_store, surroundings

_TIMESTAMP_POLICY = 4


def open_certificates(
    config: Config, store: Store[Any], clock: Clock, random: Random
) -> CertificateRooms | None:
    """The embedded authority as configured; None where nothing of it is served.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_missing``, ``authority_malformed``,
        ``passphrase_wrong`` …
    """
    section = config.certificates
    if not (section.enabled or section.timestamps):
        return None
    return open_authority(config, store, clock, random)


def open_authority(
    config: Config, store: Store[Any], clock: Clock, random: Random
) -> CertificateRooms:
    """The embedded authority, whether or not it is served."""
    section = config.certificates
    folder = authority_folder(config)
    authority = open_issuing(config, store, clock, random)
    responder = OcspResponder(store, authority.certificate, folder.credential(OCSP), clock)
    return CertificateRooms(
        authority=authority,
        responder=responder,
        revocation=EmbeddedRevocation(authority, responder, *folder.root),
        repository=RepositoryDoor(authority, responder, folder.root) if section.enabled else None,
        unit=open_unit(config, store, clock) if section.timestamps else None,
    )


def open_issuing(
    config: Config, store: Store[Any], clock: Clock, random: Random
) -> EmbeddedAuthority:
    """The issuing authority alone.

    :raises hkeid.kernel.errors.ConfigurationError: ``key_directory_missing``, and what its files raise.
    """
    settings = AuthoritySettings(pointers=issuing_pointers(config))
    try:
        credential = authority_folder(config).credential()
    except ConfigurationError as error:
        if error.reason != "key_directory_missing":
            raise
        how = "init --sandbox" if not config.production else "ca init"
        raise ConfigurationError(
            error.reason, detail=f"{error.detail}: `hkeid {how}` makes the authority"
        ) from None
    return EmbeddedAuthority(store, credential, clock, random, settings)


def open_unit(config: Config, store: Store[Any], clock: Clock) -> TimestampUnit:
    """The time-stamp unit, whether or not the main listener serves it; of the folder it needs its own key alone."""
    section = config.certificates
    settings = TimestampUnitSettings(
        policy=f"{section.policy_arc}.{_TIMESTAMP_POLICY}",
        accuracy=timedelta(milliseconds=section.timestamp_accuracy_milliseconds),
        ordering=section.timestamps_ordered,
    )
    return TimestampUnit(store, authority_folder(config).credential(TIME_STAMP), clock, settings)


def authority_folder(config: Config) -> AuthorityFolder:
    """The folder of the issuing authority."""
    section = config.certificates
    return AuthorityFolder(config.path(section.folder), section.passphrase)


def open_root(folder: Path, passphrase: Secret | None, clock: Clock, random: Random) -> RootFolder:
    """The root in its folder."""
    return RootFolder(folder, passphrase, clock, random)


def make_authority(
    config: Config,
    root: RootFolder,
    store: Store[Any],
    clock: Clock,
    random: Random,
    *,
    name: str,
    organization: str,
) -> EmbeddedAuthority:
    """Make the issuing authority below a root, its responder and its time-stamp unit.

    :raises hkeid.kernel.errors.ConfigurationError: ``authority_exists``.
    """
    section = config.certificates
    folder = AuthorityFolder.create(
        config.path(section.folder),
        section.passphrase,
        root,
        name=name,
        pointers=root_pointers(config),
        organization=organization,
    )
    authority = open_issuing(config, store, clock, random)
    for service in SERVICES:
        folder.renew(authority, service, organization=organization)
    authority.publish_list()
    return authority


def make_sandbox_authority(config: Config) -> bool:
    """Make a root and an issuing authority for trying things out, the root's key beside the other; False
    where there is an authority already, or a store in memory, which would forget it.
    """
    folder = config.path(config.certificates.folder)
    if config.production or config.store.url == MEMORY or folder.exists():
        return False
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    name, organization = "hkeid SANDBOX 樣本", "SPECIMEN"
    try:
        root = make_root_folder(
            folder.with_name(f"{folder.name}-root"),
            None,
            clock,
            random,
            name=f"{name} Root",
            organization=organization,
        )
        # Another name than the root's: a certificate whose issuer has its subject's name ends a chain.
        make_authority(
            config,
            root,
            store,
            clock,
            random,
            name=f"{name} Issuing",
            organization=organization,
        )
    finally:
        close_store(store)
    return True


def make_root_folder(
    folder: Path,
    passphrase: Secret | None,
    clock: Clock,
    random: Random,
    *,
    name: str,
    organization: str,
) -> RootFolder:
    """Make a root."""
    return RootFolder.create(
        folder, passphrase, clock, random, name=name, organization=organization
    )


def issuing_pointers(config: Config) -> Pointers:
    """Where the issuing authority's certificates point to."""
    section = config.certificates
    address = section.address or config.issuer
    return Pointers(
        policy_arc=section.policy_arc,
        cps=section.practice_statement,
        ocsp=address + OCSP_PATH,
        issuer=address + ISSUING_CERTIFICATE,
        crl=address + ISSUING_LIST,
    )


def root_pointers(config: Config) -> Pointers:
    """Where the root's certificates point to."""
    section = config.certificates
    address = section.address or config.issuer
    return Pointers(
        policy_arc=section.policy_arc,
        issuer=address + ROOT_CERTIFICATE,
        crl=address + ROOT_LIST,
    )
