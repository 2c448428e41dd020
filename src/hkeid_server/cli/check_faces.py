"""``hkeid check faces``: what a face matcher is worth on a folder of labelled pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hkeid_server.cli.shared import write_new

if TYPE_CHECKING:
    from hkeid.adapters.faces import CalibrationRecord


@click.command("faces")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--population", default="", help="Whom the pictures show; needed for a record.")
@click.option("--model", default="Dlib", show_default=True, help="A model of the manifest.")
@click.option(
    "--weights",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of weights that no package brings.",
)
@click.option("--match", type=float, help="Threshold of the policy, if not the model's own.")
@click.option(
    "--record",
    "record_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the calibration record there.",
)
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the error curves there (SVG).",
)
def faces(
    folder: Path,
    population: str,
    model: str,
    weights: Path | None,
    match: float | None,
    record_file: Path | None,
    plot_file: Path | None,
) -> None:
    """Measure false matches and false non-matches on FOLDER/PERSON/PICTURES.

    A file FOLDER/labels.csv (a column person, others as you like) gives figures by group. Pictures and
    what the model makes of them stay in memory.
    """
    if record_file is not None and not population.strip():
        raise click.UsageError("--record needs --population: whom do the pictures show?")
    record, threshold = _measured(folder, population.strip(), model, weights, match)
    _tell(record, threshold)
    if record_file is not None:
        write_new(record_file, record.dumps())
        click.echo(f"calibration record {record.id}: {record_file}")
    if plot_file is not None:
        from hkeid.adapters.faces.curve import draw_curve

        write_new(plot_file, draw_curve(record, threshold).encode())
        click.echo(f"curves: {plot_file}")


def _measured(
    folder: Path, population: str, name: str, weights: Path | None, match: float | None
) -> tuple[CalibrationRecord, float]:
    from hkeid.adapters.faces import measuring
    from hkeid.adapters.faces.matcher import FACTORY, default_policy, model_label
    from hkeid.adapters.faces.weights import face_model
    from hkeid.adapters.worker import Worker
    from hkeid_server.wiring import surroundings

    model = face_model(name)
    threshold = default_policy(model).usual.match if match is None else match
    if not 0 < threshold < 1000:  # distances have no end, thresholds have
        raise click.UsageError("--match must be a distance above 0")
    images = measuring.labelled_images(folder)
    groups = measuring.labelled_groups(folder)
    settings = {
        "model": model.name,
        "detector": model.detector,
        "folder": None if weights is None else str(weights.resolve()),
        "manifest": None,
    }
    worker = Worker(FACTORY, name="face_matcher", settings=settings, timeout=120)
    with worker, click.progressbar(length=len(images), label="pictures", file=sys.stderr) as bar:
        distances = measuring.measure(worker, images, lambda _: bar.update(1))
    record = measuring.record_of(
        distances,
        groups,
        thresholds=measuring.thresholds_around(threshold),
        model=model_label(model),
        model_sha256=model.sha256,
        population=population or "not said",
        made_on=surroundings()[0].now().date().isoformat(),
    )
    return record, threshold


def _tell(record: CalibrationRecord, threshold: float) -> None:
    from hkeid.adapters.faces.measuring import table

    click.echo(f"{record.model}, {record.persons} persons, {record.images} pictures")
    for reason, number in record.refused.items():
        click.echo(f"not usable: {number} × {reason}")
    for line in table(record.rows):
        click.echo(line)
    for name, rows in record.groups.items():
        click.echo(f"\n{name}")
        for line in table(rows):
            click.echo(line)
    at = record.at(threshold)
    click.echo(
        f"\nat {threshold:g}: {at.impostor.errors} false matches in {at.impostor.trials} pairs "
        f"(FMR below {at.impostor.upper:.3%} at 95 %), {at.genuine.errors} of {at.genuine.trials} "
        "genuine pairs missed.\nPairs that share pictures or persons are not independent: "
        "the true bounds are wider."
    )
