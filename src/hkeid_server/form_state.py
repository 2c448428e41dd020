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
_AS_NOW = True
"""In place of a value: the same as is written now. No field's value is a truth value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredForm:
    """A form that was answered on an earlier page.

    :ivar send: False: the resident does not send it.
    :ivar claims: voluntary claims that go along.
    :ivar standing: the service may have them later too.
    :ivar statement: version of the collection statement that was on the page.
    :ivar language: of the page, as the ledger writes it.
    :ivar values: version of the values that were on the page.
    :ivar edits: what was written into this form when it was answered; what is written later is not meant for it.
    """

    send: bool
    claims: tuple[str, ...] = ()
    standing: bool = False
    statement: str = ""
    language: str = ""
    values: str = ""
    edits: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """Everything so far.

    :ivar answered: earlier forms by id.
    :ivar edits: what was written instead of what the profile holds, by field; the core checks it.
    :ivar picked: voluntary claims that are switched on at present; None: no switch was touched yet.
    :ivar standing: how the choice between once and standing stands at present.
    """

    answered: Mapping[str, AnsweredForm] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict, repr=False)
    picked: tuple[str, ...] | None = None
    standing: bool = False

    def next_form(self, answered: str, answer: AnsweredForm) -> FormState:
        """After one more form was answered."""
        return replace(
            self, answered={**self.answered, answered: answer}, picked=None, standing=False
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
                            one.values,
                            self._as_differs(one.edits),
                        ]
                        for form, one in self.answered.items()
                    },
                    "edits": dict(self.edits),
                    "picked": None if self.picked is None else list(self.picked),
                    "standing": self.standing,
                }
            )
        )

    def _as_differs(self, edits: Mapping[str, Any]) -> dict[str, Any]:
        """Edits of an answered form; what is still the same now is not carried twice."""
        now = self.edits
        return {
            name: _AS_NOW if name in now and now[name] == value else value
            for name, value in edits.items()
        }


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
        canonical_json.dumps(members)  # JSON can spell half a surrogate pair, which no page takes
        edits = members["edits"]
        answered = {form: _answer(one, edits) for form, one in members["answered"].items()}
        state = FormState(
            answered=answered,
            edits=edits,
            picked=None if members["picked"] is None else _claims(members["picked"]),
            standing=_truth(members["standing"]),
        )
    except (MalformedInput, KeyError, AttributeError, TypeError, ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(edits, dict) or len(edits) > _MOST_EDITS or len(answered) > _MOST_FORMS:
        raise _malformed()
    return state


def _answer(value: Any, now: Mapping[str, Any]) -> AnsweredForm:
    send, claims, standing, statement, language, values, edits = value
    if not all(isinstance(one, str) for one in (statement, language, values)):
        raise _malformed()
    if len(edits) > _MOST_EDITS:
        raise _malformed()
    return AnsweredForm(
        send=_truth(send),
        claims=_claims(claims),
        standing=_truth(standing),
        statement=statement,
        language=language,
        values=values,
        edits={name: now[name] if one is _AS_NOW else one for name, one in edits.items()},
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
