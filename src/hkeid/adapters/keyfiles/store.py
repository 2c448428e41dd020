"""A :class:`hkeid.ports.KeyStore` in a directory: one file per key and an index of their states.

::

    keys/                                   0700
      index.json                            what keys there are, and the state of each
      token-signing.5cD0….pem               PKCS #8
      resident-data.1x9K….key               32 bytes
      .lock                                 held while keys change

With a passphrase every key file is sealed (AES-256-GCM under scrypt). Keys are read once; a process
notices that another one rotated them by the index file's identity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from threading import Lock
from typing import TypeVar

from hkeid.adapters.keyfiles import codec
from hkeid.adapters.keyfiles.files import (
    check_private_directory,
    locked,
    make_private_directory,
    read_private,
    remove,
    write_private,
)
from hkeid.adapters.keyfiles.passphrase import SALT_BYTES, Sealing, is_sealed
from hkeid.adapters.keyfiles.ring import (
    ASYMMETRIC_PURPOSES,
    DECRYPTION_PURPOSES,
    MAC_PURPOSES,
    OPTIONAL_PURPOSES,
    RSA_OAEP,
    WRAPPING_PURPOSES,
    HeldKey,
    KeyRing,
    new_signing_key,
    new_symmetric_key,
)
from hkeid.jose.rotation import RotationPlan, RotationPolicy, plan_rotation
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyPurpose, KeyState, SigningKey
from hkeid.ports.surroundings import Clock, Random

INDEX = "index.json"
UPSTREAM_PURPOSES = (KeyPurpose.UPSTREAM_CLIENT, KeyPurpose.UPSTREAM_DPOP)
ADDED_PURPOSES = frozenset({KeyPurpose.EVIDENCE, KeyPurpose.RESIDENT_SIGNING, *UPSTREAM_PURPOSES})
"""Purposes of keys that key stores of earlier releases lack; made when one is opened."""
ALGORITHMS = ("ES256", "Ed25519", "RS256")
_Identity = tuple[int, int, int]
R = TypeVar("R")


class FileKeyStore:
    """Keys in files.

    :param directory: made by :meth:`initialise`; 0700, its files 0600, all ours.
    :param passphrase: needed if, and only if, the keys were made with one.
    :raises ConfigurationError: ``key_store_missing``, ``key_index_malformed``,
        ``key_file_malformed``, ``key_file_open_to_others``, ``passphrase_missing``,
        ``passphrase_wrong`` …
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        clock: Clock,
        random: Random,
        passphrase: Secret | None = None,
        policy: RotationPolicy | None = None,
    ) -> None:
        self._directory = Path(directory)
        self._clock = clock
        self._random = random
        self._passphrase = passphrase
        self._policy = policy or RotationPolicy()
        self._sealing: tuple[bytes, Sealing] | None = None
        self._loading = Lock()
        check_private_directory(self._directory)
        if not (self._directory / INDEX).exists():
            raise ConfigurationError("key_store_missing", detail=str(self._directory))
        self._identity = self._index_identity()
        self._salt, self._ring = self._load()
        if self._missing():
            self._changing(self._complete)

    @classmethod
    def initialise(
        cls,
        directory: Path | str,
        *,
        clock: Clock,
        random: Random,
        passphrase: Secret | None = None,
        policy: RotationPolicy | None = None,
        algorithms: Collection[str] = ALGORITHMS,
    ) -> FileKeyStore:
        """Make a key store with an active key for every purpose.

        :param algorithms: of the token-signing keys.
        :raises ConfigurationError: ``key_store_exists``: a key store is never overwritten.
        """
        path = Path(directory)
        make_private_directory(path)
        now, salt = clock.now(), random.token_bytes(SALT_BYTES)
        with locked(path):
            if (path / INDEX).exists():
                raise ConfigurationError("key_store_exists", detail=str(path))
            sealing = None if passphrase is None else Sealing(passphrase, salt)
            active = KeyState.ACTIVE
            keys = [new_signing_key(KeyPurpose.TOKEN_SIGNING, a, active, now) for a in algorithms]
            keys.append(new_signing_key(KeyPurpose.AUDIT_CHECKPOINT, "Ed25519", active, now))
            keys += [new_signing_key(one, "ES256", active, now) for one in UPSTREAM_PURPOSES]
            keys += [
                new_symmetric_key(purpose, now, random.token_bytes)
                for purpose in sorted(MAC_PURPOSES | WRAPPING_PURPOSES)
            ]
            for key in keys:
                _write_key(path, key, sealing, random)
            write_private(path / INDEX, codec.write_index(keys, salt))
        return cls(path, clock=clock, random=random, passphrase=passphrase, policy=policy)

    def signing_keys(self, purpose: KeyPurpose) -> tuple[SigningKey, ...]:
        """See :meth:`hkeid.ports.KeyStore.signing_keys`."""
        self._reload_if_changed()
        return self._ring.signing_keys(purpose)

    def sign(self, purpose: KeyPurpose, kid: str, message: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.sign`."""
        return self._ring.sign(purpose, kid, message)

    def mac(self, purpose: KeyPurpose, message: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.mac`."""
        return self._ring.mac(purpose, message)

    def wrap(self, purpose: KeyPurpose, key: bytes, *, context: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.wrap`."""
        return self._ring.wrap(purpose, key, context=context)

    def unwrap(self, purpose: KeyPurpose, wrapped: bytes, *, context: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.unwrap`."""
        if not self._ring.knows_wrapping_key(purpose, wrapped):
            self._reload_if_changed()
        return self._ring.unwrap(purpose, wrapped, context=context)

    def decrypt(
        self, purpose: KeyPurpose, kid: str, ciphertext: bytes, *, label: str, mask: str
    ) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.decrypt`."""
        self._reload_if_changed()
        return self._ring.decrypt(purpose, kid, ciphertext, label=label, mask=mask)

    def provide(self, purpose: KeyPurpose, algorithm: str) -> None:
        """Make an active key of a purpose that only some installations need, unless there is one.

        :param algorithm: ``RS256`` or ``ES256`` for SAML signatures, ``RSA-OAEP`` for decryption.
        :raises ConfigurationError: ``key_purpose_not_optional``, ``key_algorithm_unknown``.
        """
        if purpose not in OPTIONAL_PURPOSES:
            raise ConfigurationError("key_purpose_not_optional", detail=purpose.value)
        if (algorithm == RSA_OAEP) != (purpose in DECRYPTION_PURPOSES):
            raise ConfigurationError("key_algorithm_unknown", detail=repr(algorithm))
        self._changing(lambda: self._provide(purpose, algorithm))

    def _provide(self, purpose: KeyPurpose, algorithm: str) -> None:
        there = self._ring.keys
        if any(key.purpose is purpose and key.algorithm == algorithm for key in there):
            return
        new = new_signing_key(purpose, algorithm, KeyState.ACTIVE, self._clock.now())
        _write_key(self._directory, new, self._sealer(self._salt), self._random)
        self._keep([*there, new])

    def held(self) -> tuple[HeldKey, ...]:
        """Every key with its state, for an operator's list; private halves do not print."""
        self._reload_if_changed()
        return self._ring.keys

    def rotate(self, purpose: KeyPurpose, algorithm: str | None = None) -> RotationPlan:
        """One step of rotation (:mod:`hkeid.jose.rotation`): run it regularly, once a day, say.

        Signing keys: publish a next key, or let a published one take over. Key-encryption keys: a
        new one wraps from now on, the old ones still unwrap.

        :param algorithm: of a signing key; None for key-encryption keys.
        :raises Refused: ``key_never_rotates`` (MAC keys), ``key_not_published_long_enough``.
        """
        if purpose in MAC_PURPOSES:
            raise Refused(
                "key_never_rotates",
                "What this key made is kept for good, so it is never replaced.",
                detail=purpose.value,
            )
        signing = purpose in ASYMMETRIC_PURPOSES
        if signing == (algorithm is None):
            raise ConfigurationError("key_algorithm_unknown", detail=repr(algorithm))
        return self._changing(
            lambda: self._rotate(purpose, algorithm or "A256GCM", signing=signing)
        )

    def _rotate(self, purpose: KeyPurpose, algorithm: str, *, signing: bool) -> RotationPlan:
        now, keys = self._clock.now(), self._ring.keys
        held = [key for key in keys if key.purpose is purpose]
        plan = plan_rotation(held, algorithm, now, self._policy, publication_required=signing)
        states = {step.kid: step.state for step in plan.transitions}
        changed = [key.in_state(states[key.kid], now) if key.kid in states else key for key in keys]
        if plan.create is not None:
            new = (
                new_signing_key(purpose, algorithm, plan.create, now)
                if signing
                else new_symmetric_key(purpose, now, self._random.token_bytes)
            )
            _write_key(self._directory, new, self._sealer(self._salt), self._random)
            changed.append(new)
        self._keep(changed)
        return plan

    def withdraw(self, purpose: KeyPurpose, kid: str) -> None:
        """Take a compromised signing key out at once, whatever relying parties have cached.

        Where it was the active one, the next key (or a new one) signs from now on; logins may fail at
        relying parties that cached the JWKS, until they fetch it again.

        :raises Refused: ``key_unknown``, ``key_never_rotates`` (symmetric keys).
        """
        if purpose not in ASYMMETRIC_PURPOSES:
            raise Refused("key_never_rotates", detail=purpose.value)
        self._changing(lambda: self._withdraw(purpose, kid))

    def _withdraw(self, purpose: KeyPurpose, kid: str) -> None:
        now = self._clock.now()
        by_kid = {key.kid: key for key in self._ring.keys if key.purpose is purpose}
        if kid not in by_kid:
            raise Refused("key_unknown", detail=kid)
        gone = by_kid.pop(kid)
        changed = [key for key in self._ring.keys if key is not gone]
        changed.append(gone.in_state(KeyState.RETIRED, now))
        same = [key for key in by_kid.values() if key.algorithm == gone.algorithm]
        if gone.state is KeyState.ACTIVE:
            heir = next((key for key in same if key.state is KeyState.NEXT), None)
            if heir is not None:
                changed.remove(heir)
                changed.append(heir.in_state(KeyState.ACTIVE, now))
            else:
                new = new_signing_key(purpose, gone.algorithm, KeyState.ACTIVE, now)
                _write_key(self._directory, new, self._sealer(self._salt), self._random)
                changed.append(new)
        self._keep(changed)

    def _missing(self) -> frozenset[KeyPurpose]:
        """Purposes that an older release did not know. For no other purpose is a key ever made
        behind an operator's back: what a lost key protected would not come back with a new one.
        """
        return ADDED_PURPOSES - {key.purpose for key in self._ring.keys}

    def _complete(self) -> None:
        """Make the keys of purposes that came after this key store."""
        now, keys = self._clock.now(), list(self._ring.keys)
        for purpose in sorted(self._missing()):
            new = (
                new_signing_key(purpose, "ES256", KeyState.ACTIVE, now)
                if purpose in UPSTREAM_PURPOSES
                else new_symmetric_key(purpose, now, self._random.token_bytes)
            )
            _write_key(self._directory, new, self._sealer(self._salt), self._random)
            keys.append(new)
        self._keep(keys)

    def _changing(self, change: Callable[[], R]) -> R:
        """Run a change of the keys alone among all processes, on what is on disk now."""
        with locked(self._directory), self._loading:
            self._identity = self._index_identity()
            self._salt, self._ring = self._load()
            return change()

    def _keep(self, keys: Collection[HeldKey]) -> None:
        """Write the index, use it, and delete the files of retired keys."""
        living = [key for key in keys if key.state is not KeyState.RETIRED]
        write_private(self._directory / INDEX, codec.write_index(living, self._salt))
        for key in keys:
            if key.state is KeyState.RETIRED:
                remove(self._directory / codec.file_name(key))
        self._identity = self._index_identity()
        self._ring = KeyRing(living, self._random.token_bytes)

    def _reload_if_changed(self) -> None:
        if self._index_identity() == self._identity:
            return
        with self._loading:
            while (identity := self._index_identity()) != self._identity:
                try:
                    self._salt, self._ring = self._load()
                except ConfigurationError:
                    # A key that retired while we read the index before it: read the index after it.
                    if self._index_identity() == identity:
                        raise
                    continue
                self._identity = identity

    def _index_identity(self) -> _Identity:
        found = (self._directory / INDEX).stat()
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _load(self) -> tuple[bytes, KeyRing]:
        salt, entries = codec.read_index(read_private(self._directory / INDEX))
        sealing = self._sealer(salt)
        held = []
        for entry in entries:
            path = self._directory / codec.file_name(entry)
            contents = read_private(path)
            if is_sealed(contents) != (sealing is not None):
                reason = "passphrase_missing" if sealing is None else "key_file_not_sealed"
                raise ConfigurationError(reason, detail=path.name)
            if sealing is not None:
                contents = sealing.open(contents, codec.context(entry))
            held.append(codec.read_key(entry, contents))
        return salt, KeyRing(held, self._random.token_bytes)

    def _sealer(self, salt: bytes) -> Sealing | None:
        if self._passphrase is None:
            return None
        if self._sealing is None or self._sealing[0] != salt:
            self._sealing = (salt, Sealing(self._passphrase, salt))
        return self._sealing[1]


def _write_key(directory: Path, key: HeldKey, sealing: Sealing | None, random: Random) -> None:
    contents = codec.write_key(key)
    if sealing is not None:
        nonce = random.token_bytes(Sealing.nonce_bytes())
        contents = sealing.seal(contents, codec.context(key), nonce)
    write_private(directory / codec.file_name(key), contents)
