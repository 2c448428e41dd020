"""What an erasure erases and what stays covers the whole registry of personal fields."""

from __future__ import annotations

import pytest

from hkeid.identity import Language
from hkeid.profile.rights import GROUNDS, STAYS, Fate, RefusalGround, fate_of
from hkeid.residents import FIELDS, Protection


def test_every_field_that_stays_has_words_and_no_other() -> None:
    assert {name for name, one in FIELDS.items() if fate_of(one) is Fate.STAYS} == set(STAYS)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_what_can_be_read_with_the_key_alone_goes(name) -> None:
    field = FIELDS[name]
    if fate_of(field) is Fate.STAYS:
        assert field.protection is Protection.PSEUDONYM
    if field.protection is Protection.SEALED and not name.startswith("officer_"):
        assert fate_of(field) is Fate.ERASED


def test_everything_is_said_in_three_scripts() -> None:
    for words in STAYS.values():
        assert all(words[language] for language in Language)
        assert len(set(words.values())) == len(Language)
    for ground in RefusalGround:
        assert len({ground.words(language) for language in Language}) == len(Language)


def test_every_ground_is_of_one_of_the_two_lists() -> None:
    used = {ground for grounds in GROUNDS.values() for ground in grounds}
    assert used == set(RefusalGround)
    assert all(section.startswith("s.2") for each in GROUNDS.values() for section in each.values())
