"""``hkeid notices``: telling residents, and the sandbox's inbox."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid_server.cli.shared import config_option, read


@click.group("notices")
def notices_group() -> None:
    """Tell residents what happened to their eID."""


@notices_group.command("send")
@config_option
@click.option("--limit", default=1000, show_default=True, help="Most notices of one round.")
def send(config_path: Path, limit: int) -> None:
    """Send what is due now; the admin process does the same every few seconds."""
    from hkeid_server.wiring import build_house
    from hkeid_server.wiring.notices import make_dispatcher

    house = build_house(read(config_path))
    sent = make_dispatcher(
        house.config, house.notices, house.store, house.clock, house.journal
    ).round(limit=limit)
    click.echo(
        f"told {sent.told}, without address {sent.nobody}, later {sent.later}, gave up {sent.gave_up}"
    )


@notices_group.command("inbox")
@config_option
@click.option("--most", default=20, show_default=True, help="How many to show.")
def inbox(config_path: Path, most: int) -> None:
    """Letters in the sandbox's development inbox, newest first."""
    from hkeid_server.wiring import build_house

    kept = build_house(read(config_path)).notices.inbox
    if kept is None:
        raise click.ClickException("only a sandbox has an inbox")
    for letter in kept.letters()[:most]:
        click.echo(f"{letter.about:<20} {letter.channel:<8} {letter.title}  {letter.link or ''}")
