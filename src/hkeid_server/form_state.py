"""What a resident has filled in so far, while nothing is sent: it travels with the pages themselves.

It is the resident's own data on the resident's own screen, checked anew each time that it comes back; the
server keeps nothing of a form before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput

_LONGEST = 60_000
_MOST_EDITS = 20
_MOST_FORMS = 10
_MOST_CLAIMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredForm:
    """A form that was answered on an earlier page.

    :ivar send: False: the resident does not send it.
    :ivar claims: voluntary claims that go along.
    :ivar standing: the service may have them later too.
    :ivar statement: version of the collection statement that was on the page.
    :ivar language: of the page, as the ledger writes it.
    """

    send: bool
    claims: tuple[str, ...] = ()
    standing: bool = False
    statement: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """Everything so far.

    :ivar answered: earlier forms by id.
    :ivar edits: what was written instead of what the profile holds, by field; the core checks it.
    :ivar picked: voluntary claims that are switched on at present.
    :ivar standing: how the choice between once and standing stands at present.
    """

    answered: Mapping[str, AnsweredForm] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict, repr=False)
    picked: tuple[str, ...] = ()
    standing: bool = False

    def next_form(self, answered: str, answer: AnsweredForm) -> FormState:
        """After one more form was answered."""
        return replace(
            self, answered={**self.answered, answered: answer}, picked=(), standing=False
        )

    def text(self) -> str:
        """As a page carries it."""
        return base64url.encode(
            canonical_json.dumps(
                {
                    "answered": {
                        form: [
                            one.send,
                            list(one.claims),
                            one.standing,
                            one.statement,
                            one.language,
                        ]
                        for form, one in self.answered.items()
                    },
                    "edits": dict(self.edits),
                    "picked": list(self.picked),
                    "standing": self.standing,
                }
            )
        )


def read_state(text: str) -> FormState:
    """The inverse of :meth:`FormState.text`; "" is the beginning.

    :raises MalformedInput: ``form_state_malformed``.
    """
    if not text:
        return FormState()
    if len(text) > _LONGEST:
        raise _malformed()
    try:
        members = canonical_json.loads_object(base64url.decode(text))
        answered = {form: _answer(one) for form, one in members["answered"].items()}
        edits = members["edits"]
        state = FormState(
            answered=answered,
            edits=edits,
            picked=_claims(members["picked"]),
            standing=_truth(members["standing"]),
        )
    except (MalformedInput, KeyError, AttributeError, TypeError, ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(edits, dict) or len(edits) > _MOST_EDITS or len(answered) > _MOST_FORMS:
        raise _malformed()
    return state


def _answer(value: Any) -> AnsweredForm:
    send, claims, standing, statement, language = value
    if not (isinstance(statement, str) and isinstance(language, str)):
        raise _malformed()
    return AnsweredForm(
        send=_truth(send),
        claims=_claims(claims),
        standing=_truth(standing),
        statement=statement,
        language=language,
    )


def _claims(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_CLAIMS:
        raise _malformed()
    if not all(isinstance(one, str) for one in value):
        raise _malformed()
    return tuple(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _malformed()
    return value


def _malformed() -> MalformedInput:
    return MalformedInput("form_state_malformed", field="state")
