"""An opinion as plain text, for a terminal, a mail or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hkeid.identity.language import Language
from hkeid.signing.legal.opinion import LegalOpinion, LegalReason
from hkeid.signing.legal.opinion_texts import WORDS, OpinionWords


def opinion_text(opinion: LegalOpinion, language: Language = Language.ENGLISH) -> str:
    """The opinion in one script; each reason with its effect, section and code."""
    return "\n".join(_lines(opinion, language)) + "\n"


def _lines(opinion: LegalOpinion, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield words.title
    yield _verdict(words, opinion.verdict.value, opinion.section)
    yield words.judged_at.format(time=opinion.judged_at.isoformat())
    yield ""
    yield words.whole_document
    yield from _reasons(words, opinion.shared, language)
    for one in opinion.requirements:
        yield ""
        name = words.requirements[one.requirement.value]
        yield f"{name} · {_verdict(words, one.verdict.value, one.section)}"
        yield from _reasons(words, one.reasons, language)
    if opinion.missing:
        yield ""
        yield words.missing
        yield from (f"  {name}" for name in opinion.missing)
    yield ""
    yield words.sources.format(trust_list=opinion.trust_list, exclusions=opinion.exclusions)
    yield words.disclaimer


def _verdict(words: OpinionWords, verdict: str, section: str) -> str:
    return words.law.format(verdict=words.verdicts[verdict], section=section)


def _reasons(
    words: OpinionWords, reasons: Iterable[LegalReason], language: Language
) -> Iterator[str]:
    for reason in reasons:
        effect = words.effects[reason.effect.value]
        yield f"  [{effect}] {reason.section}: {_one_line(reason.text(language))} ({reason.code})"


def _one_line(text: str) -> str:
    """Names come out of certificates: whatever would break the line or hide is shown as a space."""
    return "".join(char if char.isprintable() else " " for char in text)
