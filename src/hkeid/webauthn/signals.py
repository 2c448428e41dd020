"""Arguments of the Signal API (WebAuthn L3 §5.1.11), by which a page tells the device what changed.

Each function gives the object for the static method of ``PublicKeyCredential`` of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable

from hkeid.kernel import base64url
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.webauthn.policy import WebAuthnPolicy


def signal_unknown_credential(policy: WebAuthnPolicy, credential_id: bytes) -> dict[str, str]:
    """For ``signalUnknownCredential``: nobody has this credential here; the device may forget it.

    Send it only for an id that was just presented: it says whether an id is known.
    """
    return {"rpId": policy.rp_id, "credentialId": base64url.encode(credential_id)}


def signal_all_accepted_credentials(
    policy: WebAuthnPolicy, resident: Resident, credentials: Iterable[Credential]
) -> dict[str, str | list[str]]:
    """For ``signalAllAcceptedCredentials``, after a revocation: what is not listed may be hidden.

    Suspended credentials are listed too, because they may come back. Only for a resident who is
    logged in: it lists what they have.

    :param credentials: all of the resident's, in any state.
    """
    return {
        "rpId": policy.rp_id,
        "userId": base64url.encode(resident.user_handle),
        "allAcceptedCredentialIds": [
            base64url.encode(credential.id)
            for credential in credentials
            if credential.status is not CredentialStatus.REVOKED
        ],
    }


def signal_current_user_details(
    policy: WebAuthnPolicy, resident: Resident, *, account_name: str, display_name: str
) -> dict[str, str]:
    """For ``signalCurrentUserDetails``, after a change of name, for a resident who is logged in."""
    return {
        "rpId": policy.rp_id,
        "userId": base64url.encode(resident.user_handle),
        "name": account_name,
        "displayName": display_name,
    }
