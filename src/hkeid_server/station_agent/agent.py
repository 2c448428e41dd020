"""What the station's program does: enrol, open its browser, read cards when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.chip import (
    AccessKey,
    CardAccessNumber,
    CardProfile,
    ReadingProgress,
    ReadingRules,
    finding_of,
    read_document,
)
from hkeid.chip.document import ChipDocument
from hkeid.enrolment.upgrade import signed_message
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.ports import CardReader, Clock, Random
from hkeid_server.station_agent.channel import StationChannel
from hkeid_server.station_agent.folder import StationFolder

AccessSource = Callable[[], AccessKey | None]
"""Gives the key printed on the card where the station can see it (an optical reader)."""

_RENEW_BEFORE = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A card to be read: what the server said."""

    upgrade: str
    nonce: bytes
    challenge: bytes
    access: AccessKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTicket:
    """What opens the station's browser.

    :ivar url: address to open: good once, for two minutes.
    :ivar seat_lifetime: how long the browser counts as the station's, once opened.
    """

    url: str = field(repr=False)
    seat_lifetime: timedelta


class StationAgent:
    """One station.

    :param profile: what kind of card is read.
    :param seen: the key printed on the card, as the station's own optics see it.
    :param progress: told how far a reading has come.
    """

    def __init__(
        self,
        channel: StationChannel,
        folder: StationFolder,
        *,
        clock: Clock,
        random: Random,
        profile: CardProfile,
        seen: AccessSource | None = None,
        progress: Callable[[ReadingProgress], None] | None = None,
    ) -> None:
        self._channel = channel
        self._folder = folder
        self._clock = clock
        self._random = random
        self._profile = profile
        self._seen = seen
        self._progress = progress
        self._known_blocks: dict[bytes, int] = {}

    def enrol(self, code: str, *, server: str) -> dict[str, Any]:
        """Make a key, have it certified, keep everything; what the server calls this station."""
        from hkeid.adapters.station_ca import make_request

        body = {"code": code, "csr": make_request(self._folder.key())}
        made = self._channel.post("/station/enrol", body)
        self._folder.keep_certificate(made["certificate"], made["chain"])
        self._folder.keep_settings(
            {"server": server, **{name: made[name] for name in ("station", "name", "mode")}}
        )
        return made

    def hello(self) -> dict[str, Any]:
        """Who the server takes this station for."""
        return self._channel.post("/station/hello")

    def renew_if_due(self) -> bool:
        """A new certificate when the present one runs out soon; whether there is one."""
        from hkeid.adapters.station_ca import make_request

        ends = self.hello()["certificate_ends"]
        if ends is None or from_epoch_seconds(ends) - self._clock.now() > _RENEW_BEFORE:
            return False
        made = self._channel.post("/station/renew", {"csr": make_request(self._folder.key())})
        self._folder.keep_certificate(made["certificate"], made["chain"])
        return True

    def ticket(self) -> SeatTicket:
        """A ticket for the station's browser.

        :raises MalformedInput: ``station_answer_malformed``.
        """
        given = self._channel.post("/station/ticket")
        try:
            lifetime = timedelta(seconds=int(given["seat_seconds"]))
            return SeatTicket(url=str(given["url"]), seat_lifetime=lifetime)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise MalformedInput("station_answer_malformed") from None

    def browser_address(self) -> str:
        """Where the station's browser is to be opened: good once, for two minutes."""
        return self.ticket().url

    def work(self) -> Work | None:
        """A card to be read, if there is one and its printed key is known."""
        found = self._channel.post("/station/work")["work"]
        if found is None:
            return None
        try:
            return Work(
                upgrade=str(found["upgrade"]),
                nonce=base64url.decode(found["nonce"]),
                challenge=base64url.decode(found["challenge"]),
                access=self._access(found["access"]),
            )
        except (KeyError, TypeError):
            raise MalformedInput("station_answer_malformed") from None

    def once(self, reader: CardReader, *, timeout: float = 5.0) -> dict[str, Any] | None:
        """Do the work that there is: read the card, bring what was read. What the server made of it;
        None when there was nothing to do.

        :param timeout: seconds to wait for a card.
        """
        work = self.work()
        if work is None or work.access is None:
            return None
        try:
            document = self.read(reader, work, timeout=timeout)
        except HkeidError as error:
            code = finding_of(error).code.value
            return self._channel.post("/station/trouble", {"upgrade": work.upgrade, "reason": code})
        return self.bring(work, document)

    def read(self, reader: CardReader, work: Work, *, timeout: float) -> ChipDocument:
        """Read the card in the reader, with the server's challenge.

        :raises hkeid.kernel.errors.HkeidError: its reason is a finding's code, or becomes one.
        """
        rules = ReadingRules(challenge=work.challenge, known_blocks=self._known_blocks)
        with reader.connect(timeout=timeout) as connection:
            return read_document(
                connection,
                work.access,
                profile=self._profile,
                random=self._random,
                read_at=self._clock.now(),
                progress=self._progress,
                rules=rules,
            )

    def bring(self, work: Work, document: ChipDocument) -> dict[str, Any]:
        """Sign a reading and send it. Sending it again, after a broken connection, does no harm."""
        from hkeid.adapters.station_ca import sign

        text = dumps(document)
        signature = sign(self._folder.key(), signed_message(work.nonce, work.upgrade, text))
        body = {
            "upgrade": work.upgrade,
            "document": text.decode("utf-8"),
            "signature": base64url.encode(signature),
        }
        return self._channel.post("/station/evidence", body)

    def _access(self, typed: object) -> AccessKey | None:
        if isinstance(typed, str):
            try:
                return CardAccessNumber(typed)
            except (MalformedInput, Refused):
                return None
        return None if self._seen is None else self._seen()
