"""Password Authenticated Connection Establishment (Doc 9303-11 §4.4), the terminal's side.

Generic, integrated and chip authentication mapping, on curves and on classic groups.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hkeid.chip import tlv
from hkeid.chip.access import AccessKey
from hkeid.chip.apdu import Command, Response, status_text
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ModpGroup, standardised_group
from hkeid.chip.integrated_mapping import mapped_group
from hkeid.chip.kdf import (
    CipherName,
    KeyUse,
    SessionKeys,
    decrypt_cbc,
    derive_key,
    encrypt_block,
    mac,
    pad,
    session_keys,
    unpad,
)
from hkeid.chip.object_identifiers import encode_oid
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.chip.security_infos import Mapping, PaceInfo
from hkeid.chip.session import CardSession
from hkeid.ports.surroundings import Random

AnyGroup = CurveGroup | ModpGroup

_DYNAMIC = 0x7C
_PREFERENCE = (Mapping.CHIP_AUTHENTICATION, Mapping.GENERIC, Mapping.INTEGRATED)
_STRENGTH = (CipherName.AES_256, CipherName.AES_192, CipherName.AES_128, CipherName.TRIPLE_DES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOutcome:
    """What PACE leads to.

    :ivar mapping_key: the card's public key of the mapping, for the chip authentication mapping.
    :ivar card_key: the card's ephemeral public key, the document's identifier in terminal
        authentication (compressed).
    :ivar mapping_data: ``CA_IC``, deciphered; None unless the mapping is that one.
    """

    channel: SecureChannel
    info: PaceInfo
    mapping_key: bytes
    card_key: bytes
    mapping_data: bytes | None = field(default=None, repr=False)


def choose_pace(offered: Iterable[PaceInfo]) -> tuple[PaceInfo, AnyGroup] | None:
    """The way to take: it proves the chip if one does, then the strongest cipher, curves first.

    :return: None where nothing offered can be done here.
    """
    usable = []
    for info in offered:
        group = None if info.parameter_id is None else standardised_group(info.parameter_id)
        fits = group is not None and group.elliptic == info.elliptic and info.version == 2
        if group is not None and fits and not _unmappable(info, group):
            usable.append((info, group))
    return min(usable, key=lambda pair: _rank(pair[0]), default=None)


def _unmappable(info: PaceInfo, group: AnyGroup) -> bool:
    """The point encoding of the integrated mapping needs p = 3 modulo 4."""
    return (
        info.mapping is Mapping.INTEGRATED
        and isinstance(group, CurveGroup)
        and group.parameters.p % 4 != 3
    )


def _rank(info: PaceInfo) -> tuple[int, int, int, int]:
    proves = 0 if info.mapping is Mapping.CHIP_AUTHENTICATION else 1
    return (
        proves,
        _STRENGTH.index(info.cipher),
        0 if info.elliptic else 1,
        _PREFERENCE.index(info.mapping),
    )


def run_pace(
    session: CardSession,
    info: PaceInfo,
    group: AnyGroup,
    key: AccessKey,
    random: Random,
    *,
    ambiguous: bool = False,
    draw: Callable[[AnyGroup], int] | None = None,
) -> PaceOutcome:
    """Run PACE.

    :param ambiguous: the card offers several sets of parameters, so ours is named (tag 84, §4.4.4.1).
    :param draw: gives ephemeral private keys in order, instead of ``random``.
    :raises CardMalformed: ``pace_answer_malformed``, ``pace_point_invalid``.
    :raises CardRefused: ``pace_refused``, ``access_key_wrong``, ``access_key_blocked``,
        ``pace_key_repeated``, ``pace_token_wrong``, ``mapping_data_missing``.
    """
    run = _Run(session, info, group, key, random, draw or (lambda one: one.draw(random)))
    try:
        return run.through(ambiguous=ambiguous)
    except InvalidPublicKey:
        raise CardMalformed(FindingCode.PACE_POINT_INVALID) from None


def authentication_token(keys: SessionKeys, oid: str, public: bytes, *, elliptic: bool) -> bytes:
    """The token over a public key (§4.4.3.4): a MAC over ``7F49 { 06 identifier, 86|84 key }``."""
    data = tlv.encode(
        0x7F49, tlv.encode(0x06, encode_oid(oid)), tlv.encode(0x86 if elliptic else 0x84, public)
    )
    padded = pad(data, 8) if keys.cipher is CipherName.TRIPLE_DES else data
    return mac(keys.cipher, keys.mac, padded)


def decipher_nonce(key: AccessKey, cipher: CipherName, data: bytes) -> bytes:
    """``s`` out of the card's first answer (§4.4.3.2)."""
    password = derive_key(key.secret(), KeyUse.PASSWORD, cipher)
    return decrypt_cbc(cipher, password, bytes(cipher.block_bytes), data)


