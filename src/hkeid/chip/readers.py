"""What users type::

    with open_reader("pcsc") as reader, reader.connect() as card:
        document = card.read(access=CardAccessNumber("123456"))
    evidence = document.verify(trust=country_signers)

The readers themselves plug in by name (:mod:`hkeid.kernel.plugins`, group ``hkeid.card_readers``): a
factory that gives a context manager over a :class:`hkeid.ports.cards.CardReader`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from hkeid.chip.access import AccessKey
from hkeid.chip.document import ChipDocument
from hkeid.chip.profiles import CardProfile, icao
from hkeid.chip.reading import ReadingProgress, ReadingRules, read_document
from hkeid.kernel import plugins
from hkeid.ports.cards import CardConnection, CardReader, ReaderEvent
from hkeid.ports.surroundings import Clock, Random


class ConnectedCard:
    """A card in a reader, ready to be read.

    :ivar connection: for commands of one's own.
    """

    def __init__(self, connection: CardConnection, *, clock: Clock, random: Random) -> None:
        self.connection = connection
        self._clock, self._random = clock, random

    def read(
        self,
        *,
        access: AccessKey | None,
        profile: CardProfile | None = None,
        groups: Collection[str] | None = None,
        progress: Callable[[ReadingProgress], None] | None = None,
        rules: ReadingRules | None = None,
    ) -> ChipDocument:
        """Read the card: see :func:`hkeid.chip.reading.read_document`."""
        return read_document(
            self.connection,
            access,
            profile=profile or icao(),
            random=self._random,
            read_at=self._clock.now(),
            progress=progress,
            groups=groups,
            rules=rules,
        )


class OpenedReader:
    """A reader that was opened by name."""

    def __init__(self, reader: CardReader, *, clock: Clock, random: Random) -> None:
        self._reader = reader
        self._clock, self._random = clock, random

    @property
    def name(self) -> str:
        """What the system calls it."""
        return self._reader.name

    @contextmanager
    def connect(self, *, timeout: float = 10.0) -> Iterator[ConnectedCard]:
        """Connect to the card in it, waiting for one up to ``timeout`` seconds.

        :raises hkeid.ports.cards.CardUnavailable: ``card_absent``, ``reader_absent``,
            ``reader_in_use``.
        """
        with self._reader.connect(timeout=timeout) as connection:
            yield ConnectedCard(connection, clock=self._clock, random=self._random)

    def events(self, *, timeout: float) -> Iterator[ReaderEvent]:
        """Insertions and removals until ``timeout`` seconds pass without one."""
        return self._reader.events(timeout=timeout)


@contextmanager
def open_reader(kind: str, /, **settings: Any) -> Iterator[OpenedReader]:
    """Open a reader of this kind; ``settings`` go to it (``open_reader("pcsc", name="Kiosk")``).

    :raises hkeid.kernel.errors.ConfigurationError: ``plugin_unknown``.
    :raises hkeid.kernel.errors.MissingExtra: the message says what to install.
    """
    factory: Callable[..., AbstractContextManager[CardReader]] = plugins.load(
        plugins.CARD_READERS, kind
    )
    clock: Clock = plugins.load(plugins.SURROUNDINGS, "clock")()
    random: Random = plugins.load(plugins.SURROUNDINGS, "random")()
    with factory(**settings) as reader:
        yield OpenedReader(reader, clock=clock, random=random)
