"""``hkeid retention``: what is kept, how long and why, how old the oldest is, when it was purged last."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from hkeid_server.cli.shared import config_option, read

EXIT_OVERDUE = 1
_NEVER_A_ROUND = timedelta(days=1)
"""Where housekeeping is left to something else, that is expected once a day."""


@click.command("retention")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with purposes and proofs.")
@config_option
def retention(config_path: Path, *, as_json: bool) -> None:
    """Say what is kept, how long, and whether anything is older than it may be."""
    found = _look(config_path)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _tell(found)
    if any(one["overdue"] for one in found["kinds"]):
        raise SystemExit(EXIT_OVERDUE)


def _look(config_path: Path) -> dict[str, Any]:
    from hkeid.adapters.purging import held, last_purges
    from hkeid.residents import FIELDS, Ending
    from hkeid_server.wiring import open_keys, open_store, retention_of, surroundings

    config = read(config_path)
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    now = clock.now()
    minutes = config.admin.housekeeping_minutes
    pause = timedelta(minutes=minutes) if minutes else _NEVER_A_ROUND
    proofs = last_purges(store, now)
    kinds = [
        {
            "kind": one.kind.name,
            "tables": list(one.kind.tables),
            "kept_seconds": int(one.kept.total_seconds()),
            "why": [_why(field) for field in one.kind.fields],
            "oldest_end": _text(one.oldest),
            "overdue": one.overdue(now, round_every=pause),
            "last_purge": _proof(proofs.get(one.kind.name)),
        }
        for one in held(store, retention=retention_of(config))
    ]
    kinds.append(_evidence(config, store, keys, now, pause, proofs.get("evidence")))
    return {
        "at": _text(now),
        "kinds": kinds,
        "not_by_a_clock": [
            {**_why(field), "ended_by": [end.value for end in field.ends]}
            for field in FIELDS.values()
            if Ending.CLOCK not in field.ends
        ],
    }


def _evidence(
    config: Any, store: Any, keys: Any, now: datetime, pause: timedelta, proof: Any
) -> dict[str, Any]:
    """Proofing sessions: their keys lie in the vault, and end by themselves."""
    from contextlib import closing

    from hkeid.residents import FIELDS
    from hkeid_server.wiring import surroundings
    from hkeid_server.wiring.proofing import open_evidence

    clock, random = surroundings()
    with closing(open_evidence(config, store, keys, clock, random)) as evidence:
        oldest = evidence.oldest()
    return {
        "kind": "evidence",
        "tables": ["evidence_items"],
        "kept_seconds": 0,
        "why": [_why(FIELDS["registration_evidence"])],
        "oldest_end": _text(oldest),
        "overdue": oldest is not None and oldest < now - pause,
        "last_purge": _proof(proof),
    }


def _why(field: Any) -> dict[str, str]:
    return {"field": field.name, "purpose": field.purpose, "kept_until": field.retention}


def _proof(proof: Any) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "at": _text(proof.at),
        "removed": proof.removed,
        "before": proof.before,
        "digest": proof.digest,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _tell(found: dict[str, Any]) -> None:
    row = "{:<19} {:>13}  {:<25} {:<25} {}"
    click.echo(row.format("kind", "kept after", "oldest ended", "purged last", ""))
    for one in found["kinds"]:
        last = one["last_purge"]
        click.echo(
            row.format(
                one["kind"],
                _period(one["kept_seconds"]),
                one["oldest_end"] or "-",
                last["at"] if last else "-",
                "OVERDUE" if one["overdue"] else "",
            ).rstrip()
        )
    click.echo()
    click.echo("ended by an act or by the operator's own rule, never by a clock:")
    for one in found["not_by_a_clock"]:
        click.echo(f"  {one['field']} ({', '.join(one['ended_by'])}): {one['kept_until']}")


def _period(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    return f"{days} days" if not rest else f"{seconds} s"
