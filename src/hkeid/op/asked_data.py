"""The personal data that a client registers: for logins, for forms, for direct marketing; each with the
reason that residents read (S7; Cap. 486 DPP1 and DPP3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from hkeid.doors.relying_party import (
    DIRECT_MARKETING,
    DataForm,
    DirectMarketing,
    MarketingChannel,
)
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.claims_request import base_name
from hkeid.oidc.locales import SUPPORTED as LOCALES

MEMBERS: Final = ("claims", "voluntary_claims", "forms", "direct_marketing")
"""Names of client metadata that are read here."""

_FORM_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
_FORM_KEYS = frozenset({"name", "purpose", "fields", "keeps_for", "recipient"})
_MARKETING_KEYS = frozenset({"goods", "channels", "claims"})
_MOST_FORMS = 50
_MOST_DAYS = 3650
_KINDS = ("required", "voluntary")


def asked_claims(metadata: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """``claims``: personal claims for logins, each with a reason in every script.

    :raises MalformedInput: ``client_metadata_invalid``; the field names the member.
    """
    return {
        _claim(name, f"claims.{name!s:.60}"): _scripts(reasons, f"claims.{name!s:.60}", "reason")
        for name, reasons in metadata.get("claims", {}).items()
    }


def voluntary_claims(
    metadata: Mapping[str, Any], claims: Mapping[str, Mapping[str, str]]
) -> tuple[str, ...]:
    """``voluntary_claims``: those of ``claims`` that may be withheld.

    :raises MalformedInput: ``client_metadata_invalid``.
    """
    voluntary = tuple(dict.fromkeys(metadata.get("voluntary_claims", ())))
    if any(name not in claims for name in voluntary):
        raise _invalid("voluntary_claims", "must be among the claims")
    return voluntary


def data_forms(metadata: Mapping[str, Any]) -> tuple[DataForm, ...]:
    """``forms``: a table of forms by id, in the order of their ids.

    :raises MalformedInput: ``client_metadata_invalid``; the field names the member.
    """
    forms = metadata.get("forms", {})
    if not isinstance(forms, Mapping) or len(forms) > _MOST_FORMS:
        raise _invalid("forms", f"must be a table of at most {_MOST_FORMS} forms")
    return tuple(_form(name, forms[name]) for name in sorted(forms, key=str))


def _form(name: Any, form: Any) -> DataForm:
    where = f"forms.{name!s:.60}"
    if not isinstance(name, str) or not _FORM_ID.match(name) or name == DIRECT_MARKETING:
        raise _invalid(where, "an id is a lower-case word of at most 64 characters, not this one")
    table = _table(form, where, _FORM_KEYS)
    fields = _table(table.get("fields"), f"{where}.fields", None)
    if not fields:
        raise _invalid(f"{where}.fields", "must name the claims that the form is made of")
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for claim, kind in fields.items():
        if kind not in _KINDS:
            raise _invalid(f"{where}.fields.{claim!s:.60}", "is either required or voluntary")
        kinds[kind].append(_claim(claim, f"{where}.fields.{claim!s:.60}"))
    keeps_for = table.get("keeps_for")
    if keeps_for is not None and (type(keeps_for) is not int or not 1 <= keeps_for <= _MOST_DAYS):
        raise _invalid(f"{where}.keeps_for", f"must be a number of days, 1 to {_MOST_DAYS}")
    return DataForm(
        id=name,
        name=_scripts(table.get("name"), f"{where}.name"),
        purpose=_scripts(table.get("purpose"), f"{where}.purpose"),
        required=tuple(kinds["required"]),
        voluntary=tuple(kinds["voluntary"]),
        keeps_for=keeps_for,
        recipient=_scripts(table["recipient"], f"{where}.recipient")
        if "recipient" in table
        else {},
    )


def direct_marketing(metadata: Mapping[str, Any]) -> DirectMarketing | None:
    """``direct_marketing``: kinds of goods, channels and kinds of data (Cap. 486 s.35C).

    :raises MalformedInput: ``client_metadata_invalid``; the field names the member.
    """
    where = DIRECT_MARKETING
    if metadata.get(where) is None:
        return None
    table = _table(metadata[where], where, _MARKETING_KEYS)
    known = [channel.value for channel in MarketingChannel]
    channels, claims = table.get("channels"), table.get("claims")
    if not isinstance(channels, list | tuple) or not channels or not set(channels) <= set(known):
        raise _invalid(f"{where}.channels", f"must be among {', '.join(known)}")
    if not isinstance(claims, list | tuple) or not claims:
        raise _invalid(f"{where}.claims", "must name the kinds of data to be used")
    return DirectMarketing(
        goods=_scripts(table.get("goods"), f"{where}.goods"),
        channels=tuple(MarketingChannel(channel) for channel in dict.fromkeys(channels)),
        claims=tuple(dict.fromkeys(_claim(claim, f"{where}.claims") for claim in claims)),
    )


def _table(value: Any, where: str, known: frozenset[str] | None) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _invalid(where, "must be a table")
    for name in value:
        if known is not None and name not in known:
            raise _invalid(
                f"{where}.{name!s:.60}", f"unknown; there are {', '.join(sorted(known))}"
            )
    return value


def _claim(name: Any, where: str) -> str:
    if not isinstance(name, str) or base_name(name) != name or not name.isidentifier():
        raise _invalid(where, "not the name of a claim (leave language tags out)")
    return name


def _scripts(texts: Any, where: str, what: str = "text") -> dict[str, str]:
    """A text in every script: it is shown to the resident."""
    if not isinstance(texts, Mapping) or set(texts) != set(LOCALES):
        raise _invalid(where, f"needs a {what} in each of {', '.join(LOCALES)}")
    if not all(isinstance(text, str) and 0 < len(text) <= 500 for text in texts.values()):
        raise _invalid(where, f"a {what} has at most 500 characters")
    return dict(texts)


def _invalid(field: str, why: str) -> MalformedInput:
    return MalformedInput("client_metadata_invalid", f"{field}: {why}.", field=field)
