"""``signatures/signHash``, ``signatures/signDoc`` and ``signatures/timestamp``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.signing.activation import (
    MadeSignatures,
    SignatureActivationRefused,
    SigningKey,
)
from hkeid.signing.activation.statement import HASH_LENGTHS
from hkeid.signing.cms import signed_attributes, signed_data
from hkeid.signing.credentials import SignerIdentity
from hkeid.signing.credentials_of_residents import signer_identity
from hkeid.signing.csc.algorithms import FACTS, HASH_NAMES, hash_identifier
from hkeid.signing.csc.context import Call
from hkeid.signing.csc.documents import hash_to_sign
from hkeid.signing.csc.errors import CscError, invalid, not_implemented
from hkeid.signing.csc.fields import (
    MOST_HASHES,
    Fields,
    decoded,
    decoded_hash,
    encoded,
    malformed,
    require_length,
)
from hkeid.signing.timestamping.messages import LONGEST_NONCE

_NULL: Final = b"\x05\x00"
_FORMAT: Final = "P"
"""PAdES alone. CAdES (``C``) wants the time of signing among the signed attributes (ETSI EN 319 122-1 §6.3),
and those of PAdES, which the resident approves by their hash, must not have it (EN 319 142-1 §6.3)."""
_ENVELOPES: Final = frozenset({"certification", "revision"})
_LEVELS: Final = {"ades-b-b": False, "ades-b-t": True, "ades-b": False, "ades-t": True}
"""Conformance levels, and whether each needs a time-stamp. The specification spells them in two ways."""
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def sign_hash(call: Call) -> dict[str, Any]:
    """Sign hashes (v1 §11.9, v2 §11.10): those that were approved, all of them, in their order."""
    key = call.key()
    hashes = call.fields.hashes()
    _require_synchronous(call.fields)
    _require_algorithm(call.fields, key)
    for one in hashes:
        require_length(one, HASH_LENGTHS[key.kind.hash_name])
    made = _sign(call, key, hashes)
    return {"signatures": [encoded(one) for one in made.signatures]}


def sign_document(call: Call) -> dict[str, Any]:
    """Make signatures in the form of CMS (v2 §11.11) for hashes of documents (``SDR``) that were approved.

    A document itself is not taken. What the resident approves is the hash of what will be signed, and that of a
    PDF file is known only when the signature's place was made in it: somebody has to make it before the
    resident is asked, and then has the hash. Whoever has but a document asks by ``hkeid.rp``: there the resident
    sees its pages.
    """
    _require_digests(call.fields)
    key = call.key(by_qualifier=True)
    _require_synchronous(call.fields)
    if call.fields.flag("returnValidationInfo"):
        raise malformed("returnValidationInfo")  # info says that there is none
    wanted = [one for entry in _entries(call.fields) for one in _wanted(entry, call, key)]
    if len(wanted) > MOST_HASHES:
        raise _digests_malformed()
    identity = signer_identity(key)
    certificate = key.certificates[0]
    hashes = tuple(hash_to_sign(one.document, certificate, key.kind.hash_name) for one in wanted)
    try:
        made = _sign(call, key, hashes)
    except SignatureActivationRefused as error:
        if error.reason != "authorisation_other_hashes":
            raise
        raise invalid(
            "digests_not_authorised", "documentDigests or documents are not authorized by the SAD"
        ) from None
    return {
        "SignatureObject": [
            encoded(_signature_object(call, identity, one, value))
            for one, value in zip(wanted, made.signatures, strict=True)
        ]
    }


def timestamp(call: Call) -> dict[str, Any]:
    """A time-stamp over a hash, with the client's nonce (v1 §11.10, v2 §11.13)."""
    call.require_service()
    if call.parts.timestamps is None:
        raise not_implemented("signatures/timestamp")
    name = HASH_NAMES.get(call.fields.needed("hashAlgo", "hashAlgorithmOID", longest=64))
    if name is None:
        raise malformed("hashAlgo")
    digest = decoded_hash(call.fields.needed("hash"))
    require_length(digest, HASH_LENGTHS[name])
    token = call.parts.timestamps.stamp(digest, hash_name=name, nonce=_nonce(call.fields))
    return {"timestamp": encoded(token)}


