"""``hkeid ca``: the embedded certification authority."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.secret import Secret
from hkeid_server.cli.shared import config_option, read, read_passphrase, write_new
from hkeid_server.config import Config

if TYPE_CHECKING:
    from hkeid.signing.certificates import EmbeddedAuthority

_REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
_LONGEST_SERIAL = 40


@click.group("ca")
def ca_group() -> None:
    """The embedded certification authority, for sandboxes and private use.

    It is never a recognized certification authority under the Electronic Transactions Ordinance
    (Cap. 553).
    """


def _parts(config: Config) -> tuple[Any, Any, Any]:
    """Store, clock and chance."""
    from hkeid_server.wiring import open_keys, open_store, surroundings

    clock, random = surroundings()
    return open_store(config, open_keys(config, clock, random), clock, random), clock, random


def _authority(config: Config) -> EmbeddedAuthority:
    from hkeid_server.wiring.certificates import open_issuing

    return open_issuing(config, *_parts(config))


def _passphrase(file: Path | None, config: Config, *, confirm: bool = False) -> Secret | None:
    """The root's passphrase: from a file, or asked for; the sandbox's root may do without."""
    if file is not None:
        return read_passphrase(file)
    typed = click.prompt(
        "Passphrase of the root's key" + ("" if config.production else " (empty: none)"),
        hide_input=True,
        confirmation_prompt=confirm,
        default="" if not config.production else None,
        show_default=False,
        err=True,
    )
    return Secret(typed) if typed else None


_root_options = (
    click.option(
        "--root",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder of the root, on a medium that is not left in this machine.",
    ),
    click.option(
        "--root-passphrase-file",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help="File with the passphrase of the root's key; asked for if not given.",
    ),
)


def _with_root(command: Any) -> Any:
    for option in reversed(_root_options):
        command = option(command)
    return command


@ca_group.command("init")
@_with_root
@click.option(
    "--name", default="hkeid", show_default=True, help="How the authorities' names begin."
)
@click.option("--organization", default="", help="Organization in their names.")
@config_option
def init(
    config_path: Path,
    root: Path,
    root_passphrase_file: Path | None,
    name: str,
    organization: str,
) -> None:
    """Make a root (or use the one in --root) and, below it, the issuing authority, its OCSP responder
    and its time-stamp unit.

    Afterwards take the medium with --root out of the machine.
    """
    from hkeid_server.wiring import certificates as wiring

    config = read(config_path)
    if config.production and config.certificates.passphrase is None:
        raise ConfigurationError(
            "passphrase_missing", detail="set certificates.passphrase_file first"
        )
    store, clock, random = _parts(config)
    made = not (root / "root.pem").exists()
    passphrase = _passphrase(root_passphrase_file, config, confirm=made)
    if made:
        opened = wiring.make_root_folder(
            root, passphrase, clock, random, name=f"{name} Root", organization=organization
        )
    else:
        opened = wiring.open_root(root, passphrase, clock, random)
    authority = wiring.make_authority(
        config, opened, store, clock, random, name=f"{name} Issuing", organization=organization
    )
    _show("root   ", opened.credential.certificate)
    _show("issuing", authority.certificate.encoded)
    click.echo(f"folder  {config.path(config.certificates.folder)}")


@ca_group.command("issue")
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", default="resident", show_default=True, help="Kind of certificate.")
@click.option("--reference", required=True, help="Opaque reference of the subject (serialNumber).")
@click.option("--name", required=True, help="Name in Latin letters.")
@click.option("--chinese-name", default="", help="Name in Chinese characters.")
@click.option("--surname", default="", help="Surname, as in --name.")
@click.option("--given-name", default="", help="Given name, as in --name.")
@click.option("--organization", default="", help="Organization, for officers and services.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the certificate and its chain (PEM); printed if not given.",
)
@config_option
def issue(config_path: Path, request: Path, profile: str, out: Path | None, **subject: str) -> None:
    """Certify the key of a PKCS#10 REQUEST (PEM or DER)."""
    from hkeid.ports.certificates import CertificateSubject
    from hkeid.signing.certificates.pem import certificate_pem

    issued = _authority(read(config_path)).issue(
        _request(request), profile=profile, subject=CertificateSubject(**subject)
    )
    # The root's own is for those who decide to trust it; it does not come along.
    pem = "".join(certificate_pem(one) for one in (issued.certificate, *issued.chain[:-1]))
    if out is None:
        click.echo(pem, nl=False)
    else:
        write_new(out, pem.encode("ascii"))
    _show("issued ", issued.certificate, err=True)


