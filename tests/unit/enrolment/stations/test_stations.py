"""Who may be a station, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.station_ca import CertificateReader, StationCa, make_key, make_request, sign
from hkeid.enrolment.stations import (
    StationMode,
    StationPermission,
    StationSettings,
    StationStatus,
    permissions_of,
)
from hkeid.kernel.errors import ConfigurationError, HkeidError, TooManyAttempts


def reason(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **named)
    return caught.value.reason


def test_a_station_enrols_with_its_code_and_is_recognised(yard) -> None:
    station, code = yard.stations.add("Sha Tin 沙田", StationMode.COUNTER)
    assert station.status is StationStatus.INVITED
    assert reason(yard.stations.usable, station.id) == "station_invited"
    made = yard.stations.enrol(code.reveal(), make_request(make_key()), network="n")
    assert made.station.status is StationStatus.ACTIVE
    certificate = yard.ca.read(made.issued.pem)
    assert certificate == made.issued.certificate
    assert yard.stations.recognise(certificate).id == station.id
    assert yard.stations.all()[0].last_seen_at == yard.hub.clock.now()
    assert yard.hub.events("enrolment:station") == [
        "enrolment:station:invited",
        "enrolment:station:certified",
    ]


def test_a_code_serves_once_and_for_a_day_and_the_newest_counts(yard) -> None:
    station, first = yard.stations.add("One", StationMode.KIOSK)
    second = yard.stations.invite_again(station.id)
    request = make_request(make_key())
    enrol = yard.stations.enrol
    assert reason(enrol, first.reveal(), request, network="n") == "station_code_revoked"
    enrol(second.reveal(), request, network="n")
    assert reason(enrol, second.reveal(), request, network="n") == "station_code_used"
    third = yard.stations.invite_again(station.id)
    yard.hub.clock.pass_(hours=25)
    assert reason(enrol, third.reveal(), request, network="n") == "station_code_expired"
    assert reason(enrol, "0000-0000-0000", request, network="n") == "station_code_unknown"


def test_guessing_codes_is_held_down_by_network(yard) -> None:
    request = make_request(make_key())
    for _ in range(10):
        reason(yard.stations.enrol, "0000-0000-0000", request, network="n1")
    with pytest.raises(TooManyAttempts):
        yard.stations.enrol("0000-0000-0000", request, network="n1")
    _, code = yard.stations.add("One", StationMode.KIOSK)
    assert yard.stations.enrol(code.reveal(), request, network="n2").station.id


def test_certificates_end_and_are_replaced(yard) -> None:
    made = yard.enrolled()
    old = made.issued.certificate
    new = yard.stations.renew(made.station, make_request(make_key()))
    assert reason(yard.stations.recognise, old) == "certificate_unknown"
    renew = yard.stations.renew
    assert reason(renew, made.station, make_request(make_key())) == "certificate_replaced"
    yard.hub.clock.pass_(days=8)
    assert reason(yard.stations.recognise, new.issued.certificate) == "certificate_expired"
    assert reason(yard.stations.usable, made.station.id) == "certificate_expired"
    yard.hub.clock.pass_(days=-10)
    assert reason(yard.stations.recognise, new.issued.certificate) == "certificate_not_yet_valid"
    assert "enrolment:station:turned-away" in yard.hub.events()


def test_suspended_and_revoked(yard) -> None:
    made = yard.enrolled()
    stations, certificate = yard.stations, made.issued.certificate
    seat = yard.seats.take(yard.seats.ticket(made.station).reveal())
    stations.suspend(made.station.id)
    assert reason(stations.recognise, certificate) == "station_suspended"
    assert reason(yard.seats.station, seat.reveal()) == "station_suspended"
    assert reason(stations.renew, made.station, make_request(make_key())) == "station_suspended"
    stations.resume(made.station.id)
    assert stations.recognise(certificate).id == made.station.id
    code = stations.invite_again(made.station.id)
    stations.revoke(made.station.id)
    stations.revoke(made.station.id)
    assert reason(stations.recognise, certificate) == "station_revoked"
    assert reason(stations.resume, made.station.id) == "station_revoked"
    assert reason(stations.invite_again, made.station.id) == "station_revoked"
    request = make_request(make_key())
    found = reason(stations.enrol, code.reveal(), request, network="n")
    assert found == "station_code_revoked"
    assert reason(stations.suspend, "nobody") == "station_unknown"


def test_a_certificate_serves_one_station(yard) -> None:
    made, other = yard.enrolled(), yard.enrolled()
    found = reason(yard.stations.bind, other.station.id, made.issued.certificate)
    assert found == "certificate_taken"


def test_a_browser_takes_a_seat_by_a_ticket_once(yard) -> None:
    made = yard.enrolled()
    ticket = yard.seats.ticket(made.station).reveal()
    first = yard.seats.take(ticket).reveal()
    assert yard.seats.station(first).id == made.station.id
    assert reason(yard.seats.take, ticket) == "seat_ticket_used"
    second = yard.seats.take(yard.seats.ticket(made.station).reveal()).reveal()
    assert reason(yard.seats.station, first) == "seat_missing"
    late = yard.seats.ticket(made.station).reveal()
    yard.hub.clock.pass_(minutes=3)
    assert reason(yard.seats.take, late) == "seat_ticket_unknown"
    yard.hub.clock.pass_(hours=15)
    assert reason(yard.seats.station, second) == "seat_missing"
    assert reason(yard.seats.station, None) == "seat_missing"


def test_each_kind_has_its_permissions() -> None:
    assert permissions_of(StationMode.KIOSK) == {StationPermission.UPGRADE_WITH_NUMBER}
    assert StationPermission.REGISTER in permissions_of(StationMode.COUNTER)
    assert StationPermission.UPLOAD not in permissions_of(StationMode.COUNTER)
    assert StationPermission.RECOVER in permissions_of(StationMode.COUNTER)
    on_the_road = set(StationPermission) - {StationPermission.RECOVER}
    assert permissions_of(StationMode.MOBILE) == on_the_road


def _request(key: Any, *, broken: bool = False) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    if not broken:
        return made.public_bytes(Encoding.PEM).decode()
    import base64

    der = bytearray(made.public_bytes(Encoding.DER))
    der[-1] ^= 1
    body = base64.encodebytes(bytes(der)).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("", "certificate_request_malformed"),
        ("x" * 20_000, "certificate_request_malformed"),
        ("é", "certificate_request_malformed"),
        (_request(rsa.generate_private_key(65537, 2048)), "certificate_request_key_refused"),
        (_request(ec.generate_private_key(ec.SECP384R1())), "certificate_request_key_refused"),
        (
            _request(ec.generate_private_key(ec.SECP256R1()), broken=True),
            "certificate_request_signature_wrong",
        ),
    ],
)
def test_requests_that_are_not_certified(yard, request_text, expected) -> None:
    _, code = yard.stations.add("One", StationMode.KIOSK)
    found = reason(yard.stations.enrol, code.reveal(), request_text, network="n")
    assert found == expected
    assert yard.stations.enrol(code.reveal(), make_request(make_key()), network="n").station


def test_the_authority_is_never_overwritten_and_readers_issue_nothing(yard, tmp_path) -> None:
    now = yard.hub.clock.now()
    assert reason(StationCa.create, tmp_path / "ca", name="t", now=now) == (
        "station_authority_exists"
    )
    assert (tmp_path / "ca" / "station-root.key").stat().st_mode & 0o077 == 0
    assert reason(StationCa, tmp_path / "nowhere") == "station_authority_missing"
    reader = CertificateReader()
    found = reason(reader.issue, "", station_id="", now=now, lifetime=timedelta(1))
    assert found == "station_authority_missing"
    assert reason(reader.read, "no certificate") == "certificate_malformed"
    key = make_key()
    made = yard.ca.issue(make_request(key), station_id="s", now=now, lifetime=timedelta(days=1))
    public = made.certificate.public_key
    assert reader.verify(public, b"m", sign(key, b"m"))
    assert not reader.verify(public, b"n", sign(key, b"m"))
    assert not reader.verify(b"no key", b"m", b"no signature")


def test_settings_that_would_not_protect_are_refused() -> None:
    for wrong in (
        {"certificate_lifetime": timedelta(days=60)},
        {"ticket_lifetime": timedelta(hours=1)},
        {"number_attempts": 0},
    ):
        with pytest.raises(ConfigurationError):
            StationSettings(**wrong)
