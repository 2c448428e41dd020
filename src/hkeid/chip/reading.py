"""Reading a card from beginning to end: access, files, proofs of the chip.

The order: EF.CardAccess; PACE, or BAC where the card offers no PACE; the application; EF.COM, EF.SOD
and DG14; chip authentication; DG15 and active authentication; the data groups, the portrait last.
EF.SOD, which is signed, says which data groups there are; EF.COM does not. Nothing is judged here but
the conduct of the card: what its files are worth is :mod:`hkeid.chip.verification`'s matter.

Whatever ends the reading is raised (:func:`hkeid.chip.errors.finding_of` makes it a finding); what
does not is among the document's findings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass

from hkeid.chip.access import AccessKey, MrzKey
from hkeid.chip.active_authentication import CHALLENGE_BYTES, active_key, run_active_authentication
from hkeid.chip.apdu import SHORT, Command
from hkeid.chip.card_files import CARD_SECURITY, COM, GROUPS, LOCKED_GROUPS, SOD, CardFile
from hkeid.chip.chip_authentication import (
    ChipSession,
    choose_chip_way,
    make_proof,
    run_chip_authentication,
)
from hkeid.chip.document import ChipDocument
from hkeid.chip.entrance import CardEntrance, Entered
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.extended_length import carried_bytes
from hkeid.chip.file_reader import FileReader, block_sizes
from hkeid.chip.findings import Finding, FindingCode, Severity, finding
from hkeid.chip.lds.mrz import read_dg1
from hkeid.chip.profiles.profile import CardProfile
from hkeid.chip.proofs import ChipProof
from hkeid.chip.public_keys import RsaKey
from hkeid.chip.secure_messaging import OVERHEAD
from hkeid.chip.security_infos import parse_dg14
from hkeid.chip.session import CardSession
from hkeid.chip.sod_groups import groups_in_sod
from hkeid.chip.terminal_authentication import TerminalKeyPort, run_terminal_authentication
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.ports.cards import CardConnection
from hkeid.ports.surroundings import Random

_ALWAYS = ("DG14", "DG15")
_LAST = "DG2"
_LENGTH_STATUSES = frozenset({"6700", "6F00", "6B00", "6A86"})
_CHANNEL_FAILURES = frozenset(
    {
        FindingCode.MESSAGING_DROPPED,
        FindingCode.MESSAGING_LOST,
        FindingCode.MESSAGING_MALFORMED,
        FindingCode.MESSAGING_MAC_MISSING,
        FindingCode.MESSAGING_MAC_WRONG,
        FindingCode.MESSAGING_STATUS_MISSING,
        FindingCode.MESSAGING_STATUS_DIFFERENT,
        FindingCode.MESSAGING_PADDING_WRONG,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingProgress:
    """How far a reading has come.

    :ivar step: ``access``, a file's name, ``chip_authentication`` or ``active_authentication``.
    :ivar done: bytes of the file that are read; 0 and 0 where there is no file.
    """

    step: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """What the caller allows and knows.

    :ivar allow_bac_after_pace: go on with BAC where the card offers PACE but it cannot be done; the
        document then carries ``pace_skipped``, which is fatal to an upgrade.
    :ivar challenge: eight bytes for active authentication, where a server wants its own.
    :ivar known_blocks: block sizes that worked, by answer to reset; read and written.
    """

    allow_bac_after_pace: bool = False
    challenge: bytes | None = None
    known_blocks: MutableMapping[bytes, int] | None = None


def read_document(
    connection: CardConnection,
    access: AccessKey | None,
    *,
    profile: CardProfile,
    random: Random,
    read_at: Instant,
    progress: Callable[[ReadingProgress], None] | None = None,
    groups: Collection[str] | None = None,
    rules: ReadingRules | None = None,
) -> ChipDocument:
    """Read a card.

    :param access: the key printed on the card, or None for a card without access control.
    :param groups: data groups wanted (``{"DG1", "DG2"}``); all that EF.SOD lists but DG3 and DG4,
        unless given. DG14 and DG15 are always read.
    :raises CardMalformed: the card's answers do not parse; the reason is a finding code.
    :raises CardRefused: the card breaks or refuses a protocol; the reason is a finding code.
    :raises hkeid.ports.cards.CardUnavailable: the card or the reader is gone.
    """
    unknown = set(groups or ()) - set(GROUPS)
    if unknown:
        raise ValueError(f"no such data groups: {sorted(unknown)}")
    rules = rules or ReadingRules()
    if rules.challenge is not None and len(rules.challenge) != CHALLENGE_BYTES:
        raise MalformedInput("challenge_malformed", field="challenge")
    sizes = _sizes(connection, rules)
    spent = 0
    while True:
        session = CardSession(connection, spent=spent)
        files = FileReader(session, sizes, _watch(progress))
        reading = _Reading(session, files, random, progress)
        try:
            entered = reading.through(access, profile, groups, rules)
        except CardRefused as error:
            if not _length_was_too_much(error, files):
                raise
            spent = session.sent
            sizes = tuple(size for size in sizes if size <= SHORT)
            connection.reset()
        else:
            if rules.known_blocks is not None:
                rules.known_blocks[connection.atr] = files.largest
            return reading.document(entered, profile, read_at)


def _sizes(connection: CardConnection, rules: ReadingRules) -> tuple[int, ...]:
    sizes = block_sizes(carried_bytes(connection))
    known = (rules.known_blocks or {}).get(connection.atr)
    return tuple(size for size in sizes if known is None or size <= known) or sizes[-1:]


def _length_was_too_much(error: CardRefused, files: FileReader) -> bool:
    """Some cards end the session over an extended length: once more, with short ones."""
    return (
        error.code in {FindingCode.MESSAGING_DROPPED, FindingCode.MESSAGING_LOST}
        and error.detail in _LENGTH_STATUSES
        and files.long_unanswered
    )


def _watch(
    progress: Callable[[ReadingProgress], None] | None,
) -> Callable[[str, int, int], None] | None:
    if progress is None:
        return None
    return lambda name, done, total: progress(ReadingProgress(step=name, done=done, total=total))


class _Reading:
    """One reading; what it gathers."""

    def __init__(
        self,
        session: CardSession,
        files: FileReader,
        random: Random,
        progress: Callable[[ReadingProgress], None] | None,
    ) -> None:
        self.session, self.files, self.random = session, files, random
        self._progress = progress
        self._read: dict[str, bytes] = {}
        self._findings: list[Finding] = []
        self._proofs: list[ChipProof] = []
        self._unproved: ChipSession | None = None

    def through(
        self,
        access: AccessKey | None,
        profile: CardProfile,
        groups: Collection[str] | None,
        rules: ReadingRules,
    ) -> Entered:
        """All of it. A new session that never works shows a chip without the key."""
        self._findings += profile.findings
        entered = self._enter(access, profile, rules)
        try:
            self._files(entered, profile, groups, rules)
        except (CardMalformed, CardRefused) as error:
            if self._chip_unproved and error.code in _CHANNEL_FAILURES:
                raise CardRefused(FindingCode.CHIP_SESSION_WRONG, detail=error.reason) from None
            raise
        self._compare_key(access)
        return entered

    def _compare_key(self, access: AccessKey | None) -> None:
        """The document must be the one whose zone opened it."""
        if not isinstance(access, MrzKey) or "DG1" not in self._read:
            return
        try:
            zone = read_dg1(self._read["DG1"])
        except CardMalformed:
            return  # verification says so
        if not access.matches(zone.document_number, zone.born, zone.expires):
            self._findings.append(finding(FindingCode.DG1_KEY_DIFFERENT))

    def document(self, entered: Entered, profile: CardProfile, read_at: Instant) -> ChipDocument:
        """What was gathered."""
        channel = self.session.channel
        return ChipDocument(
            files=dict(self._read),
            card_access=entered.card_access,
            access=entered.protocol,
            cipher="none" if channel is None else channel.cipher.value,
            proofs=tuple(self._proofs),
            findings=tuple(self._findings),
            read_at=read_at,
            profile=profile.name,
            apdus=self.session.sent,
        )

    @property
    def _chip_unproved(self) -> bool:
        return self._unproved is not None and self.session.first is None

    def _step(self, name: str) -> None:
        if self._progress is not None:
            self._progress(ReadingProgress(step=name))

    def _note(self, error: CardMalformed | CardRefused, severity: Severity | None = None) -> None:
        """Go on, with a finding."""
        severity = severity or error.code.severity
        self._findings.append(Finding(error.code, severity, error.detail or ""))

    def _enter(
        self, access: AccessKey | None, profile: CardProfile, rules: ReadingRules
    ) -> Entered:
        self._step("access")
        entered = CardEntrance(
            self.session,
            self.files,
            self.random,
            application=profile.application,
            allow_bac_after_pace=rules.allow_bac_after_pace,
        ).enter(access)
        self._findings += entered.findings
        if entered.card_security is not None:
            self._read[CARD_SECURITY.name] = entered.card_security
        if entered.proof is not None:
            self._proofs.append(entered.proof)
        return entered

    def _files(
        self,
        entered: Entered,
        profile: CardProfile,
        groups: Collection[str] | None,
        rules: ReadingRules,
    ) -> None:
        wanted = self._signed_groups(groups)
        if "DG14" in wanted:
            self._chip(entered, profile)
        if "DG15" in wanted:
            self._active(rules)
        for name in wanted:
            if name not in _ALWAYS:
                self._file(GROUPS[name])
        if self._chip_unproved:  # nothing was left to read: ask for one byte more
            self.session.send(Command(ins=0xB0, p1=0x80 | COM.short_id, expect=1))
        if self._unproved is not None and self.session.first is not None:
            self._proofs.append(make_proof(self._unproved, self.session.first))

    def _file(self, file: CardFile) -> bytes | None:
        """Read a file into the document; what is wrong with it is a finding."""
        try:
            content = self.files.read(file)
        except (CardMalformed, CardRefused) as error:
            if not error.reason.startswith("file_"):
                raise
            severity = None
            if error.code is FindingCode.FILE_LOCKED and file.name not in LOCKED_GROUPS:
                severity = Severity.FATAL  # fingerprints are locked as they should be; nothing else
            self._note(error, Severity.WARNING if file is COM else severity)
            return None
        self._read[file.name] = content
        return content

    def _signed_groups(self, groups: Collection[str] | None) -> tuple[str, ...]:
        """The data groups to read, in order: those of EF.SOD that are wanted."""
        self._file(COM)
        sod = self._file(SOD)
        if sod is None:
            return ()
        try:
            listed = set(groups_in_sod(sod))
        except CardMalformed:
            return ()  # verification says what is wrong with it
        wanted = listed - LOCKED_GROUPS if groups is None else listed & set(groups)
        return tuple(sorted(wanted | listed & set(_ALWAYS), key=_reading_order))

    def _chip(self, entered: Entered, profile: CardProfile) -> None:
        """DG14, and chip authentication by what it offers, unless PACE proved the chip already."""
        content = self._file(GROUPS["DG14"])
        if content is None or entered.proof is not None:
            return
        try:
            way = choose_chip_way(parse_dg14(content))
            if way is None:
                return
            self._step("chip_authentication")
            run = run_chip_authentication(self.session, way, self.random)
        except (CardMalformed, CardRefused) as error:
            if not error.reason.startswith(("chip_", "dg14_")):
                raise
            self._note(error)
            return
        self._unproved = run
        if profile.terminal_key is not None:
            self._terminal(profile.terminal_key, entered, run)

    def _terminal(self, port: TerminalKeyPort, entered: Entered, run: ChipSession) -> None:
        try:
            run_terminal_authentication(
                self.session,
                port,
                document=entered.document_id,
                terminal_key=run.way.key.group.compressed(run.public),
            )
        except (CardMalformed, CardRefused) as error:
            if not error.reason.startswith("terminal_"):
                raise
            self._note(error)

    def _active(self, rules: ReadingRules) -> None:
        """DG15, and the chip's signature over a challenge."""
        content = self._file(GROUPS["DG15"])
        if content is None:
            return
        try:
            key = active_key(content)
            self._step("active_authentication")
            challenge = rules.challenge or self.random.token_bytes(CHALLENGE_BYTES)
            large = isinstance(key, RsaKey) and key.modulus_bytes > SHORT - OVERHEAD
            long = large and self.files.largest > SHORT
            self._proofs.append(run_active_authentication(self.session, challenge, long=long))
        except (CardMalformed, CardRefused) as error:
            if not error.reason.startswith("active_"):
                raise
            self._note(error)


def _reading_order(name: str) -> tuple[bool, bool, int]:
    return name == _LAST, name not in _ALWAYS, GROUPS[name].short_id
