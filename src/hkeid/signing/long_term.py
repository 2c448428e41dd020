"""From a time-stamped signature to B-LT and B-LTA (ETSI EN 319 142-1 §6.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationSource, ValidationMaterial
from hkeid.ports.pdf import PdfEngine, PdfParts
from hkeid.ports.timestamps import TimestampAuthority
from hkeid.signing.cms import token_chain
from hkeid.signing.credentials import SignerIdentity
from hkeid.signing.gap import covered, filled
from hkeid.signing.levels import Level

_HASH = "sha256"


def long_term_updates(
    parts: PdfParts,
    *,
    level: Level,
    signer: SignerIdentity,
    token: bytes,
    engine: PdfEngine,
    revocation: RevocationSource,
    authority: TimestampAuthority,
    timestamp_room: int,
    at: Instant,
) -> tuple[bytes, ...]:
    """The updates after the one with the signature.

    :param token: the signature time-stamp; its own chain gets material too.
    :raises hkeid.kernel.errors.HkeidError: what source, authority and engine raise.
    """
    material = material_for((signer.certificate, *signer.chain), token, revocation, at)
    if level is Level.B_LT:
        return (engine.add_material(parts, material),)
    update = engine.prepare_timestamp(parts, material, timestamp_room)
    state = hashlib.new(_HASH)
    for part in covered(parts, update):
        state.update(part)
    return (filled(update, authority.stamp(state.digest(), hash_name=_HASH)),)


def material_for(
    chain: Sequence[bytes], token: bytes, revocation: RevocationSource, at: Instant
) -> ValidationMaterial:
    """Material for the signer's chain and the time-stamp authority's, each thing once; the chains
    themselves belong to it.
    """
    stamping = token_chain(token)
    found = [revocation.material(one, at) for one in (tuple(chain), stamping) if one]
    return ValidationMaterial.joined(ValidationMaterial(certificates=(*chain, *stamping)), *found)
