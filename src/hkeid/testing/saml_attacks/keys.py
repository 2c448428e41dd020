"""Keys that are not the peer's, and algorithms that nobody should use."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.saml.dsig import Reason
from hkeid.testing.saml_attacks.catalogue import attack, covered_else
from hkeid.testing.saml_attacks.surgery import (
    DS,
    Bench,
    Recipe,
    c14n,
    forge,
    sign_anew,
)

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_HMACS = {
    "hmac_sha1": f"{DS}hmac-sha1",
    "hmac_sha256": f"{_MORE}hmac-sha256",
    "hmac_sha512": f"{_MORE}hmac-sha512",
}
_METHODS = {
    "rsa_sha1": (f"{DS}rsa-sha1", "sha1"),
    "rsa_md5": (f"{_MORE}rsa-md5", "sha1"),
    "rsa_ripemd160": (f"{_MORE}rsa-ripemd160", "sha1"),
    "dsa_sha1": (f"{DS}dsa-sha1", "sha1"),
    "algorithm_empty": ("", "sha256"),
    "algorithm_with_space": (f" {_MORE}rsa-sha256", "sha256"),
    "algorithm_in_capitals": (f"{_MORE}RSA-SHA256", "sha256"),
    "algorithm_none": ("http://www.w3.org/2000/09/xmldsig#none", "sha256"),
}
_DIGESTS = {
    "digest_sha1": (f"{DS}sha1", "sha1"),
    "digest_md5": (f"{_MORE}md5", "md5"),
    "digest_unknown": ("urn:example:digest", "sha256"),
}


@cache
def _stranger() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key_value(key: rsa.RSAPrivateKey) -> str:
    numbers = key.public_key().public_numbers()
    modulus, exponent = (
        b64encode(one.to_bytes((one.bit_length() + 7) // 8, "big")).decode()
        for one in (numbers.n, numbers.e)
    )
    return (
        f"<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
        f"<ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
    )


def _enter(family: str, name: str, expected: Reason, make: Callable[[Bench], bytes]) -> None:
    make.__name__ = name
    attack(family, covered_else(expected))(make)


def _hmac(uri: str) -> Callable[[Bench], bytes]:
    """The public key as the secret (key confusion)."""

    def make(bench: Bench) -> bytes:
        secret = bench.peer.keys[0].public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        name = uri.rpartition("-")[2]
        return sign_anew(
            bench, Recipe(method=uri), value=hmac.digest(secret, c14n(bench.target), name)
        )

    return make


def _method(uri: str, hash_name: str) -> Callable[[Bench], bytes]:
    return lambda bench: sign_anew(bench, Recipe(method=uri, hash_name=hash_name))


def _digest(uri: str, name: str) -> Callable[[Bench], bytes]:
    return lambda bench: sign_anew(bench, Recipe(digest_method=uri, digest_name=name))


for _name, _uri in _HMACS.items():
    _enter("algorithms", _name, Reason.ALGORITHM_REFUSED, _hmac(_uri))
for _name, (_uri, _hash) in _METHODS.items():
    _enter("algorithms", _name, Reason.ALGORITHM_REFUSED, _method(_uri, _hash))
for _name, (_uri, _hash) in _DIGESTS.items():
    _enter("algorithms", _name, Reason.DIGEST_REFUSED, _digest(_uri, _hash))


@attack("algorithms", covered_else(Reason.ALGORITHM_REFUSED))
def _pss_without_agreement(bench: Bench) -> bytes:
    signature = bench.peer.key.sign(b"", padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    return sign_anew(bench, Recipe(method=method), value=signature)


@attack("algorithms", covered_else(Reason.ALGORITHM_REFUSED))
def _truncated_hmac(bench: Bench) -> bytes:
    """CVE-2009-0217: the document says how much of the MAC is compared."""
    recipe = Recipe(
        method=f"{DS}hmac-sha1", method_inside="<ds:HMACOutputLength>8</ds:HMACOutputLength>"
    )
    return sign_anew(bench, recipe, value=b"\0")


@attack("algorithms", covered_else(Reason.ALGORITHM_REFUSED))
def _parameters_of_an_allowed_algorithm(bench: Bench) -> bytes:
    return sign_anew(bench, Recipe(method_inside="<ds:HMACOutputLength>8</ds:HMACOutputLength>"))


@attack("keys", covered_else(Reason.SIGNATURE_INVALID))
def _foreign_key(bench: Bench) -> bytes:
    forge(bench.target)
    return sign_anew(bench, Recipe(), key=_stranger())


@attack("keys", covered_else(Reason.SIGNATURE_INVALID))
def _foreign_key_in_key_info(bench: Bench) -> bytes:
    forge(bench.target)
    return sign_anew(bench, Recipe(extra=_key_value(_stranger())), key=_stranger())


@attack("keys", covered_else(Reason.NO_KEY))
def _foreign_key_of_another_kind(bench: Bench) -> bytes:
    return sign_anew(bench, Recipe(method=f"{_MORE}ecdsa-sha256"), key=bench.peer.stranger)


def _retrieved(uri: str) -> Callable[[Bench], bytes]:
    extra = f'<ds:KeyInfo><ds:RetrievalMethod URI="{uri}"/></ds:KeyInfo>'
    return lambda bench: sign_anew(bench, Recipe(extra=extra))


for _name, _uri in {
    "key_retrieved_http": "http://attacker.example/key",
    "key_retrieved_file": "file:///etc/hostname",
    "key_retrieved_inside": "#_key",
}.items():
    _enter("keys", _name, Reason.KEY_INFO, _retrieved(_uri))
