"""The collection statement: complete (Cap. 486 DPP1), in three scripts, versioned by content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hkeid.identity import Language
from hkeid.op.records import Client
from hkeid.profile import CLAIMS, collection_statement
from hkeid.profile.statement import in_language, purpose_digest, registered_claims
from hkeid.testing.services import SERVICES

ASKED = ("name", "gender")


def _whole(client: Client, language: Language, asked: tuple[str, ...] = ASKED) -> str:
    text = collection_statement(client, asked).texts[language]
    return "\n".join([text.title, text.opening, *text.purposes, *text.paragraphs])


@pytest.mark.parametrize("language", Language)
def test_it_says_what_the_law_wants(client: Client, language: Language) -> None:
    whole = _whole(client, language)
    name = in_language(client.name, language)
    assert name in whole
    for claim in ASKED:
        assert CLAIMS[claim].label[language] in whole
        assert in_language(client.claims[claim], language) in whole
    assert "486" in whole
    assert "https://shop.example.hk/privacy" in whole
    assert "{" not in whole
    wanted = {
        Language.ENGLISH: ["required", "voluntary", "withdraw", "nobody else", "corrected"],
        Language.TRADITIONAL: ["必須提供", "自願提供", "撤回", "不會送交其他人", "更正"],
        Language.SIMPLIFIED: ["必须提供", "自愿提供", "撤回", "不会送交其他人", "更正"],
    }
    assert all(word in whole for word in wanted[language])


def test_it_leaves_out_what_does_not_apply(client: Client) -> None:
    bare = replace(client, policy_uri=None, client_uri=None)
    assert "https" not in _whole(bare, Language.ENGLISH)
    assert "Voluntary items" not in _whole(bare, Language.ENGLISH, ("name",))
    assert "Without the required" not in _whole(bare, Language.ENGLISH, ("gender",))


def test_the_version_is_the_content(client: Client) -> None:
    version = collection_statement(client, ASKED).version
    assert len(version) == 22
    assert collection_statement(client, ("gender", "name", "shoe_size")).version == version
    for other in [
        replace(client, id="other"),
        replace(client, name={**client.name, "zh-Hans": "小店"}),
        replace(client, claims={**client.claims, "name": {"en": "x"}}),
        replace(client, voluntary_claims=()),
        replace(client, policy_uri=None),
    ]:
        assert collection_statement(other, ASKED).version != version
    assert collection_statement(client, ("name",)).version != version
    assert collection_statement(replace(client, redirect_uris=()), ASKED).version == version


def test_a_purpose_changes_with_its_reason_only(client: Client) -> None:
    digest = purpose_digest(client, "name")
    assert purpose_digest(replace(client, name={"en": "New Name"}), "name") == digest
    more = {**client.claims, "family_name": {"en": "sorting"}}
    assert purpose_digest(replace(client, claims=more), "name") == digest
    other_script = {"name": {**client.claims["name"], "zh-Hans": "x"}}
    assert purpose_digest(replace(client, claims=other_script), "name") != digest
    assert purpose_digest(replace(client, voluntary_claims=("name",)), "name") != digest


def test_a_claim_without_a_reason_is_not_registered(client: Client) -> None:
    claims = {
        "name": {},
        "gender": {"en": ""},
        "birthdate": {"en": "age"},
        "shoe_size": {"en": "x"},
    }
    assert registered_claims(replace(client, claims=claims)) == ("birthdate",)


def test_texts_fall_back_to_the_nearest_script() -> None:
    assert in_language({"en": "a", "zh-Hant-HK": "b"}, Language.SIMPLIFIED) == "b"
    assert in_language({"zh-Hans": "c", "en": "a"}, Language.TRADITIONAL) == "c"
    assert in_language({"zh-Hant-HK": "b"}, Language.ENGLISH) == "b"
    assert in_language({}, Language.ENGLISH) == ""


def test_a_name_with_braces_is_only_a_name(client: Client) -> None:
    odd = replace(client, name={"en": "{policy} {0} {}"})
    assert "{policy} {0} {}" in _whole(odd, Language.ENGLISH)


def test_all_services_of_the_annex_have_one() -> None:
    versions = set()
    for service in SERVICES.values():
        client = service.as_client(redirect_uris=(), sector_identifier="localhost")
        versions.add(collection_statement(client, client.claims).version)
    assert len(versions) == 26
