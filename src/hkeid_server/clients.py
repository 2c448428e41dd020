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

    [claims.name]                                 # why it is asked for, as the resident reads it
    en = "To address our answer to you."

The keys are the fields of :class:`hkeid.op.records.Client`; unknown ones are errors.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.kernel.canonical_json import loads_object
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.secret import secret_digest
from hkeid.op.records import Client, ClientAuthMethod

_FIELDS = {one.name for one in fields(Client)} - {"secret_digest", "jwks"}
_KNOWN = _FIELDS | {"jwks_file", "secret_file"}
_NEEDED = ("id", "name", "redirect_uris", "auth_method", "sector_identifier")
_LISTS = {
    "redirect_uris",
    "post_logout_redirect_uris",
    "scopes",
    "voluntary_claims",
    "grant_types",
}
_WHOLE = {"default_max_age"}
_SWITCHES = {"require_auth_time", "require_pkce", "sender_constrained", "enabled"}


def read_client(path: Path) -> Client:
    """Read one description.

    :raises ConfigurationError: ``client_unreadable``, ``client_key_unknown``,
        ``client_key_missing``, ``client_value_invalid``; the detail names file and key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("client_unreadable", detail=f"{path}: {error}") from None
    for key in content:
        if key not in _KNOWN:
            near = difflib.get_close_matches(key, _KNOWN, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError("client_key_unknown", detail=f"{path.name}: {key!r}{hint}")
    for key in _NEEDED:
        if key not in content:
            raise ConfigurationError("client_key_missing", detail=f"{path.name}: {key!r}")
    values: dict[str, Any] = {"claims": {}}
    for key, value in content.items():
        if key in _FIELDS:
            values[key] = _convert(path, key, value)
    values["jwks"] = _public_keys(path, content)
    values["secret_digest"] = _secret_digest(path, content)
    return Client(**values)


def read_clients(folder: Path) -> tuple[Client, ...]:
    """Every description in a folder, in order of file names; none where there is no folder."""
    return tuple(read_client(path) for path in sorted(folder.glob("*.toml")))


def write_client(client: Client, folder: Path) -> Path:
    """Write a description that :func:`read_client` reads back, with its public keys beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"id = {_quoted(client.id)}", f"auth_method = {_quoted(client.auth_method.value)}"]
    for name in ("sector_identifier", "application_type", "client_uri", "policy_uri"):
        value = getattr(client, name)
        if value is not None:
            lines.append(f"{name} = {_quoted(value)}")
    for name in sorted(_LISTS):
        texts = ", ".join(_quoted(text) for text in getattr(client, name))
        lines.append(f"{name} = [{texts}]")
    if client.default_acr is not None:
        lines.append(f"default_acr = {_quoted(client.default_acr.value)}")
    lines += [
        f"{name} = {str(getattr(client, name)).lower()}"
        for name in sorted(_SWITCHES)
        if getattr(client, name) != _default(name)
    ]
    if client.jwks is not None:
        keys = folder / f"{client.id}.jwks.json"
        keys.write_text(json.dumps(dict(client.jwks), indent=2) + "\n", "utf-8")
        lines.append(f"jwks_file = {_quoted(keys.name)}")
    lines += ["", "[name]", *_table(client.name)]
    for claim, reasons in client.claims.items():
        lines += ["", f"[claims.{claim}]", *_table(reasons)]
    path = folder / f"{client.id}.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _convert(path: Path, key: str, value: Any) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise _invalid(path, key, "a list of texts")
        return tuple(value)
    if key in {"name", "claims"}:
        if not isinstance(value, Mapping):
            raise _invalid(path, key, "a table")
        return dict(value)
    if key in _SWITCHES or key in _WHOLE:
        if not isinstance(value, bool if key in _SWITCHES else int):
            raise _invalid(path, key, "true or false" if key in _SWITCHES else "a whole number")
        return value
    if not isinstance(value, str):
        raise _invalid(path, key, "a text")
    try:
        if key == "auth_method":
            return ClientAuthMethod(value)
        return Acr(value) if key == "default_acr" else value
    except ValueError:
        raise _invalid(path, key, "one of the known values") from None


def _public_keys(path: Path, content: Mapping[str, Any]) -> dict[str, Any] | None:
    name = content.get("jwks_file")
    if name is None:
        return None
    try:
        keys = loads_object(path.with_name(str(name)).read_bytes())
    except (OSError, MalformedInput):
        raise _invalid(path, "jwks_file", "a JWK set (RFC 7517)") from None
    if any("d" in key or "k" in key for key in keys.get("keys", ())):
        raise _invalid(path, "jwks_file", "public keys only")
    return keys


def _secret_digest(path: Path, content: Mapping[str, Any]) -> bytes | None:
    name = content.get("secret_file")
    if name is None:
        return None
    try:
        return secret_digest(path.with_name(str(name)).read_text("utf-8").strip())
    except OSError:
        raise _invalid(path, "secret_file", "a readable file") from None


def _default(name: str) -> Any:
    return next(one.default for one in fields(Client) if one.name == name)


def _table(texts: Mapping[str, str]) -> list[str]:
    return [f"{key} = {_quoted(text)}" for key, text in texts.items()]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _invalid(path: Path, key: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        "client_value_invalid", detail=f"{path.name}: {key!r} must be {expected}"
    )
