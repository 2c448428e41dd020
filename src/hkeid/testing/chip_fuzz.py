"""Hostile bytes for everything that reads a card, counted.

Three parts: data objects into every parser, EF.SOD and its fellows into verification, answers into a
whole reading (changed before secure messaging, so that what lies behind it is reached, or after). Only
errors of :mod:`hkeid.kernel.errors` may come out, and no accepted document.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import tlv
from hkeid.chip.access import MrzKey
from hkeid.chip.active_authentication import active_key
from hkeid.chip.apdu import parse_command, parse_response
from hkeid.chip.cv_certificates import parse_cv_certificate
from hkeid.chip.document import ChipDocument
from hkeid.chip.extended_length import extended_length
from hkeid.chip.findings import FindingCode
from hkeid.chip.lds.common_file import read_common_file
from hkeid.chip.lds.details import read_dg11, read_dg12
from hkeid.chip.lds.mrz import read_dg1
from hkeid.chip.lds.portrait import read_portrait
from hkeid.chip.profiles import icao
from hkeid.chip.public_keys import parse_public_key
from hkeid.chip.reading import read_document
from hkeid.chip.security_infos import parse_dg14, parse_security_infos
from hkeid.chip.sod_groups import groups_in_sod
from hkeid.kernel.errors import HkeidError
from hkeid.testing.card_issuer import ICAO, CardDraft, CardFeatures, CardIssuer, draft_card
from hkeid.testing.card_issuer.groups import zone_birth
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card import CardInProcess, Point, VirtualCard

_INTERESTING = (0x00, 0x01, 0x1F, 0x30, 0x7F, 0x80, 0x81, 0x84, 0xFF)

PARSERS: dict[str, Callable[[bytes], Any]] = {
    "tlv": tlv.parse_all,
    "tree": tlv.parse_tree,
    "response": parse_response,
    "command": parse_command,
    "card_access": lambda data: parse_security_infos(data, code=FindingCode.CARD_ACCESS_MALFORMED),
    "com": read_common_file,
    "sod_groups": groups_in_sod,
    "dg1": read_dg1,
    "dg2": read_portrait,
    "dg11": read_dg11,
    "dg12": read_dg12,
    "dg14": parse_dg14,
    "dg15": active_key,
    "public_key": parse_public_key,
    "cv_certificate": parse_cv_certificate,
    "atr": extended_length,
}
"""Everything that takes bytes of a card apart, by name."""


@dataclass(slots=True)
class Count:
    """What one part came to, in the form of the torture reports."""

    name: str
    attempts: int = 0
    failures: int = 0
    refused: int = 0
    slowest: float = 0.0
    note: str = ""

    def attempt(self, act: Callable[[], Any]) -> None:
        """Do it; anything but our errors is a failure."""
        self.attempts += 1
        began = time.perf_counter()
        try:
            act()
        except HkeidError:
            self.refused += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            self.failures += 1
            self.note = self.note or f"{type(error).__name__}: {error}"
        self.slowest = max(self.slowest, time.perf_counter() - began)

    def case(self) -> dict[str, Any]:
        """Name, attempts, failures, notes."""
        notes = f"{self.refused} refused, slowest {self.slowest * 1000:.0f} ms"
        return {
            "name": self.name,
            "attempts": self.attempts,
            "failures": self.failures,
            "notes": f"{notes}; {self.note}" if self.note else notes,
        }


def mutate(data: bytes, chance: random.Random) -> bytes:
    """``data`` with one to four things wrong."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(7):
            case 0:
                changed[at : at + 1] = bytes((chance.choice(_INTERESTING),))
            case 1:
                changed[at : at + 1] = chance.randbytes(1)
            case 2:
                del changed[at:]
            case 3:
                changed[at:at] = chance.randbytes(chance.randint(1, 9))
            case 4:
                del changed[at : at + chance.randint(1, 9)]
            case 5:
                changed[at:at] = changed[at : at + chance.randint(1, 40)]
            case _:
                changed[at : at + 2] = b"\x84" + chance.randbytes(4)
    return bytes(changed)


def _draft(issuer: CardIssuer, features: CardFeatures) -> CardDraft:
    return draft_card(next(iter(PERSONAS.values())), features=features, issuer=issuer)


_RICH = ICAO.but(active_authentication="brainpoolP256r1 sha256", groups=frozenset({11, 12}))
_PLAIN = ICAO.but(pace=(), chip_authentication=(), groups=frozenset({11}))


