"""``hkeid audit``: verify, export, checkpoint."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.shared import config_option, read

EXIT_UNSOUND = 5


def _open(config_path: Path) -> tuple[Any, Any, Any]:
    from hkeid_server.wiring import open_keys, open_store, surroundings

    config = read(config_path)
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    return open_store(config, keys, clock, random), keys, clock


@click.group("audit")
def audit_group() -> None:
    """Prove that nothing in the audit trail was altered."""


@audit_group.command("verify")
@click.option(
    "--export",
    "export_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify an exported file instead of the store.",
)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="NUMBER:DIGEST",
    help="A checkpoint that was kept outside; repeatable.",
)
@click.option("--max-age", type=int, help="Minutes that the newest checkpoint may be old.")
@config_option
def verify(
    config_path: Path, export_file: Path | None, anchors: tuple[str, ...], max_age: int | None
) -> None:
    """Find any record altered, removed, reordered or cut off, and a whole rewrite."""
    from hkeid.audit.verification import verify_store

    if export_file is not None and max_age is not None:
        raise click.UsageError("--max-age is for the store: an export is as old as it is.")
    store, keys, clock = _open(config_path)
    kept = _anchors(anchors)
    if export_file is None:
        report = verify_store(
            store, keys, anchors=kept, now=clock.now(),
            max_age=None if max_age is None else timedelta(minutes=max_age),
        )  # fmt: skip
    else:
        report = _verify_file(export_file, keys, kept)
    _tell(report)


@audit_group.command("export")
@click.option("--since", type=click.DateTime(), help="Nothing older (UTC).")
@click.option("--until", type=click.DateTime(), help="Nothing newer (UTC).")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output."
)
@config_option
def export(
    config_path: Path, since: datetime | None, until: datetime | None, output: Path | None
) -> None:
    """Write the trail as JSON lines that verify by themselves."""
    from hkeid.audit.export import export_trail

    store, _, clock = _open(config_path)
    lines = export_trail(store, made_at=clock.now(), since=_utc(since), until=_utc(until))
    with click.open_file(str(output) if output else "-", "wb") as sink:
        for line in lines:
            sink.write(line if line.endswith(b"\n") else line + b"\n")


@audit_group.command("checkpoint")
@config_option
def checkpoint(config_path: Path) -> None:
    """Sign where all chains stand. Keep the printed anchor outside: on paper, in another house."""
    from hkeid.audit.checkpointer import Checkpointer
    from hkeid.audit.checkpoints import anchor

    store, keys, clock = _open(config_path)
    made = Checkpointer(store, keys, clock).make()
    if made is None:
        click.echo("another process made one at this moment")
        return
    click.echo(f"{made.number}:{anchor(made.signed).hex()}")


def _verify_file(path: Path, keys: Any, anchors: dict[int, bytes]) -> Any:
    from hkeid.audit.export import verify_export
    from hkeid.ports import KeyPurpose

    public = [key.public_jwk for key in keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)]
    with path.open("rb") as lines:
        return verify_export(
            lines,
            keys=public,
            mac=lambda digest: keys.mac(KeyPurpose.AUDIT_RECORD, digest),
            anchors=anchors,
        )


def _tell(report: Any) -> None:
    for finding in report.findings:
        click.echo(f"✗ {finding}")
    if report.suppressed:
        click.echo(f"✗ and {report.suppressed} more")
    click.echo(
        f"records: {report.records}, writers: {report.writers}, checkpoints: {report.checkpoints}, "
        f"records not yet covered by a checkpoint: {report.beyond}"
    )
    if report.newest_at is not None:
        click.echo(f"newest checkpoint: {report.newest} of {report.newest_at:%Y-%m-%d %H:%M} UTC")
    for number in report.anchors_unchecked:
        click.echo(f"anchor {number} was not checked: it lies before this export")
    if not report.sound:
        raise SystemExit(EXIT_UNSOUND)
    if report.newest_at is None:
        # Without a checkpoint nobody can say where a chain should end.
        click.echo("✓ nothing was altered, removed from within or reordered; no checkpoint yet, so")
        click.echo("  a trail that was cut off cannot be told: run hkeid audit checkpoint")
        return
    click.echo("✓ nothing was altered, removed, reordered or cut off")


def _anchors(texts: tuple[str, ...]) -> dict[int, bytes]:
    found = {}
    for text in texts:
        number, _, digest = text.partition(":")
        try:
            found[int(number)] = bytes.fromhex(digest)
        except ValueError:
            raise ConfigurationError("anchor_malformed", detail=f"{text!r}: NUMBER:HEX") from None
    return found


def _utc(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return None if moment is None else moment.replace(tzinfo=UTC)
