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

from hkeid.chip.access import AccessKey
from hkeid.chip.access_to_card import CardEntrance, EntranceRules
from hkeid.chip.active_authentication import (
    CHALLENGE_BYTES,
    active_key,
    run_active_authentication,
)
from hkeid.chip.apdu import SHORT
from hkeid.chip.card_files import CARD_SECURITY, COM, GROUPS, LOCKED_GROUPS, SOD, CardFile
from hkeid.chip.chip_authentication import (
    ChipSession,
    choose_chip_way,
    make_proof,
    run_chip_authentication,
)
from hkeid.chip.document import AccessProtocol, ChipDocument, ChipProof
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.extended_length import carried_bytes
from hkeid.chip.file_reader import FileReader, block_sizes
from hkeid.chip.findings import Finding, FindingCode, Severity, finding
from hkeid.chip.mapping_proof import make_mapping_proof
from hkeid.chip.profiles.profile import CardProfile
from hkeid.chip.public_keys import RsaKey
from hkeid.chip.security_infos import SecurityInfos, parse_security_infos
from hkeid.chip.session import CardSession
from hkeid.chip.sod_groups import groups_in_sod
from hkeid.chip.terminal_authentication import run_terminal_authentication
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
        session = CardSession(connection)
        reading = _Reading(session, FileReader(session, sizes, _watch(progress)), random, progress)
        try:
            document = reading.through(
                access, profile, groups, rules, read_at, spent=spent
            )
        except CardRefused as error:
            if not _length_was_too_much(error, reading.files, sizes):
                raise
            spent += session.sent
            sizes = tuple(size for size in sizes if size <= SHORT)
            connection.reset()
        else:
            if rules.known_blocks is not None:
                rules.known_blocks[connection.atr] = reading.files.largest
            return document


def _sizes(connection: CardConnection, rules: ReadingRules) -> tuple[int, ...]:
    sizes = block_sizes(carried_bytes(connection))
    known = (rules.known_blocks or {}).get(connection.atr)
    return tuple(size for size in sizes if known is None or size <= known) or sizes[-1:]


def _length_was_too_much(
    error: CardRefused, files: FileReader, sizes: tuple[int, ...]
) -> bool:
    """Some cards end the session over an extended length: once more, with short ones."""
    return (
        error.code in {FindingCode.MESSAGING_DROPPED, FindingCode.MESSAGING_LOST}
        and error.detail in _LENGTH_STATUSES
        and sizes[0] > SHORT
        and files.asked
        and not files.proved
    )


