"""Making checkpoints, periodically and from any number of processes."""

from __future__ import annotations

from hkeid.audit.checkpoints import (
    CheckpointFold,
    anchor,
    check_signature,
    read_checkpoint,
    sign_checkpoint,
)
from hkeid.audit.reading import TrailStore, stored_checkpoints
from hkeid.audit.records import StoredCheckpoint
from hkeid.kernel.errors import Refused
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.surroundings import Clock


class Checkpointer:
    """Makes the next checkpoint when asked to.

    The first call reads the checkpoints there are; later ones only those added since by others.
    """

    def __init__(self, store: TrailStore, keys: KeyStore, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._fold = CheckpointFold()

    def make(self) -> StoredCheckpoint | None:
        """Sign where all chains stand and keep it; None when another process was faster.

        A checkpoint is made even when nothing moved: it shows that nothing was written until then.
        Reading, signing and keeping are three steps, so that a slow signing device holds no lock;
        a kill between them leaves nothing behind.

        :raises hkeid.kernel.errors.Refused: ``audit_head_regressed``, ``audit_writer_missing``,
            ``audit_checkpoint_missing``, ``checkpoint_forged``: what is stored no longer agrees with
            what was signed. Run the verification; nothing was signed.
        :raises hkeid.kernel.errors.ConfigurationError: ``audit_checkpoint_key_missing``.
        """
        self._catch_up()
        with self._store.reading() as tx:
            heads = tx.audit_records.heads()
        checkpoint = self._fold.next(heads, self._clock.now())
        signed = sign_checkpoint(self._keys, checkpoint)
        with self._store.transaction() as tx:
            if not tx.audit_records.put_checkpoint(checkpoint.number, checkpoint.at, signed):
                return None
        self._fold.take(checkpoint, anchor(signed))
        return StoredCheckpoint(number=checkpoint.number, at=checkpoint.at, signed=signed)

    def _catch_up(self) -> None:
        newest = None
        # The newest one seen before is read again: it must still be what it was.
        for stored in stored_checkpoints(self._store, max(self._fold.number - 1, 0)):
            newest = stored
            if stored.number == self._fold.number:
                if anchor(stored.signed) != self._fold.digest:
                    raise Refused("checkpoint_forged", detail=f"number {stored.number}")
                continue
            checkpoint = read_checkpoint(stored.signed)
            if (checkpoint.number, checkpoint.previous) != (
                self._fold.number + 1,
                self._fold.digest,
            ):
                raise Refused("audit_checkpoint_missing", detail=f"before {checkpoint.number}")
            self._fold.take(checkpoint, anchor(stored.signed))
        if newest is not None:
            self._check_newest(newest)
        elif self._fold.number:
            raise Refused("audit_checkpoint_missing", detail=f"number {self._fold.number}")

    def _check_newest(self, newest: StoredCheckpoint) -> None:
        keys = [key.public_jwk for key in self._keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)]
        try:
            check_signature(newest.signed, keys)
        except Refused as error:
            # A key that was retired since is no forgery; the verification settles that one.
            if error.reason != "jws_key_unknown":
                raise
