"""``hkeid serve``: the public listener, and the admin listener in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config

_SECONDS_TO_END = 10
"""How long requests that are under way may take when the server is told to end."""
_WAITING = 64
"""Threads for requests whose bodies are still coming in (``intake.BODIES_AT_ONCE``), and some more."""


@click.command("serve")
@config_option
@click.option("--no-admin", is_flag=True, help="Without the admin listener.")
def serve(config_path: Path, *, no_admin: bool) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Relying parties and browsers come in at the public listener; operators at the admin listener:
    /health/live, /health/ready, /metrics.
    """
    config = read(config_path)
    _refuse_taken(config.server.host, config.server.port)
    if config.admin.enabled and not no_admin:
        _refuse_taken(config.admin.host, config.admin.port)
    os.environ["HKEID_CONFIG"] = str(config_path.resolve())
    # The folder first: the metrics library looks for it when it is imported.
    with _metrics_folder(), _admin(config, wanted=config.admin.enabled and not no_admin):
        _try_once(config)
        click.echo(f"hkeid: {config.issuer} ({config.profile.value})", err=True)
        listen(
            "hkeid_server.wsgi:from_environment",
            host=config.server.host,
            port=config.server.port,
            workers=config.server.workers,
            threads=config.server.threads,
        )


def listen(target: str, *, host: str, port: int, workers: int, threads: int) -> None:
    """Run a WSGI application factory under granian until a signal ends it."""
    try:
        from granian import Granian
        from granian.constants import Interfaces
    except ImportError:
        from hkeid.kernel.errors import MissingExtra

        raise MissingExtra("granian", "server") from None
    Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # Those beyond ``threads`` wait for request bodies and for a place (``hkeid_server.front``).
        blocking_threads=threads + _WAITING,
        factory=True,
        websockets=False,
        log_enabled=False,
        log_access=False,
        respawn_failed_workers=workers > 1,
        # A visitor who never finishes sending a form must not keep the server from ending.
        workers_kill_timeout=_SECONDS_TO_END,
        process_name=None,
    ).serve()


def _refuse_taken(host: str, port: int) -> None:
    """Refuse a port that somebody listens on.

    Workers share their port (``SO_REUSEPORT``), and the system would let another installation share
    it too: each request would then reach one of the two by chance.
    """
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return  # the listener itself says what is wrong with the address
    for family, kind, protocol, _, address in places:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                raise ConfigurationError(
                    "address_taken", detail=f"cannot listen on {host}:{port}: {error.strerror}"
                ) from None


def _try_once(config: Config) -> None:
    """Make everything once, so that what is wrong is said here and not by each worker."""
    from hkeid_server.wiring import MEMORY, build_house, close_store

    if config.store.url == MEMORY and not config.sandbox.seed:
        click.echo("hkeid: nothing in memory survives the process", err=True)
    house = build_house(config)
    if config.sandbox.seed and config.store.url != MEMORY:
        from hkeid_server.sandbox import seed_sandbox

        seed_sandbox(house)
    close_store(house.store)


@contextmanager
def _metrics_folder() -> Iterator[None]:
    """Where the processes keep their counters, empty at every start."""
    with TemporaryDirectory(prefix="hkeid-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


@contextmanager
def _admin(config: Config, *, wanted: bool) -> Iterator[None]:
    """The admin process; it ends when this one does, however this one ends."""
    if not wanted:
        yield
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "hkeid_server.admin"], stdin=subprocess.PIPE, env=os.environ.copy()
    )
    try:
        click.echo(f"hkeid: admin http://{config.admin.host}:{config.admin.port}", err=True)
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
