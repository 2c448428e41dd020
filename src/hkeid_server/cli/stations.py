"""``hkeid stations``: which machines may upgrade an eID."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid.enrolment.stations import Station, StationMode, Stations
from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config


def _open(config: Config) -> Stations:
    from hkeid_server.wiring import open_keys, open_store, surroundings
    from hkeid_server.wiring.station_registry import station_registry

    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    return station_registry(config, open_store(config, keys, clock, random), keys, clock, random)


def _line(station: Station) -> str:
    seen = "never seen" if station.last_seen_at is None else f"seen {station.last_seen_at:%F %T}"
    ends = station.certificate_ends
    certificate = "no certificate" if ends is None else f"certificate to {ends:%F %T}"
    return (
        f"{station.id:<18} {station.mode.value:<8} {station.status.value:<10} "
        f"{station.name}  ({certificate}, {seen})"
    )


@click.group("stations")
def stations_group() -> None:
    """Look after the stations."""


@stations_group.command("add")
@click.argument("name")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in StationMode]),
    required=True,
    help="Kind of station.",
)
@config_option
def add(config_path: Path, name: str, mode: str) -> None:
    """Enter a station; prints the code by which its machine enrols."""
    station, code = _open(read(config_path)).add(name, StationMode(mode))
    click.echo(f"station {station.id}: {station.name} ({station.mode.value})")
    click.echo(f"code    {code.reveal()}")


@stations_group.command("invite")
@click.argument("station_id")
@config_option
def invite(config_path: Path, station_id: str) -> None:
    """A new code for a station whose machine was replaced; earlier codes lose their force."""
    click.echo(f"code    {_open(read(config_path)).invite_again(station_id).reveal()}")


@stations_group.command("list")
@config_option
def list_stations(config_path: Path) -> None:
    """Every station, with its certificate and when it was seen last."""
    found = _open(read(config_path)).all()
    if not found:
        click.echo("no station yet: hkeid stations add NAME --mode kiosk", err=True)
    for station in found:
        click.echo(_line(station))


@stations_group.command("suspend")
@click.argument("station_id")
@config_option
def suspend(config_path: Path, station_id: str) -> None:
    """Take a station out of work, at once."""
    click.echo(_line(_open(read(config_path)).suspend(station_id)))


@stations_group.command("resume")
@click.argument("station_id")
@config_option
def resume(config_path: Path, station_id: str) -> None:
    """Let a suspended station work again."""
    click.echo(_line(_open(read(config_path)).resume(station_id)))


@stations_group.command("revoke")
@click.argument("station_id")
@config_option
def revoke(config_path: Path, station_id: str) -> None:
    """Take a station out of work for good."""
    click.echo(_line(_open(read(config_path)).revoke(station_id)))


@stations_group.command("bind")
@click.argument("station_id")
@click.argument("certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def bind(config_path: Path, station_id: str, certificate: Path) -> None:
    """Bind a certificate (PEM) that your own authority issued to a station."""
    from hkeid_server.wiring import certificate_reader

    described = certificate_reader().read(certificate.read_text("ascii"))
    click.echo(_line(_open(read(config_path)).bind(station_id, described)))


@stations_group.command("ca")
@click.option("--name", default="hkeid sandbox stations", show_default=True)
@config_option
def make_authority(config_path: Path, name: str) -> None:
    """Make the sandbox's certification authority in the folder `stations.authority`."""
    from hkeid_server.wiring import make_station_authority

    click.echo(f"made {make_station_authority(read(config_path), name)}")


@stations_group.command("nginx")
@click.option("--server-name", required=True, help="Host name of the stations' door.")
@click.option("--listen", default="443", show_default=True, help="Address and port of it.")
@click.option("--certificate", required=True, help="Path of the door's own certificate chain.")
@click.option("--certificate-key", required=True, help="Path of its key.")
@click.option("--client-ca", help="Certificates that sign stations; the sandbox authority's root.")
@config_option
def nginx(
    config_path: Path,
    server_name: str,
    listen: str,
    certificate: str,
    certificate_key: str,
    client_ca: str | None,
) -> None:
    """Print nginx's configuration for the stations' door. It holds the proxy's secret: keep it 0600."""
    from hkeid_server.stations.nginx import StationDoor

    config = read(config_path)
    door = StationDoor.of(
        config,
        server_name=server_name,
        listen=listen,
        certificate=certificate,
        certificate_key=certificate_key,
        client_ca=client_ca,
    )
    click.echo(door.text(), nl=False)
