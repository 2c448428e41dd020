"""SAML messages made and verified, against the raw signature and against pysaml2 with the xmlsec1 command.

CPU milliseconds per operation, the cases interleaved; the median of the rounds. ``response_rsa2048`` is a whole
Response with one signed assertion and five attributes, built, written and signed; ``ratio`` is to
``rsa2048_sign``, which is that signature alone. ``validate_response`` is all of validation but for replay:
gate, signature, the tree that readers get, and every rule of the profile for Response, subject, conditions and
statement; ``verify_response`` is its signature part; ``ratio`` is to ``rsa2048_verify``. That Response came canonical,
as this package writes; ``validate_response_other`` is the same of one that pysaml2 and xmlsec1 made, which has to be
made canonical first, as those of most senders. ``floor_response`` is what neither can do without: libxml2 parsing the
Response and the assertion, canonicalising SignedInfo and the assertion, the digest, and the RSA verification, with
nothing looked at. For pysaml2 the CPU of the
commands that it starts counts; ``times_less`` is how many times less ours takes in the same run.

``metadata_10k`` and what follows it are those of :mod:`saml_aggregate`.

What is made is verified once before anything is measured, ours by pysaml2 and theirs by us.

    scripts/bench saml [--rounds 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import process_time_ns
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import saml_aggregate
from hkeid.adapters.system import SystemRandom
from hkeid.saml.dsig import (
    XmlSigner,
    encrypt_assertion,
    read_redirect,
    sign_element,
    verify_response,
    write,
    write_redirect,
)
from hkeid.saml.dsig.namespaces import ASSERTION, SIGNATURE
from hkeid.saml.dsig.parsing import canonicalise, parse
from hkeid.saml.messages import read_instant
from hkeid.saml.sp import Authentication, Expectation, validate
from hkeid.testing.saml_specimens import (
    INSTANT,
    ISSUER,
    RECIPIENT,
    assertion,
    authn_request,
    message,
    response,
)

PEER = Path(__file__).parent / "peers" / "pysaml2_xmlsec1.py"
MOST_RATIO = {"response_rsa2048": 1.25}
MOST_MS = {"validate_response": 0.25}
LEAST_TIMES = {"response_rsa2048": 80}
AGAINST = {
    "response_rsa2048": "rsa2048_sign",
    "response_p256": "p256_sign",
    "response_encrypted": "response_rsa2048",
    "verify_response": "rsa2048_verify",
    "validate_response": "rsa2048_verify",
    "validate_response_other": "rsa2048_verify",
    "floor_response": "rsa2048_verify",
    "redirect_sign": "rsa2048_sign",
    "redirect_verify": "rsa2048_verify",
}
THEIRS = {"response_rsa2048": "pysaml2_xmlsec1", "validate_response": "pysaml2_xmlsec1_verify"}
RECEIVED_AT = read_instant(INSTANT)
EXPECTED = Expectation(
    identity_provider=ISSUER,
    service_provider="https://sp.example/metadata",
    acs=RECIPIENT,
    request_id="_request",
    skew=timedelta(seconds=60),
)
SIGNED_OCTETS = b"m" * 900  # as much as a SignedInfo


@dataclass
class Case:
    """One thing that is measured."""

    name: str
    run: Callable[[], object]
    operations: int = 20
    samples: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """One sample."""
        began = process_time_ns()
        for _ in range(self.operations):
            self.run()
        self.samples.append((process_time_ns() - began) / 1e6 / self.operations)


class Pysaml2:
    """The peer's process."""

    def __init__(self, python: str, key: rsa.RSAPrivateKey, folder: Path) -> None:
        files = folder / "key.pem", folder / "certificate.pem"
        files[0].write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
        files[1].write_bytes(_certificate(key).public_bytes(Encoding.PEM))
        self._process = subprocess.Popen(
            [python, str(PEER), *map(str, files)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip

    def ask(self, **what: Any) -> dict[str, Any]:
        """CPU milliseconds, and the last response made."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )


def ours(key: rsa.RSAPrivateKey, curve: ec.EllipticCurvePrivateKey) -> list[Case]:
    """What runs in this process."""
    public, curve_public = key.public_key(), curve.public_key()
    signer, curve_signer = XmlSigner.from_key(key), XmlSigner.from_key(curve)
    random = SystemRandom()
    signature = key.sign(SIGNED_OCTETS, padding.PKCS1v15(), SHA256())
    received = write(response(signer))
    request = write(authn_request())
    query = write_redirect(request, "SAMLRequest", relay_state="state", signer=signer)

    def encrypted() -> bytes:
        sealed = encrypt_assertion(sign_element(assertion(), signer), public, random)
        return write(message("samlp:Response", "_response", sealed))

    def validated() -> Authentication:
        verified = verify_response(received, [public])
        return validate(verified, verified.assertions, EXPECTED, RECEIVED_AT)

    assert validated().session_index == "_session"
    assert verify_response(write(response(curve_signer)), [curve_public]).assertions
    return [
        Case("rsa2048_sign", lambda: key.sign(SIGNED_OCTETS, padding.PKCS1v15(), SHA256())),
        Case("response_rsa2048", lambda: write(response(signer))),
        Case("response_unsigned", lambda: write(response())),
        Case("response_encrypted", encrypted),
        Case("p256_sign", lambda: curve.sign(SIGNED_OCTETS, ec.ECDSA(SHA256()))),
        Case("response_p256", lambda: write(response(curve_signer))),
        Case(
            "rsa2048_verify",
            lambda: public.verify(signature, SIGNED_OCTETS, padding.PKCS1v15(), SHA256()),
        ),
        Case("verify_response", lambda: verify_response(received, [public])),
        Case("validate_response", validated),
        Case(
            "redirect_sign",
            lambda: write_redirect(request, "SAMLRequest", relay_state="state", signer=signer),
        ),
        Case("redirect_verify", lambda: read_redirect(query).verify([public])),
    ]


def theirs(key: rsa.RSAPrivateKey, made: bytes) -> list[Case]:
    """What runs in this process with a Response that pysaml2 made."""
    public, now = key.public_key(), datetime.now(UTC)
    root = parse(made)
    assertion_element = root.find(ASSERTION)
    signature = assertion_element.find(SIGNATURE)
    signature_value = b64decode(signature[1].text)
    signed_info = signature[0]
    alone = verify_response(made, [public]).assertions[0].element

    def validated() -> Authentication:
        verified = verify_response(made, [public])
        return validate(verified, verified.assertions, EXPECTED, now)

    def floor() -> None:
        parse(made)
        info, octets = canonicalise(signed_info), canonicalise(alone)
        sha256(octets).digest()
        public.verify(signature_value, info, padding.PKCS1v15(), SHA256())
        parse(octets)

    assert validated().name_id is not None
    return [Case("validate_response_other", validated), Case("floor_response", floor)]


def run(rounds: int, python: str) -> list[dict[str, Any]]:
    """Measure everything."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    cases = ours(key, ec.generate_private_key(ec.SECP256R1()))
    with tempfile.TemporaryDirectory(prefix="hkeid-bench-") as folder:
        peer = Pysaml2(python, key, Path(folder))
        received = write(response(XmlSigner.from_key(key))).decode()
        peers = {
            "pysaml2_xmlsec1": {"issue": 1},
            "pysaml2_xmlsec1_verify": {"verify": 1, "xml": received},
        }
        cases += theirs(key, peer.ask(issue=1)["made"].encode())
        samples: dict[str, list[float]] = {name: [] for name in peers}
        for case in cases:
            case.run()
        for _ in range(rounds):
            for case in cases:
                case.measure()
            for name, what in peers.items():
                samples[name].append(peer.ask(**what)["cpu_ms"])
        peer.close()
    return _rows({case.name: case.samples for case in cases} | samples)


def _rows(samples: dict[str, list[float]]) -> list[dict[str, Any]]:
    medians = {name: statistics.median(one) for name, one in samples.items()}
    rows = []
    for name, median in medians.items():
        row: dict[str, Any] = {
            "case": name,
            "cpu_ms": round(median, 4),
            "best_ms": round(min(samples[name]), 4),
        }
        if name in AGAINST:
            row |= {"against": AGAINST[name], "ratio": round(median / medians[AGAINST[name]], 3)}
        if name in MOST_RATIO:
            row["bar_ratio"] = MOST_RATIO[name]
        if name in MOST_MS:
            row["bar_ms"] = MOST_MS[name]
        if name in THEIRS:
            row["times_less"] = round(medians[THEIRS[name]] / median, 1)
        if name in LEAST_TIMES:
            row["bar_times_less"] = LEAST_TIMES[name]
        rows.append(row)
    return rows


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only-metadata", action="store_true", help="only the aggregate's cases")
    chosen = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    began = datetime.now(UTC)
    default = Path(__file__).parents[1] / ".envs" / "saml" / "bin" / "python"
    python = os.environ.get("HKEID_TEST_SAML_PEERS") or str(default)
    rows = [] if chosen.only_metadata else run(chosen.rounds, python)
    rows += saml_aggregate.rows()
    print(f"load {load:.1f} on {os.cpu_count()} processors; {chosen.rounds} rounds")
    for row in rows:
        figures = ", ".join(f"{name} {value}" for name, value in row.items() if name != "case")
        print(f"{row['case']:<24} {figures}")
    if chosen.json:
        result = {
            "name": "saml",
            "began": began.isoformat(),
            "load": round(load, 2),
            "rows": rows,
        }
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
