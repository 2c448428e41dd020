"""Two tenants in one process that sign on many threads: each message verifies under its own tenant's key only.

A signer that is kept in a global, or a key that is looked up anew in the middle of signing, would show here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

from hkeid.kernel.errors import HkeidError
from hkeid.ports.keys import KeyPurpose
from hkeid.saml.dsig import (
    PublicKey,
    Reason,
    SignatureRefused,
    read_redirect,
    sign_element,
    verify_message,
    verify_response,
    write,
    write_redirect,
)
from hkeid.saml.own_keys import public_key, signer
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_specimens import assertion, authn_request, logout_request, message, status

THREADS = 16
TENANTS = 2

Verify = Callable[[list[PublicKey]], object]


@dataclass(slots=True)
class Tenant:
    """One tenant: a key store of its own."""

    keys: MemoryKeyStore = field(default_factory=MemoryKeyStore)

    def __post_init__(self) -> None:
        # The first RSA key of a purpose is shared by all stores of a process: not these.
        self.keys.add(KeyPurpose.SAML_SIGNING, "ES256")
        self.keys.add(KeyPurpose.SAML_SIGNING, "RS256")

    def public(self, algorithm: str) -> list[PublicKey]:
        """Its public key."""
        found = self.keys.signing_keys(KeyPurpose.SAML_SIGNING)
        return [public_key(key) for key in found if key.algorithm == algorithm]


def _signed(tenant: Tenant, number: int, algorithm: str) -> Verify:
    """Sign one message of one of four kinds; how to verify it."""
    signs = signer(tenant.keys, algorithm=algorithm)
    kind = number % 4
    if kind == 0:
        octets = write(sign_element(authn_request(), signs))
        return lambda keys: verify_message(octets, keys)
    if kind == 1:
        query = write_redirect(write(logout_request()), "SAMLRequest", signer=signs)
        return lambda keys: read_redirect(query).verify(keys)
    inner = sign_element(assertion(f"_a{number}"), signs)
    whole = message("samlp:Response", f"_r{number}", status(), inner)
    response = write(whole if kind == 2 else sign_element(whole, signs))
    return lambda keys: verify_response(response, keys)


class _Run:
    """A run, shared by its threads."""

    def __init__(self, attempts: int) -> None:
        self.tenants = [Tenant() for _ in range(TENANTS)]
        self._attempts = attempts
        self._start = Barrier(THREADS)

    def thread(self, place: int) -> list[str]:
        """One thread's share; what went wrong."""
        self._start.wait()
        wrong = []
        for number in range(place, self._attempts, THREADS):
            mine = number // THREADS % TENANTS
            algorithm = "RS256" if number % 8 == 0 else "ES256"
            found = self._check(_signed(self.tenants[mine], number, algorithm), mine, algorithm)
            if found is not None:
                wrong.append(f"message {number}: {found}")
        return wrong

    def _check(self, verify: Verify, mine: int, algorithm: str) -> str | None:
        for place, tenant in enumerate(self.tenants):
            try:
                verify(tenant.public(algorithm))
            except SignatureRefused as error:
                if place == mine or error.reason != Reason.SIGNATURE_INVALID:
                    return f"tenant {place}: {error.reason}"
            except HkeidError as error:
                return f"tenant {place}: {error.reason}"
            else:
                if place != mine:
                    return "verifies under the other tenant's key"
        return None


def run(
    attempts: int, *, seed: int = 0, progress: Callable[[int], object] | None = None
) -> list[dict[str, Any]]:
    """The case of a run: ``attempts`` messages, signed on 16 threads.

    :param seed: not used; what is signed depends on its number alone.
    """
    del seed
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        made = _Run(attempts)
        with ThreadPoolExecutor(THREADS) as pool:
            wrong = [one for part in pool.map(made.thread, range(THREADS)) for one in part]
    finally:
        sys.setswitchinterval(before)
    if progress is not None:
        progress(attempts)
    return [
        {
            "name": "saml_tenants",
            "attempts": attempts,
            "failures": len(wrong),
            "notes": "; ".join(wrong[:5]),
        }
    ]
