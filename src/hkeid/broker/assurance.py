"""What a passkey login proved: rung and methods (law 7)."""

from __future__ import annotations

from hkeid.broker.errors import LoginRefused
from hkeid.identity.assurance import Acr, acr_reached
from hkeid.identity.authentication import AuthenticationResult
from hkeid.kernel.instants import Instant
from hkeid.residents.records import Credential, Resident


def passkey_authentication(
    resident: Resident, credential: Credential, *, user_verified: bool, at: Instant
) -> AuthenticationResult:
    """The result of a verified ceremony.

    :raises LoginRefused: ``assurance_too_low``, it reaches no rung of the ladder.
    """
    acr = acr_reached(
        resident.proofed,
        user_verified=user_verified,
        backup_eligible=credential.backup_eligible,
        attestation_verified=credential.attestation == "verified",
    )
    if acr is None:
        raise LoginRefused("assurance_too_low", detail="user verification missing")
    return AuthenticationResult(
        resident_id=resident.id,
        # Who recovered a lost eID remotely was proved by less than what the former devices were.
        acr=Acr.EID if resident.cools(at) else acr,
        amr=_methods(credential, user_verified=user_verified),
        authenticated_at=at,
    )


def _methods(credential: Credential, *, user_verified: bool) -> tuple[str, ...]:
    """RFC 8176 §2: ``pop`` and ``user`` (presence) hold for every passkey; with user verification it
    is a multi-factor authenticator, ``mfa``. ``hwk`` is said only where a verified attestation and
    BE=0 show it. ``swk`` is never said: nothing ever proves that a key is *not* in hardware.
    """
    methods = ["pop", "user"]
    if user_verified:
        methods.append("mfa")
    if credential.attestation == "verified" and not credential.backup_eligible:
        methods.append("hwk")
    return tuple(sorted(methods))
