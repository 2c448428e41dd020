"""CPU of the provider alone, without HTTP: one single-sign-on flow in process, memory store.

A part of what ``login`` measures, to see where time goes: ``--profile`` prints the costliest functions.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import pstats
import secrets
import statistics
import sys
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.identity.state import EidState
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.op import Provider
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.ports.sessions import VerifiableClaims
from hkeid.residents.records import Resident
from hkeid.testing.keys import MemoryKeyStore

REDIRECT_URI = "http://127.0.0.1:9/callback"


class Session:
    """One session that is always live."""

    def __init__(self, now) -> None:
        who = AuthenticationResult(
            resident_id="resident", acr=Acr.EID, amr=("hwk", "user"), authenticated_at=now
        )
        self.view = SessionView(session_id="session", authentication=who)

    def current(self, reference, now):
        return self.view

    def is_live(self, session_id, now):
        return True


class NoClaims:
    """Nothing personal."""

    def supported(self):
        return frozenset()

    def unconsented(self, resident_id, client_id, names, now):
        return frozenset()

    def verifiable(self):
        return VerifiableClaims()

    def release(self, resident_id, client_id, names, now, verified=()):
        return {}


def make() -> Provider:
    clock, random, keys = SystemClock(), SystemRandom(), MemoryKeyStore()
    store = MemoryStore(keys=keys, clock=clock, random=random)
    now = clock.now()
    with store.transaction() as tx:
        tx.residents.add(
            Resident(
                id="resident",
                user_handle=bytes(64),
                state=EidState.ACTIVE,
                created_at=now,
                updated_at=now,
            )
        )
        tx.clients.put(
            Client(
                id="bench",
                name={"en": "Bench", "zh-Hant-HK": "Bench", "zh-Hans": "Bench"},
                redirect_uris=(REDIRECT_URI,),
                auth_method=ClientAuthMethod.NONE,
                sector_identifier="127.0.0.1",
                claims={},
                application_type="native",
            )
        )
    session = Session(now - timedelta(minutes=1))
    return Provider.sandbox(
        "http://localhost:8000", store, keys, session, NoClaims(), clock, random
    )


def flow(provider: Provider) -> None:
    verifier = secrets.token_urlsafe(32)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": "bench",
            "redirect_uri": REDIRECT_URI,
            "scope": "openid",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    answer = provider.handle(
        Request(
            method="GET",
            path="/authorize",
            query=Parameters.parse(query),
            browser="browser",
            session="session",
        )
    )
    assert isinstance(answer, Response), answer
    code = parse_qs(urlsplit(answer.header("location")).query)["code"][0]
    form = urlencode(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "client_id": "bench",
            "code_verifier": verifier,
        }
    ).encode()
    answer = provider.handle(
        Request(
            method="POST",
            path="/token",
            form=Parameters.parse(form),
            body=form,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    )
    assert isinstance(answer, Response), answer
    assert answer.status == 200, answer.body


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--flows", type=int, default=500)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    provider = make()
    for _ in range(200):
        flow(provider)
    if arguments.profile:
        profiler = cProfile.Profile()
        profiler.enable()
        for _ in range(1000):
            flow(provider)
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
        return 0
    found = []
    for _ in range(arguments.rounds):
        began = time.process_time()
        for _ in range(arguments.flows):
            flow(provider)
        found.append((time.process_time() - began) * 1000 / arguments.flows)
    row = {
        "case": "sso_flow_in_process",
        "cpu_ms": round(statistics.median(found), 4),
        "cpu_ms_min": round(min(found), 4),
        "count": len(found),
    }
    print("  ".join(f"{key}={value}" for key, value in row.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps({"name": "provider_core", "rows": [row]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
