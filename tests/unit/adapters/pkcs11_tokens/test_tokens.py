"""Real SoftHSM2: certificates, possession, signatures, many threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from hkeid.adapters.pkcs11_tokens import OpenToken, Pkcs11Module, verify_possession
from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, TokenUnavailable
from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused
from hkeid.kernel.secret import Secret

CHALLENGE = bytes(range(32))


@pytest.fixture
def module(soft_token) -> Pkcs11Module:
    return Pkcs11Module.load(soft_token.module)


@pytest.fixture
def token(module, soft_token) -> Iterator[OpenToken]:
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as opened:
        yield opened


def test_a_module_is_loaded_once(module, soft_token) -> None:
    assert Pkcs11Module.load(soft_token.module) is module


def test_a_file_that_is_no_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "module.so").write_bytes(b"no module")
    with pytest.raises(ConfigurationError) as error:
        Pkcs11Module.load(tmp_path / "module.so")
    assert error.value.reason == "pkcs11_module_unusable"


def test_tokens_are_listed(module, soft_token) -> None:
    assert soft_token.label in [one.label for one in module.tokens()]


def test_certificates_are_read_without_a_pin(module, soft_token) -> None:
    with module.open(label=soft_token.label) as public:
        assert [one.label for one in public.identities()] == ["p256", "p384", "rsa", "twisted"]


@pytest.mark.parametrize("name", ["p256", "p384", "rsa", "twisted"])
def test_a_signature_verifies_with_the_certificate(token: OpenToken, name: str) -> None:
    held = next(one for one in token.identities() if one.label == name)
    signature = token.sign(held, b"a message")
    public = x509.load_der_x509_certificate(held.certificate).public_key()
    match name:
        case "p256":
            public.verify(signature, b"a message", ec.ECDSA(hashes.SHA256()))
        case "p384":
            public.verify(signature, b"a message", ec.ECDSA(hashes.SHA384()))
        case "twisted":
            public.verify(signature, b"a message")
        case _:
            public.verify(signature, b"a message", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("name", ["p256", "p384", "rsa", "twisted"])
def test_possession_is_proved(token: OpenToken, name: str) -> None:
    held = next(one for one in token.identities() if one.label == name)
    proof = token.prove_possession(held, CHALLENGE)
    verify_possession(held.certificate, CHALLENGE, proof)
    with pytest.raises(Refused) as other:
        verify_possession(held.certificate, CHALLENGE[::-1], proof)
    assert other.value.reason == "possession_not_proved"


def test_a_bare_signature_is_no_proof(token: OpenToken) -> None:
    held = token.identities()[0]
    with pytest.raises(Refused) as error:
        verify_possession(held.certificate, CHALLENGE, token.sign(held, CHALLENGE))
    assert error.value.reason == "possession_not_proved"


def test_a_short_challenge_is_refused(token: OpenToken) -> None:
    with pytest.raises(MalformedInput) as error:
        token.prove_possession(token.identities()[0], b"short")
    assert error.value.reason == "challenge_too_short"


def test_a_wrong_pin_is_refused(module, soft_token) -> None:
    with (
        pytest.raises(TokenRefused) as error,
        module.open(label=soft_token.label, pin=Secret("0000")),
    ):
        pass
    assert error.value.reason == "pin_incorrect"


def test_a_wrong_pin_does_not_ride_on_a_login(module, soft_token, token: OpenToken) -> None:
    with (
        pytest.raises(TokenRefused) as error,
        module.open(label=soft_token.label, pin=Secret("0000")),
    ):
        pass
    assert error.value.reason == "pin_incorrect"
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as second:
        assert second.sign(second.identities()[0], b"still in")


def test_without_a_pin_no_key_is_found(module, soft_token) -> None:
    with module.open(label=soft_token.label) as public:
        held = public.identities()[0]
        with pytest.raises(TokenRefused) as error:
            public.sign(held, b"a message")
    assert error.value.reason == "key_absent"


def test_an_absent_token(module) -> None:
    with pytest.raises(TokenUnavailable) as error, module.open(label="nobody's"):
        pass
    assert error.value.reason == "token_absent"


def test_many_threads_with_sessions_of_their_own(module, soft_token) -> None:
    """Without the module's lock this ends the process."""

    def work(number: int) -> int:
        with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as mine:
            held = mine.identities()[0]
            public = x509.load_der_x509_certificate(held.certificate).public_key()
            for turn in range(50):
                message = f"{number}-{turn}".encode()
                public.verify(mine.sign(held, message), message, ec.ECDSA(hashes.SHA256()))
            return 50

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(16))) == 800
