"""Revocation and time-stamps over HTTP, against our own doors."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.adapters.certificate_authorities import (
    CmpAuthority,
    CmpSettings,
    HttpOcsp,
    HttpRevocation,
    over_http,
)
from hkeid.adapters.system import SystemRandom
from hkeid.adapters.timestamping import HttpTimestampAuthority, HttpTimestampSettings
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.http import Request
from hkeid.kernel.secret import Secret
from hkeid.ports.certificates import CertificateState, RevocationReason
from hkeid.ports.surroundings import HttpAnswer
from hkeid.signing.certificates import RepositoryDoor, read_certificate
from hkeid.signing.certificates.ocsp_answers import read_ocsp_answer
from hkeid.signing.certificates.ocsp_requests import certificate_id
from hkeid.signing.timestamping import (
    TimestampDoor,
    TimestampFault,
    TimestampRefused,
    TimestampRules,
    TimestampWrong,
)
from hkeid.testing.certification import ADDRESS, POLICY, Certification

DIGEST = hashlib.sha256(b"a will").digest()


class DoorClient:
    """:class:`hkeid.ports.HttpClient` that goes straight to a door; ``bend`` changes answers."""

    def __init__(self, doors: dict[str, Callable[[Request], object]]) -> None:
        self.doors = doors
        self.bend: Callable[[HttpAnswer], HttpAnswer] = lambda answer: answer
        self.asked: list[str] = []

    def send(self, method, url, *, headers=None, body=None, timeout=10.0, limit=1 << 20):
        self.asked.append(url)
        assert url.startswith(ADDRESS)
        path = url.removeprefix(ADDRESS)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        for prefix, door in self.doors.items():
            if path.startswith(prefix):
                answer = door(Request(method=method, path=path, headers=lowered, body=body or b""))
                found = HttpAnswer(
                    status=answer.status,
                    headers={name.lower(): value for name, value in answer.headers},
                    body=answer.body,
                )
                assert len(found.body) <= limit
                return self.bend(found)
        raise Unavailable("http_no_answer")


@pytest.fixture
def certification() -> Certification:
    return Certification()


@pytest.fixture
def client(certification) -> DoorClient:
    repository = RepositoryDoor(
        certification.authority,
        certification.responder,
        (certification.root.certificate, certification.root_list),
    )
    unit = TimestampDoor(certification.timestamp_unit())
    return DoorClient({"/pki/": repository.handle, "/tsa": unit.handle})


def reason(act) -> str:
    with pytest.raises(HkeidError) as caught:
        act()
    return caught.value.reason


# --- revocation --------------------------------------------------------------------------------------------


def test_material_is_fetched_from_where_certificates_point(certification, client) -> None:
    issued = certification.issue()
    chain = (issued.certificate, certification.authority.certificate.encoded)
    source = HttpRevocation(client, (certification.root.certificate,))
    material = source.material(chain, certification.clock.now())
    assert len(material.ocsps) == 1
    assert material.crls == (certification.root_list,)
    assert client.asked == [f"{ADDRESS}/pki/ocsp", f"{ADDRESS}/pki/root.crl"]
    assert material.certificates == (chain[1], certification.root.certificate)


def test_a_list_stands_in_for_a_responder(certification, client) -> None:
    issued = certification.issue()
    chain = (issued.certificate, *issued.chain)
    client.bend = lambda answer: (
        dataclasses.replace(answer, status=500)
        if b"ocsp" in str(answer.headers).encode()
        else answer
    )
    material = HttpRevocation(client).material(chain, certification.clock.now())
    assert material.ocsps == ()
    assert material.crls == (
        certification.authority.revocation_list().encoded,
        certification.root_list,
    )


def test_short_term_certificates_are_not_asked_about(certification, client) -> None:
    issued = certification.issue(profile="resident-short")
    chain = (issued.certificate, *issued.chain)
    material = HttpRevocation(client).material(chain, certification.clock.now())
    assert (material.ocsps, material.crls) == ((), (certification.root_list,))


def test_what_is_not_to_be_had(certification, client) -> None:
    issued = certification.issue()
    chain = (issued.certificate, *issued.chain)
    now = certification.clock.now()
    source = HttpRevocation(client)
    assert reason(lambda: source.material(chain[:1], now)) == "revocation_unavailable"
    assert reason(lambda: source.material(chain, now + timedelta(days=60))) == (
        "revocation_unavailable"
    )
    client.bend = lambda answer: dataclasses.replace(answer, body=b"nonsense")
    assert reason(lambda: source.material(chain, now)) == "revocation_unavailable"


def test_whoever_made_a_certificate_does_not_choose_how_long_it_takes(
    certification, client, monkeypatch
) -> None:
    """A file that somebody sends names the addresses; each may keep a caller waiting."""
    issued = certification.issue()
    chain = (issued.certificate, *issued.chain)
    many = tuple(f"{ADDRESS}/nowhere/{number}" for number in range(1000))
    leaf = dataclasses.replace(read_certificate(issued.certificate), ocsp=many, crl=many)
    readings = {issued.certificate: leaf}
    monkeypatch.setattr(
        over_http, "read_certificate", lambda one: readings.get(one) or read_certificate(one)
    )
    now = certification.clock.now()
    assert reason(lambda: HttpRevocation(client).material(chain, now)) == "revocation_unavailable"
    assert len(client.asked) == 8
    passing = iter(range(0, 10_000, 20))
    monkeypatch.setattr(over_http.time, "monotonic", lambda: float(next(passing)))
    client.asked.clear()
    whole = (certification.issue().certificate, *issued.chain)
    assert reason(lambda: HttpRevocation(client).material(whole, now)) == "revocation_unavailable"
    assert client.asked == [f"{ADDRESS}/pki/ocsp"]


def test_status_of_an_outside_authority(certification, client) -> None:
    """CMP has no question for it; OCSP has."""
    issued = certification.issue()
    serial = read_certificate(issued.certificate).serial
    settings = CmpSettings(server="nowhere", paths={}, chain=issued.chain, secret=Secret("s"))
    ocsp = HttpOcsp(client, f"{ADDRESS}/pki/ocsp")
    authority = CmpAuthority(settings, certification.clock, ocsp)
    assert authority.status(serial).state is CertificateState.GOOD
    certification.authority.revoke(serial, RevocationReason.SUPERSEDED)
    found = authority.status(serial)
    assert (found.state, found.reason) == (CertificateState.REVOKED, RevocationReason.SUPERSEDED)
    assert authority.status(77).state is CertificateState.UNKNOWN
    client.doors = {}
    assert reason(lambda: authority.status(serial)) == "certificate_authority_unavailable"


def test_answers_that_prove_nothing(certification) -> None:
    own = certification.authority.certificate
    serial = read_certificate(certification.issue().certificate).serial
    asked = certificate_id(own.subject, own.public_key, serial)
    answer = certification.responder.answer_about(serial)
    now = certification.clock.now()

    def said(encoded=answer, asked=asked, issuer=own, at=now) -> str:
        return reason(lambda: read_ocsp_answer(encoded, asked, issuer, at))

    assert read_ocsp_answer(answer, asked, own, now).state is CertificateState.GOOD
    assert said(encoded=b"") == "ocsp_answer_malformed"
    assert said(encoded=b"\x30\x03\x0a\x01\x06") == "ocsp_answer_unusable"
    assert said(asked=certificate_id(own.subject, own.public_key, serial + 1)) == (
        "ocsp_answer_unusable"
    )
    assert said(at=now + timedelta(days=1)) == "ocsp_answer_unusable"
    assert said(at=now - timedelta(hours=1)) == "ocsp_answer_unusable"
    stranger = Certification().authority.certificate
    assert said(issuer=stranger) == "ocsp_answer_unusable"


def test_no_altered_answer_says_something_else(certification) -> None:
    own = certification.authority.certificate
    serial = read_certificate(certification.issue().certificate).serial
    certification.authority.revoke(serial, RevocationReason.KEY_COMPROMISE)
    asked = certificate_id(own.subject, own.public_key, serial)
    answer = certification.responder.answer_about(serial)
    now = certification.clock.now()
    expected = read_ocsp_answer(answer, asked, own, now)
    for place in range(len(answer)):
        altered = bytearray(answer)
        altered[place] ^= 0x01
        try:
            found = read_ocsp_answer(bytes(altered), asked, own, now)
        except HkeidError as error:
            assert error.reason in {
                "ocsp_answer_malformed", "ocsp_answer_unusable", "certificate_malformed",
            }  # fmt: skip
        else:
            assert found == expected


# --- time-stamps -------------------------------------------------------------------------------------------


@pytest.fixture
def tsa(certification, client):
    def make(**change) -> HttpTimestampAuthority:
        settings = HttpTimestampSettings(
            url=f"{ADDRESS}/tsa",
            rules=TimestampRules(
                anchors=(certification.root.certificate,), accuracy=timedelta(seconds=1)
            ),
            policy=POLICY,
        )
        return HttpTimestampAuthority(
            client, certification.clock, SystemRandom(), dataclasses.replace(settings, **change)
        )

    return make


def test_a_token_from_an_authority_outside(certification, tsa) -> None:
    token = tsa().token(DIGEST)
    assert token.info.digest == DIGEST
    assert token.info.nonce is not None
    assert tsa().stamp(hashlib.sha512(b"a will").digest(), hash_name="sha512").startswith(b"\x30")


def test_what_an_authority_refuses(tsa, client) -> None:
    with pytest.raises(TimestampRefused) as caught:
        tsa(policy="2.999.7").stamp(DIGEST)
    assert caught.value.failure == "unaccepted_policy"
    for digest, name in ((DIGEST, "sha1"), (DIGEST, "sha512"), (b"", "sha256")):
        with pytest.raises(TimestampRefused):
            tsa().stamp(digest, hash_name=name)
    assert len(client.asked) == 1


def test_an_authority_that_is_not_there(tsa, client) -> None:
    for bend in (
        lambda answer: dataclasses.replace(answer, status=502),
        lambda answer: dataclasses.replace(answer, headers={"content-type": "text/html"}),
    ):
        client.bend = bend
        assert reason(lambda: tsa().stamp(DIGEST)) == "timestamp_unavailable"
    client.doors = {}
    assert reason(lambda: tsa().stamp(DIGEST)) == "timestamp_unavailable"


def test_answers_that_do_not_fit(tsa, client) -> None:
    def fault() -> TimestampFault:
        with pytest.raises(TimestampWrong) as caught:
            tsa().stamp(DIGEST)
        return caught.value.fault

    kept: list[HttpAnswer] = []

    def keep(answer: HttpAnswer) -> HttpAnswer:
        kept.append(answer)
        return answer

    client.bend = keep
    tsa().stamp(DIGEST)
    client.bend = lambda _: kept[0]
    assert fault() is TimestampFault.NONCE_DIFFERS
    client.bend = lambda answer: dataclasses.replace(answer, body=answer.body[:-9])
    assert fault() is TimestampFault.MALFORMED
    client.bend = lambda answer: answer

    class Late:
        def now(self) -> datetime:
            return datetime(2027, 1, 1, tzinfo=UTC)

    late = HttpTimestampAuthority(client, Late(), SystemRandom(), tsa()._settings)
    with pytest.raises(TimestampWrong) as caught:
        late.stamp(DIGEST)
    assert caught.value.fault is TimestampFault.TIME_FAR
