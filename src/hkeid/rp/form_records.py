"""Forms that residents filled: what is remembered meanwhile, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.forms import MOST_FORMS
from hkeid.rp.errors import StartAgain
from hkeid.rp.login_state import LoginState
from hkeid.rp.records import Resident

_VERSION = 1

WantedForms = str | Sequence[str] | Mapping[str, Sequence[str] | None]
"""One form by its id, several, or by id the fields that are wanted of each (None: all of them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form as the provider signed it.

    :ivar claims: values by wire name, as the resident saw them.
    :ivar sources: by claim ``source`` (``registry``, ``chip``, ``document``, ``self``, ``provider``) and
        perhaps ``date``: who says so, and since when.
    :ivar standing: values of now, because the resident let the form stand; else what was sent just before.
    :ivar sub: the resident at this relying party; None: nobody logged in.
    :ivar id: of the disclosure; the resident finds it in their own data.
    :ivar signed: the answer as it was signed, for the file.
    """

    form: str
    claims: Mapping[str, Any] = field(repr=False)
    sources: Mapping[str, Mapping[str, Any]]
    standing: bool
    acr: str | None
    sub: str | None = field(repr=False)
    id: str
    signed: str = field(repr=False)

    def claim(self, name: str, language: str | None = None) -> Any:
        """A claim in the language asked for where there is one (OpenID Connect Core §5.2), or None."""
        if language is not None and (tagged := f"{name}#{language}") in self.claims:
            return self.claims[tagged]
        return self.claims.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForms(Mapping[str, FilledForm]):
    """The forms that the resident sent, by id; those that were not sent are not there.

    :ivar resident: who logged in with it, or None.
    """

    forms: Mapping[str, FilledForm]
    resident: Resident | None = None

    def __getitem__(self, form: str) -> FilledForm:
        return self.forms[form]

    def __iter__(self) -> Iterator[str]:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRequestState:
    """What is remembered of a request between sending a browser away and seeing it again.

    :ivar names_resident: the resident logs in with it.
    """

    login: LoginState
    forms: tuple[str, ...]
    names_resident: bool

    def encode(self) -> str:
        """As one line of text."""
        return canonical_json.dumps(
            {
                "v": _VERSION,
                "login": self.login.encode(),
                "forms": list(self.forms),
                "names_resident": self.names_resident,
            }
        ).decode()

    @classmethod
    def decode(cls, text: str) -> FormRequestState:
        """The inverse of :meth:`encode`.

        :raises StartAgain: ``form_state_malformed``.
        """
        try:
            members = canonical_json.loads_object(text)
            if members["v"] != _VERSION or type(members["names_resident"]) is not bool:
                raise StartAgain("form_state_malformed")
            forms = tuple(members["forms"])
            if not all(isinstance(one, str) for one in forms):
                raise StartAgain("form_state_malformed")
            return cls(
                login=LoginState.decode(members["login"]),
                forms=forms,
                names_resident=members["names_resident"],
            )
        except (MalformedInput, KeyError, TypeError):
            raise StartAgain("form_state_malformed") from None


def wanted_forms(forms: WantedForms) -> dict[str, Sequence[str] | None]:
    """By id the fields that are wanted.

    :raises MalformedInput: ``forms_missing``, ``forms_too_many``.
    """
    if isinstance(forms, str):
        forms = (forms,)
    wanted = dict(forms) if isinstance(forms, Mapping) else dict.fromkeys(forms)
    if not wanted:
        raise MalformedInput("forms_missing", field="forms")
    if len(wanted) > MOST_FORMS:
        raise MalformedInput("forms_too_many", field="forms")
    return wanted
