"""Chip authentication (Doc 9303-11 §6.2): the chip shows by a new session that it holds a key.

Version 1 as passports have it. Of version 2 (TR-03110-2 §3.4: nonce and token) the parts are here as
well. A transcript convinces whoever trusts the holder of the ephemeral key: see
:mod:`hkeid.chip.proofs`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from hkeid.chip import tlv
from hkeid.chip.apdu import Command, parse_response
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ModpGroup
from hkeid.chip.kdf import CipherName, session_keys
from hkeid.chip.object_identifiers import encode_oid
from hkeid.chip.pace import authentication_token
from hkeid.chip.proofs import ChipProof, ProofKind
from hkeid.chip.public_keys import AgreementKey, MalformedKey, UnsupportedKey, parse_public_key
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.chip.security_infos import ChipAuthenticationInfo, ChipPublicKey, SecurityInfos
from hkeid.chip.session import CardSession, Exchange
from hkeid.ports.surroundings import Random

_STRENGTH = (CipherName.AES_256, CipherName.AES_192, CipherName.AES_128, CipherName.TRIPLE_DES)


@dataclass(frozen=True, slots=True)
class ChipWay:
    """One way of chip authentication with the chip's key for it."""

    info: ChipAuthenticationInfo
    key: AgreementKey


@dataclass(frozen=True, slots=True)
class ChipSession:
    """A run of chip authentication: what its transcript is made of."""

    way: ChipWay
    private: int
    public: bytes


def chip_key(key: ChipPublicKey) -> AgreementKey:
    """The key of a ``ChipAuthenticationPublicKeyInfo``.

    :raises CardMalformed: ``chip_key_malformed``, ``chip_key_invalid``.
    :raises CardRefused: ``chip_key_unsupported``.
    """
    try:
        found = parse_public_key(key.key_info)
    except MalformedKey as error:
        invalid = error.reason == "public_key_invalid"
        code = FindingCode.CHIP_KEY_INVALID if invalid else FindingCode.CHIP_KEY_MALFORMED
        raise CardMalformed(code, detail=error.detail) from None
    except UnsupportedKey as error:
        raise CardRefused(FindingCode.CHIP_KEY_UNSUPPORTED, detail=error.detail) from None
    if not isinstance(found, AgreementKey) or found.group.elliptic != key.elliptic:
        raise CardMalformed(FindingCode.CHIP_KEY_MALFORMED, detail="kind of key")
    return found


def ranked_ways(infos: SecurityInfos) -> list[ChipAuthenticationInfo]:
    """Every way that is offered, the strongest first, curves before classic groups."""
    return sorted(infos.ways(), key=lambda way: (_STRENGTH.index(way.cipher), not way.elliptic))


def choose_chip_way(infos: SecurityInfos) -> ChipWay | None:
    """The strongest way that DG14 offers and that can be done here; None where it offers none.

    :raises CardMalformed: ``chip_key_malformed``, ``chip_key_invalid``.
    :raises CardRefused: ``chip_key_unsupported``: it offers some, none of which can be done.
    """
    ways = [way for way in ranked_ways(infos) if way.version == 1]
    if not ways:
        if infos.ways():
            raise CardRefused(FindingCode.CHIP_KEY_UNSUPPORTED, detail="version")
        return None
    trouble: CardRefused | CardMalformed | None = None
    for way in ways:
        listed = infos.key_of(way)
        if listed is None:
            trouble = trouble or CardMalformed(FindingCode.CHIP_KEY_MALFORMED, detail="no key")
            continue
        try:
            return ChipWay(way, chip_key(listed))
        except (CardRefused, CardMalformed) as error:
            trouble = trouble or error
    raise trouble or CardRefused(FindingCode.CHIP_KEY_UNSUPPORTED)


def run_chip_authentication(session: CardSession, way: ChipWay, random: Random) -> ChipSession:
    """Send an ephemeral key and open the new session; the next answer proves the chip (§6.2.3).

    :raises CardRefused: ``chip_refused``, ``chip_key_invalid``.
    """
    group = way.key.group
    private = group.draw(random)
    public = group.public(private)
    if way.info.cipher is CipherName.TRIPLE_DES:
        session.demand(_set_kat(way.info, public), FindingCode.CHIP_REFUSED)
    else:
        session.demand(_set_at(way.info), FindingCode.CHIP_REFUSED)
        body = tlv.encode(0x7C, tlv.encode(0x80, public))
        command = Command(ins=0x86, data=body, expect=256 if len(body) < 250 else 65_536)
        session.demand(command, FindingCode.CHIP_REFUSED)
    channel = _channel(way, private)
    session.open(channel)
    return ChipSession(way, private, public)