class _Run:
    """The four exchanges of one run."""

    def __init__(
        self,
        session: CardSession,
        info: PaceInfo,
        group: AnyGroup,
        key: AccessKey,
        random: Random,
        draw: Callable[[AnyGroup], int],
    ) -> None:
        self.session, self.info, self.group, self.key = session, info, group, key
        self.random, self.draw = random, draw

    def through(self, *, ambiguous: bool) -> PaceOutcome:
        self._set(ambiguous=ambiguous)
        nonce = self._nonce()
        mapped, mapping_key = self._map(nonce)
        private = self.draw(mapped)
        public = mapped.public(private)
        theirs = self._ask(0x83, public, 0x84)
        if hmac.compare_digest(theirs, public):
            raise CardRefused(FindingCode.PACE_KEY_REPEATED)
        keys = session_keys(mapped.shared(private, theirs), self.info.cipher)
        data = self._authenticate(keys, ours=public, theirs=theirs)
        return PaceOutcome(
            channel=SecureChannel(keys),
            info=self.info,
            mapping_key=mapping_key,
            card_key=mapped.compressed(theirs),
            mapping_data=data,
        )

    def _set(self, *, ambiguous: bool) -> None:
        """MSE:Set AT. A 63Cx warns of few tries left and goes on."""
        data = tlv.encode(0x80, encode_oid(self.info.oid))
        data += tlv.encode(0x83, bytes((self.key.reference,)))
        if ambiguous and self.info.parameter_id is not None:
            data += tlv.encode(0x84, bytes((self.info.parameter_id,)))
        answer = self.session.send(Command(ins=0x22, p1=0xC1, p2=0xA4, data=data))
        if not answer.ok and not answer.tries_left:
            blocked = answer.tries_left == 0 or answer.status == 0x6983
            code = FindingCode.ACCESS_KEY_BLOCKED if blocked else FindingCode.PACE_REFUSED
            raise CardRefused(code, detail=status_text(answer.status))

    def _nonce(self) -> bytes:
        data = self._ask(None, b"", 0x80)
        shortest = self.info.cipher.key_bytes if self.info.mapping is Mapping.INTEGRATED else 16
        if len(data) % 16 or not shortest <= len(data) <= 64:
            raise CardMalformed(FindingCode.PACE_ANSWER_MALFORMED, detail="length of nonce")
        return decipher_nonce(self.key, self.info.cipher, data)

    def _map(self, nonce: bytes) -> tuple[AnyGroup, bytes]:
        """The group with its new generator, and the card's public key of the mapping."""
        if self.info.mapping is Mapping.INTEGRATED:
            other = self.random.token_bytes(self.info.cipher.key_bytes)
            self._ask(0x81, other, 0x82, empty=True)
            return mapped_group(self.group, self.info.cipher, nonce, other), b""
        private = self.draw(self.group)
        public = self.group.public(private)
        theirs = self._ask(0x81, public, 0x82)
        if hmac.compare_digest(theirs, public):
            raise CardRefused(FindingCode.PACE_KEY_REPEATED)
        return self.group.mapped(nonce, private, theirs), theirs

    def _authenticate(self, keys: SessionKeys, *, ours: bytes, theirs: bytes) -> bytes | None:
        """Exchange tokens; the deciphered chip authentication data, if there is any."""
        elliptic, oid = self.info.elliptic, self.info.oid
        token = authentication_token(keys, oid, theirs, elliptic=elliptic)
        answer = self.session.send(_general(0x85, token, last=True))
        objects = _dynamic_data(_believed(answer))
        given = objects.get(0x86, b"")
        if len(given) != 8:
            raise CardMalformed(FindingCode.PACE_ANSWER_MALFORMED, detail="token")
        expected = authentication_token(keys, oid, ours, elliptic=elliptic)
        if not hmac.compare_digest(given, expected):
            raise CardRefused(FindingCode.PACE_TOKEN_WRONG)
        if self.info.mapping is not Mapping.CHIP_AUTHENTICATION:
            return None
        if 0x8A not in objects:
            raise CardRefused(FindingCode.MAPPING_DATA_MISSING)
        return decipher_mapping_data(keys, objects[0x8A])

    def _ask(self, tag: int | None, value: bytes, wanted: int, *, empty: bool = False) -> bytes:
        """GENERAL AUTHENTICATE with one data object, and the one wanted back."""
        answer = self.session.send(_general(tag, value))
        if not answer.ok:
            raise CardRefused(FindingCode.PACE_REFUSED, detail=status_text(answer.status))
        objects = _dynamic_data(answer.data)
        found = objects.get(wanted, b"" if empty else None)
        if found is None or (empty and found):
            raise CardMalformed(FindingCode.PACE_ANSWER_MALFORMED, detail=f"{wanted:02X}")
        return found


