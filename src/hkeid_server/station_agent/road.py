"""A mobile team on the road: a shift taken along, a queue of sealed readings, the upload at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from hkeid.chip import AccessKey, CardProfile, ReadingRules, read_document
from hkeid.enrolment.upgrade import active_challenge, signed_message
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.enrolment.upgrade.offline import reading_name
from hkeid.enrolment.upgrade.sealed_reading import seal
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, Expired, Refused
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.ports import CardReader, Clock, Random
from hkeid_server.station_agent.channel import StationChannel
from hkeid_server.station_agent.folder import StationFolder

SHIFT = "shift.json"
QUEUE = "queue"
REFUSED = "queue/refused"
_DONE = frozenset({"upload_replayed"})


class Road:
    """Reads cards without a network. What is in the queue nobody on the road can open."""

    def __init__(
        self,
        folder: StationFolder,
        *,
        clock: Clock,
        random: Random,
        profile: CardProfile,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._random = random
        self._profile = profile

    def begin(self, channel: StationChannel) -> dict[str, Any]:
        """Take a new shift along; the queue must be empty.

        :raises ConfigurationError: ``queue_not_empty``.
        """
        if self.waiting():
            raise ConfigurationError("queue_not_empty", detail="run: hkeid station upload")
        shift = channel.post("/station/shift")
        self._folder.keep(SHIFT, canonical_json.dumps(shift))
        return shift

    def read(self, reader: CardReader, access: AccessKey, *, same: bool, timeout: float) -> Path:
        """Read a card and queue what it said, sealed and signed; the file.

        :param same: the officer of the team compared face and portrait: the same person.
        :raises Expired: ``shift_expired``.
        :raises hkeid.kernel.errors.HkeidError: the card, by its finding.
        """
        from hkeid.adapters.station_ca import sign

        shift = self._shift()
        if self._clock.now() >= from_epoch_seconds(shift["expires_at"]):
            raise Expired("shift_expired")
        sequence = int(shift["sequence"]) + 1
        nonce = base64url.decode(shift["nonce"])
        name = reading_name(shift["shift"], sequence)
        with reader.connect(timeout=timeout) as connection:
            document = read_document(
                connection,
                access,
                profile=self._profile,
                random=self._random,
                read_at=self._clock.now(),
                rules=ReadingRules(challenge=active_challenge(nonce, name)),
            )
        content = {"document": dumps(document).decode("utf-8"), "same": "yes" if same else "no"}
        sealed = seal(
            canonical_json.dumps(content),
            base64url.decode(shift["public_key"]),
            place=name.encode(),
            random=self._random,
        )
        signature = sign(self._folder.key(), signed_message(nonce, name, sealed))
        body = {
            "shift": shift["shift"],
            "sequence": str(sequence),
            "sealed": base64url.encode(sealed),
            "signature": base64url.encode(signature),
        }
        # The number is spent first: a crash in between loses a reading, never a number's uniqueness.
        self._folder.keep(SHIFT, canonical_json.dumps({**shift, "sequence": sequence}))
        return self._folder.keep(f"{QUEUE}/{sequence:07d}.json", canonical_json.dumps(body))

    def waiting(self) -> tuple[Path, ...]:
        """Readings that are not uploaded, oldest first."""
        return tuple(sorted((self._folder.path / QUEUE).glob("*.json")))

    def upload(self, channel: StationChannel) -> list[Mapping[str, Any]]:
        """Bring the queue, in order. What the server has is removed; what it turned away is kept in
        :data:`REFUSED`, for whoever looks into it, and its answer has the file's name as ``kept``.

        :raises hkeid.kernel.errors.Unavailable: the rest stays in the queue.
        """
        answers: list[Mapping[str, Any]] = []
        for file in self.waiting():
            try:
                answers.append(channel.post("/station/upload", json.loads(file.read_bytes())))
            except Refused as error:
                if error.reason.startswith(("station_", "certificate_")):
                    raise
                if error.reason not in _DONE:
                    kept = self._set_aside(file)
                    answers.append(
                        {"step": "turned away", "reason": error.reason, "kept": str(kept)}
                    )
                    continue
            file.unlink()
        return answers

    def _set_aside(self, file: Path) -> Path:
        """Out of the queue, never over another one: numbers begin anew with each shift."""
        folder = self._folder.path / REFUSED
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = folder / file.name
        for turn in count(2):
            if not place.exists():
                break
            place = folder / f"{file.stem}-{turn}{file.suffix}"
        return file.rename(place)

    def _shift(self) -> dict[str, Any]:
        try:
            return canonical_json.loads_object((self._folder.path / SHIFT).read_bytes())
        except OSError:
            raise ConfigurationError("shift_missing", detail="run: hkeid station shift") from None
