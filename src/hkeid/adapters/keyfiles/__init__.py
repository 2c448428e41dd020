"""Keys in files: the embedded default for development and for nodes without an HSM."""

from hkeid.adapters.keyfiles.passphrase import read_passphrase
from hkeid.adapters.keyfiles.store import FileKeyStore

__all__ = ["FileKeyStore", "read_passphrase"]
