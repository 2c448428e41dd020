"""My eID: a stopped passkey used again, all other browsers logged out, who looked at the record."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.kernel import base64url
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import AuthenticatorRefused, SoftwareAuthenticator
from hkeid_server.house import House
from hkeid_server.looked_at import RecordAccessLine
from hkeid_server.wsgi import serve_house


@pytest.fixture
def second(resident: Any) -> SoftwareAuthenticator:
    """A second passkey of the resident."""
    phone = SoftwareAuthenticator()
    resident.get("/account/devices/add")
    assert resident.ceremony(phone).status_code == 303
    return phone


def other_device(resident: Any) -> str:
    """Id on the page of the device that is not used now."""
    text = resident.get("/account").text
    cards = re.findall(r'data-device="([^"]+)"(.*?)</li>', text, re.DOTALL)
    return str(next(device for device, card in cards if "Used now" not in card))


def stop_second(resident: Any, house: House) -> str:
    """Stop the second passkey, as a counter that went back does; returns its id on the page."""
    device = other_device(resident)
    with house.store.transaction() as tx:
        tx.credentials.set_status(
            base64url.decode(device), CredentialStatus.SUSPENDED, house.clock.now()
        )
    return device


def test_stopped_passkey_is_used_again(
    resident: Any, house: House, second: SoftwareAuthenticator
) -> None:
    device = stop_second(resident, house)
    text = resident.get("/account").text
    assert "We stopped this passkey" in text
    assert f'href="/account/devices/{device}/reinstate"' in text
    page = resident.get(f"/account/devices/{device}/reinstate")
    assert "somebody copied it" in page.text
    assert resident.post(f"/account/devices/{device}/reinstate").status_code == 303
    text = resident.follow().text
    assert "The passkey can be used again." in text
    assert "We stopped this passkey" not in text


def test_old_login_shows_first_that_it_is_them(
    resident: Any, house: House, clock: Any, second: SoftwareAuthenticator
) -> None:
    device = stop_second(resident, house)
    clock.wait(minutes=30)
    resident.get(f"/account/devices/{device}/reinstate")
    page = resident.post(f"/account/devices/{device}/reinstate")
    assert page.status_code == 200
    assert "First show that it is you" in page.text
    with pytest.raises(AuthenticatorRefused):
        resident.ceremony(second)  # the page does not ask for the stopped one
    assert resident.ceremony().status_code == 303
    resident.follow()
    assert resident.post(f"/account/devices/{device}/reinstate").status_code == 303


def test_only_own_stopped_passkeys(resident: Any, second: SoftwareAuthenticator) -> None:
    device = other_device(resident)
    assert resident.get(f"/account/devices/{device}/reinstate").status_code == 404
    assert resident.get("/account/devices/AAAA/reinstate").status_code == 404


def test_nobody_without_a_session(stranger: Any) -> None:
    assert stranger.get("/account/devices/AAAA/reinstate").headers["Location"] == "/login"


def test_log_out_everywhere_else(resident: Any, front: Any) -> None:
    other = type(resident)(front)
    other.phone = resident.phone
    other.get("/login")
    assert other.ceremony().status_code == 303
    assert 'id="end-others"' in resident.get("/account").text
    assert resident.post("/account/sessions/end-others").status_code == 303
    assert "All other browsers are logged out." in resident.follow().text
    assert 'id="end-others"' not in resident.page.text
    assert other.get("/account").headers["Location"] == "/login"


def test_who_looked_is_empty_until_somebody_did(resident: Any, house: House) -> None:
    assert "No officer has looked at your record." in resident.get("/account").text
    asked = []

    def accesses(resident_id: str) -> tuple[RecordAccessLine, ...]:
        asked.append(resident_id)
        at = house.clock.now() - timedelta(days=1)
        return (RecordAccessLine(at=at, role="station_officer", reason="resident_at_counter"),)

    resident.client.application = serve_house(replace(house, accesses=accesses))
    text = resident.get("/account").text
    assert "Officer at a counter" in text
    assert "you were at the counter" in text
    assert len(asked) == 1
