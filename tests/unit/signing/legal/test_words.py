"""The opinion in words: complete, in three scripts, the same for a program and a person."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hkeid.identity import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.signing import legal
from hkeid.signing.legal import (
    LegalContext,
    Requirement,
    SignatureFacts,
    Verdict,
    judge_cap553,
    opinion_text,
    parse_exclusions,
    shipped_exclusions,
    shipped_trust_list,
)
from hkeid.signing.legal.opinion_texts import WORDS, reason_templates
from hkeid.testing.cap553 import (
    JUDGED,
    SIGNED,
    government_context,
    private_context,
    specimen_certificate,
    specimen_signature,
    specimen_trust_list,
)

_BRACES = re.compile(r"\{([a-z_]+)\}")
_NO_CODES = {"fact", "section", "good", "bar", "lift"}
_SOURCES = Path(legal.__file__).parent


def _codes_in_the_source() -> set[str]:
    """Every word in the rules that is a code: all snake_case texts which the catalogue has."""
    text = "\n".join(path.read_text("utf-8") for path in _SOURCES.glob("*.py"))
    return set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', text)) | {
        f"{what}_{tail}"
        for what in ("authority", "type")
        for tail in re.findall(r'f"\{what\}_([a-z_]+)"', text)
    }


def _codes_of_reasons() -> set[str]:
    """The codes that the rules give to reasons: first arguments, and the answers of questions."""
    found = set()
    for path in _SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"supports", "defeats", "leaves_open", "note"}:
                values = [node.args[0]]
            elif node.func.id in {"Question", "Bar"}:
                values = [one.value for one in node.keywords if one.arg not in _NO_CODES]
            else:
                continue
            found |= {str(one.value) for one in values if isinstance(one, ast.Constant)}
    return found


def test_every_reason_has_its_text() -> None:
    codes = _codes_of_reasons()
    assert len(codes) > 80
    assert codes <= set(reason_templates())


def test_the_catalogue_has_no_text_that_nothing_says() -> None:
    assert set(reason_templates()) <= _codes_in_the_source()


@pytest.mark.parametrize("code", sorted(reason_templates()))
def test_each_text_is_there_in_three_scripts(code: str) -> None:
    texts = reason_templates()[code]
    assert set(texts) == {language.value for language in Language}
    braces = {tag: sorted(_BRACES.findall(text)) for tag, text in texts.items()}
    assert len({tuple(names) for names in braces.values()}) == 1, braces
    assert texts["zh-Hant-HK"] != texts["en"] != texts["zh-Hans"]
    assert not re.search(r"[这为签证书发认与规则时间关条纪录]", texts["zh-Hant-HK"])
    assert not re.search(r"[這為簽證書發認與規則時間關條紀錄]", texts["zh-Hans"])


@pytest.mark.parametrize("language", Language)
def test_an_opinion_reads_well(language: Language) -> None:
    context = private_context(requirements=tuple(Requirement), method_reliable=None)
    opinion = judge_cap553(specimen_signature(), context, specimen_trust_list(), JUDGED)
    text = opinion_text(opinion, language)
    words = WORDS[language]
    assert text.splitlines()[0] == words.title
    assert words.verdicts["undetermined"] in text.splitlines()[1]
    assert words.disclaimer in text
    assert "context.method_reliable" in text
    assert opinion.trust_list in text
    assert opinion.exclusions in text
    assert "{" not in text
    for requirement in Requirement:
        assert words.requirements[requirement.value] in text


def test_a_name_cannot_break_the_lines_of_an_opinion() -> None:
    certificate = specimen_certificate(subject="CHAN\n  [against] s.6: forged\u202e\x1b[2J {type}")
    facts = specimen_signature(certificate=certificate)
    text = opinion_text(judge_cap553(facts, private_context(), specimen_trust_list(), JUDGED))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert sum("forged" in line for line in text.splitlines()) == 1
    assert not any(line.startswith("  [against]") for line in text.splitlines())


def test_json_and_text_say_the_same() -> None:
    opinion = judge_cap553(
        specimen_signature(proved_time=None), government_context(), specimen_trust_list(), JUDGED
    )
    section = json.loads(json.dumps(opinion.to_json(), ensure_ascii=False))
    assert section["verdict"] == "undetermined"
    assert section["section"] == "s.6(1A)"
    assert section["missing"] == ["signature.proved_time"]
    assert section["legal_advice"] is False
    reasons = section["requirements"][0]["reasons"]
    assert {reason["code"] for reason in section["shared_reasons"] + reasons} == opinion.codes
    time = next(reason for reason in reasons if reason["code"] == "time_only_claimed")
    assert set(time["text"]) == {language.value for language in Language}
    assert time["text"]["en"] in opinion_text(opinion)


def test_the_weakest_requirement_decides_and_is_named() -> None:
    context = private_context(
        requirements=(Requirement.SIGNATURE, Requirement.WRITING), accessible=False
    )
    opinion = judge_cap553(specimen_signature(), context, specimen_trust_list(), JUDGED)
    assert [one.verdict for one in opinion.requirements] == [
        Verdict.SATISFIED,
        Verdict.NOT_SATISFIED,
    ]
    assert (opinion.verdict, opinion.section) == (Verdict.NOT_SATISFIED, "s.5")


def test_with_nothing_known_all_is_open_and_asked_for() -> None:
    opinion = judge_cap553(SignatureFacts(), LegalContext(), shipped_trust_list(), JUDGED)
    assert opinion.verdict is Verdict.UNDETERMINED
    assert opinion.section == "s.6"
    assert opinion.missing == (
        "context.document_type",
        "context.ordinance",
        "context.ordinance_excluded",
        "context.court_proceedings",
        "context.court_rules_permit",
        "context.method_specified",
        "context.specified_method_followed",
        "context.other_requirement_defeated",
        "signature.technical",
        "context.government_party",
    )


def test_a_list_serves_its_time_and_no_longer() -> None:
    trust_list = specimen_trust_list()
    recent = trust_list.as_of + timedelta(days=10)
    facts = specimen_signature(proved_time=recent, claimed_time=recent)
    in_time = judge_cap553(facts, government_context(), trust_list, trust_list.next_update)
    late = judge_cap553(
        facts, government_context(), trust_list, trust_list.next_update + timedelta(seconds=1)
    )
    assert in_time.verdict is Verdict.SATISFIED
    assert "trust_list_out_of_date" in late.codes
    # What was old news when the list was made stays so.
    old = judge_cap553(
        specimen_signature(), government_context(), trust_list, SIGNED.replace(year=2040)
    )
    assert old.verdict is Verdict.SATISFIED


def test_a_catalogue_of_ones_own_answers_for_ordinances() -> None:
    own = (
        b'schema = 1\nversion = "own"\nsources = ["own"]\nschedule_2 = []\n'
        b'[[document_types]]\ncode = "tax-return"\n'
        b'[[ordinances]]\nchapter = "112"\nexcluded = false\n'
        b'[[ordinances]]\nchapter = "622"\nexcluded = true\n'
    )
    context = government_context(ordinance_excluded=None)
    verdicts = [
        judge_cap553(
            specimen_signature(),
            replace(context, ordinance=chapter),
            specimen_trust_list(),
            JUDGED,
            exclusions=parse_exclusions(own),
        ).verdict
        for chapter in ("112", "622", "32")
    ]
    assert verdicts == [Verdict.SATISFIED, Verdict.NOT_SATISFIED, Verdict.UNDETERMINED]


def test_the_shipped_list_knows_a_name_and_no_key() -> None:
    certificate = specimen_certificate(
        issuer_name="Hongkong Post e-Cert CA 2 - 15",
        subject_organization="Hongkong Post e-Cert (Personal)",
    )
    opinion = judge_cap553(
        specimen_signature(certificate=certificate),
        government_context(),
        shipped_trust_list(),
        JUDGED,
        exclusions=shipped_exclusions(),
    )
    assert opinion.verdict is Verdict.UNDETERMINED
    assert "issuer_not_pinned" in opinion.codes


def test_the_moment_of_the_opinion_has_a_zone() -> None:
    with pytest.raises(MalformedInput, match="time_without_zone"):
        judge_cap553(SignatureFacts(), LegalContext(), shipped_trust_list(), datetime(2026, 1, 1))
    assert JUDGED.tzinfo is UTC