def decipher_mapping_data(keys: SessionKeys, data: bytes) -> bytes:
    """``CA_IC`` (§4.4.3.5.2).

    :raises CardMalformed: ``mapping_data_malformed``.
    """
    block = keys.cipher.block_bytes
    if not data or len(data) % block:
        raise CardMalformed(FindingCode.MAPPING_DATA_MALFORMED)
    iv = encrypt_block(keys.cipher, keys.encryption, b"\xff" * block)
    plain = unpad(decrypt_cbc(keys.cipher, keys.encryption, iv, data), block)
    if not plain:
        raise CardMalformed(FindingCode.MAPPING_DATA_MALFORMED)
    return plain


def _general(tag: int | None, value: bytes, *, last: bool = False) -> Command:
    """GENERAL AUTHENTICATE; all but the last are chained (§4.4.4.2)."""
    body = b"" if tag is None else tlv.encode(tag, value)
    return Command(
        cla=0 if last else 0x10,
        ins=0x86,
        data=tlv.encode(_DYNAMIC, body),
        expect=256 if len(body) < 250 else 65_536,
    )


def _believed(answer: Response) -> bytes:
    """The card refuses a token that a wrong password led to: 6300, or 63Cx with the tries left."""
    if answer.ok:
        return answer.data
    left = answer.tries_left
    if answer.status == 0x6983 or left == 0:
        raise CardRefused(FindingCode.ACCESS_KEY_BLOCKED, detail=status_text(answer.status))
    raise CardRefused(FindingCode.ACCESS_KEY_WRONG, detail=status_text(answer.status))


def _dynamic_data(data: bytes) -> dict[int, bytes]:
    """The objects inside ``7C``, each once."""
    try:
        children = tlv.parse_one(data, _DYNAMIC).children()
    except CardMalformed as error:
        raise CardMalformed(FindingCode.PACE_ANSWER_MALFORMED, detail=error.reason) from None
    objects = {child.tag: child.value for child in children}
    if len(objects) != len(children):
        raise CardMalformed(FindingCode.PACE_ANSWER_MALFORMED, detail="repeated object")
    return objects
