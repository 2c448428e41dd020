"""The personas as holders of iAM Smart accounts."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hkeid.identity.assurance import Acr
from hkeid.rp.surroundings import SystemClock
from hkeid.testing.personas import PERSONAS, Persona


def holders() -> tuple[Persona, ...]:
    """Personas with a smartphone: who may have an account."""
    return tuple(one for one in PERSONAS.values() if one.phone and not one.deceased)


def open_id(persona: Persona, client_id: str) -> str:
    """The person's tokenised id for one client: Base64 with ``+``, ``/`` and ``=``, as the real ones."""
    digest = hashlib.sha256(f"{client_id}\0{persona.key}".encode()).digest()
    return base64.b64encode(digest).decode("ascii")


def signs(persona: Persona) -> bool:
    """Whether the account is iAM Smart+."""
    return persona.proofed.at_least(Acr.EID_PLUS)


def fields_of(persona: Persona) -> dict[str, Any]:
    """Profile and e-ME fields in the shapes of the interface."""
    number, name = persona.hkic_number, persona.name
    born = persona.born
    found: dict[str, Any] = {
        "idNo": {"Identification": number.number, "CheckDigit": number.check_character},
        "enName": {"UnstructuredName": name.english},
        "birthDate": f"{born.year or 0:04}{born.month or 0:02}{born.day or 0:02}",
        "gender": "" if persona.sex is None else persona.sex.value,
        "maritalStatus": "S",
        "mobileNumber": {"CountryCode": "852", "SubscriberNumber": f"5555{number.number[-4:]}"},
        "emailAddress": f"{persona.key}@persona.example.hk",
        "residentialAddress": {
            "FreeFormatAddress": {
                "LanguageCode": "en-US",
                "AddressLine1": "Flat A, 1/F, Specimen House",
                "AddressLine2": "1 Sample Street",
                "AddressLine3": "Kowloon",
            }
        },
    }
    if name.chinese:
        found["chName"] = {"ChineseName": name.chinese}
        found["chNameVerified"] = name.chinese
    return found


@cache
def signing_key(key: str) -> tuple[rsa.RSAPrivateKey, bytes]:
    """A persona's signing key and a certificate (DER) that nobody recognises."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{key} (simulated)")])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(private, SHA256())
    )
    return private, certificate.public_bytes(Encoding.DER)


def sign(persona: Persona, hashed: bytes, algorithm: str) -> tuple[str, str]:
    """Signature and certificate, in Base64."""
    private, certificate = signing_key(persona.key)
    hashing = Prehashed(SHA256()) if algorithm == "NONEwithRSA" else SHA256()
    signature = private.sign(hashed, padding.PKCS1v15(), hashing)
    return base64.b64encode(signature).decode(), base64.b64encode(certificate).decode()
