"""What may be configured. The docstring of a section is its reference: docs quote it.

Keys of type :class:`~hkeid.kernel.secret.Secret` are given as ``KEY_file``, the path of a file that
holds the value; under the sandbox profile also directly as ``KEY``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hkeid.kernel.secret import Secret
from hkeid.op.settings import Profile
from hkeid_server.config.certificates import CertificatesSection
from hkeid_server.config.csc import CscSection
from hkeid_server.config.logout import LogoutSection
from hkeid_server.config.notices import NoticesSection
from hkeid_server.config.officers import OfficersSection
from hkeid_server.config.outside import OutsideAuthoritySection, OutsideTimestampsSection
from hkeid_server.config.proofing import (
    DocumentsSection,
    FacesSection,
    LivenessSection,
    ProofingSections,
    RegistrationSection,
    RegistrySection,
)
from hkeid_server.config.resident_keys import ResidentKeysSection
from hkeid_server.config.retention import RetentionSection
from hkeid_server.config.saml import SamlSection
from hkeid_server.config.signing import SigningSection
from hkeid_server.config.stations import StationSection
from hkeid_server.config.validation import ValidationSection


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSection:
    """``[server]``: the public listener.

    :ivar host: address to listen on.
    :ivar port: TCP port.
    :ivar workers: worker processes.
    :ivar threads: threads per worker that run requests.
    :ivar trusted_proxies: addresses of reverse proxies whose ``X-Forwarded-For`` is believed.
    :ivar body_limit: most bytes of a request's body.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 2
    trusted_proxies: tuple[str, ...] = ()
    body_limit: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSection:
    """``[admin]``: the listener for operators, in a process of its own.

    :ivar enabled: whether ``hkeid serve`` starts it.
    :ivar host: address to listen on; never one that the public reaches.
    :ivar port: TCP port.
    :ivar housekeeping_minutes: how often audit checkpoints are made and expired records swept out;
        0: never, something else does it.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8001
    housekeeping_minutes: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection:
    """``[store]``: where state lives.

    :ivar url: ``sqlite:///PATH`` (relative to the configuration file), ``postgresql+psycopg://…``,
        or ``memory`` (sandbox, one worker, nothing survives).
    :ivar password: of the database role, when the URL has none.
    """

    url: str = "sqlite:///hkeid.sqlite"
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSection:
    """``[vault]``: where wrapped data keys live, apart from the data, and backed up apart from it.

    :ivar url: as in ``[store]``, another database.
    :ivar password: as in ``[store]``.
    """

    url: str = "sqlite:///vault.sqlite"
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSection:
    """``[keys]``: the key store.

    :ivar directory: folder of key files, readable by the server alone.
    :ivar passphrase: seals the key files, where they were made with one.
    """

    directory: Path = Path("keys")
    passphrase: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySection:
    """``[passkeys]``: WebAuthn.

    :ivar rp_id: domain that passkeys belong to; the issuer's host if empty. Never change it: every
        passkey would be lost.
    :ivar rp_name: name that devices show.
    :ivar origins: origins that may use passkeys; the issuer's if empty.
    :ivar allow_synced: accept passkeys that an account keeps on several devices (rung ``eid``).
    :ivar attestation: ``none`` or ``direct``.
    :ivar lifetime_seconds: how long a challenge is good.
    """

    rp_id: str = ""
    rp_name: str = "Hong Kong eID"
    origins: tuple[str, ...] = ()
    allow_synced: bool = True
    attestation: str = "none"
    lifetime_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSection:
    """``[sessions]``: how long a resident stays logged in.

    :ivar lifetime_minutes: since the login, at most 1440.
    :ivar idle_minutes: without any use, at most 60.
    :ivar ticket_days: how long an activation code is good, 1 to 7.
    """

    lifetime_minutes: int = 720
    idle_minutes: int = 60
    ticket_days: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSection:
    """``[tokens]``: lifetimes of what relying parties get.

    :ivar code_seconds: authorization codes, at most 60.
    :ivar access_token_seconds: access tokens, at most 3600.
    :ivar id_token_seconds: ID tokens.
    :ivar refresh_idle_days: a refresh token that rests for so long is dead.
    :ivar refresh_days: a grant with ``offline_access``, at most.
    :ivar refresh_grace_seconds: how long a rotated refresh token still gives the same successor.
    :ivar interaction_minutes: how long a person may take over one page, a visit to another identity provider
        included (iAM Smart gives 18 minutes).
    """

    code_seconds: int = 60
    access_token_seconds: int = 600
    id_token_seconds: int = 600
    refresh_idle_days: int = 30
    refresh_days: int = 180
    refresh_grace_seconds: int = 10
    interaction_minutes: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSection:
    """``[log]``: JSON lines, one per event, to standard error or a file.

    :ivar level: ``debug``, ``info``, ``warning`` or ``error``.
    :ivar file: path to append to; standard error if empty.
    :ivar access: one line per request (path template, status, time; no query, no address).
    """

    level: str = "info"
    file: str = ""
    access: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSection:
    """``[sandbox]``: for the sandbox profile only.

    :ivar seed: keep the test persons and their clients in the store (``memory``: at every start).
    :ivar relying_parties: addresses of relying parties on this machine, by client id, for the page
        with the test persons.
    """

    seed: bool = False
    relying_parties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration.

    :ivar profile: ``production`` or ``sandbox``. Production refuses test persons, fakes, plain http,
        the memory store, secrets in the file, and clients that only the sandbox may have.
    :ivar issuer: the issuer identifier (OpenID Connect Discovery §3): https, no trailing slash.
    :ivar default_language: for browsers that name none: ``zh-Hant-HK``, ``zh-Hans`` or ``en``.
    :ivar clients: folder of client descriptions (``*.toml``) that are registered at the start.
    :ivar upstreams: folder of descriptions of identity providers behind this one (``*.toml``), by which residents can
        log in as well.
    :ivar folder: folder of the configuration file; relative paths begin there. Not a key.
    """

    profile: Profile
    issuer: str
    default_language: str = "zh-Hant-HK"
    clients: Path = Path("clients")
    upstreams: Path = Path("upstreams")
    server: ServerSection = field(default_factory=ServerSection)
    admin: AdminSection = field(default_factory=AdminSection)
    store: StoreSection = field(default_factory=StoreSection)
    vault: VaultSection = field(default_factory=VaultSection)
    keys: KeysSection = field(default_factory=KeysSection)
    passkeys: PasskeySection = field(default_factory=PasskeySection)
    sessions: SessionSection = field(default_factory=SessionSection)
    tokens: TokenSection = field(default_factory=TokenSection)
    log: LogSection = field(default_factory=LogSection)
    officers: OfficersSection = field(default_factory=OfficersSection)
    sandbox: SandboxSection = field(default_factory=SandboxSection)
    registration: RegistrationSection = field(default_factory=RegistrationSection)
    registry: RegistrySection = field(default_factory=RegistrySection)
    faces: FacesSection = field(default_factory=FacesSection)
    documents: DocumentsSection = field(default_factory=DocumentsSection)
    liveness: LivenessSection = field(default_factory=LivenessSection)
    stations: StationSection = field(default_factory=StationSection)
    notices: NoticesSection = field(default_factory=NoticesSection)
    logout: LogoutSection = field(default_factory=LogoutSection)
    retention: RetentionSection = field(default_factory=RetentionSection)
    certificates: CertificatesSection = field(default_factory=CertificatesSection)
    outside_authority: OutsideAuthoritySection = field(default_factory=OutsideAuthoritySection)
    outside_timestamps: OutsideTimestampsSection = field(default_factory=OutsideTimestampsSection)
    signing: SigningSection = field(default_factory=SigningSection)
    validation: ValidationSection = field(default_factory=ValidationSection)
    csc: CscSection = field(default_factory=CscSection)
    saml: SamlSection = field(default_factory=SamlSection)
    resident_keys: ResidentKeysSection = field(default_factory=ResidentKeysSection)
    folder: Path = field(default=Path())

    @property
    def production(self) -> bool:
        """Whether the production profile is on."""
        return self.profile is Profile.PRODUCTION

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def rp_id(self) -> str:
        """The domain that passkeys belong to."""
        return self.passkeys.rp_id or urlsplit(self.issuer).hostname or ""

    @property
    def passkey_origins(self) -> frozenset[str]:
        """The origins that may use passkeys."""
        return frozenset(self.passkeys.origins or (self.origin,))

    @property
    def proofing(self) -> ProofingSections:
        """The sections about proving who somebody is."""
        return ProofingSections(
            registration=self.registration,
            registry=self.registry,
            faces=self.faces,
            documents=self.documents,
            liveness=self.liveness,
        )

    def path(self, relative: Path | str) -> Path:
        """A path of the configuration, beginning at its folder."""
        return self.folder / relative
