"""Client descriptions: relying parties as files that an operator reviews and keeps.

::

    id = "hko-suggestions"
    redirect_uris = ["https://suggestions.hko.example/eid/callback"]
    auth_method = "private_key_jwt"
    sector_identifier = "suggestions.hko.example"
    jwks_file = "hko-suggestions.jwks.json"       # public keys, beside this file
    voluntary_claims = ["birthdate"]

    [name]
    en = "Hong Kong Observatory: suggestion form"
    zh-Hant-HK = "…"
    zh-Hans = "…"

    [claims.name]                                 # for logins: why it is asked for, as the resident reads it
    en = "To address our answer to you."
    zh-Hant-HK = "…"
    zh-Hans = "…"

    [forms.warning]                               # a form that it fills: a purpose of its own
    fields = { name = "required", birthdate = "voluntary" }
    keeps_for = 365                               # days that a standing consent lasts at most
    recipient = { en = "…", zh-Hant-HK = "…", zh-Hans = "…" }   # to whom it is passed on, if to anybody
    name = { en = "…", zh-Hant-HK = "…", zh-Hans = "…" }
    purpose = { en = "…", zh-Hant-HK = "…", zh-Hans = "…" }

    [direct_marketing]                            # Cap. 486 Part 6A: a question of its own, off by default
    goods = { en = "…", zh-Hant-HK = "…", zh-Hans = "…" }
    channels = ["email"]                          # email, sms, telephone, post, app
    claims = ["name"]

The keys are the fields of :class:`hkeid.op.records.Client`; unknown ones are errors. What a client
may be is decided in one place, :mod:`hkeid.op.registration`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from hkeid.doors.relying_party import DataForm, DirectMarketing
from hkeid.kernel.canonical_json import loads_object
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.op.records import Client
from hkeid.op.registration import KNOWN_NAMES, client_from_metadata
from hkeid.op.settings import Profile
from hkeid_server.descriptions import Description, DescriptionKind, read_folder

_RENAMED = {
    "id": "client_id",
    "name": "client_name",
    "auth_method": "token_endpoint_auth_method",
    "scopes": "scope",
    "default_acr": "default_acr_values",
    "jwks_file": "jwks",
    "secret_file": "client_secret",
}
"""Keys of a description whose metadata (RFC 7591 §2) has another name or form."""

_KEYS = {name: key for key, name in _RENAMED.items()}
_KNOWN = (KNOWN_NAMES - _KEYS.keys() - {"response_types"}) | _RENAMED.keys()
_NEEDED = ("id", "name", "redirect_uris", "auth_method", "sector_identifier")
_LISTS = ("redirect_uris", "post_logout_redirect_uris", "scopes", "voluntary_claims", "grant_types")
_PLAIN = (
    *("sector_identifier", "application_type", "client_uri", "policy_uri", "default_max_age"),
    *("id_token_signed_response_alg", "userinfo_signed_response_alg"),
    *("require_auth_time", "require_pkce", "enabled"),
    *("backchannel_logout_uri", "backchannel_logout_session_required"),
    *("frontchannel_logout_uri", "frontchannel_logout_session_required"),
)


def read_client(path: Path, *, profile: Profile) -> Client:
    """Read one description.

    :param profile: whose rules the client must keep.
    :raises ConfigurationError: ``client_unreadable``, ``client_key_unknown``,
        ``client_key_missing``, ``client_value_invalid``, ``production_refuses``; the detail names
        file and key.
    """
    described = Description(DescriptionKind.CLIENT, path)
    described.check_keys(_KNOWN, _NEEDED)
    metadata = {_RENAMED.get(key, key): _value(described, key) for key in described}
    try:
        return client_from_metadata(metadata, profile=profile)
    except MalformedInput as error:
        raise _refused(described, error) from None


def read_clients(folder: Path, *, profile: Profile) -> tuple[Client, ...]:
    """Every description in a folder, in order of file names; none where there is no folder."""
    return read_folder(folder, partial(read_client, profile=profile))


def write_client(client: Client, folder: Path) -> Path:
    """Write a description that :func:`read_client` reads back, with its public keys beside it.

    A secret is kept as a digest only and cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"id = {_quoted(client.id)}", f"auth_method = {_quoted(client.auth_method.value)}"]
    lines += [
        f"{name} = {_quoted(value)}"
        for name in _PLAIN
        if (value := getattr(client, name)) != _default(name)
    ]
    for name in _LISTS:
        texts = ", ".join(_quoted(text) for text in getattr(client, name))
        lines.append(f"{name} = [{texts}]")
    if client.default_acr is not None:
        lines.append(f"default_acr = {_quoted(client.default_acr.value)}")
    if client.jwks is not None:
        keys = folder / f"{client.id}.jwks.json"
        keys.write_text(json.dumps(dict(client.jwks), indent=2) + "\n", "utf-8")
        lines.append(f"jwks_file = {_quoted(keys.name)}")
    lines += ["", "[name]", *_table(client.name)]
    for claim, reasons in client.claims.items():
        lines += ["", f"[claims.{claim}]", *_table(reasons)]
    for form in client.forms:
        lines += ["", *_form(form)]
    if client.direct_marketing is not None:
        lines += ["", *_marketing(client.direct_marketing)]
    path = folder / f"{client.id}.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _form(form: DataForm) -> list[str]:
    kinds = dict.fromkeys(form.voluntary, "voluntary")
    kinds |= dict.fromkeys(form.required, "required")
    lines = [f"[forms.{form.id}]", f"fields = {_inline(kinds)}"]
    if form.keeps_for is not None:
        lines.append(f"keeps_for = {form.keeps_for}")
    if form.recipient:
        lines.append(f"recipient = {_inline(form.recipient)}")
    return [*lines, f"name = {_inline(form.name)}", f"purpose = {_inline(form.purpose)}"]


