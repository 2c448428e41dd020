"""Opens the keeper of residents' signing keys that the configuration names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.ports import KeyStore, Random
from hkeid.ports.signing_keys import ResidentKeys
from hkeid_server.config import Config
from hkeid_server.config.resident_keys import ResidentKeysSection

if TYPE_CHECKING:
    from hkeid.adapters.resident_keys import TokenResidentKeys

_tokens: Final[dict[tuple[str, str, Secret], TokenResidentKeys]] = {}
_opening: Final = Lock()


def open_resident_keys(
    config: Config,
    keys: KeyStore,
    random: Random,
    environment: Mapping[str, str] | None = None,
) -> ResidentKeys:
    """The keeper. A token is opened at its first use, so that the server starts without it, and once in a process:
    a PIN that it refused is then not presented again, whoever asks for the keeper, and however often.

    :param environment: the process's own if None.
    :raises hkeid.kernel.errors.ConfigurationError: ``token_pin_missing``, ``config_secret_unreadable``.
    :raises hkeid.kernel.errors.MissingExtra: ``hkeid[pkcs11]`` is not installed.
    """
    section, wrapped = config.resident_keys, WrappedResidentKeys(keys, random)
    if not section.has_token:
        return wrapped
    from hkeid.adapters.resident_keys import MovedResidentKeys, TokenResidentKeys

    pin = token_pin(config, os.environ if environment is None else environment)
    name = (section.module, section.token, pin)
    with _opening:
        token = _tokens.get(name)
        if token is None:
            token = _tokens[name] = TokenResidentKeys(
                Path(section.module), label=section.token, pin=pin, random=random
            )
    return MovedResidentKeys(token, other=wrapped, in_token=section.in_token)


def look_at_token(config: Config, environment: Mapping[str, str] | None = None) -> str:
    """Open the token once, as the server will; returns a line about it.

    :raises hkeid.kernel.errors.HkeidError: what stands in the way: no PIN, no module, no token, a wrong PIN.
    """
    from hkeid.adapters.pkcs11_tokens import Pkcs11Module

    section = config.resident_keys
    pin = token_pin(config, os.environ if environment is None else environment)
    module = Pkcs11Module.load(section.module)
    with module.open(label=section.token, pin=pin, writes=True) as token:
        return f"token {token.label!r} is open"


def token_pin(config: Config, environment: Mapping[str, str]) -> Secret:
    """The PIN, from its file or variable.

    :raises hkeid.kernel.errors.ConfigurationError: ``token_pin_missing``, ``config_secret_unreadable``.
    """
    section = config.resident_keys
    pin = _read(config, section) if section.pin_file else environment.get(section.pin_variable, "")
    if not pin:
        place = section.pin_file or f"environment variable {section.pin_variable}"
        raise ConfigurationError("token_pin_missing", detail=f"{place}: no PIN of the token")
    return Secret(pin)


def _read(config: Config, section: ResidentKeysSection) -> str:
    assert section.pin_file is not None
    try:
        return config.path(section.pin_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "config_secret_unreadable", detail=f"resident_keys.pin_file: {section.pin_file}"
        ) from None
