"""WebAuthn verification against the signature verification that it cannot do without.

CPU time per operation (``process_time``), the cases interleaved round by round in one process, the
median of the rounds. ``assertion`` is ``verify_assertion`` from the JSON text on, parsing included;
``assertion_key_not_cached`` the same for a credential whose key was
not loaded before; ``ecdsa_p256_verify`` is ``cryptography``'s verification of the same signature with the key loaded.

    python benchmarks/webauthn.py --json out.json
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.kernel import base64url
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    WebAuthnPolicy,
    verify_assertion,
    verify_registration,
)
from hkeid.webauthn.public_key import load_public_key

ORIGIN = "https://id.example.hk"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = WebAuthnPolicy(rp_id="id.example.hk", rp_name="eID", origins=frozenset({ORIGIN}))
HANDLE = bytes(range(64))


def _ceremony(kind: CeremonyKind, challenge: bytes) -> Ceremony:
    return Ceremony(
        id="benchmark",
        kind=kind,
        challenge=challenge,
        binding=bytes(32),
        resident_id=None,
        user_handle=None,
        allowed=(),
        context={},
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
    )


def _options(challenge: bytes) -> dict[str, Any]:
    return {
        "rp": {"id": POLICY.rp_id},
        "rpId": POLICY.rp_id,
        "user": {"id": base64url.encode(HANDLE), "name": "eID", "displayName": "CHAN Tai Man"},
        "challenge": base64url.encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"userVerification": "required"},
        "userVerification": "required",
    }


def _cases() -> dict[str, Callable[[], object]]:
    phone = SoftwareAuthenticator(synced=True)
    challenge = hashlib.sha256(b"benchmark").digest()
    creating = _ceremony(CeremonyKind.ACTIVATE, challenge)
    getting = _ceremony(CeremonyKind.LOGIN, challenge)
    registration = json.dumps(phone.create(_options(challenge), ORIGIN))
    credential = verify_registration(registration, creating, POLICY).as_credential("r", b"", NOW)
    answer = phone.get(_options(challenge), ORIGIN)
    assertion = json.dumps(answer)

    response = {name: base64url.decode(text) for name, text in answer["response"].items()}
    signed = response["authenticatorData"] + hashlib.sha256(response["clientDataJSON"]).digest()
    held = phone.credentials[0].key
    assert isinstance(held, ec.EllipticCurvePrivateKey)
    key, signature, scheme = held.public_key(), response["signature"], ec.ECDSA(hashes.SHA256())

    def log_in() -> object:
        return verify_assertion(assertion, getting, credential, HANDLE, POLICY)

    def log_in_cold() -> object:
        load_public_key.cache_clear()
        return log_in()

    def register() -> object:
        load_public_key.cache_clear()  # a new credential's key is never in the cache
        return verify_registration(registration, creating, POLICY)

    return {
        "ecdsa_p256_verify": lambda: key.verify(signature, signed, scheme),
        "assertion": log_in,
        "assertion_key_not_cached": log_in_cold,
        "registration_none": register,
    }


def _cpu_ms(operation: Callable[[], object], times: int) -> float:
    operation()  # whatever the case before it left in caches
    begun = process_time()
    for _ in range(times):
        operation()
    return (process_time() - begun) * 1000 / times


def run(rounds: int = 200, times: int = 25) -> dict[str, Any]:
    """Measure; ``rounds`` interleaved rounds of ``times`` operations for each case."""
    cases = _cases()
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for operation in cases.values():
        _cpu_ms(operation, times)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, operation in cases.items():
                samples[name].append(_cpu_ms(operation, times))
    finally:
        gc.enable()
    medians = {name: statistics.median(values) for name, values in samples.items()}
    raw = "ecdsa_p256_verify"
    rows: list[dict[str, Any]] = [{"case": raw, "cpu_ms": round(medians[raw], 5)}]
    rows += [
        {
            "case": name,
            "cpu_ms": round(medians[name], 5),
            "against": raw,
            "ratio": round(medians[name] / medians[raw], 3),
            "count": rounds * times,
        }
        for name in cases
        if name != raw
    ]
    return {"name": "webauthn", "rows": rows}


def main(arguments: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    chosen = parser.parse_args(arguments)
    result = run()
    text = json.dumps(result, indent=2)
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