def _channel(way: ChipWay, private: int) -> SecureChannel:
    try:
        secret = way.key.group.shared(private, way.key.public)
    except InvalidPublicKey:
        raise CardMalformed(FindingCode.CHIP_KEY_INVALID) from None
    return SecureChannel(session_keys(secret, way.info.cipher))


def _key_reference(info: ChipAuthenticationInfo) -> bytes:
    if info.key_id is None:
        return b""
    width = max(1, (info.key_id.bit_length() + 7) // 8)
    return tlv.encode(0x84, info.key_id.to_bytes(width, "big"))


def _set_kat(info: ChipAuthenticationInfo, public: bytes) -> Command:
    """MSE:Set KAT (§6.2.4.2, 3DES only)."""
    data = tlv.encode(0x91, public) + _key_reference(info)
    return Command(ins=0x22, p1=0x41, p2=0xA6, data=data)


def _set_at(info: ChipAuthenticationInfo) -> Command:
    """MSE:Set AT (§6.2.4.1)."""
    data = tlv.encode(0x80, encode_oid(info.oid)) + _key_reference(info)
    return Command(ins=0x22, p1=0x41, p2=0xA4, data=data)


def make_proof(run: ChipSession, first: Exchange) -> ChipProof:
    """The transcript: our ephemeral key and the first exchange under the new session."""
    width = max(1, (run.private.bit_length() + 7) // 8)
    return ChipProof(
        kind=ProofKind.CHIP,
        algorithm=run.way.info.oid,
        parts={
            "ephemeral": run.private.to_bytes(width, "big"),
            "chip_key": run.way.key.public,
            "command": first.command,
            "answer": first.answer,
        },
    )


def check_proof(infos: SecurityInfos, proof: ChipProof) -> FindingCode | None:
    """Verify a transcript against the keys of a signed DG14; None where it holds."""
    parts: Mapping[str, bytes] = proof.parts
    if set(parts) != {"ephemeral", "chip_key", "command", "answer"} or not parts["ephemeral"]:
        return FindingCode.CHIP_PROOF_MALFORMED
    if len(parts["ephemeral"]) > 1024:
        return FindingCode.CHIP_PROOF_MALFORMED
    way = next((way for way in infos.ways() if way.oid == proof.algorithm), None)
    try:
        for key in infos.chip_keys:
            found = chip_key(key) if way is not None and key.elliptic == way.elliptic else None
            if way is not None and found is not None and found.public == parts["chip_key"]:
                return _replay(ChipWay(way, found), parts)
    except (CardMalformed, CardRefused) as error:
        return error.code
    return FindingCode.CHIP_PROOF_WITHOUT_KEY


def _replay(way: ChipWay, parts: Mapping[str, bytes]) -> FindingCode | None:
    """The answer must open under keys that only the chip and the terminal could have."""
    private = int.from_bytes(parts["ephemeral"], "big")
    order = _order(way.key.group)
    if not 1 < private < order:
        return FindingCode.CHIP_PROOF_MALFORMED
    channel = _channel(way, private)
    channel.protect(Command(ins=0xB0, expect=1))  # steps the counter as the command did
    try:
        channel.unprotect(parse_response(parts["answer"]))
    except (CardMalformed, CardRefused):
        return FindingCode.CHIP_SESSION_WRONG
    return None


def _order(group: CurveGroup | ModpGroup) -> int:
    return group.parameters.n if isinstance(group, CurveGroup) else group.parameters.q


def second_version_token(
    secret: bytes, cipher: CipherName, nonce: bytes, oid: str, public: bytes, *, elliptic: bool
) -> bytes:
    """The token that the chip sends in version 2 over the terminal's key (TR-03110-2 §3.4.1)."""
    keys = session_keys(secret, cipher, nonce=nonce)
    return authentication_token(keys, oid, public, elliptic=elliptic)


def second_version_channel(
    secret: bytes,
    cipher: CipherName,
    nonce: bytes,
    oid: str,
    public: bytes,
    token: bytes,
    *,
    elliptic: bool,
) -> SecureChannel:
    """The session of version 2, once the chip's token is right.

    :raises CardRefused: ``chip_session_wrong``.
    """
    expected = second_version_token(secret, cipher, nonce, oid, public, elliptic=elliptic)
    if not hmac.compare_digest(expected, token):
        raise CardRefused(FindingCode.CHIP_SESSION_WRONG)
    return SecureChannel(session_keys(secret, cipher, nonce=nonce))
