"""``hkeid upstreams``: identity providers behind this one, by the files that describe them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.shared import config_option, read


@click.group("upstreams")
def upstreams_group() -> None:
    """Identity providers behind this one."""


@upstreams_group.command("list")
@config_option
def list_upstreams(config_path: Path) -> None:
    """Every upstream, what it speaks, and whom it serves."""
    from hkeid_server.upstream_files import read_upstreams

    config = read(config_path)
    found = read_upstreams(config.path(config.upstreams))
    if not found:
        click.echo(f"no upstream: describe one in {config.path(config.upstreams)}", err=True)
    for one in found:
        name = next(iter(one.settings.names.values()))
        clients = "all" if one.policy.clients is None else ", ".join(sorted(one.policy.clients))
        click.echo(f"{one.settings.id:<24} {name:<24} for {clients}")


@upstreams_group.command("try")
@click.argument("description", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("sample", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--acr", help="what the upstream says of the login, to look it up as well")
def try_description(description: Path, sample: Path, acr: str | None) -> None:
    """What a description makes of a sample answer: a JSON object of names with a text or a list of texts.

    Nothing is sent or kept. Status 1: somebody with this answer would be refused.
    """
    from hkeid.upstream.errors import UpstreamRefused
    from hkeid_server.upstream_files import read_upstream

    described = read_upstream(description)
    report = described.settings.mapping.dry_run(_sample(sample))
    for claim, values in report.claims.items():
        click.echo(f"✓ {claim:<24} {' | '.join(values)}")
    for one in report.dropped:
        mark = "✗" if one.required else "–"
        click.echo(f"{mark} {one.claim:<24} {one.why} ({', '.join(one.sources)})")
    for name in report.unread:
        click.echo(f"  not read: {name}")
    refused = bool(report.refused)
    if acr is not None:
        try:
            click.echo(f"✓ acr {acr}: {described.settings.assurance.rung(acr)}")
        except UpstreamRefused as error:
            click.echo(f"✗ acr {acr}: {error.reason}")
            refused = True
    if refused:
        raise SystemExit(1)


def _sample(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError("sample_unreadable", detail=f"{path}: {error}") from None
    if not isinstance(content, dict):
        raise ConfigurationError("sample_unreadable", detail=f"{path}: no JSON object")
    found = {}
    for name, value in content.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in values):
            raise ConfigurationError("sample_unreadable", detail=f"{path}: {name}: no texts")
        found[name] = tuple(values)
    return found
