"""Keys that live in memory only: for tests and throw-away sandboxes."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache

from hkeid.adapters.keyfiles.ring import (
    ASYMMETRIC_PURPOSES,
    MAC_PURPOSES,
    RSA_OAEP,
    WRAPPING_PURPOSES,
    KeyRing,
    held_signing_key,
    new_signing_key,
    new_symmetric_key,
)
from hkeid.jose.rotation import RotationPlan, RotationPolicy, plan_rotation
from hkeid.jose.signatures import PrivateSigningKey, generate
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyState, SigningKey

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryKeyStore:
    """A :class:`hkeid.ports.KeyStore` whose keys die with it.

    Every purpose but those of SAML (see :meth:`add`) has a key: ``ES256``, ``Ed25519`` and ``RS256`` for tokens,
    ``Ed25519`` and ``ES256`` for checkpoints. The RSA key, slow to make, is made when it is first needed and shared
    by all stores of the process.

    :param algorithms: algorithms of the token-signing keys.
    :param since: when the first keys became active.
    """

    def __init__(
        self,
        *,
        algorithms: Collection[str] = ("ES256", "Ed25519", "RS256"),
        since: Instant = _BEGINNING,
    ) -> None:
        self._lazy_rsa = "RS256" in algorithms
        self._since = since
        keys = [
            new_signing_key(KeyPurpose.TOKEN_SIGNING, name, KeyState.ACTIVE, since)
            for name in algorithms
            if name != "RS256"
        ]
        keys += [
            new_signing_key(KeyPurpose.AUDIT_CHECKPOINT, name, KeyState.ACTIVE, since)
            for name in ("ES256", "Ed25519")
        ]
        keys += [
            new_signing_key(purpose, "ES256", KeyState.ACTIVE, since)
            for purpose in (KeyPurpose.UPSTREAM_CLIENT, KeyPurpose.UPSTREAM_DPOP)
        ]
        keys += [
            new_symmetric_key(purpose, since, os.urandom)
            for purpose in sorted(MAC_PURPOSES | WRAPPING_PURPOSES)
        ]
        self._ring = KeyRing(keys, os.urandom)

    def signing_keys(self, purpose: KeyPurpose) -> tuple[SigningKey, ...]:
        """See :meth:`hkeid.ports.KeyStore.signing_keys`."""
        if self._lazy_rsa and purpose is KeyPurpose.TOKEN_SIGNING:
            self._lazy_rsa = False
            rsa = held_signing_key(purpose, _shared_rsa(), KeyState.ACTIVE, self._since)
            self._ring = KeyRing((*self._ring.keys, rsa), os.urandom)
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
        return self._ring.unwrap(purpose, wrapped, context=context)

    def decrypt(
        self, purpose: KeyPurpose, kid: str, ciphertext: bytes, *, label: str, mask: str
    ) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.decrypt`."""
        return self._ring.decrypt(purpose, kid, ciphertext, label=label, mask=mask)

    def add(self, purpose: KeyPurpose, algorithm: str, state: KeyState = KeyState.ACTIVE) -> None:
        """Make a key of an optional purpose, such as those of SAML.

        The first RSA key of a purpose is shared by all stores of the process, like that for tokens.
        """
        first = not any(key.purpose is purpose for key in self._ring.keys)
        if first and algorithm in ("RS256", RSA_OAEP):
            new = held_signing_key(purpose, _shared_rsa_of(purpose), state, self._since)
        else:
            new = new_signing_key(purpose, algorithm, state, self._since)
        self._ring = KeyRing((*self._ring.keys, new), os.urandom)

    def provide(self, purpose: KeyPurpose, algorithm: str) -> None:
        """As :meth:`hkeid.adapters.keyfiles.FileKeyStore.provide`."""
        if not any(key.algorithm == algorithm for key in self.signing_keys(purpose)):
            self.add(purpose, algorithm)

    def rotate(
        self,
        purpose: KeyPurpose,
        algorithm: str,
        now: Instant,
        policy: RotationPolicy = RotationPolicy(),  # noqa: B008 (frozen)
    ) -> RotationPlan:
        """One step of rotation, by the same rules as the file key store."""
        if purpose in MAC_PURPOSES:
            raise Refused("key_never_rotates", detail=purpose.value)
        self.signing_keys(purpose)
        held = [key for key in self._ring.keys if key.purpose is purpose]
        published = purpose in ASYMMETRIC_PURPOSES
        plan = plan_rotation(held, algorithm, now, policy, publication_required=published)
        moved = {step.kid: step.state for step in plan.transitions}
        keys = [
            key.in_state(moved[key.kid], now) if key.kid in moved else key
            for key in self._ring.keys
        ]
        if plan.create is not None:
            keys.append(
                new_signing_key(purpose, algorithm, plan.create, now)
                if published
                else new_symmetric_key(purpose, now, os.urandom)
            )
        self._ring = KeyRing(keys, os.urandom)
        return plan


@cache
def _shared_rsa_of(purpose: KeyPurpose) -> PrivateSigningKey:
    assert purpose
    return generate("RS256")


@cache
def _shared_rsa() -> PrivateSigningKey:
    return generate("RS256")
