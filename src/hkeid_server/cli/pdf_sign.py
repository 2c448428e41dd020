"""``hkeid pdf sign``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.pdf_keys import KeyOptions, key_options
from hkeid_server.cli.pdf_stamps import StampOptions, stamp_options
from hkeid_server.cli.shared import FILE, NEW_FILE, progress, read_certificates


@click.command("sign")
@click.argument("file", type=FILE)
@click.option("--out", required=True, type=NEW_FILE, help="The signed file; must not be there yet.")
@key_options
@click.option(
    "--level", type=click.Choice(("B-B", "B-T", "B-LT", "B-LTA")), default="B-B", show_default=True
)
@click.option("--tsa", help="Address of a time-stamp authority (RFC 3161), from B-T on.")
@click.option("--trust", multiple=True, type=FILE, help="Certificates that the chains end in.")
@click.option("--reason", help="Stands in the signature, as --location does.")
@click.option("--location")
@click.option("--field", help="A prepared field, or the name of a new one.")
@click.option(
    "--certify", type=click.Choice(("final", "fill-in")), help="What may happen afterwards."
)
@stamp_options
def sign_command(
    file: Path,
    out: Path,
    key: KeyOptions,
    level: str,
    tsa: str | None,
    trust: tuple[Path, ...],
    certify: str | None,
    reason: str | None,
    location: str | None,
    field: str | None,
    seen: StampOptions,
) -> None:
    """Sign FILE; what could change its look is refused, with the reason.

    The key is in a PKCS#12 file (--key) or on a PKCS#11 token (--module). The token's PIN is asked for, or
    taken from the environment variable HKEID_TOKEN_PIN.
    """
    from hkeid.adapters.pdf import engine_in_worker, sign_file
    from hkeid.adapters.system import SystemClock
    from hkeid.ports.pdf import Certification
    from hkeid.signing import Level, Wishes

    if not out.parent.is_dir():
        raise ConfigurationError("folder_absent", detail=f"there is no folder {out.parent}")
    if out.exists():
        raise ConfigurationError("file_exists", detail=f"{out} is there already")
    kinds = {"final": Certification.NO_CHANGES, "fill-in": Certification.FILL_IN, None: False}
    chosen: Any = kinds[certify]
    services = _services(level, tsa, read_certificates(trust))
    with key.signer() as signer, engine_in_worker(stamp_font=seen.stamp_font) as engine:
        at = SystemClock().now()  # after the PIN was typed
        wishes = Wishes(
            level=Level.named(level),
            certify=chosen,
            reason=reason,
            location=location,
            field=field,
            stamp=seen.made(signer.identity.name, at, reason),
        )
        progress(f"signing {file} at {level}")
        sign_file(file, signer, wishes=wishes, services=services, output=out, engine=engine, at=at)
    click.echo(f"signed {out}")


def _services(level: str, tsa: str | None, anchors: list[bytes]) -> Any:
    from hkeid.signing import Services

    if level == "B-B":
        if tsa is not None:
            raise ConfigurationError(
                "level_without_timestamp", detail="B-B holds no time-stamp: with --tsa say --level"
            )
        return Services()
    if tsa is None:
        raise ConfigurationError("timestamp_authority_missing", detail=f"{level} needs --tsa")
    from hkeid.adapters.certificate_authorities.over_http import HttpRevocation
    from hkeid.adapters.http import HttpsClient
    from hkeid.adapters.system import SystemClock, SystemRandom
    from hkeid.adapters.timestamping.over_http import HttpTimestampAuthority, HttpTimestampSettings
    from hkeid.signing.timestamping import TimestampRules

    # What comes back is signed, and most authorities are reached by plain http.
    http = HttpsClient(plain=True)
    settings = HttpTimestampSettings(url=tsa, rules=TimestampRules(anchors=tuple(anchors)))
    return Services(
        timestamp_authority=HttpTimestampAuthority(http, SystemClock(), SystemRandom(), settings),
        revocation=HttpRevocation(http, anchors),
    )
