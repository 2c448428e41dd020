"""Mutated SAML documents and queries into the signature kernel, counted.

Only our own errors may come out, nothing may take long, and what is accepted must be, byte for byte, what an
honest document's signature covers.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import SignedElement, read_redirect
from hkeid.testing.saml_attacks import REDIRECT_KINDS, Bench, honest, verify
from hkeid.testing.saml_attacks.benign import BENIGN
from hkeid.testing.saml_attacks.targets import TARGETS, Target
from hkeid.testing.saml_specimens import COMBINATIONS, SpecimenPeer

LONGEST_MS = 50.0
"""CPU of this thread for one mutant."""

_WORDS = (
    b"<!---->", b"<!-- -->", b"<?x?>", b"<![CDATA[]]>", b"<!DOCTYPE r>", b"&amp;", b"&#13;", b"&#x41;", b"&x;",
    b' xmlns=""', b' xmlns:x="urn:x"', b' xmlns:x="y"', b' ID="_assertion"', b' Id="_x"', b' xml:id="_response"',
    b"<ds:Object></ds:Object>", b"<a/>", b"\0", b"\xff", b"\xc3\xa9", b"\r", b"\n", b" ", b"=", b'"', b"'", b"<", b">",
)  # fmt: skip
_ELEMENT = re.compile(rb"<([\w:]+)[^<>]*>")
_TOKEN = re.compile(rb'"[^"<>]*"|>[^<>]+<|</?[\w:]+|[\w:]+=')

Seed = tuple[bytes, Callable[[bytes], Iterable[object]]]


class SamlFuzz:
    """A run.

    :param seed: of the chance; the documents are not the same in each run, since keys are not.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - for choosing what to break
        self._peer = SpecimenPeer()
        self._seeds = [*self._documents(), *self._queries()]
        self._honest = {
            element.octets
            for octets, accept in self._seeds
            for element in accept(octets)
            if isinstance(element, SignedElement)
        }
        self._failures: list[str] = []
        self._accepted = 0
        self._slowest = 0.0

    def _documents(self) -> Iterable[Seed]:
        for kind, signed in COMBINATIONS:
            yield self._seed(Target(kind, signed, inner=False))
        for name in ("indented", "other_prefixes", "comments_in_metadata"):
            make, applies = BENIGN[name]
            for target in TARGETS:
                if applies(target):
                    yield self._seed(target, make(Bench(self._peer, target)))

    def _seed(self, target: Target, octets: bytes | None = None) -> Seed:
        if octets is None:
            octets = self._peer.specimen(target.kind, target.signed).octets
        return octets, lambda one: verify(target.kind, target.signed, one, self._peer.keys)

    def _queries(self) -> Iterable[Seed]:
        def accept(octets: bytes) -> Iterable[object]:
            query = read_redirect(octets.decode("latin-1"))
            return [query.verify(self._peer.keys)]

        for kind in REDIRECT_KINDS:
            yield honest(self._peer, kind).encode(), accept

    def run(self, attempts: int, progress: Callable[[int], object] | None = None) -> dict[str, Any]:
        """So many mutants; a case for the reports of torture."""
        for number in range(attempts):
            octets, accept = self._chance.choice(self._seeds)
            self._attempt(self.mutate(octets), accept)
            if progress is not None and number % 1_000 == 0:
                progress(number)
        notes = (
            f"{self._accepted} accepted with honest signed bytes, slowest {self._slowest:.1f} ms"
        )
        if self._failures:
            notes += f"; {self._failures[0]}"
        return {
            "name": "saml_fuzz",
            "attempts": attempts,
            "failures": len(self._failures),
            "notes": notes,
        }

    def _attempt(self, octets: bytes, accept: Callable[[bytes], Iterable[object]]) -> None:
        spent = self._timed(octets, accept)
        if spent > LONGEST_MS:
            # A collection of garbage or a cold cache is not the mutant's; twice is.
            spent = min(spent, *(self._timed(octets, accept) for _ in range(3)))
        self._slowest = max(self._slowest, spent)
        if spent > LONGEST_MS:
            self._failures.append(f"took {spent:.0f} ms: {octets[:80]!r}")

    def _timed(self, octets: bytes, accept: Callable[[bytes], Iterable[object]]) -> float:
        began = time.thread_time_ns()
        try:
            found = accept(octets)
        except HkeidError:
            found = ()
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            found = ()
            self._failures.append(f"{type(error).__name__}: {error}"[:200])
        spent = (time.thread_time_ns() - began) / 1e6
        self._look_at(found)
        return spent

    def _look_at(self, found: Iterable[object]) -> None:
        signed = [one for one in found if isinstance(one, SignedElement)]
        self._accepted += bool(signed)
        for one in signed:
            if one.octets not in self._honest:
                self._failures.append(f"other signed bytes were accepted: {one.octets[:200]!r}")

    def mutate(self, octets: bytes) -> bytes:
        """``octets`` with one to four things wrong."""
        changed = bytearray(octets)
        for _ in range(self._chance.choice((1, 1, 1, 2, 2, 3, 4))):
            self._chance.choice(
                (
                    self._swap_token,
                    self._swap_token,
                    self._insert_word,
                    self._move_element,
                    self._move_element,
                    self._flip,
                    self._cut,
                    self._splice,
                )
            )(changed)
        return bytes(changed)

    def _place(self, changed: bytearray) -> int:
        return self._chance.randrange(len(changed) + 1)

    def _swap_token(self, changed: bytearray) -> None:
        """A name, a value or a text for another one out of the same document."""
        first, second = (_TOKEN.search(changed, self._place(changed)) for _ in range(2))
        if first is not None and second is not None:
            changed[first.start() : first.end()] = bytes(second[0])

    def _insert_word(self, changed: bytearray) -> None:
        place = self._place(changed)
        if self._chance.random() < 0.5:
            # Where it may be well-formed: behind a name, or behind a tag.
            found = re.compile(rb"(?<=[\w:])(?=[ >])|(?<=>)").search(changed, place)
            place = found.start() if found else place
        changed[place:place] = self._chance.choice(_WORDS)

    def _move_element(self, changed: bytearray) -> None:
        """A whole element, copied or moved to behind another tag, with another ID at times."""
        start = _ELEMENT.search(changed, self._place(changed))
        if start is None:
            return
        end = changed.find(b"</" + start[1] + b">", start.end())
        if end < 0:
            return
        end += len(start[1]) + 3
        element = bytes(changed[start.start() : end])
        if self._chance.random() < 0.5:
            del changed[start.start() : end]
        if self._chance.random() < 0.3:
            element = re.sub(rb'ID="[^"]*"', b'ID="_evil"', element)
        place = changed.find(b">", self._place(changed)) + 1
        changed[place:place] = element

    def _flip(self, changed: bytearray) -> None:
        if changed:
            place = self._chance.randrange(len(changed))
            changed[place] ^= 1 << self._chance.randrange(8)

    def _cut(self, changed: bytearray) -> None:
        place = self._place(changed)
        del changed[place : place + self._chance.randint(1, 60)]

    def _splice(self, changed: bytearray) -> None:
        """A piece of another honest document."""
        other, _ = self._chance.choice(self._seeds)
        begin = self._chance.randrange(len(other))
        place = self._place(changed)
        changed[place : place + 100] = other[begin : begin + self._chance.randint(1, 400)]


def run(
    attempts: int, *, seed: int = 41000, progress: Callable[[int], object] | None = None
) -> list[dict[str, Any]]:
    """The cases of a run."""
    return [SamlFuzz(seed).run(attempts, progress)]