def _marketing(marketing: DirectMarketing) -> list[str]:
    return [
        "[direct_marketing]",
        f"goods = {_inline(marketing.goods)}",
        f"channels = [{', '.join(_quoted(channel.value) for channel in marketing.channels)}]",
        f"claims = [{', '.join(_quoted(claim) for claim in marketing.claims)}]",
    ]


def _value(described: Description, key: str) -> Any:
    """A value as client metadata has it; whether it will do is not decided here."""
    value = described[key]
    match key:
        case "scopes":
            if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
                raise described.invalid(key, "must be a list of text")
            return " ".join(value)
        case "default_acr":
            return [value]
        case "name":
            if not isinstance(value, Mapping):
                raise described.invalid(key, "must be a table")
            return value
        case "jwks_file":
            try:
                return loads_object(described.file(key).read_bytes())
            except (OSError, MalformedInput):
                raise described.invalid(key, "must be a JWK set (RFC 7517)") from None
        case "secret_file":
            try:
                return described.file(key).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise described.invalid(key, "must be a readable file") from None
        case _:
            return value


def _refused(described: Description, error: MalformedInput) -> ConfigurationError:
    """What registration says, in the words of the description."""
    name = error.field or ""
    why = error.safe_text.removeprefix(f"{name}:").strip().rstrip(".")
    if error.reason == "client_for_sandbox_only":
        return ConfigurationError(
            "production_refuses", detail=f"{described.path.name}: {_KEYS.get(name, name)!r}: {why}"
        )
    return described.invalid(_KEYS.get(name, name), why)


def _default(name: str) -> Any:
    return next(one.default for one in fields(Client) if one.name == name)


def _table(texts: Mapping[str, str]) -> list[str]:
    return [f"{key} = {_quoted(text)}" for key, text in texts.items()]


def _inline(texts: Mapping[str, str]) -> str:
    return f"{{ {', '.join(_table(texts))} }}"


def _quoted(value: str | int) -> str:
    """A text, number or truth value as TOML writes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
