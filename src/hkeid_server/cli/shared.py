"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.secret import Secret
from hkeid_server.config import Config, load_config

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_PEM = b"-----BEGIN CERTIFICATE-----"


def config_option(command: F) -> F:
    """``--config``: given to the command as ``config_path``."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("hkeid.toml"),
        envvar="HKEID_CONFIG",
        show_default=True,
        help="The configuration file.",
    )(command)


def read(config_path: Path) -> Config:
    """The configuration that a command was given."""
    return load_config(config_path)


def read_passphrase(file: Path) -> Secret:
    """The passphrase in a file, without the line's end.

    :raises hkeid.kernel.errors.ConfigurationError: ``passphrase_missing``: there is no text to read.
    """
    try:
        return Secret(file.read_text("utf-8").strip("\r\n"))
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("passphrase_missing", detail=str(file)) from None


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet.

    :raises hkeid.kernel.errors.ConfigurationError: reasons ``file_exists``, ``file_not_writable``.
    """
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except FileExistsError:
        raise ConfigurationError("file_exists", detail=f"{file} is there already") from None
    except OSError as error:
        raise ConfigurationError("file_not_writable", detail=str(error)) from None


def read_certificates(files: tuple[Path, ...]) -> list[bytes]:
    """DER of the certificates in files, PEM or DER.

    :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    found = []
    for file in files:
        content = file.read_bytes()
        try:
            if _PEM in content:
                loaded = x509.load_pem_x509_certificates(content)
            else:
                loaded = [x509.load_der_x509_certificate(content)]
        except ValueError:
            raise MalformedInput("certificate_malformed", detail=str(file)) from None
        found += [one.public_bytes(Encoding.DER) for one in loaded]
    return found


def progress(text: str) -> None:
    """Say what is being done, where somebody is looking."""
    if sys.stderr.isatty():
        click.echo(f"hkeid: {text} …", err=True)
