"""Signatures by a PKCS#11 token (SoftHSM2), against the same key in this process.

CPU microseconds per operation, the cases interleaved, the median of the rounds. ``raw_sign`` is
``cryptography`` with an ECDSA P-256 key; ``pkcs11_raw`` is python-pkcs11 alone; ``pkcs11_sign`` is what
hkeid does: wait for its turn, find the key it knows, hash, sign, encode. ``pkcs11_threads`` is
signatures per second on the clock from eight threads at once, which must all be right.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, LABEL = "246810", "hkeid bench"
MESSAGE = b"a message of the usual size" * 8
OPERATIONS = 200
THREADS = 8


def available() -> bool:
    """Whether SoftHSM2 is installed."""
    return MODULE.exists() and shutil.which("softhsm2-util") is not None


def _certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SPECIMEN")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


@contextmanager
def _token(key: ec.EllipticCurvePrivateKey) -> Iterator[None]:
    """A token with this key, forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="hkeid-softhsm-") as made:
        folder = Path(made)
        (folder / "tokens").mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        )
        os.environ["SOFTHSM2_CONF"] = str(configuration)
        pem = folder / "key.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        for words in (
            ("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "12345678"),
            ("--import", str(pem), "--token", LABEL, "--label", "p256", "--id", "01", "--pin", PIN),
        ):
            subprocess.run(("softhsm2-util", *words), check=True, capture_output=True)
        yield


def _each(operation: Callable[[], object]) -> float:
    """CPU microseconds of one."""
    began = process_time()
    for _ in range(OPERATIONS):
        operation()
    return (process_time() - began) * 1e6 / OPERATIONS


def run(rounds: int) -> list[dict[str, Any]]:
    """Measure; a few hundred signatures of each kind in each round."""
    import pkcs11

    from hkeid.adapters.pkcs11_tokens import Pkcs11Module, TokenIdentity
    from hkeid.kernel.secret import Secret

    key = ec.generate_private_key(ec.SECP256R1())
    held = TokenIdentity(label="p256", key_id=b"\x01", certificate=_certificate(key))
    digest = sha256(MESSAGE).digest()
    with _token(key):
        module = Pkcs11Module.load(MODULE)
        with module.open(label=LABEL, pin=Secret(PIN)) as token:
            private = token._session.get_key(  # noqa: SLF001 - the base of the comparison
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=b"\x01"
            )
            operations: dict[str, Callable[[], object]] = {
                "raw_sign": lambda: key.sign(MESSAGE, ec.ECDSA(hashes.SHA256())),
                "pkcs11_raw": lambda: private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA),
                "pkcs11_sign": lambda: token.sign(held, MESSAGE),
            }
            samples: dict[str, list[float]] = {name: [] for name in operations}
            for _ in range(rounds):
                for name, operation in operations.items():
                    samples[name].append(_each(operation))
            rate = _rate(lambda: token.sign(held, MESSAGE), key)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    rows: list[dict[str, Any]] = [
        {
            "case": name,
            "cpu_us": round(value, 1),
            **({} if name == "raw_sign" else {"ratio": round(value / medians["raw_sign"], 2)}),
        }
        for name, value in medians.items()
    ]
    rows[-1]["ratio_to_pkcs11_raw"] = round(medians["pkcs11_sign"] / medians["pkcs11_raw"], 2)
    rows.append(
        {"case": "pkcs11_threads", "threads": THREADS, "per_second": round(rate), "errors": 0}
    )
    return rows


def _rate(sign: Callable[[], bytes], key: ec.EllipticCurvePrivateKey) -> float:
    """Signatures per second from several threads; every one is verified afterwards."""
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda _: sign(), range(THREADS * OPERATIONS)))
    seconds = perf_counter() - began
    for signature in made:
        key.public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    return len(made) / seconds
