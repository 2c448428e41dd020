"""``hkeid personas``: the test persons, and activation codes for them (sandbox only)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.shared import config_option, read


@click.command("personas")
@click.option("--ticket", "keys", multiple=True, help="Make an activation code for this person.")
@click.option("--all", "everybody", is_flag=True, help="Make one for everybody who can use one.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON list, codes for everybody included."
)
@config_option
def personas(config_path: Path, keys: tuple[str, ...], *, everybody: bool, as_json: bool) -> None:
    """List the test persons; make activation codes. A new code takes the place of an earlier one."""
    from hkeid_server.sandbox import standins
    from hkeid_server.wiring import MEMORY, build_house

    config = read(config_path)
    if config.store.url == MEMORY:
        raise ConfigurationError(
            "store_in_memory",
            detail="the running server alone knows its test persons: see /sandbox there",
        )
    house = build_house(config)
    rows: list[dict[str, Any]] = []
    everyone = tuple(standins(house))
    known = {standin.persona.key for standin in everyone}
    if unknown := sorted(set(keys) - known):
        raise click.BadParameter(f"no such person: {', '.join(unknown)}", param_hint="--ticket")
    for standin in everyone:
        persona, state = standin.persona, standin.resident.state
        if keys and not everybody and not as_json and persona.key not in keys:
            continue
        wanted = (everybody or as_json or persona.key in keys) and state is EidState.APPLICANT
        code = house.activation.issue_ticket(standin.resident.id).reveal() if wanted else None
        rows.append(
            {
                "key": persona.key,
                "name": persona.name.english,
                "chinese_name": persona.name.chinese,
                "state": state.value,
                "story": dict(persona.story),
                "ticket": code,
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        code = row["ticket"]
        click.echo(f"{row['key']:<24} {row['state']:<10} {code or '':<16} {row['name']}")