def _watch(
    progress: Callable[[ReadingProgress], None] | None,
) -> Callable[[str, int, int], None] | None:
    if progress is None:
        return None
    return lambda name, done, total: progress(
        ReadingProgress(step=name, done=done, total=total)
    )


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
        read_at: Instant,
        *,
        spent: int,
    ) -> ChipDocument:
        self._findings += profile.findings
        self._step("access")
        entrance = CardEntrance(self.session, self.files, self.random)
        entered = entrance.enter(
            access,
            application=profile.application,
            rules=EntranceRules(allow_bac_after_pace=rules.allow_bac_after_pace),
            before_application=self._mapping_proof,
        )
        self._findings += entered.findings
        wanted = self._signed_groups(groups)
        infos = self._security_infos() if "DG14" in wanted else None
        if infos is not None and entered.protocol is not AccessProtocol.PACE_CAM:
            self._chip_authentication(infos, profile, entered.document_id)
        if "DG15" in wanted:
            self._active_authentication(rules)
        for name in wanted:
            if name not in _ALWAYS:
                self._file(GROUPS[name])
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
            apdus=spent + self.session.sent,
        )

    def _step(self, name: str) -> None:
        if self._progress is not None:
            self._progress(ReadingProgress(step=name))

    def _note(self, code: FindingCode, detail: str = "", severity: Severity | None = None) -> None:
        self._findings.append(Finding(code, severity or code.severity, detail))

    def _file(self, file: CardFile) -> bytes | None:
        """Read a file into the document; what is wrong with it is a finding."""
        try:
            content = self.files.read(file)
        except (CardMalformed, CardRefused) as error:
            if self._unproved is not None and error.code in _CHANNEL_FAILURES:
                raise CardRefused(FindingCode.CHIP_SESSION_WRONG, detail=error.reason) from None
            if not error.reason.startswith("file_"):
                raise
            self._missed(file, error)
            return None
        finally:
            self._prove_chip()
        self._read[file.name] = content
        return content

    def _missed(self, file: CardFile, error: CardMalformed | CardRefused) -> None:
        """Fingerprints are locked as they should be; anything else that cannot be read is fatal."""
        severity = None
        if error.code is FindingCode.FILE_LOCKED and file.name not in LOCKED_GROUPS:
            severity = Severity.FATAL
        if file is COM:
            severity = Severity.WARNING
        self._note(error.code, error.detail or file.name, severity)

    def _signed_groups(self, groups: Collection[str] | None) -> tuple[str, ...]:
        """The data groups to read, in order: those of EF.SOD that are wanted."""
        self._file(COM)
        sod = self._file(SOD)
        if sod is None:
            return ()
        try:
            listed = groups_in_sod(sod)
        except CardMalformed:
            return ()  # verification says what is wrong with it
        wanted = set(listed) - LOCKED_GROUPS if groups is None else set(listed) & set(groups)
        wanted |= set(listed) & set(_ALWAYS)
        return tuple(sorted(wanted, key=_reading_order))

    def _security_infos(self) -> SecurityInfos | None:
        content = self._file(GROUPS["DG14"])
        if content is None:
            return None
        try:
            return parse_dg14(content)
        except CardMalformed:
            return None  # verification says so

    def _mapping_proof(self, proof: ChipProof | None) -> None:
        """After PACE with the mapping that proves the chip: the signed key for it."""
        if proof is not None:
            self._proofs.append(proof)
            self._file(CARD_SECURITY)

    def _chip_authentication(
        self, infos: SecurityInfos, profile: CardProfile, document_id: bytes
    ) -> None:
        try:
            way = choose_chip_way(infos)
        except (CardMalformed, CardRefused) as error:
            self._note(error.code, error.detail or "")
            return
        if way is None:
            return
        self._step("chip_authentication")
        try:
            run = run_chip_authentication(self.session, way, self.random)
        except CardRefused as error:
            if error.code in _CHANNEL_FAILURES:
                raise
            self._note(error.code, error.detail or "")
            return
        self._unproved = run
        self.session.first = None
        if profile.terminal_key is not None:
            run_terminal_authentication(
                self.session,
                profile.terminal_key,
                document=document_id,
                terminal_key=way.key.group.compressed(run.public),
            )
            self._prove_chip()

    def _prove_chip(self) -> None:
        """The first answer under the new session, right or wrong, is the transcript."""
        first = self.session.first
        if self._unproved is not None and first is not None:
            self._proofs.append(make_proof(self._unproved, first))
            self._unproved = None

    def _active_authentication(self, rules: ReadingRules) -> None:
        content = self._file(GROUPS["DG15"])
        if content is None:
            return
        try:
            key = active_key(content)
        except (CardMalformed, CardRefused):
            return  # verification says so
        self._step("active_authentication")
        challenge = rules.challenge or self.random.token_bytes(CHALLENGE_BYTES)
        long = isinstance(key, RsaKey) and key.modulus_bytes > SHORT - 64
        try:
            proof = run_active_authentication(
                self.session, challenge, long=long and self.files.block > SHORT
            )
        except CardRefused as error:
            if error.code is not FindingCode.ACTIVE_REFUSED:
                raise
            self._note(error.code, error.detail or "")
            return
        self._proofs.append(proof)


def parse_dg14(content: bytes) -> SecurityInfos:
    """The entries of DG14 (tag 6E around the set).

    :raises CardMalformed: ``dg14_malformed``.
    """
    from hkeid.chip import tlv

    try:
        inner = tlv.parse_one(content, 0x6E).value
    except CardMalformed as error:
        raise CardMalformed(FindingCode.DG14_MALFORMED, detail=error.reason) from None
    return parse_security_infos(inner, code=FindingCode.DG14_MALFORMED)


def _reading_order(name: str) -> tuple[bool, bool, int]:
    return name == _LAST, name not in _ALWAYS, GROUPS[name].short_id


__all__ = ["ReadingProgress", "ReadingRules", "finding", "parse_dg14", "read_document"]
