"""Questions to one fact: what a yes, a no and a "not known" do to the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.signing.legal.opinion import Effect, LegalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One fact that decides one point.

    :ivar fact: its name, such as ``context.accessible``.
    :ivar yes: the code where it is true, and so for ``no`` and ``missing``.
    :ivar good: the answer that supports; the other one defeats.
    """

    fact: str
    section: str
    yes: str
    no: str
    missing: str
    good: bool = True

    def reason(self, *, answer: bool | None) -> LegalReason:
        """The reason that ``answer`` makes."""
        if answer is None:
            return LegalReason(
                code=self.missing,
                section=self.section,
                effect=Effect.LEAVES_OPEN,
                missing=(self.fact,),
            )
        return LegalReason(
            code=self.yes if answer else self.no,
            section=self.section,
            effect=Effect.SUPPORTS if answer is self.good else Effect.DEFEATS,
            facts=(self.fact,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar and what lifts it: Schedule 2 and the rules of court, a specified method and its use."""

    bar: str
    lift: str
    section: str
    absent: str
    lifted: str
    stands: str
    bar_missing: str
    lift_missing: str

    def reason(self, *, barred: bool | None, lifted: bool | None) -> LegalReason:
        """The reason that the two answers make; unknown only where it matters."""
        if barred is False:
            return self._reason(self.absent, Effect.SUPPORTS, self.bar)
        if lifted:
            return self._reason(self.lifted, Effect.SUPPORTS, self.lift)
        if barred and lifted is False:
            return self._reason(self.stands, Effect.DEFEATS, self.bar, self.lift)
        if barred:
            return self._open(self.lift_missing, self.lift)
        unknown = (self.bar,) if lifted is False else (self.bar, self.lift)
        return self._open(self.bar_missing, *unknown)

    def _reason(self, code: str, effect: Effect, *facts: str) -> LegalReason:
        return LegalReason(code=code, section=self.section, effect=effect, facts=facts)

    def _open(self, code: str, *missing: str) -> LegalReason:
        return LegalReason(
            code=code, section=self.section, effect=Effect.LEAVES_OPEN, missing=missing
        )