@ca_group.command("revoke")
@click.argument("serial")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why (RFC 5280 §5.3.1).")
@click.option(
    "--invalid-since",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    help="Since when the key is suspected, in UTC.",
)
@config_option
def revoke(config_path: Path, serial: str, reason: str, invalid_since: datetime | None) -> None:
    """Take back the certificate with this SERIAL number (hexadecimal), for good."""
    from hkeid.ports.certificates import RevocationReason

    since = None if invalid_since is None else invalid_since.replace(tzinfo=UTC)
    number = _serial(serial)
    authority = _authority(read(config_path))
    authority.revoke(number, RevocationReason(reason), since)
    record = authority.revocation_list()
    click.echo(f"revoked {number:x}; list {record.number}")


@ca_group.command("status")
@click.argument("serial")
@config_option
def status(config_path: Path, serial: str) -> None:
    """Say how it stands with the certificate with this SERIAL number (hexadecimal)."""
    found = _authority(read(config_path)).status(_serial(serial))
    words = [found.state.value]
    if found.revoked_at is not None:
        words.append(f"{found.revoked_at:%F %T}Z")
    if found.reason is not None:
        words.append(found.reason.value)
    click.echo(" ".join(words))


@ca_group.command("crl")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the list (DER), replaced if it is there.",
)
@config_option
def crl(config_path: Path, out: Path | None) -> None:
    """Publish a new revocation list of the issuing authority. The server does so by itself, every day and
    after each revocation.
    """
    record = _authority(read(config_path)).publish_list()
    if out is not None:
        _replace(out, record.encoded)
    click.echo(f"list {record.number}, good until {record.next_update:%F %T}Z")


@ca_group.command("root-crl")
@_with_root
@click.option("--revoke", "revoked", help="Serial number (hexadecimal) of an issuing authority.")
@click.option("--reason", type=click.Choice((*_REASONS, "cACompromise")), default="superseded")
@config_option
def root_crl(
    config_path: Path,
    root: Path,
    root_passphrase_file: Path | None,
    revoked: str | None,
    reason: str,
) -> None:
    """Publish a new revocation list of the root, at least twice a year, and copy it to the server's
    folder.
    """
    from hkeid.ports.certificates import RevocationReason
    from hkeid_server.wiring import certificates as wiring
    from hkeid_server.wiring import surroundings

    config = read(config_path)
    clock, random = surroundings()
    opened = wiring.open_root(root, _passphrase(root_passphrase_file, config), clock, random)
    if revoked is not None:
        opened.revoke(f"{_serial(revoked):x}", RevocationReason(reason))
    opened.publish_list()
    folder = wiring.authority_folder(config)
    if folder.exists:
        folder.take_from_root(opened)
    click.echo(f"published in {root}")


@ca_group.command("renew")
@click.argument("service", type=click.Choice(("ocsp", "time-stamp")))
@click.option("--organization", default="", help="Organization in its name.")
@config_option
def renew(config_path: Path, service: str, organization: str) -> None:
    """A new key and certificate for a service; restart the server afterwards."""
    from hkeid_server.wiring.certificates import authority_folder

    config = read(config_path)
    authority = _authority(config)
    certificate = authority_folder(config).renew(authority, service, organization=organization)
    _show(service, certificate)


def _request(file: Path) -> bytes:
    """A request as DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    content = file.read_bytes()
    if not content.lstrip().startswith(b"-----"):
        return content
    try:
        return x509.load_pem_x509_csr(content).public_bytes(Encoding.DER)
    except ValueError:
        raise MalformedInput("certificate_request_malformed", detail=str(file)) from None


def _serial(text: str) -> int:
    plain = text.replace(":", "")
    if not plain or len(plain) > _LONGEST_SERIAL or not set(plain) <= set("0123456789abcdefABCDEF"):
        raise MalformedInput("serial_malformed", detail="hexadecimal digits")
    return int(plain, 16)


def _show(label: str, certificate: bytes, *, err: bool = False) -> None:
    from hkeid.signing.certificates import read_certificate

    found = read_certificate(certificate)
    digest = hashlib.sha256(certificate).hexdigest()
    click.echo(f"{label} {found.serial:x} until {found.not_after:%F} sha256:{digest}", err=err)


def _replace(out: Path, content: bytes) -> None:
    fresh = out.with_name(f".{out.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(out)
    except OSError as error:
        raise ConfigurationError("file_not_writable", detail=str(error)) from None
