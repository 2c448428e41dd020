# ruff: noqa: A005
"""Server CPU of the consent page and of a disclosure, each with 15 claims of 15 sealed fields.

The real server, on SQLite and on PostgreSQL; its whole process tree counts, PostgreSQL does not. ``plain_userinfo``
answers with ``sub`` alone; ``disclosure_15`` opens 15 fields, looks at every rule, records the disclosure with its digests
in the audit trail, and answers. What a disclosure costs is the difference between the two in the same round
(``over_plain_ms``). ``consent_page_15`` is the page as a browser gets it.

    python benchmarks/profile.py --json out.json
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from hkeid.oidc.pkce import challenge_of
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.installation import Installation
from hkeid.testing.processes import ServerProcess
from hkeid.testing.virtual_resident import VirtualResident

REDIRECT_URI = "http://127.0.0.1:9/callback"
VERIFIER = "a-verifier-of-a-benchmark-which-is-long-enough-for-it"
PROFILE = {
    "former_name": {"value": "CHAN, Siu Man"},
    "alias": {"value": "CHAN, Peter"},
    "residential_address": {"form": "lines", "district": "sham_shui_po", "en_line1": "Specimen House"},
    "postal_address": {"form": "lines", "district": "wan_chai", "en_line1": "Sample Court"},
    "mobile_telephone": {"value": "9123 4567"},
    "home_telephone": {"value": "2123 4567"},
    "office_telephone": {"value": "2812 3456"},
    "marital_status": {"value": "married"},
    "education_level": {"value": "upper_secondary"},
    "address_document": {"kind": "utility_bill", "issuer": "Specimen Power", "issued_on": "2026-10-01"},
}  # fmt: skip
CLAIMS = (
    "name", "birthdate", "gender", "hkic_number", "updated_at", "former_name", "also_known_as", "address",
    "postal_address", "phone_number", "home_phone_number", "office_phone_number", "marital_status",
    "education_level", "address_document",
)  # fmt: skip
REASON = {
    "en": "To fill in your form.",
    "zh-Hant-HK": "為你填寫表格。",
    "zh-Hans": "为你填写表格。",
}
CLIENT = {
    "id": "bench",
    "name": {"en": "Bench", "zh-Hant-HK": "測試", "zh-Hans": "测试"},
    "redirect_uris": [REDIRECT_URI],
    "auth_method": "none",
    "application_type": "native",
    "sector_identifier": "bench.example",
    "claims": dict.fromkeys(CLAIMS, REASON),
}


@dataclass
class Place:
    """A server with a resident who agreed to everything, and what to ask it for.

    :ivar requests: by case: path, headers.
    """

    name: str
    server: ServerProcess
    port: int
    requests: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def measure(self, case: str, times: int) -> float:
        """CPU milliseconds of the server for each request."""
        path, headers = self.requests[case]
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        began = self.server.cpu_seconds()
        for _ in range(times):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, (case, answer.status, body[:300])
        took = self.server.cpu_seconds() - began
        connection.close()
        return took * 1000 / times


def start(stack: ExitStack, folder: Path, name: str, store: str, vault: str) -> Place:
    """The server, and a resident with a profile who is logged in."""
    installation = Installation.make(
        folder / name,
        clients=[CLIENT],
        server={"threads": 1},
        store={"url": store},
        vault={"url": vault},
        tokens={"access_token_seconds": 3600, "interaction_minutes": 60},
        sandbox={"seed": True},
    )
    place = Place(name, stack.enter_context(installation.serve()), installation.port)
    resident = VirtualResident(installation.issuer)
    resident.activate(resident.ticket())
    for one, typed in PROFILE.items():
        resident.keep_in_profile(one, typed)
    plain = token(resident, {})
    wanted = {"claims": json.dumps({"userinfo": dict.fromkeys(CLAIMS)})}
    full = token(resident, wanted)
    page = resident.browser.get(authorize(resident, {**wanted, "prompt": "consent"}))
    assert page.text.count("To fill in your form.") >= len(CLAIMS), page.url
    cookies = {"Cookie": resident.browser.cookie_header(installation.issuer)}
    place.requests = {
        "plain_userinfo": ("/userinfo", {"Authorization": f"Bearer {plain}"}),
        "disclosure_15": ("/userinfo", {"Authorization": f"Bearer {full}"}),
        "consent_page_15": (urlsplit(page.url).path, cookies),
    }
    told = resident.browser.get(
        f"{installation.issuer}/userinfo", headers={"Authorization": f"Bearer {full}"}
    ).json()
    missing = [claim for claim in CLAIMS if claim not in told]
    assert not missing, missing
    return place


def authorize(resident: VirtualResident, more: dict[str, str]) -> str:
    """The address of an authorization request."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT["id"],
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        "response_mode": "query",
        **more,
    }
    return f"{resident.issuer}/authorize?{urlencode(asked)}"


