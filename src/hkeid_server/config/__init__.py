"""Configuration: ``hkeid.toml`` and the ``HKEID_`` environment become frozen dataclasses.

An unknown key is an error that names the nearest known one; defaults are safe (law 9).
"""

from hkeid.op.settings import Profile
from hkeid_server.config.proofing import (
    DocumentsSection,
    FacesSection,
    LivenessSection,
    ProofingSections,
    RegistrationSection,
    RegistrySection,
)
from hkeid_server.config.reading import load_config, read_config
from hkeid_server.config.schema import (
    AdminSection,
    Config,
    KeysSection,
    LogSection,
    PasskeySection,
    SandboxSection,
    ServerSection,
    SessionSection,
    StoreSection,
    TokenSection,
    VaultSection,
)
from hkeid_server.config.stations import StationSection

__all__ = [
    "AdminSection",
    "Config",
    "DocumentsSection",
    "FacesSection",
    "KeysSection",
    "LivenessSection",
    "LogSection",
    "PasskeySection",
    "Profile",
    "ProofingSections",
    "RegistrationSection",
    "RegistrySection",
    "SandboxSection",
    "ServerSection",
    "SessionSection",
    "StationSection",
    "StoreSection",
    "TokenSection",
    "VaultSection",
    "load_config",
    "read_config",
]
