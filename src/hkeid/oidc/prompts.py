"""The ``prompt`` parameter (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from enum import StrEnum

from hkeid.oidc.errors import invalid_request


class Prompt(StrEnum):
    """What a relying party wants the resident to be asked."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


_KNOWN = {prompt.value: prompt for prompt in Prompt}


def parse_prompt(text: str) -> frozenset[Prompt]:
    """The words of a ``prompt`` value.

    :raises OAuthError: ``invalid_request``: ``prompt_unknown``, or ``prompt_none_with_others``.
    """
    words = [word for word in text.split(" ") if word]
    if not words or any(word not in _KNOWN for word in words):
        raise invalid_request("prompt_unknown", "The parameter 'prompt' has an unknown value.")
    prompts = frozenset(_KNOWN[word] for word in words)
    if Prompt.NONE in prompts and len(prompts) > 1:
        raise invalid_request(
            "prompt_none_with_others", "The prompt 'none' does not go with any other."
        )
    return prompts
