"""What pyHanko says of a file stays in its worker: standard error is the server's log."""

from __future__ import annotations

from hkeid.adapters.pdf import engine_in_worker, validator_in_worker
from hkeid.signing import Signer, sign_pdf
from hkeid.signing.validation import ValidationTrust, validate_pdf
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority, new_key


def test_a_file_that_pyhanko_would_talk_about(capfd) -> None:
    talked_about = paper().replace(b"startxref\n", b"startxref ")
    authority, key = SigningAuthority(), new_key("p256")
    signer = Signer.from_key(key, authority.issue(key), [authority.certificate])
    with engine_in_worker(timeout=60) as engine, validator_in_worker(timeout=60) as validator:
        signed = sign_pdf(talked_about, signer, engine=engine)
        validate_pdf(signed, trust=ValidationTrust.of([]), validator=validator)
    assert signed.startswith(talked_about)
    assert capfd.readouterr().err == ""
