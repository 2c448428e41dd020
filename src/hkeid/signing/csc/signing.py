"""``signatures/signHash``, ``signatures/signDoc`` and ``signatures/timestamp``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.signing.activation import MadeSignatures, SigningKey
from hkeid.signing.activation.statement import HASH_LENGTHS
from hkeid.signing.cms import signed_attributes, signed_data
from hkeid.signing.credentials import SignerIdentity
from hkeid.signing.credentials_of_residents import signer_identity
from hkeid.signing.csc.algorithms import FACTS, HASH_NAMES, hash_identifier
from hkeid.signing.csc.context import Call
from hkeid.signing.csc.documents import hash_to_sign
from hkeid.signing.csc.errors import invalid
from hkeid.signing.csc.fields import MOST_HASHES, Fields, decoded, encoded, malformed

_NULL: Final = b"\x05\x00"
_FORMATS: Final = frozenset({"C", "P"})
_LEVELS: Final = {"Ades-B-B": False, "Ades-B-T": True, "Ades-B": False, "Ades-T": True}
"""Conformance levels, and whether each needs a time-stamp."""


def sign_hash(call: Call) -> dict[str, Any]:
    """Sign hashes (v1 §11.9, v2 §11.10): those that were approved, all of them, in their order."""
    key = call.key()
    hashes = call.fields.hashes()
    _require_synchronous(call.fields)
    _require_algorithm(call.fields, key)
    made = _sign(call, key, hashes)
    return {"signatures": [encoded(one) for one in made.signatures]}


def sign_document(call: Call) -> dict[str, Any]:
    """Make signatures in the form of CMS (v2 §11.11) for hashes of documents (``SDR``) that were approved.

    A document itself is not taken: its hash had to be known before the resident could approve it.
    """
    if call.fields.members.get("documents") is not None:
        raise invalid(
            "documents_not_taken", "Send documentDigests: what was approved is their hashes."
        )
    key = call.key()
    _require_synchronous(call.fields)
    wanted = [one for entry in _entries(call.fields) for one in _wanted(entry, call, key)]
    if len(wanted) > MOST_HASHES:
        raise malformed("documentDigests")
    identity = signer_identity(key)
    certificate = key.certificates[0]
    hashes = tuple(hash_to_sign(one.document, certificate, key.kind.hash_name) for one in wanted)
    made = _sign(call, key, hashes)
    return {
        "SignatureObject": [
            encoded(_signature_object(call, identity, one, value))
            for one, value in zip(wanted, made.signatures, strict=True)
        ]
    }


def timestamp(call: Call) -> dict[str, Any]:
    """A time-stamp over a hash (v1 §11.10, v2 §11.13)."""
    call.require_service()
    if call.parts.timestamps is None:
        raise invalid("timestamps_absent", "There are no time-stamps here.")
    if call.fields.text("nonce") is not None:
        # One that is left out of the token would make the client's check fail.
        raise invalid("nonce_not_taken", "A nonce of the client's own is not supported.")
    name = HASH_NAMES.get(call.fields.needed("hashAlgorithmOID", "hashAlgo", longest=64))
    if name is None:
        raise malformed("hashAlgo")
    digest = decoded(call.fields.needed("hash"), "hash")
    if len(digest) != HASH_LENGTHS[name]:
        raise malformed("hash")
    return {"timestamp": encoded(call.parts.timestamps.stamp(digest, hash_name=name))}


@dataclass(frozen=True, slots=True)
class _WantedObject:
    """One signature in the form of CMS: over which document, and whether time-stamped."""

    document: bytes
    stamped: bool


def _entries(fields: Fields) -> list[Fields]:
    found = fields.listed("documentDigests")
    if found is None or not all(isinstance(one, Mapping) for one in found):
        raise malformed("documentDigests")
    return [Fields(one) for one in found]


def _wanted(entry: Fields, call: Call, key: SigningKey) -> list[_WantedObject]:
    if (entry.text("signature_format") or "C") not in _FORMATS:
        raise malformed("signature_format")
    stamped = _LEVELS.get(entry.text("conformance_level") or "Ades-B-B")
    if stamped is None or (stamped and call.parts.timestamps is None):
        raise malformed("conformance_level")
    _require_algorithm(entry, key)
    hashes = entry.hashes()
    if any(len(one) != HASH_LENGTHS[key.kind.hash_name] for one in hashes):
        raise malformed("hashes")
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
    if (fields.text("operationMode", longest=8) or "S") != "S":
        raise malformed("operationMode")


def _require_algorithm(fields: Fields, key: SigningKey) -> None:
    """The key's own algorithm and hash: no other was approved."""
    facts = FACTS[key.kind]
    if fields.needed("signAlgo", longest=64) not in facts.algorithms:
        raise malformed("signAlgo")
    own = hash_identifier(key.kind.hash_name)
    chosen = fields.text("hashAlgorithmOID", "hashAlgo", longest=64) or own
    if chosen != own:
        raise malformed("hashAlgorithmOID")
    parameters = fields.text("signAlgoParams")
    if parameters is not None and decoded(parameters, "signAlgoParams") != _NULL:
        raise malformed("signAlgoParams")
