"""PACE, the chip's half (Doc 9303-11 §4.4): generic, integrated and chip-authentication mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from hkeid.chip.domain_parameters import CurveParameters, ModpParameters
from hkeid.ports import Random
from hkeid.testing.der import oid_value, tlv
from hkeid.testing.virtual_card.apdu import Status, read_objects
from hkeid.testing.virtual_card.channel import Channel
from hkeid.testing.virtual_card.groups import Group, group_of
from hkeid.testing.virtual_card.points import Point
from hkeid.testing.virtual_card.symmetric import (
    Suite,
    derive,
    encrypt,
    mac,
    pad,
    same,
)

At = Callable[[Point, Any], Any]

ID_PACE = "0.4.0.127.0.7.2.2.4"

# Constants of the pseudo-random function (Doc 9303-11 §4.4.3.3.2) for 128-bit and longer keys.
_C0 = {
    16: "a668892a7c41e3ca739f40b057d85904",
    32: "d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676",
}
_C1 = {
    16: "a4e136ac725f738b01c1f60217c188ad",
    32: "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517",
}


class PasswordKind(IntEnum):
    """What the reader says it knows (object 83 of MSE:Set AT)."""

    MRZ = 1
    CAN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSetting:
    """One way to run PACE that the chip offers.

    :ivar mapping: ``gm``, ``im`` or ``cam``.
    """

    mapping: str
    suite: Suite
    domain: CurveParameters | ModpParameters

    @property
    def oid(self) -> str:
        """The protocol's object identifier."""
        elliptic = isinstance(self.domain, CurveParameters)
        arc = {("gm", False): 1, ("gm", True): 2, ("im", False): 3, ("im", True): 4}
        kind = 6 if self.mapping == "cam" else arc[self.mapping, elliptic]
        return f"{ID_PACE}.{kind}.{self.suite.value}"


def pseudo_random(suite: Suite, s: bytes, t: bytes, p: int) -> int:
    """``R_p(s, t)`` of integrated mapping."""
    width = 16 if len(s) == 16 else 32
    zero, one = bytes.fromhex(_C0[width]), bytes.fromhex(_C1[width])
    key = encrypt(suite, t, s)
    out = b""
    while len(out) * 8 < p.bit_length() + 64:
        key = key[: suite.key_bytes]
        out += encrypt(suite, key, one)
        key = encrypt(suite, key, zero)
    return int.from_bytes(out, "big") % p


@dataclass
class _Run:
    """What the steps of one run leave for the next."""

    setting: PaceSetting
    key: bytes = field(repr=False)
    kind: PasswordKind
    nonce: bytes = field(default=b"", repr=False)
    mapped: Group | None = None
    mapping_private: int = field(default=0, repr=False)
    own: bytes = b""
    peer: bytes = b""
    channel_keys: tuple[bytes, bytes] = field(default=(b"", b""), repr=False)
    step: int = 0


