"""A token in the network that hangs: one thread waits for it, and nobody else for long."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hkeid.adapters.pkcs11_tokens import Pkcs11Module
from hkeid.adapters.pkcs11_tokens import module as module_of_tokens
from hkeid.adapters.pkcs11_tokens.failures import TokenUnavailable
from hkeid.kernel.secret import Secret
from hkeid.signing import Signer
from hkeid.testing.soft_hsm import SoftHsm, SoftHsmServer, client_module


@pytest.fixture
def server(soft_token: SoftHsm, monkeypatch: Any) -> Iterator[SoftHsmServer]:
    if client_module() is None:
        pytest.skip("p11-kit is not installed")
    made = SoftHsmServer(soft_token)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    made.put_back()
    yield made
    made.pull()


def test_others_are_turned_away_and_all_sign_when_it_goes_on(
    server: SoftHsmServer, soft_token: SoftHsm, monkeypatch: Any
) -> None:
    monkeypatch.setattr(module_of_tokens, "_LONGEST_WAIT", 0.5)
    monkeypatch.setattr(module_of_tokens, "_WAIT_WHILE_STUCK", 0.05)
    module = Pkcs11Module.load(server.module)
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as token:
        held = next(one for one in token.identities() if one.label == "p256")
        signer = Signer.from_token(token, held)
        assert signer.sign(b"before")
        process = server._process
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        made: list[bytes] = []
        inside = threading.Thread(target=lambda: made.append(signer.sign(b"inside")))
        try:
            inside.start()
            time.sleep(0.2)
            spent = []
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(TokenUnavailable) as caught:
                    signer.sign(b"outside")
                assert caught.value.reason == "token_busy"
                spent.append(time.monotonic() - began)
            assert spent[0] >= 0.4
            assert max(spent[1:]) < 0.4
            assert inside.is_alive()
        finally:
            os.killpg(process.pid, signal.SIGCONT)
        inside.join(20)
        assert len(made) == 1
        assert signer.sign(b"after")