def token(resident: VirtualResident, more: dict[str, str]) -> str:
    """An access token, after consent to everything that is asked for."""
    code = _code(resident, authorize(resident, more))
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "client_id": CLIENT["id"],
        "code_verifier": VERIFIER,
    }
    media_type = "application/x-www-form-urlencoded"
    answer = resident.browser.post(
        f"{resident.issuer}/token", urlencode(form).encode(), media_type
    ).json()
    return answer["access_token"]


def _code(resident: VirtualResident, url: str) -> str:
    """Nobody listens at the redirect URI, so the last redirect is read instead of followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    cookies = {"Cookie": resident.browser.cookie_header(resident.issuer)}
    connection.request("GET", f"{parts.path}?{parts.query}", headers=cookies)
    answer = connection.getresponse()
    answer.read()
    location = answer.headers["Location"] or ""
    if location.startswith(REDIRECT_URI):
        return _code_in(location)
    page = resident.browser.get(resident.issuer + urlsplit(location).path)
    form = page.form("consent-form")
    sent = urlencode([*form.fields, ("decision", "agree")])
    headers = {
        **cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": resident.issuer,
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", urlsplit(form.action).path, sent, headers)
    answer = connection.getresponse()
    answer.read()
    return _code_in(answer.headers["Location"] or "")


def _code_in(location: str) -> str:
    assert location.startswith(REDIRECT_URI), location
    return dict(pair.split("=", 1) for pair in urlsplit(location).query.split("&"))["code"]


def rounds(places: list[Place], arguments: argparse.Namespace) -> dict[str, list[float]]:
    """CPU milliseconds by case in every round, in an order that changes."""
    cases = [(place, case) for place in places for case in place.requests]
    for place, case in cases:
        place.measure(case, arguments.warm_up)
    found: dict[str, list[float]] = {f"{case}_{place.name}": [] for place, case in cases}
    for number in range(arguments.rounds):
        for place, case in random.sample(cases, len(cases)):
            found[f"{case}_{place.name}"].append(place.measure(case, arguments.requests))
        line = ", ".join(f"{name} {values[-1]:.2f}" for name, values in sorted(found.items()))
        print(f"round {number + 1}: CPU ms: {line}", file=sys.stderr)
    return found


def rows(found: dict[str, list[float]], places: list[Place]) -> list[dict[str, object]]:
    """One row for each case and store."""
    made: list[dict[str, object]] = []
    for place in places:
        plain = found[f"plain_userinfo_{place.name}"]
        for case in place.requests:
            values = found[f"{case}_{place.name}"]
            row: dict[str, object] = {
                "case": case,
                "store": place.name,
                "cpu_ms": round(statistics.median(values), 3),
                "best": round(min(values), 3),
                "count": len(values),
            }
            if case == "disclosure_15":
                over = [mine - other for mine, other in zip(values, plain, strict=True)]
                row["over_plain_ms"] = round(statistics.median(over), 3)
                row["ratio"] = round(
                    statistics.median(
                        mine / other for mine, other in zip(values, plain, strict=True)
                    ),
                    2,
                )
            made.append(row)
    return made


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300, help="of each case in a round")
    parser.add_argument("--warm-up", type=int, default=300)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hkeid-bench-")))
        places = [
            start(stack, folder, "sqlite", "sqlite:///hkeid.sqlite", "sqlite:///vault.sqlite"),
            start(
                stack, folder, "postgresql", new_postgresql_database(), new_postgresql_database()
            ),
        ]
        report = {"name": "profile", "rows": rows(rounds(places, arguments), places)}
    for row in report["rows"]:
        print("  ".join(f"{key}={value}" for key, value in row.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
