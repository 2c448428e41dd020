"""From TOML and environment to the dataclasses; every complaint says what to change."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.op.settings import Profile
from hkeid_server.config.rules import check, refuse_inline_secrets
from hkeid_server.config.schema import Config

_PREFIX = "HKEID_"
_OTHERS = frozenset(
    {
        "HKEID_CONFIG",
        "HKEID_ARTEFACTS",
        "HKEID_CLIENT_ID",
        "HKEID_CLIENT_SECRET",
        "HKEID_PRIVATE_KEY",
        "HKEID_TOKEN_PIN",
    }
)
"""Variables of the commands and of relying parties, which may run in the same shell."""


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file, then the environment over it.

    :param environment: the process's own if None.
    :raises ConfigurationError: ``config_unreadable``, ``config_not_toml`` and what
        :func:`read_config` raises.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            "config_unreadable", detail=f"{path}: {error.strerror}. Make one with: hkeid init"
        ) from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("config_not_toml", detail=f"{path}: {error}") from None
    surroundings = os.environ if environment is None else environment
    return read_config(content, surroundings, folder=path.resolve().parent)


def read_config(content: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Config:
    """Build the configuration from parsed TOML and environment variables.

    ``HKEID_ISSUER`` sets ``issuer``, ``HKEID_STORE_URL`` sets ``url`` in ``[store]``; lists are
    separated by commas.

    :raises ConfigurationError: ``config_key_unknown``, ``config_value_invalid``,
        ``config_key_missing``, ``config_secret_unreadable``, ``production_refuses`` (the environment
        would turn production into a sandbox), and those of ``rules.check``.
    """
    merged = _with_environment(content, environment)
    if "profile" not in merged or "issuer" not in merged:
        absent = "profile" if "profile" not in merged else "issuer"
        raise ConfigurationError("config_key_missing", detail=f"{absent!r} is not set")
    if content.get("profile") == Profile.PRODUCTION and merged["profile"] != Profile.PRODUCTION:
        # Law 7: one stray variable must not open a production server to test persons.
        raise ConfigurationError(
            "production_refuses", detail="HKEID_PROFILE: the file says production, and that stays"
        )
    config = _build(Config, merged, where="", folder=folder)
    assert isinstance(config, Config)
    if config.production:
        refuse_inline_secrets(merged)
    check(config)
    return config


def _with_environment(content: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    merged = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in content.items()
    }
    places = _environment_names()
    for name, value in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name in _OTHERS:
            continue
        place = places.get(name)
        if place is None:
            _complain_if_meant(name, places)
            continue
        section, key = place
        target = merged.setdefault(section, {}) if section else merged
        if not isinstance(target, dict):
            raise _invalid(section, "a table")
        target[key] = value
        if key.removesuffix("_file") != key:
            target.pop(key.removesuffix("_file"), None)
    return merged


@cache
def _environment_names() -> dict[str, tuple[str, str]]:
    """Every variable with the section and key that it sets."""
    names: dict[str, tuple[str, str]] = {}
    for key, kind in _hints(Config).items():
        if is_dataclass(kind) and isinstance(kind, type):
            for inner, inner_kind in _hints(kind).items():
                spelled = inner + ("_file" if _is_secret(inner_kind) else "")
                if inner_kind != dict[str, str]:
                    names[f"{_PREFIX}{key}_{spelled}".upper()] = (key, spelled)
        else:
            names[f"{_PREFIX}{key}".upper()] = ("", key)
    return names


def _complain_if_meant(name: str, places: Mapping[str, Any]) -> None:
    """Refuse a misspelt variable; other programs' variables of this prefix are none of ours."""
    sections = {_PREFIX + key.upper() + "_" for key, kind in _hints(Config).items()
                if is_dataclass(kind)}  # fmt: skip
    near = difflib.get_close_matches(name, places, n=1, cutoff=0.85)
    if near or name.startswith(tuple(sections)):
        raise ConfigurationError(
            "config_key_unknown",
            detail=f"environment variable {name}{_did_you_mean(name, places)}",
        )


def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    # Where the file lies is no key of the whole; a section may have a folder of its own.
    left_out = {"folder"} if kind is Config else set()
    return {one.name: hints[one.name] for one in fields(kind) if one.name not in left_out}


def _is_secret(kind: Any) -> bool:
    return kind is Secret or (isinstance(kind, UnionType) and Secret in get_args(kind))


def _is_optional_path(kind: Any) -> bool:
    return isinstance(kind, UnionType) and Path in get_args(kind)


def _build(kind: Any, content: Mapping[str, Any], *, where: str, folder: Path) -> object:
    """An instance of a dataclass from a table; ``where`` is the table's name."""
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for key, value in content.items():
        name = f"{where}.{key}" if where else key
        plain = key.removesuffix("_file")
        if key in hints:
            values[key] = _convert(hints[key], value, name, folder)
        elif plain in hints and _is_secret(hints[plain]):
            values[plain] = _secret_from(value, name, folder)
        else:
            known = [k + ("_file" if _is_secret(h) else "") for k, h in hints.items()]
            raise ConfigurationError(
                "config_key_unknown", detail=f"{name!r}{_did_you_mean(key, known)}"
            )
    if kind is Config:
        values["folder"] = folder
    return kind(**values)


def _secret_from(value: Any, name: str, folder: Path) -> Secret:
    if not isinstance(value, str):
        raise _invalid(name, "the path of a file")
    try:
        return Secret((folder / value).read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("config_secret_unreadable", detail=f"{name}: {value}") from None


def _convert(kind: Any, value: Any, name: str, folder: Path) -> Any:
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise _invalid(name, f"a table: [{name}]")
        return _build(kind, value, where=name, folder=folder)
    for known, convert in _CONVERTERS:
        if kind == known:
            return convert(value, name)
    if _is_optional_path(kind):
        return Path(_text(value, name))
    text = _text(value, name)
    return Secret(text) if _is_secret(kind) else text


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _invalid(name, "a text")
    return value


def _texts_by_name(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        raise _invalid(name, "a table of texts")
    return dict(value)


def _profile(value: Any, name: str) -> Profile:
    if value not in set(Profile):
        raise _invalid(name, "'production' or 'sandbox'")
    return Profile(value)


def _path(value: Any, name: str) -> Path:
    return Path(_text(value, name))


def _boolean(value: Any, name: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise _invalid(name, "true or false")


def _whole_number(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise _invalid(name, "a whole number")


def _strings(value: Any, name: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise _invalid(name, "a list of texts")


_CONVERTERS: tuple[tuple[Any, Callable[[Any, str], Any]], ...] = (
    (bool, _boolean),
    (int, _whole_number),
    (tuple[str, ...], _strings),
    (dict[str, str], _texts_by_name),
    (Profile, _profile),
    (Path, _path),
)


def _invalid(name: str, expected: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"{name!r} must be {expected}")


def _did_you_mean(wrong: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f" is not known; did you mean {near[0]!r}?" if near else " is not known"
