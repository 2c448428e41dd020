"""A token that goes away and comes back, a process that forks: the same open token signs on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hkeid.adapters.pkcs11_tokens import OpenToken, Pkcs11Module
from hkeid.adapters.pkcs11_tokens import module as module_of_tokens
from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, TokenUnavailable, pkcs11
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.signing import Signer
from hkeid.testing.soft_hsm import SoftHsm


@pytest.fixture
def module(soft_token: SoftHsm) -> Pkcs11Module:
    return Pkcs11Module.load(soft_token.module)


@pytest.fixture
def token(module: Pkcs11Module, soft_token: SoftHsm) -> Iterator[OpenToken]:
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as opened:
        yield opened


def signer(token: OpenToken, name: str = "p256") -> Signer:
    """It verifies each signature that it makes."""
    held = next(one for one in token.identities() if one.label == name)
    return Signer.from_token(token, held)


@pytest.mark.parametrize("name", ["p256", "p384", "rsa", "twisted"])
def test_the_same_signer_signs_when_the_token_is_back(
    token: OpenToken, soft_token: SoftHsm, name: str
) -> None:
    mine = signer(token, name)
    for _ in range(2):
        assert mine.sign(b"there")
        with soft_token.away():
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(TokenUnavailable) as caught:
                    mine.sign(b"away")
                assert caught.value.reason in {"token_absent", "token_removed", "token_failed"}
                assert time.monotonic() - began < 5
        assert mine.sign(b"back")


def test_nothing_is_said_to_be_absent_while_the_token_is_away(
    token: OpenToken, soft_token: SoftHsm
) -> None:
    """SoftHSM2 then finds no objects, which is no reason to call a key absent, or deleted."""
    mine = signer(token)
    mine.sign(b"there")
    token._keys.clear()
    with soft_token.away():
        for work in (
            lambda: mine.sign(b"away"),
            token.identities,
            lambda: token.delete_keys(b"\x01"),
        ):
            with pytest.raises(TokenUnavailable):
                work()
    assert len(token.identities()) == 4
    assert mine.sign(b"back")


def test_sessions_that_the_module_lost(module: Pkcs11Module, token: OpenToken) -> None:
    """As after a reset of the device: handles lead nowhere, the token is there."""
    mine = signer(token)
    mine.sign(b"one")
    module._library.finalize()
    module._library.initialize()
    assert mine.sign(b"two")


def test_threads_share_a_token_that_goes_and_comes(token: OpenToken, soft_token: SoftHsm) -> None:
    mine, stop = signer(token), threading.Event()
    mine.sign(b"before")

    def work(number: int) -> tuple[int, int]:
        good = bad = 0
        while not stop.is_set():
            try:
                good += bool(mine.sign(b"%d" % number))
            except TokenUnavailable:
                bad += 1
        good += bool(mine.sign(b"after"))
        return good, bad

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(8)]
        try:
            for _ in range(2):
                time.sleep(0.2)
                with soft_token.away():
                    time.sleep(1.0)
            time.sleep(0.2)
        finally:
            stop.set()
        for one in working:
            good, bad = one.result(timeout=60)
            assert good > 1
            assert bad >= 1


def test_a_forked_process_uses_the_token_that_its_parent_opened(token: OpenToken) -> None:
    mine = signer(token)
    assert mine.sign(b"before the fork")
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if all(mine.sign(b"child") for _ in range(20)) else 2
        finally:
            os._exit(status)
    assert all(mine.sign(b"parent") for _ in range(20))
    assert os.waitpid(child, 0)[1] == 0
    assert mine.sign(b"after the child has ended")


def test_a_fork_while_threads_are_in_the_module(token: OpenToken) -> None:
    mine, stop = signer(token), threading.Event()

    def work() -> int:
        made = 0
        while not stop.is_set():
            made += bool(mine.sign(b"thread"))
        return made

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work) for _ in range(4)]
        for _ in range(5):
            child = os.fork()
            if not child:
                status = 1
                try:
                    status = 0 if mine.sign(b"child") else 2
                finally:
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        assert all(one.result() for one in working)


def test_a_pin_that_changed_meanwhile_is_presented_once(
    module: Pkcs11Module, token: OpenToken, soft_token: SoftHsm, monkeypatch: Any
) -> None:
    """A service that goes on trying would lock the token."""
    mine = signer(token)
    mine.sign(b"before")
    tried = []
    change = ("pkcs11-tool", "--module", str(soft_token.module), "--token-label", soft_token.label)
    soft_token.run(
        *change, "--login", "--pin", soft_token.pin, "--change-pin", "--new-pin", "975310"
    )
    try:
        module._suspect = "token_failed"
        log_in = module.logins._log_in
        monkeypatch.setattr(
            module.logins, "_log_in", lambda *words: (tried.append(1), log_in(*words))[1]
        )
        for _ in range(5):
            with pytest.raises(TokenRefused) as caught:
                mine.sign(b"after")
            assert caught.value.reason == "pin_incorrect"
        assert len(tried) == 1
    finally:
        soft_token.run(
            *change, "--login", "--pin", "975310", "--change-pin", "--new-pin", soft_token.pin
        )
    # SoftHSM2 reads the PIN's record when it starts.
    module._suspect = "token_failed"
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as another:
        assert signer(another).sign(b"the right one, said anew")
    assert mine.sign(b"and so for us")


def test_a_key_that_is_absent_is_said_to_be(token: OpenToken) -> None:
    for _ in range(2):
        with pytest.raises(TokenRefused) as caught:
            token.sign_raw(b"none", b"d" * 32, pkcs11.Mechanism.ECDSA)
        assert caught.value.reason == "key_absent"


def test_a_token_that_is_never_there_does_not_disturb_another(
    module: Pkcs11Module, token: OpenToken
) -> None:
    mine = signer(token)
    mine.sign(b"one")
    began, before = time.monotonic(), module.generation
    for _ in range(20):
        with pytest.raises(TokenUnavailable), module.open(label="nobody's"):
            pass
        assert mine.sign(b"two")
    assert module.generation - before <= 2 + 2 * (time.monotonic() - began)


def test_a_thread_that_does_not_come_out(
    module: Pkcs11Module, token: OpenToken, monkeypatch: Any
) -> None:
    """As when a device in the network hangs."""
    mine = signer(token)
    monkeypatch.setattr(module_of_tokens, "_LONGEST_WAIT", 0.1)
    inside, leave = threading.Event(), threading.Event()

    def hang() -> None:
        inside.set()
        leave.wait(30)

    stuck = threading.Thread(target=lambda: module.enter(hang, again=False))
    stuck.start()
    inside.wait(10)
    try:
        with pytest.raises(TokenUnavailable) as caught:
            mine.sign(b"a message")
        assert caught.value.reason == "token_busy"
    finally:
        leave.set()
        stuck.join()
    assert mine.sign(b"a message")


def test_what_is_closed_stays_closed(module: Pkcs11Module, soft_token: SoftHsm) -> None:
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as opened:
        mine = signer(opened)
    with pytest.raises(TokenUnavailable) as caught:
        mine.sign(b"a message")
    assert caught.value.reason == "token_removed"


def test_a_token_without_ed25519_says_so(token: OpenToken, monkeypatch: Any) -> None:
    held = next(one for one in token.identities() if one.label == "twisted")
    token.sign(held, b"a message")

    class Older:
        def sign(self, _message: bytes, *, mechanism: Any) -> bytes:
            assert mechanism is pkcs11.Mechanism.EDDSA
            raise pkcs11.MechanismInvalid

    monkeypatch.setitem(token._keys, held.key_id, Older())
    with pytest.raises(HkeidError) as caught:
        token.sign(held, b"a message")
    assert isinstance(caught.value, TokenRefused)
    assert caught.value.reason == "algorithm_unsupported"