class Pace:
    """The protocol's state between commands.

    :param passwords: what the reader may know, by kind: the MRZ information's SHA-1, or the digits.
    :param chip_private: static key of chip-authentication mapping.
    :param patience: wrong passwords in a row after which the card waits for power to be cut.
    """

    def __init__(
        self,
        settings: tuple[PaceSetting, ...],
        passwords: Mapping[PasswordKind, bytes],
        random: Random,
        at: At,
        *,
        chip_private: int | None = None,
        patience: int = 5,
    ) -> None:
        self._settings = {one.oid: one for one in settings}
        self._passwords = passwords
        self._random = random
        self._at = at
        self._chip_private = chip_private
        self._patience = patience
        self.failures = 0
        self._run: _Run | None = None

    def forget(self) -> None:
        """Power was cut or the card was reset: no run is under way."""
        self._run = None

    def begin(self, body: bytes) -> None:
        """MSE:Set AT.

        :raises Status: 6A80 unknown protocol, 6A88 unknown password, 6983 suspended.
        """
        objects = dict(read_objects(body))
        by_value = {oid_value(name): one for name, one in self._settings.items()}
        setting = by_value.get(objects.get(0x80, b""))
        if setting is None:
            raise Status(0x6A80)
        named = objects.get(0x84)
        if named is not None and int.from_bytes(named, "big") != setting.domain.parameter_id:
            raise Status(0x6A88)
        try:
            kind = PasswordKind(int.from_bytes(objects.get(0x83, b""), "big"))
            password = self._passwords[kind]
        except (ValueError, KeyError):
            raise Status(0x6A88) from None
        if self.failures >= self._patience:
            raise Status(0x6983)
        self._run = _Run(setting=setting, key=derive(password, 3, setting.suite), kind=kind)

    def step(self, body: bytes) -> tuple[bytes, Channel | None]:
        """GENERAL AUTHENTICATE: answer, and at the end the channel that begins.

        :raises Status: 6985 out of order, 6A80 malformed or refused value, 6300 wrong password.
        """
        run = self._run
        if run is None:
            raise Status(0x6985)
        outer = read_objects(body)
        if len(outer) != 1 or outer[0][0] != 0x7C:
            raise Status(0x6A80)
        objects = read_objects(outer[0][1])
        steps = (self._nonce, self._map, self._agree, self._confirm)
        wanted = (None, 0x81, 0x83, 0x85)[run.step]
        if [tag for tag, _ in objects] != ([] if wanted is None else [wanted]):
            self._run = None
            raise Status(0x6A80)
        try:
            found = steps[run.step](run, objects[0][1] if objects else b"")
        except ValueError:
            self._run = None
            raise Status(0x6A80) from None
        run.step += 1
        answer = tlv(0x7C, *(tlv(tag, value) for tag, value in self._at(Point.PACE_OBJECTS, found)))
        if run.step < len(steps):
            return answer, None
        self._run = None
        suite = run.setting.suite
        return answer, Channel(suite, *run.channel_keys, bytes(suite.block), self._at)

    def _nonce(self, run: _Run, _value: bytes) -> list[tuple[int, bytes]]:
        suite = run.setting.suite
        run.nonce = self._random.token_bytes(24 if suite is Suite.AES192 else suite.key_bytes)
        if suite is Suite.AES192:
            # The nonce is a multiple of the block: 32 bytes for both longer keys.
            run.nonce += self._random.token_bytes(8)
        return [(0x80, self._at(Point.PACE_NONCE, encrypt(suite, run.key, run.nonce)))]

    def _map(self, run: _Run, value: bytes) -> list[tuple[int, bytes]]:
        group = group_of(run.setting.domain)
        if run.setting.mapping == "im":
            number = pseudo_random(run.setting.suite, run.nonce, value, run.setting.domain.p)
            run.mapped = group.integrated(number)
            return [(0x82, b"")]
        run.mapping_private = group.private_key(self._random)
        own = group.public_key(run.mapping_private)
        shared: Any = group.agree_point(run.mapping_private, value)
        run.mapped = group.mapped(run.nonce, shared)
        return [(0x82, self._at(Point.PACE_MAPPING_KEY, own))]

    def _agree(self, run: _Run, value: bytes) -> list[tuple[int, bytes]]:
        if run.mapped is None:
            raise Status(0x6985)
        private = run.mapped.private_key(self._random)
        honest = run.mapped.public_key(private)
        if value == honest:
            raise Status(0x6A80)
        run.own = self._at(Point.PACE_PUBLIC_KEY, honest)
        run.peer = value
        secret = run.mapped.agree(private, value)
        suite = run.setting.suite
        run.channel_keys = derive(secret, 1, suite), derive(secret, 2, suite)
        return [(0x84, run.own)]

    def _token(self, run: _Run, public: bytes) -> bytes:
        tag = 0x86 if isinstance(run.setting.domain, CurveParameters) else 0x84
        subject = tlv(0x7F49, tlv(0x06, oid_value(run.setting.oid)), tlv(tag, public))
        return mac(run.setting.suite, run.channel_keys[1], subject)

    def _confirm(self, run: _Run, value: bytes) -> list[tuple[int, bytes]]:
        if not same(self._token(run, run.own), value):
            self.failures += 1
            self._run = None
            raise Status(0x6300)
        self.failures = 0
        found = [(0x86, self._at(Point.PACE_TOKEN, self._token(run, run.peer)))]
        if run.setting.mapping == "cam":
            proof = self._at(Point.PACE_CHIP_PROOF, self._chip_proof(run))
            if proof is not None:
                found.append((0x8A, proof))
        return found

    def _chip_proof(self, run: _Run) -> bytes:
        """``CA_IC = SK_IC⁻¹ · SK_map,IC mod n``, encrypted (Doc 9303-11 §4.4.3.5)."""
        domain = run.setting.domain
        if self._chip_private is None or not isinstance(domain, CurveParameters):
            raise Status(0x6A80)
        suite, key = run.setting.suite, run.channel_keys[0]
        quotient = pow(self._chip_private, -1, domain.n) * run.mapping_private % domain.n
        proof = pad(quotient.to_bytes(domain.order_bytes, "big"), suite.block)
        iv = encrypt(suite, key, b"\xff" * suite.block)
        return encrypt(suite, key, proof, iv)


def mrz_password(mrz_information: bytes) -> bytes:
    """``K`` of the MRZ: the whole SHA-1."""
    return hashlib.sha1(mrz_information, usedforsecurity=False).digest()
