"""Code lists: every code has a label in every script, and unknown ones are refused."""

from __future__ import annotations

import pytest

from hkeid.identity import AddressDocumentKind, EducationLevel, Language, MaritalStatus
from hkeid.kernel.errors import MalformedInput


@pytest.mark.parametrize("codes", [MaritalStatus, EducationLevel, AddressDocumentKind])
def test_codes_and_labels(codes: type[MaritalStatus | EducationLevel]) -> None:
    for language in Language:
        labels = [code.label(language) for code in codes]
        assert all(labels)
        assert len(set(labels)) == len(codes)
    for code in codes:
        assert codes.parse(code.value) is code


def test_iam_smarts_letters_are_not_guessed() -> None:
    for parse in (MaritalStatus.parse, EducationLevel.parse):
        for letter in ("S", "M", "T", ""):
            with pytest.raises(MalformedInput):
                parse(letter)
