"""Signatures with a key on a PKCS#11 token (SoftHSM2)."""

from __future__ import annotations

import io

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from hkeid.adapters.pdf import engine_in_worker
from hkeid.adapters.pkcs11_tokens import Pkcs11Module
from hkeid.kernel.secret import Secret
from hkeid.signing import Signer, sign_pdf
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper


@pytest.mark.parametrize("label", ["p256", "p384", "rsa", "twisted"])
def test_a_key_on_a_token_signs(label, soft_token) -> None:
    module = Pkcs11Module.load(soft_token.module)
    with (
        engine_in_worker(timeout=60) as engine,
        module.open(label=soft_token.label, pin=Secret(soft_token.pin)) as token,
    ):
        held = next(one for one in token.identities() if one.label == label)
        signed = sign_pdf(
            paper(),
            Signer.from_token(token, held),
            engine=engine,
        )
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(held.certificate)], allow_fetching=False
    )
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    status = run_in_own_loop(
        async_validate_pdf_signature(embedded, context, key_usage_settings=_any_use())
    )
    assert status.intact
    assert status.valid
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.trusted, status.summary()


def _any_use():
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    return KeyUsageConstraints(key_usage=set())
