"""``hkeid tsa``: time-stamps."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hkeid_server.cli.shared import config_option, read


@click.group("tsa")
def tsa_group() -> None:
    """A time-stamp authority (RFC 3161)."""


@tsa_group.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8318, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True)
@config_option
def serve(config_path: Path, host: str, port: int, threads: int) -> None:
    """Serve time-stamps at /tsa until SIGTERM or Ctrl-C, and nothing else.

    The main server does it too where `certificates.timestamps` is on.
    """
    from hkeid_server.certificates.tsa import from_environment
    from hkeid_server.cli.serve import listen

    read(config_path)
    os.environ["HKEID_CONFIG"] = str(config_path.resolve())
    # Once here, so that what is wrong is said and not repeated by a worker.
    from_environment()
    click.echo(f"hkeid: time-stamps at http://{host}:{port}/tsa", err=True)
    listen(
        "hkeid_server.certificates.tsa:from_environment",
        host=host,
        port=port,
        workers=1,
        threads=threads,
    )
