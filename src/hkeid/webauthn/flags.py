"""Rules about authenticator data that registration and authentication share."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

from hkeid.webauthn.authenticator_data import BE, BS, UP, UV, AuthenticatorData
from hkeid.webauthn.errors import CeremonyRefused
from hkeid.webauthn.policy import WebAuthnPolicy


@lru_cache(maxsize=64)
def _rp_id_hash(rp_id: str) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest()


def check_rp_id(data: AuthenticatorData, policy: WebAuthnPolicy) -> None:
    """§7.1 step 14, §7.2 step 15: ``rpIdHash`` is the SHA-256 of our RP ID."""
    if not hmac.compare_digest(data.rp_id_hash, _rp_id_hash(policy.rp_id)):
        raise CeremonyRefused("rp_id_mismatch")


def check_user_present(data: AuthenticatorData) -> None:
    """§7.1 step 15, §7.2 step 16: UP is set. (Conditional creation, the exception, is not offered.)"""
    if not data.flags & UP:
        raise CeremonyRefused("up_missing")


def check_user_verified(data: AuthenticatorData, policy: WebAuthnPolicy) -> None:
    """§7.1 step 16, §7.2 step 17: UV is set where policy requires it."""
    if policy.user_verification and not data.flags & UV:
        raise CeremonyRefused("uv_missing")


def check_backup_flags(data: AuthenticatorData) -> None:
    """§7.1 step 17, §7.2 step 18: without BE there is no BS."""
    if data.flags & BS and not data.flags & BE:
        raise CeremonyRefused("bs_without_be")


def check_extensions(
    client: Iterable[str],
    authenticator: Iterable[str],
    requested: frozenset[str],
    policy: WebAuthnPolicy,
) -> None:
    """§7.1 step 28, §7.2 step 23: outputs nobody asked for are turned down, a few excepted."""
    for outputs in (client, authenticator):
        for name in outputs:
            if name not in requested and name not in policy.tolerated_extensions:
                raise CeremonyRefused("extension_unsolicited")
