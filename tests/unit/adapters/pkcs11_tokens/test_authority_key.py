"""An issuing authority whose key is on a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hkeid.adapters.certificate_authorities import TokenKey
from hkeid.adapters.pkcs11_tokens import OpenToken, Pkcs11Module
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.signing.certificates import read_certificate
from hkeid.testing.certification import Certification


@pytest.fixture
def token(soft_token) -> Iterator[OpenToken]:
    module = Pkcs11Module.load(soft_token.module)
    with module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as opened:
        yield opened


def test_an_authority_signs_on_a_token(token) -> None:
    held = {one.label: one for one in token.identities()}["p384"]
    certification = Certification(issuing_key=TokenKey(token, held))
    own = certification.authority.certificate
    assert own.public_key == read_certificate(held.certificate).public_key
    leaf = read_certificate(certification.issue().certificate)
    assert leaf.issued_by(own)
    assert certification.authority.revocation_list().number == 1


def test_a_token_that_signs_with_another_key_issues_nothing(token) -> None:
    held = {one.label: one for one in token.identities()}

    class Mixed:
        def sign(self, identity, message: bytes) -> bytes:
            del identity
            return token.sign(held["p256"], message)

    key = TokenKey(Mixed(), held["p384"])
    with pytest.raises(HkeidError) as caught:
        key.sign(b"message")
    assert caught.value.reason == "token_signature_wrong"
