"""The sandbox's inbox: notices as files in a folder, for developers to look at.

Every notice that there is comes here, and so does mail in a sandbox
without a mail server. Refused under the production profile by the wiring.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.instants import epoch_microseconds
from hkeid.ports.notices import Channel, Notice
from hkeid.ports.surroundings import Clock, Random

_MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLetter:
    """A notice as it was put down."""

    at: int
    channel: str
    address: str
    about: str
    language: str
    title: str
    body: str
    link: str | None


class DevelopmentInbox:
    """:class:`hkeid.ports.notices.Notifier` that sends nothing anywhere.

    :param channels: what to take: the inbox's own, and those that nobody else serves.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        random: Random,
        *,
        channels: frozenset[Channel] = frozenset({Channel.INBOX}),
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._random = random
        self._channels = channels

    @property
    def channels(self) -> frozenset[Channel]:
        """What it takes."""
        return self._channels

    def send(self, notice: Notice) -> None:
        """Put a notice down; the oldest go when there are too many.

        :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``: the folder cannot be written.
        """
        at = epoch_microseconds(self._clock.now())
        letter = InboxLetter(
            at=at,
            channel=notice.channel.value,
            address=notice.address,
            about=notice.about,
            language=notice.language,
            title=notice.title,
            body=notice.body,
            link=notice.link,
        )
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{at:020}-{self._random.token(6)}"
            unfinished = self._folder / f".{name}"
            unfinished.write_text(json.dumps(asdict(letter), ensure_ascii=False), "utf-8")
            unfinished.replace(self._folder / f"{name}.json")
            for old in sorted(self._folder.glob("*.json"))[:-_MOST]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable("notice_not_sent", detail=type(error).__name__) from None

    def letters(self, address: str | None = None) -> tuple[InboxLetter, ...]:
        """What lies there, newest first; of one address if given."""
        found = []
        for file in sorted(self._folder.glob("*.json"), reverse=True):
            letter = InboxLetter(**json.loads(file.read_text("utf-8")))
            if address in (None, letter.address):
                found.append(letter)
        return tuple(found)
