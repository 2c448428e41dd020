"""Whose key ``hkeid pdf sign`` signs with: in a PKCS#12 file, or on a PKCS#11 token."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid_server.cli.shared import FILE, read_certificates, read_passphrase

if TYPE_CHECKING:
    from hkeid.adapters.pkcs11_tokens import TokenIdentity
    from hkeid.signing import Signer

PIN_VARIABLE = "HKEID_TOKEN_PIN"
_OPTIONS = (
    click.option("--key", "pkcs12", type=FILE, help="Key and certificates, PKCS#12; or else:"),
    click.option("--passphrase-file", type=FILE, help="With its passphrase; else it is asked for."),
    click.option("--module", type=FILE, help="A token's PKCS#11 module: a shared library."),
    click.option("--token", help="Label of the token, if the module has several."),
    click.option("--serial", help="Its serial number, if several have that label."),
    click.option("--key-label", help="Label of the certificate on it, if there are several."),
    click.option("--chain", multiple=True, type=FILE, help="Issuers' certificates that the token lacks."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOptions:
    """What the command line says of the key; the PIN never stands there."""

    pkcs12: Path | None
    passphrase_file: Path | None
    module: Path | None
    token: str | None
    serial: str | None
    key_label: str | None
    chain: tuple[Path, ...]

    @contextmanager
    def signer(self) -> Iterator[Signer]:
        """The signer, as long as the token is open.

        :raises hkeid.kernel.errors.ConfigurationError: ``key_not_named``: none, or two; ``token_key_ambiguous``;
            ``token_key_absent``.
        :raises hkeid.kernel.errors.HkeidError: what the file or the token raises.
        """
        from hkeid.signing import Signer

        self._require_one()
        if self.pkcs12 is not None:
            passphrase = self._passphrase()
            yield Signer.from_pkcs12(self.pkcs12.read_bytes(), passphrase)
            return
        from hkeid.adapters.pkcs11_tokens import Pkcs11Module

        assert self.module is not None
        module = Pkcs11Module.load(self.module)
        with module.open(label=self.token, serial=self.serial, pin=_pin()) as opened:
            identities = opened.identities()
            held = _chosen(identities, self.key_label)
            issuers = [*read_certificates(self.chain), *(one.certificate for one in identities)]
            yield Signer.from_token(opened, held, _issuers(held.certificate, issuers))

    def _require_one(self) -> None:
        if (self.pkcs12 is None) == (self.module is None):
            raise ConfigurationError("key_not_named", detail="give --key FILE, or --module FILE")
        token = (self.token, self.serial, self.key_label)
        if self.module is None and (any(one is not None for one in token) or self.chain):
            raise ConfigurationError(
                "key_not_named", detail="--token, --serial, --key-label and --chain need --module"
            )
        if self.module is not None and self.passphrase_file is not None:
            raise ConfigurationError(
                "key_not_named",
                detail=f"--passphrase-file is for --key; the PIN is asked for, or in {PIN_VARIABLE}",
            )

    def _passphrase(self) -> Secret | None:
        if self.passphrase_file is not None:
            return read_passphrase(self.passphrase_file)
        typed = click.prompt(
            "Passphrase (empty: none)", hide_input=True, default="", show_default=False, err=True
        )
        return Secret(typed) if typed else None


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options about the key; the command gets them as ``key``."""

    @wraps(command)
    def gathered(**words: Any) -> Any:
        fields = KeyOptions.__dataclass_fields__
        return command(key=KeyOptions(**{name: words.pop(name) for name in fields}), **words)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def _pin() -> Secret:
    """From the environment, or asked for: arguments are seen by everybody on the machine."""
    given = os.environ.get(PIN_VARIABLE)
    return Secret(given or click.prompt("PIN of the token", hide_input=True, err=True))


def _chosen(identities: Sequence[TokenIdentity], label: str | None) -> TokenIdentity:
    """The certificate of that label; without one, the only one that is no authority's."""
    from hkeid.signing.certificates import read_certificate

    persons = [one for one in identities if not read_certificate(one.certificate).is_authority]
    fitting = [one for one in persons if label is None or one.label == label]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(one.label for one in persons) or "none"
    reason = "token_key_ambiguous" if fitting else "token_key_absent"
    raise ConfigurationError(
        reason, detail=f"name one with --key-label; certificates on the token: {there}"
    )


def _issuers(certificate: bytes, pool: Sequence[bytes]) -> list[bytes]:
    """The issuers that are there, the nearest first."""
    from hkeid.signing.certificates import read_certificate

    above = [read_certificate(one) for one in pool]
    current, chain = read_certificate(certificate), []
    while not current.self_issued:
        issuer = next((one for one in above if current.issued_by(one)), None)
        if issuer is None or issuer.encoded in chain:
            break
        chain.append(issuer.encoded)
        current = issuer
    return chain
