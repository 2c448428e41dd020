"""What a login may be said to have proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hkeid.broker import LoginRefused
from hkeid.broker.assurance import passkey_authentication
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.residents.records import Credential, Resident

NOW = datetime(2026, 11, 3, tzinfo=UTC)
RESIDENT = Resident(id="r", user_handle=b"h", state=EidState.ACTIVE, created_at=NOW, updated_at=NOW)
KEY = Credential(
    id=b"c",
    resident_id="r",
    public_key=b"",
    algorithm=-7,
    sign_count=0,
    backup_eligible=False,
    backed_up=False,
    aaguid="",
    rp_id="id.example.hk",
    created_at=NOW,
)
SYNCED = replace(KEY, backup_eligible=True)
ATTESTED = replace(KEY, attestation="verified")


@pytest.mark.parametrize(
    ("credential", "proofed", "acr", "amr"),
    [
        (SYNCED, Acr.EID, Acr.EID, ("mfa", "pop", "user")),
        (SYNCED, Acr.EID_PLUS, Acr.EID, ("mfa", "pop", "user")),
        (KEY, Acr.EID, Acr.EID_BOUND, ("mfa", "pop", "user")),
        (KEY, Acr.EID_PLUS, Acr.EID_PLUS, ("mfa", "pop", "user")),
        (ATTESTED, Acr.EID, Acr.EID_BOUND, ("hwk", "mfa", "pop", "user")),
        (ATTESTED, Acr.EID_PLUS, Acr.EID_PLUS_ATTESTED, ("hwk", "mfa", "pop", "user")),
        (replace(ATTESTED, backup_eligible=True), Acr.EID_PLUS, Acr.EID, ("mfa", "pop", "user")),
        (replace(KEY, attestation="self"), Acr.EID, Acr.EID_BOUND, ("mfa", "pop", "user")),
    ],
)
def test_rung_and_methods(credential, proofed, acr, amr) -> None:
    result = passkey_authentication(
        replace(RESIDENT, proofed=proofed), credential, user_verified=True, at=NOW
    )
    assert (result.acr, result.amr, result.authenticated_at) == (acr, amr, NOW)


def test_without_user_verification_there_is_no_rung() -> None:
    with pytest.raises(LoginRefused) as caught:
        passkey_authentication(RESIDENT, KEY, user_verified=False, at=NOW)
    assert caught.value.reason == "assurance_too_low"