def data_objects(attempts: int, chance: random.Random) -> Count:
    """Changed files into every parser; one in eight is noise."""
    files = _draft(CardIssuer(), _RICH).image().files
    seeds = [*files.values(), files["DG15"][4:], bytes.fromhex("3b8580018073940140")]
    parsers = list(PARSERS.values())
    count = Count("chip_fuzz_tlv")
    for _ in range(attempts):
        parse = chance.choice(parsers)
        noise = chance.random() < 0.125
        seed = chance.randbytes(chance.randint(0, 200)) if noise else chance.choice(seeds)[:2_000]
        data = mutate(seed, chance)
        count.attempt(lambda parse=parse, data=data: parse(data))  # type: ignore[misc]
    return count


def signed_objects(attempts: int, chance: random.Random) -> Count:
    """Changed files into verification: it must never raise, and never accept."""
    issuer = CardIssuer()
    draft = _draft(issuer, _RICH)
    document, trust = read_live(draft, {}), issuer.trust()
    names = ("SOD", "SOD", "SOD", "SOD", "COM", "DG1", "DG14", "DG15")
    count = Count("chip_fuzz_sod")

    def act(changed: ChipDocument, name: str) -> None:
        evidence = changed.verify(trust=trust)
        same = changed.files == document.files or name == "COM"
        if evidence.accepted and not same and not _same_signature(changed, document):
            raise AssertionError(f"a changed {name} was accepted")

    for _ in range(attempts):
        name = chance.choice(names)
        files = {**document.files, name: mutate(document.files[name], chance)}
        changed = replace(document, files=files)
        count.attempt(lambda changed=changed, name=name: act(changed, name))  # type: ignore[misc]
    return count


def _same_signature(changed: ChipDocument, document: ChipDocument) -> bool:
    """Bytes of EF.SOD that no signature covers may change; the hashes and the signer may not."""
    others = {name: value for name, value in changed.files.items() if name != "SOD"}
    return others == {name: value for name, value in document.files.items() if name != "SOD"}


def answers(attempts: int, chance: random.Random) -> Count:
    """Whole readings of cards whose answers are changed on the way; every answer changed counts."""
    issuer = CardIssuer()
    drafts = [_draft(issuer, features) for features in (_PLAIN, _PLAIN, _PLAIN, _RICH)]
    count = Count("chip_fuzz_apdu")
    changed = 0

    def before(value: tuple[bytes, int], _card: VirtualCard) -> tuple[bytes, int]:
        nonlocal changed
        if chance.random() > 0.2:
            return value
        changed += 1
        if chance.random() < 0.3:
            return value[0], chance.choice((0x6282, 0x6B00, 0x6C10, 0x6110, 0x6A82, 0x6700, 0x63C1))
        return mutate(value[0], chance), value[1]

    def after(value: bytes, _card: VirtualCard) -> bytes:
        nonlocal changed
        if chance.random() > 0.02:
            return value
        changed += 1
        return mutate(value, chance)

    hooks = {Point.ANSWER: before, Point.RESPONSE: after}
    while changed < attempts:
        draft = chance.choice(drafts)
        count.attempt(lambda draft=draft: read_live(draft, hooks))  # type: ignore[misc]
    readings, count.attempts = count.attempts, changed
    count.note = f"in {readings} readings" + (f"; {count.note}" if count.note else "")
    return count


def read_live(draft: CardDraft, hooks: dict[Point, Any]) -> ChipDocument:
    """Read a card in this process, honest but for ``hooks``."""
    card = VirtualCard(draft.image(), hooks=hooks)
    card.power(on=True)
    key = MrzKey(draft.document_number, zone_birth(draft.person.birth_date), draft.expires)
    return read_document(
        CardInProcess(card),
        key,
        profile=icao(),
        random=SystemRandom(),
        read_at=SystemClock().now(),
    )


def run(attempts: int, *, seed: int = 9303) -> list[dict[str, Any]]:
    """All three parts, ``attempts`` in all: four tenths data objects, three each the others."""
    chance = random.Random(seed)  # noqa: S311 - the same cases each time
    objects = data_objects(attempts * 4 // 10, chance)
    signed = signed_objects(attempts * 3 // 10, chance)
    rest = attempts - objects.attempts - signed.attempts
    return [part.case() for part in (objects, signed, answers(rest, chance))]
