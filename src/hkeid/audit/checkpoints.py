"""Signed checkpoints: what holds all chains together (law 5).

A checkpoint says where every writer's chain stood at one moment. It names the heads that moved since
the checkpoint before, a digest over *all* heads, and the digest of that earlier checkpoint, so that
the newest one commits to every record that any of them ever covered and its size depends on
activity, not on how many processes ever wrote. It travels as a compact JWS (RFC 7515) whose ``typ``
is its own (RFC 8725 §3.11): nothing else signed by hkeid can pass for one.

Whoever keeps a checkpoint's :func:`anchor` outside (a time-stamp, a witness, a newspaper) can later
tell that the whole trail, checkpoints and keys included, was written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hkeid import jose
from hkeid.audit.chain import GENESIS, ChainHead
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore

CHECKPOINT_TYP = "hkeid-audit-checkpoint+jwt"
"""``typ`` of a signed checkpoint."""

ALGORITHMS = frozenset({"ES256", "Ed25519"})
"""JWS algorithms a checkpoint may be signed with."""

_LIMIT = 16 * 1024 * 1024
_STATE_LABEL = b"hkeid-audit-state-1"
_MEMBERS = frozenset({"number", "at", "previous", "moved", "writers", "state"})
_LATEST = 253_402_300_799_999_999  # the last microsecond of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where all chains stood.

    :ivar number: 1, 2, 3 … without gaps.
    :ivar at: when it was made; never earlier than the one before.
    :ivar previous: :func:`anchor` of the checkpoint before, or ``GENESIS``.
    :ivar moved: heads that moved since the checkpoint before, sorted by writer.
    :ivar writers: how many writers there are in all.
    :ivar state: :func:`state_digest` of all heads.
    """

    number: int
    at: Instant
    previous: bytes
    moved: tuple[ChainHead, ...]
    writers: int
    state: bytes


def state_digest(heads: Mapping[str, ChainHead]) -> bytes:
    """SHA-256 over all heads in order of writer, each member with its length before it."""
    framed = hashlib.sha256(_STATE_LABEL + len(heads).to_bytes(8, "big"))
    for writer in sorted(heads):
        head = heads[writer]
        name = writer.encode("utf-8", "surrogatepass")
        framed.update(len(name).to_bytes(4, "big") + name)
        framed.update(head.sequence.to_bytes(8, "big") + head.digest)
    return framed.digest()


def anchor(signed: bytes) -> bytes:
    """SHA-256 of a signed checkpoint: the 32 bytes to keep outside."""
    return hashlib.sha256(signed).digest()


def sign_checkpoint(keys: KeyStore, checkpoint: Checkpoint) -> bytes:
    """Sign with the active ``AUDIT_CHECKPOINT`` key; compact JWS in ASCII.

    :raises hkeid.kernel.errors.ConfigurationError: ``audit_checkpoint_key_missing``.
    """
    algorithm = next(
        (
            key.algorithm
            for key in keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)
            if key.state is KeyState.ACTIVE and key.algorithm in ALGORITHMS
        ),
        None,
    )
    if algorithm is None:
        raise ConfigurationError("audit_checkpoint_key_missing", detail="no active signing key")
    claims: dict[str, Any] = {
        "number": checkpoint.number,
        "at": epoch_microseconds(checkpoint.at),
        "previous": base64url.encode(checkpoint.previous),
        "moved": [
            [head.writer, head.sequence, base64url.encode(head.digest)] for head in checkpoint.moved
        ],
        "writers": checkpoint.writers,
        "state": base64url.encode(checkpoint.state),
    }
    return jose.sign_jwt(
        keys, KeyPurpose.AUDIT_CHECKPOINT, claims, algorithm=algorithm, typ=CHECKPOINT_TYP
    ).encode("ascii")


