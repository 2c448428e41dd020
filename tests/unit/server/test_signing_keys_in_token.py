"""Residents' signing keys in a token: made at the first signature, used, and destroyed when the right to sign ends."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.server.signing_town import sign
from tests.unit.server.test_end_of_signing import keep_house, resident_of

from hkeid.adapters.pkcs11_tokens import Pkcs11Module
from hkeid.adapters.pkcs11_tokens.logins import Logins
from hkeid.enrolment.standing import Actor
from hkeid.kernel.secret import Secret
from hkeid_server.wiring.signing import finish_retirements


@pytest.fixture
def signing_folder(signing_folder, soft_token, tmp_path) -> Path:
    """The same server, with a token."""
    made = tmp_path / "with-token"
    shutil.copytree(signing_folder, made)
    (made / "pin").write_text(soft_token.pin + "\n")
    section = {
        "store": "pkcs11",
        "module": soft_token.module,
        "token": soft_token.label,
        "pin_file": "pin",
    }
    lines = "".join(f'{key} = "{value}"\n' for key, value in section.items())
    with (made / "hkeid.toml").open("a", encoding="utf-8") as config:
        config.write("\n[resident_keys]\n" + lines)
    return made


@pytest.fixture
def owner(town, make_person) -> str:
    """Somebody who has signed."""
    person = make_person(town.front)
    town.resident(person, "chan-tai-man")
    assert 'data-kind="signed"' in sign(person, town.ask().url).text
    return resident_of(town, person)


def key_of(town: Any, owner: str) -> Any:
    with town.house.store.transaction() as tx:
        (key,) = tx.signing_keys.of_resident(owner)
    return key


def in_token(soft_token: Any, handle: bytes) -> bool:
    """Whether there is a private key of this handle; another program asks the token."""
    words = ["pkcs11-tool", "--module", soft_token.module, "--token-label", soft_token.label]
    words += ["--login", "--pin", soft_token.pin, "--list-objects", "--type", "privkey"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return handle[:16].hex() in listed


def test_a_key_in_the_token_signs_and_is_destroyed_with_the_eid(town, owner, soft_token) -> None:
    handle = key_of(town, owner).handle
    assert in_token(soft_token, handle)
    town.house.standing.revoke(owner, by=Actor.OPERATOR, reason="court_order")
    with soft_token.away():
        keep_house(town)
        assert key_of(town, owner).state.value == "retired"
    assert in_token(soft_token, handle)
    keep_house(town)
    key = key_of(town, owner)
    assert (key.state.value, key.handle) == ("revoked", b"")
    assert not in_token(soft_token, handle)


def test_a_key_in_a_token_that_is_configured_no_more_is_not_called_destroyed(
    town, owner, soft_token
) -> None:
    handle = key_of(town, owner).handle
    town.house.standing.revoke(owner, by=Actor.OPERATOR, reason="court_order")
    house = town.house
    without = replace(house.config, resident_keys=type(house.config.resident_keys)())
    arguments = (house.store, house.keys, house.clock, house.journal)
    assert finish_retirements(without, *arguments) == 0
    assert (key_of(town, owner).state.value, key_of(town, owner).handle) == ("retired", handle)
    # Only the place for new keys changed: the token is still there for those in it.
    back = replace(house.config, resident_keys=replace(house.config.resident_keys, store="wrapped"))
    assert finish_retirements(back, *arguments) == 1
    assert not in_token(soft_token, handle)


def test_housekeeping_presents_a_wrong_pin_once(town, owner, soft_token, monkeypatch) -> None:
    """A token counts wrong PINs and locks itself, and a round comes every few seconds."""
    town.house.standing.revoke(owner, by=Actor.OPERATOR, reason="court_order")
    house, presented, log_in = town.house, [], Logins._log_in

    def counted(self: Any, token: Any, name: Any, pin: Secret, digest: bytes) -> Any:
        presented.append(pin.reveal())
        return log_in(self, token, name, pin, digest)

    monkeypatch.setattr(Logins, "_log_in", counted)
    (house.config.folder / "wrong").write_text("13579")
    section = replace(house.config.resident_keys, pin_file=Path("wrong"))
    config = replace(house.config, resident_keys=section)
    # Nobody is logged in: a PIN that differs from that of a login in force would not reach the token.
    Pkcs11Module.load(soft_token.module)._start_anew()
    for _ in range(4):
        assert finish_retirements(config, house.store, house.keys, house.clock, house.journal) == 0
    assert presented == ["13579"]
