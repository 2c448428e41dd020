"""PKCS#11 tokens: a certificate and its key on a card or in a hardware security module.

::

    module = Pkcs11Module.load("/usr/lib/softhsm/libsofthsm2.so")
    with module.open(serial="…", pin=Secret("123456")) as token:
        held = token.identities()[0]
        proof = token.prove_possession(held, challenge)
"""

from hkeid.adapters.pkcs11_tokens.module import Pkcs11Module, TokenDescription
from hkeid.adapters.pkcs11_tokens.token import OpenToken, TokenIdentity, verify_possession

__all__ = [
    "OpenToken",
    "Pkcs11Module",
    "TokenDescription",
    "TokenIdentity",
    "verify_possession",
]