def check_signature(signed: bytes, keys: Iterable[Mapping[str, Any]]) -> None:
    """Verify a checkpoint's signature under one of the public JWKs ``keys``.

    :raises hkeid.kernel.errors.Refused: ``jws_key_unknown`` when none of the keys is the one named,
        else ``checkpoint_forged``.
    """
    try:
        jose.verify_jwt(
            signed.decode("latin-1"),
            keys,
            algorithms=ALGORITHMS,
            typ=frozenset({CHECKPOINT_TYP}),
            limit=_LIMIT,
        )
    except (Refused, MalformedInput) as error:
        if error.reason == "jws_key_unknown":
            raise
        raise Refused("checkpoint_forged", detail=error.reason) from None


def read_checkpoint(signed: bytes) -> Checkpoint:
    """What a signed checkpoint says, its signature not looked at (see :func:`check_signature`).

    :raises hkeid.kernel.errors.MalformedInput: ``checkpoint_malformed``.
    """
    try:
        return _parse(signed.decode("latin-1"))
    except MalformedInput as error:
        raise MalformedInput("checkpoint_malformed", detail=error.reason) from None


def _parse(signed: str) -> Checkpoint:
    parts = signed.split(".")
    if len(parts) != 3 or len(signed) > _LIMIT:
        raise MalformedInput("jws_malformed")
    claims = canonical_json.loads_object(base64url.decode(parts[1]))
    if claims.keys() != _MEMBERS or not isinstance(claims["moved"], list):
        raise MalformedInput("members")
    moved = tuple(_head(item) for item in claims["moved"])
    if any(a.writer >= b.writer for a, b in pairwise(moved)):
        raise MalformedInput("heads_not_sorted")
    return Checkpoint(
        number=_count(claims["number"], lowest=1),
        at=from_epoch_microseconds(_count(claims["at"])),
        previous=_digest(claims["previous"]),
        moved=moved,
        writers=_count(claims["writers"]),
        state=_digest(claims["state"]),
    )


def _head(item: Any) -> ChainHead:
    match item:
        case [str(writer), sequence, digest] if writer:
            return ChainHead(writer, _count(sequence, lowest=1), _digest(digest))
    raise MalformedInput("head")


def _count(value: Any, *, lowest: int = 0) -> int:
    if type(value) is not int or not lowest <= value <= _LATEST:
        raise MalformedInput("number")
    return value


def _digest(value: Any) -> bytes:
    if not isinstance(value, str):
        raise MalformedInput("digest")
    digest = base64url.decode(value)
    if len(digest) != 32:
        raise MalformedInput("digest")
    return digest


@dataclass(slots=True)
class CheckpointFold:
    """Checkpoints read one after the other: the newest one's place and all heads it stands for.

    :ivar number: number of the newest, 0 before the first.
    :ivar digest: its :func:`anchor`.
    :ivar heads: every writer's head as of it.
    """

    number: int = 0
    digest: bytes = GENESIS
    at: Instant | None = None
    heads: dict[str, ChainHead] = field(default_factory=dict)

    def take(self, checkpoint: Checkpoint, digest: bytes) -> None:
        """Stand at ``checkpoint``, whose anchor is ``digest``."""
        self.number, self.digest, self.at = checkpoint.number, digest, checkpoint.at
        self.heads.update((head.writer, head) for head in checkpoint.moved)

    def next(self, heads: Iterable[ChainHead], now: Instant) -> Checkpoint:
        """The checkpoint that follows, given where all chains stand now.

        :raises hkeid.kernel.errors.Refused: ``audit_head_regressed`` or ``audit_writer_missing``:
            a chain is shorter than it was at the last checkpoint. Signing that would hide it.
        """
        current = {head.writer: head for head in heads}
        for writer, before in self.heads.items():
            after = current.get(writer)
            if after is None:
                raise Refused("audit_writer_missing", detail=writer)
            if after.sequence < before.sequence or (
                after.sequence == before.sequence and after.digest != before.digest
            ):
                raise Refused("audit_head_regressed", detail=f"{writer} {after.sequence}")
        moved = tuple(
            current[writer]
            for writer in sorted(current)
            if current[writer].sequence and current[writer] != self.heads.get(writer)
        )
        everything = {**self.heads, **{head.writer: head for head in moved}}
        return Checkpoint(
            number=self.number + 1,
            at=now if self.at is None else max(now, self.at),
            previous=self.digest,
            moved=moved,
            writers=len(everything),
            state=state_digest(everything),
        )
