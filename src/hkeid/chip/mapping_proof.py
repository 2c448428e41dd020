"""The chip authentication mapping of PACE (Doc 9303-11 §4.4.3.5): the mapping key proves the chip."""

from __future__ import annotations

import hmac

from hkeid.chip.chip_authentication import chip_key
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, InvalidPublicKey
from hkeid.chip.pace import PaceOutcome
from hkeid.chip.proofs import ChipProof, ProofKind
from hkeid.chip.security_infos import ChipPublicKey


def make_mapping_proof(outcome: PaceOutcome) -> ChipProof | None:
    """The transcript of a run with this mapping, or None after another."""
    if outcome.mapping_data is None:
        return None
    return ChipProof(
        kind=ProofKind.CAM,
        algorithm=outcome.info.oid,
        parts={"mapping_key": outcome.mapping_key, "mapping_data": outcome.mapping_data},
    )


def check_mapping_proof(keys: tuple[ChipPublicKey, ...], proof: ChipProof) -> FindingCode | None:
    """``CA_IC · PK_IC`` must be the mapping key, for one of the chip's signed keys; None where it is."""
    parts = proof.parts
    if set(parts) != {"mapping_key", "mapping_data"}:
        return FindingCode.CHIP_PROOF_MALFORMED
    factor, wanted = int.from_bytes(parts["mapping_data"][:1024], "big"), parts["mapping_key"]
    trouble = FindingCode.CHIP_PROOF_WITHOUT_KEY
    for listed in keys:
        if not listed.elliptic:
            continue
        try:
            key = chip_key(listed)
        except (CardMalformed, CardRefused) as error:
            trouble = error.code
            continue
        group = key.group
        if not isinstance(group, CurveGroup) or len(wanted) != len(key.public):
            continue
        if not 1 < factor < group.parameters.n:
            return FindingCode.MAPPING_DATA_MALFORMED
        try:
            product = group.multiply(factor, key.public)
        except InvalidPublicKey:
            product = b""
        if hmac.compare_digest(product, wanted):
            return None
        trouble = FindingCode.MAPPING_DATA_WRONG
    return trouble
