"""Values of the resident's profile, as claims read them."""

from __future__ import annotations

from typing import Any

from hkeid.identity.language import Language
from hkeid.profile.claims.definition import Texts
from hkeid.profile.display import LINES
from hkeid.profile.eme.fields import EME_FIELDS
from hkeid.profile.eme.values import EmeValue


def profile_value(name: str, texts: Texts) -> Any:
    """The value of a field of the profile, in JSON; None where none is kept."""
    text = texts.get(EME_FIELDS[name].sealed)
    return None if text is None else EmeValue.of_text(text).value


def shown_value(name: str, texts: Texts, language: Language) -> str | None:
    """All forms of a value for its owner's eyes, two spaces apart; None where none is kept."""
    value = profile_value(name, texts)
    if value is None:
        return None
    forms = EME_FIELDS[name].show(value, language)
    # Spaces within a form are single, so that two of them part one form from the next.
    return LINES.join(" ".join(form.split()) for form in forms) or None
