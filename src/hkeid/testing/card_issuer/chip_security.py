"""SecurityInfos (Doc 9303-11 §9.2): EF.CardAccess, EF.CardSecurity and DG14."""

from __future__ import annotations

from hkeid.chip.domain_parameters import CurveParameters, ModpParameters
from hkeid.testing.der import bits, integer, oid, sequence, set_of
from hkeid.testing.virtual_card.genuineness import ChipKey
from hkeid.testing.virtual_card.pace import PaceSetting

_STANDARDISED = "0.4.0.127.0.7.1.2"
_PUBLIC_KEY_ECDH = "0.4.0.127.0.7.2.2.1.2"
_PUBLIC_KEY_DH = "0.4.0.127.0.7.2.2.1.1"
_ACTIVE = "2.23.136.1.1.5"
SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"

# ecdsa-plain-signatures with the hash (TR-03111 §5.2.1).
_PLAIN_ECDSA = {
    "sha1": "0.4.0.127.0.7.1.1.4.1.1",
    "sha224": "0.4.0.127.0.7.1.1.4.1.2",
    "sha256": "0.4.0.127.0.7.1.1.4.1.3",
    "sha384": "0.4.0.127.0.7.1.1.4.1.4",
    "sha512": "0.4.0.127.0.7.1.1.4.1.5",
}


def pace_info(setting: PaceSetting) -> bytes:
    """PACEInfo, version 2, standardised parameters."""
    return sequence(oid(setting.oid), integer(2), integer(setting.domain.parameter_id))


def chip_key_infos(key: ChipKey, public: bytes | None = None) -> list[bytes]:
    """ChipAuthenticationInfo and ChipAuthenticationPublicKeyInfo.

    :param public: instead of the key's own.
    """
    number = b"" if key.number is None else integer(key.number)
    kind = _PUBLIC_KEY_ECDH if isinstance(key.domain, CurveParameters) else _PUBLIC_KEY_DH
    return [
        sequence(oid(key.oid), integer(1), number),
        sequence(oid(kind), chip_public_key(key.domain, public or key.public), number),
    ]


def chip_public_key(domain: CurveParameters | ModpParameters, public: bytes) -> bytes:
    """SubjectPublicKeyInfo with standardised domain parameters."""
    value = (
        public if isinstance(domain, CurveParameters) else integer(int.from_bytes(public, "big"))
    )
    algorithm = sequence(oid(_STANDARDISED), integer(domain.parameter_id))
    return sequence(algorithm, bits(value))


def active_info(digest: str) -> bytes:
    """ActiveAuthenticationInfo: the hash of ECDSA signatures."""
    return sequence(oid(_ACTIVE), integer(1), oid(_PLAIN_ECDSA[digest]))


def security_infos(infos: list[bytes]) -> bytes:
    """SET OF SecurityInfo."""
    return set_of(*infos)