def _nonce(fields: Fields) -> int | None:
    """A number in hexadecimal."""
    text = fields.text("nonce")
    if text is None:
        return None
    if len(text) > 2 * (LONGEST_NONCE - 1) or not set(text) <= _HEX:
        raise malformed("nonce")
    return int(text, 16)


@dataclass(frozen=True, slots=True)
class _WantedObject:
    """One signature in the form of CMS: over which document, and whether time-stamped."""

    document: bytes
    stamped: bool


def _require_digests(fields: Fields) -> None:
    """Digests, and no documents."""
    digests, documents = (fields.members.get(name) for name in ("documentDigests", "documents"))
    if digests and documents:
        raise invalid(
            "documents_and_digests", "Both documentDigests and documents parameters passed"
        )
    if documents:
        raise invalid(
            "documents_not_taken",
            "Invalid array parameter documents: send documentDigests, which are what was approved",
        )
    if not digests:
        raise invalid("digests_empty", "Empty documentDigests and documents objects")


def _entries(fields: Fields) -> list[Fields]:
    found = fields.listed("documentDigests")
    if found is None or not all(isinstance(one, Mapping) for one in found):
        raise _digests_malformed()
    return [Fields(one) for one in found]


def _digests_malformed() -> CscError:
    return invalid("parameter_malformed", "Invalid object parameter documentDigests")


def _wanted(entry: Fields, call: Call, key: SigningKey) -> list[_WantedObject]:
    if entry.needed("signature_format", longest=8) != _FORMAT:
        raise malformed("signature_format")
    envelope = entry.text("signed_envelope_property", longest=32) or "Certification"
    if envelope.lower() not in _ENVELOPES:
        raise malformed("signed_envelope_property")
    if entry.members.get("signed_props"):
        # The signed attributes are those whose hash was approved.
        raise malformed("signed_props")
    stamped = _LEVELS.get((entry.text("conformance_level") or "Ades-B-B").lower())
    if stamped is None or (stamped and call.parts.timestamps is None):
        raise malformed("conformance_level")
    _require_algorithm(entry, key, contradicted=True)
    hashes = entry.hashes()
    for one in hashes:
        require_length(one, HASH_LENGTHS[key.kind.hash_name])
    return [_WantedObject(one, stamped) for one in hashes]


def _signature_object(
    call: Call, identity: SignerIdentity, wanted: _WantedObject, value: bytes
) -> bytes:
    token = None
    if wanted.stamped and call.parts.timestamps is not None:
        algorithm = identity.algorithm
        token = call.parts.timestamps.stamp(algorithm.digest(value), hash_name=algorithm.hash_name)
    return signed_data(
        attributes=signed_attributes(wanted.document, identity.certificate),
        signature=value,
        algorithm=identity.algorithm,
        certificate=identity.certificate,
        chain=identity.chain,
        timestamp=token,
    )


def _sign(call: Call, key: SigningKey, hashes: tuple[bytes, ...]) -> MadeSignatures:
    return call.parts.activation.sign(
        call.authorisation(), client_id=call.client_id, key_id=key.id, hashes=hashes
    )


def _require_synchronous(fields: Fields) -> None:
    """There is no other mode, as ``info`` says; what belongs to the other is ignored (v2 §11.10)."""
    if (fields.text("operationMode", longest=8) or "S") != "S":
        raise malformed("operationMode")


def _require_algorithm(fields: Fields, key: SigningKey, *, contradicted: bool = False) -> None:
    """The key's own algorithm and hash: no other was approved.

    A hash function beside an algorithm that names one is ignored by ``signHash`` (v2 §11.10).

    :param contradicted: refuse one that contradicts (v2 §11.11).
    """
    bare, whole = FACTS[key.kind].algorithms
    algorithm = fields.needed("signAlgo", longest=64)
    if algorithm not in (bare, whole):
        raise malformed("signAlgo")
    own = hash_identifier(key.kind.hash_name)
    if algorithm == bare:
        if fields.needed("hashAlgorithmOID", "hashAlgo", longest=64) != own:
            raise malformed("hashAlgorithmOID")
    elif contradicted and (fields.text("hashAlgorithmOID", longest=64) or own) != own:
        raise invalid(
            "hash_contradicted",
            "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
        )
    parameters = fields.text("signAlgoParams")
    if parameters is not None and decoded(parameters, "signAlgoParams") != _NULL:
        raise malformed("signAlgoParams")
