"""An authority outside over CMP (RFC 9810): ``openssl cmp`` on both sides."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.adapters.certificate_authorities.peer import REFERENCE, SECRET

from hkeid.adapters.certificate_authorities import CmpAuthority, CmpSettings
from hkeid.adapters.certificate_authorities.openssl import run_openssl
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.kernel.secret import Secret
from hkeid.ports.certificates import RevocationReason
from hkeid.signing.certificates import MemoryKey, build_request, read_certificate
from hkeid.signing.certificates.subjects import subject_name
from hkeid.testing.certification import RESIDENT


@pytest.fixture
def authority(certification):
    def at(server: str, **change) -> CmpAuthority:
        settings = CmpSettings(
            server=server,
            paths={"resident": "pkix/"},
            chain=(certification.authority.certificate.encoded, certification.root.certificate),
            reference=REFERENCE,
            secret=SECRET,
            timeout=10,
        )
        return CmpAuthority(dataclasses.replace(settings, **change), certification.clock)

    return at


def reason(act) -> str:
    with pytest.raises(HkeidError) as caught:
        act()
    return f"{caught.value.reason} {caught.value.detail or ''}".strip()


def issue(authority, resident, **change):
    asked = {"profile": "resident", "subject": RESIDENT, **change}
    return authority.issue(resident.request, **asked)


def test_a_certificate_is_issued(cmp_server, authority, resident, certification) -> None:
    with cmp_server(resident.certificate) as server:
        issued = issue(authority(server), resident)
    assert issued.certificate == resident.certificate
    assert issued.chain == (
        certification.authority.certificate.encoded,
        certification.root.certificate,
    )


def test_a_certificate_is_revoked_by_issuer_and_number(cmp_server, authority, resident) -> None:
    """RFC 9810 §5.3.9; the certificate itself is not kept by us."""
    serial = read_certificate(resident.certificate).serial
    with cmp_server(resident.certificate) as server:
        issue(authority(server), resident)
        authority(server).revoke(serial, RevocationReason.KEY_COMPROMISE)
        said = reason(lambda: authority(server).revoke(serial + 1, RevocationReason.SUPERSEDED))
    assert said.startswith("certificate_authority_refused")


def test_a_certificate_that_is_revoked_already(cmp_server, authority, resident) -> None:
    """Failure 10 is certRevoked (RFC 9810 §5.2.3)."""
    serial = read_certificate(resident.certificate).serial
    words = ("-pkistatus", "2", "-failure", "10")
    with cmp_server(resident.certificate, *words) as server:
        said = reason(lambda: authority(server).revoke(serial, RevocationReason.SUPERSEDED))
    assert said == "certificate_revoked_already"


def test_what_the_authority_refuses(cmp_server, authority, resident) -> None:
    with cmp_server(resident.certificate, "-pkistatus", "2", "-failure", "6") as server:
        said = reason(lambda: issue(authority(server), resident))
    assert said == "certificate_authority_refused wrongAuthority"


def test_a_wrong_secret_is_no_certificate(cmp_server, authority, resident) -> None:
    with cmp_server(resident.certificate) as server:
        other = authority(server, secret=Secret("another secret than theirs"))
        assert reason(lambda: issue(other, resident)).startswith("certificate_authority_")


def test_an_answer_of_somebody_without_the_secret(cmp_server, authority, resident) -> None:
    """Unprotected messages prove nothing."""
    with cmp_server(resident.certificate, "-send_unprotected", "-accept_unprotected") as server:
        said = reason(lambda: issue(authority(server), resident))
    assert said.startswith("certificate_authority_unavailable")


@pytest.mark.parametrize("wrong", ["key", "person", "issuer"])
def test_a_certificate_that_was_not_asked_for(
    cmp_server, authority, resident, certification, wrong
) -> None:
    from hkeid.testing.certification import Certification

    someone = dataclasses.replace(RESIDENT, reference="somebody-else-0001")
    given = {
        "key": lambda: certification.issue().certificate,
        "person": lambda: certification.issue(resident.key, subject=someone).certificate,
        "issuer": lambda: Certification(clock=certification.clock).issue(resident.key).certificate,
    }[wrong]()
    with cmp_server(given) as server:
        said = reason(lambda: issue(authority(server), resident))
    # The program itself notices another key, and a chain to elsewhere.
    assert said.startswith("certificate_of_another person" if wrong == "person" else "certificate_")


def test_a_general_message_says_whether_the_authority_knows_us(
    cmp_server, authority, resident
) -> None:
    """RFC 9810 §5.3.19."""
    with cmp_server(resident.certificate) as server:
        authority(server).greet()
        stranger = authority(server, secret=Secret("another secret than theirs"))
        assert reason(stranger.greet).startswith("certificate_authority_")
    assert reason(authority(server, timeout=2).greet).startswith(
        "certificate_authority_unavailable"
    )


def test_nobody_answers(authority, resident) -> None:
    assert reason(lambda: issue(authority("127.0.0.1:9", timeout=2), resident)).startswith(
        "certificate_authority_unavailable"
    )


def test_requests_are_looked_at_before_they_are_sent(authority, resident) -> None:
    nowhere = authority("127.0.0.1:9")
    assert reason(lambda: issue(nowhere, resident, profile="other")) == "profile_unknown other"
    altered = bytearray(resident.request)
    altered[-1] ^= 1
    stolen = dataclasses.replace(resident, request=bytes(altered))
    assert reason(lambda: issue(nowhere, stolen)) == "request_signature_wrong"
    # The request names somebody else than whom we say.
    other = build_request(
        MemoryKey(ec.generate_private_key(ec.SECP256R1())), subject_name(RESIDENT)
    )
    subject = dataclasses.replace(RESIDENT, reference="somebody-else-0001")
    act = lambda: nowhere.issue(other, profile="resident", subject=subject)  # noqa: E731
    assert reason(act) == "request_subject_differs"


def test_there_is_no_status_without_a_responder(authority) -> None:
    assert reason(lambda: authority("127.0.0.1:9").status(5)).startswith(
        "certificate_authority_unavailable"
    )


def test_messages_are_protected_or_not_sent(authority) -> None:
    with pytest.raises(ConfigurationError, match="cmp_unprotected"):
        authority("127.0.0.1:9", secret=None)


def test_secrets_are_on_no_command_line_in_no_environment_and_in_no_file(tmp_path: Path) -> None:
    """Looked at while the program runs."""
    program = tmp_path / "slow"
    program.write_text(
        '#!/bin/sh\nread secret < /dev/fd/${3#fd:}\nprintf %s "${#secret}"\nsleep 1\n'
    )
    program.chmod(0o700)
    seen: list[str] = []

    def look() -> None:
        for _ in range(200):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    words = (process / "cmdline").read_bytes().split(b"\0")
                    if str(program).encode() in words:
                        seen.append(b" ".join(words).decode())
                        seen.append((process / "environ").read_text("utf-8", "replace"))
                except OSError:
                    continue
            if seen:
                return
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    status, said = run_openssl(
        ["cmp"],
        secrets=[("-secret", SECRET)],
        seconds=10,
        program=str(program),
        folder=str(tmp_path),
    )
    watcher.join()
    assert (status, said) == (0, str(len(SECRET.reveal())))
    assert seen
    assert not any(SECRET.reveal() in one for one in seen)
    assert "HKEID" not in "".join(seen)
    assert list(tmp_path.iterdir()) == [program]


@pytest.mark.parametrize("text", ["", "two\nlines", "x" * 2000])
def test_secrets_that_the_program_would_read_otherwise(text, tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="secret_malformed"):
        run_openssl(["cmp"], secrets=[("-secret", Secret(text))], seconds=1, folder=str(tmp_path))


def test_a_program_that_hangs_is_ended(tmp_path) -> None:
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    began = time.monotonic()
    act = lambda: run_openssl(["cmp"], seconds=-4.5, program=str(program), folder=str(tmp_path))  # noqa: E731
    assert reason(act).startswith("openssl_too_slow")
    assert time.monotonic() - began < 10
