"""A real installation full of canaries, and a journey that takes them everywhere."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.enrolment.codes import new_code
from hkeid.identity import Acr, AuthenticationResult, SessionView
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.oidc.client_assertion import ASSERTION_TYPE
from hkeid.ports import KeyPurpose
from hkeid.residents.proofing import (
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.rp import VerificationPolicy
from hkeid.rp.customer_records import KnowYourCustomerRecord, verify_record
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.canaries import Canary
from hkeid.testing.installation import Installation
from hkeid.testing.processes import ServerProcess, free_port
from hkeid.testing.provider import RelyingPartyKey
from hkeid.testing.recording import Exchange, RecordingBrowser
from hkeid.testing.virtual_resident import VirtualResident
from hkeid_server.browser import form_token
from hkeid_server.config import load_config
from hkeid_server.house import House
from hkeid_server.journal import Journal
from hkeid_server.wiring import build_house

CALLBACK = "http://127.0.0.1:9/callback"
FAREWELL = "http://127.0.0.1:9/bye"
CLAIMS = (
    "name", "given_name", "family_name", "birthdate", "gender", "hkic_number", "former_name",
    "also_known_as", "address", "hk_address", "address_document", "postal_address", "phone_number",
    "home_phone_number", "office_phone_number", "email",
)  # fmt: skip
TAKEN_ON_RECORD = ("name", "birthdate", "hkic_number")
"""What the client ``finch`` has verified for its customer's file."""
REASON = {"en": "To greet you.", "zh-Hant-HK": "向你問好。", "zh-Hans": "向你问好。"}
FORM = "application/x-www-form-urlencoded"
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def a_word(length: int = 9) -> str:
    """Letters that nobody would write."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def a_person() -> Person:
    """Nobody, with particulars that occur nowhere else."""
    number = f"QX{secrets.randbelow(900_000) + 100_000}"
    ideographs = ["".join(chr(0x3400 + secrets.randbelow(6000)) for _ in range(4)) for _ in "12"]
    born = f"19{secrets.randbelow(20) + 10}-{secrets.randbelow(12) + 1:02}-{secrets.randbelow(28) + 1:02}"
    return Person(
        name=PersonName(
            english=f"{a_word()}, {a_word().title()} {a_word().title()}",
            chinese=ideographs[0],
            chinese_simplified=ideographs[1],
            commercial_code=tuple(f"{secrets.randbelow(10_000):04}" for _ in range(4)),
        ),
        hkic_number=HkicNumber.parse(f"{number}({check_character_of(number)})"),
        birth_date=BirthDate.parse(born),
        sex=Sex.FEMALE,
    )


def a_proofing() -> Proofing:
    """How the person was identified."""
    found = dict.fromkeys((ProofingCheck.CARD_IMAGE, ProofingCheck.REGISTER), True)
    return Proofing.of(
        SystemClock().now(),
        ProofingProcedure.REMOTE_REGISTRATION,
        ProofingPlace.REMOTE,
        "2026-11",
        found,
    )


@dataclass
class Scene:
    """An installation, what was done to it and everything that may not be found afterwards.

    :ivar store, vault: database URLs.
    :ivar printed: what commands and the parts in this process printed, by name.
    :ivar helpers: ids of processes that belong to the server beside its children.
    :ivar environment: variables of the server.
    :ivar receipts: receipts of consent that the resident took away, by name.
    :ivar records: what relying parties keep in customers' files, by name.
    :ivar probes: answers to what a stranger sent with canaries in it, by name.
    """

    installation: Installation
    store: URL
    vault: URL
    temporary: Path
    backups: Path
    admin_port: int
    canaries: dict[str, set[str | bytes]] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    printed: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)
    records: dict[str, bytes] = field(default_factory=dict)
    probes: dict[str, Page] = field(default_factory=dict)
    helpers: list[int] = field(default_factory=list)
    own_log: io.StringIO = field(default_factory=io.StringIO)
    environment: dict[str, str] = field(default_factory=dict)
    server: ServerProcess | None = None

    @property
    def issuer(self) -> str:
        return self.installation.issuer

    def note(self, kind: str, *values: str | bytes) -> str:
        """Remember canaries; gives the first as text."""
        self.canaries.setdefault(kind, set()).update(value for value in values if value)
        return str(values[0])

    def junk(self, kind: str = "stranger's value") -> str:
        """A new canary, for a stranger to send."""
        return self.note(kind, f"{a_word()}-{a_word()}")

    def all_canaries(self) -> Iterator[Canary]:
        for kind, values in self.canaries.items():
            for value in values:
                yield Canary(kind=kind, value=value)

    @contextmanager
    def house(self) -> Iterator[House]:
        """The parts in this process, for what an operator does."""
        config = load_config(self.installation.configuration)
        journal = Journal(SystemClock(), sink=self.own_log, level="debug")
        house = build_house(config, journal=journal)
        try:
            yield house
        finally:
            house.store.close()
            house.evidence.close()
            house.fields._vault.close()

    def browser(self) -> RecordingBrowser:
        return RecordingBrowser(self.exchanges, stop_at="http://127.0.0.1:9/")

    def start(self) -> None:
        """Start the server as an operator would, with a folder of its own for temporary files."""
        command = [sys.executable, "-m", "hkeid_server.cli", "serve"]
        self.server = ServerProcess(
            [*command, "--config", str(self.installation.configuration)],
            port=self.installation.port,
            log=self.installation.log,
            environment={"TMPDIR": str(self.temporary), **self.environment},
            folder=self.installation.folder,
        )

    def run(self, *words: str) -> str:
        """A ``hkeid`` command; both its outputs are kept."""
        said = self.command(*words)
        self.printed[" ".join(words)] = said
        return said

    def command(self, *words: str) -> str:
        """A ``hkeid`` command."""
        ended = subprocess.run(
            [sys.executable, "-m", "hkeid_server.cli", *words],
            env={**os.environ, "HKEID_CONFIG": str(self.installation.configuration)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def back_up(self) -> None:
        """Make backups as an operator does, each kind in a new folder."""
        for kind, name in (("data", ""), ("vault", ""), ("erasures", "list.jsonl")):
            folder = self.backups / f"{kind}-{secrets.token_hex(4)}"
            folder.mkdir(parents=True)
            self.run("backup", kind, str(folder / name))

    def sql(self, statement: str, *, url: URL | None = None, **values: Any) -> list[Any]:
        """Reach into the database, behind the server's back."""
        engine = create_engine(url or self.store)
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement), values)
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()


class Service:
    """A relying party by hand, which shows every value that it handles to the scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.key = RelyingPartyKey()
        private = self.key.private
        scene.note("client's key", private.private_numbers().private_value.to_bytes(32, "big"))
        self.secret = scene.note("client's secret", secrets.token_urlsafe(32))
        self.machine = RecordingBrowser(scene.exchanges)
        self.verifiers: dict[str, str] = {}

    def descriptions(self) -> list[dict[str, Any]]:
        """One client with a key, one with a secret, one that keeps customers' files."""
        common = {
            "name": {"en": "Canary", "zh-Hant-HK": "金絲雀", "zh-Hans": "金丝雀"},
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [FAREWELL],
            "sector_identifier": "canary.example",
            "scopes": ["openid", "profile", "offline_access"],
            "grant_types": ["authorization_code", "refresh_token"],
            "claims": dict.fromkeys(CLAIMS, REASON),
        }
        keyed = {"id": "canary", "auth_method": "private_key_jwt", "jwks": self.key.jwks()}
        secret = {
            "id": "mynah",
            "auth_method": "client_secret_basic",
            "secret_file": "mynah.secret",
        }
        bank = {
            **keyed,
            "id": "finch",
            "claims": dict.fromkeys((*TAKEN_ON_RECORD, "verified_claims"), REASON),
            "userinfo_signed_response_alg": "ES256",
        }
        return [{**common, **keyed}, {**common, **secret}, {**common, **bank}]

    def request(self, **changes: str | None) -> str:
        """The address of an authorization request."""
        note = self.scene.note
        verifier = note("verifier", secrets.token_urlsafe(32))
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        state = note("state", secrets.token_urlsafe(16))
        self.verifiers[state] = verifier
        values = {
            "response_type": "code",
            "client_id": "canary",
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access",
            "prompt": "consent",
            "claims": json.dumps({"userinfo": dict.fromkeys(CLAIMS)}),
            "state": state,
            "nonce": note("nonce", secrets.token_urlsafe(16)),
            "login_hint": self.scene.junk("login hint"),
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        # OpenID Connect Core §11: offline_access asks for prompt=consent.
        query = urlencode([(name, value) for name, value in values.items() if value is not None])
        return f"{self.scene.issuer}/authorize?{query}"

    def answer(self, page: Page) -> dict[str, str]:
        """The parameters of the way back."""
        assert page.url.startswith(CALLBACK), page.unexpected("not back at the service")
        values = {name: many[0] for name, many in parse_qs(urlsplit(page.url).query).items()}
        if "code" in values:
            self.scene.note("code", values["code"])
            self.verifiers[values["code"]] = self.verifiers[values["state"]]
        return values

    def assertion(self, key: RelyingPartyKey | None = None, client: str = "canary") -> str:
        now = int(SystemClock().now().timestamp())
        claims = {
            "iss": client,
            "sub": client,
            "aud": self.scene.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": self.scene.note("jti", secrets.token_urlsafe(16)),
        }
        return self.scene.note("client assertion", (key or self.key).sign(claims))

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **form: str) -> Page:
        """A request of the client with the key; members of ``form`` replace its credentials."""
        credentials = {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        body = urlencode({**credentials, **form}).encode()
        page = self.machine.post(f"{self.scene.issuer}{path}", body, FORM, headers=headers)
        if page.status == 200 and page.body:
            for kind in ("access_token", "refresh_token", "id_token"):
                self.scene.note(kind.replace("_", " "), page.json().get(kind, ""))
        return page

    def redeem(self, code: str, **changes: str) -> Page:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifiers.get(code, ""),
        }
        return self.post("/token", **{**form, **changes})

    def refresh(self, token: str) -> Page:
        return self.post("/token", grant_type="refresh_token", refresh_token=token)

    def userinfo(self, token: str) -> Page:
        headers = {"Authorization": f"Bearer {token}"}
        return self.machine.get(f"{self.scene.issuer}/userinfo", headers=headers)


# --- the parts of the journey ------------------------------------------------------------------


def enter(scene: Scene) -> tuple[str, str]:
    """Enter a person; gives their internal id and activation code."""
    person = a_person()
    scene.note("english name", person.name.english, *person.name.english.replace(",", "").split())
    scene.note("chinese name", person.name.chinese, person.name.chinese_simplified)
    scene.note("commercial code", " ".join(person.name.commercial_code))
    scene.note("hkic number", person.hkic_number.number, person.hkic_number.reveal())
    scene.note("birth date", person.birth_date.isoformat())
    with scene.house() as house:
        resident_id = house.activation.register_applicant(person, proofing=a_proofing())
        code = house.activation.issue_ticket(resident_id).reveal()
    scene.note("internal id", resident_id)
    scene.note("activation code", code, code.replace("-", ""))
    return resident_id, code


def activate(scene: Scene, resident: VirtualResident, code: str) -> None:
    """With every mistake that one can make on the way."""
    browser = resident.browser
    page = browser.get(f"{scene.issuer}/activate")
    wrong = new_code(SystemRandom()).reveal()
    scene.note("wrong activation code", wrong, wrong.replace("-", ""))
    for name, typed in (("wrong code", wrong), ("malformed code", scene.junk())):
        scene.probes[name] = browser.submit(page.form("code-form"), {"code": typed})
    page = browser.submit(page.form("code-form"), {"code": code})
    lie = json.dumps({"id": scene.junk(), "rawId": scene.junk(), "response": {"x": scene.junk()}})
    page = browser.submit(page.form("passkey-form"), {"response": lie})
    scene.probes["malformed passkey"] = page
    page = resident.ceremony(page)
    assert "go-account" in page.attributes, page.unexpected("not active")
    page = browser.get(f"{scene.issuer}/activate")
    scene.probes["replayed activation code"] = browser.submit(
        page.form("code-form"), {"code": code}
    )


def name_device(scene: Scene, resident: VirtualResident) -> None:
    page = resident.browser.get(f"{scene.issuer}/account")
    form = next(form for form in page.forms if form.action.endswith("/rename"))
    label = scene.note("device label", f"{a_word()} 手機 {a_word()}")
    resident.browser.submit(form, {"name": label})
    scene.probes["label too long"] = resident.browser.submit(form, {"name": scene.junk() * 9})
    page = resident.browser.get(f"{scene.issuer}/account")
    assert label in page.text


def keep_a_profile(scene: Scene, resident: VirtualResident, resident_id: str) -> None:
    """Opt in, and fill in what can be told from everything else."""
    browser, place = resident.browser, f"{scene.issuer}/account/profile"
    browser.submit(browser.get(place).form("start-profile"))
    words = {
        "former_name": {"value": f"{a_word()}, {a_word().title()}"},
        "alias": {"value": f"{a_word()}, {a_word().title()}"},
        "residential_address": {
            "district": "north",
            "en_building": a_word(),
            "zh_street": a_word(),
        },
        "address_document": {
            "kind": "bank_statement",
            "issuer": a_word(),
            "issued_on": "2026-01-31",
        },
    }
    number = secrets.randbelow(900_000) + 100_000
    words |= {
        "postal_address": {"district": "north", "en_building": a_word(), "zh_street": a_word()},
        "mobile_telephone": {"value": f"91{number:06}"},
        "home_telephone": {"value": f"21{number:06}"},
        "office_telephone": {"value": f"31{number:06}"},
    }
    for name, typed in words.items():
        for word in typed.values():
            if word.split(",")[0].isupper():
                scene.note("profile", word)
        page = browser.submit(browser.get(f"{place}/{name}").form("field-form"), typed)
        assert page.status == 200, page.text
    kept = browser.get(place).text
    assert all(str(value) in kept for value in scene.canaries["profile"])
    prove_an_address(scene, resident_id)
    scene.note("profile", *(f"+852{begin}{number:06}" for begin in ("91", "21", "31")))


def prove_an_address(scene: Scene, resident_id: str) -> None:
    """An e-mail address of the profile, with its code: in this process, where no letter is written."""
    address = f"{a_word().lower()}@{a_word().lower()}.example.hk"
    now = SystemClock().now()
    seen = AuthenticationResult(
        resident_id=resident_id, acr=Acr.EID, amr=("user",), authenticated_at=now
    )
    view = SessionView(session_id="in this process", authentication=seen)
    with scene.house() as house:
        code = house.profile.start_email(view, address).code.reveal()
        assert house.profile.finish_email(view, code) == address
    scene.note("profile", address)


def take_receipts(scene: Scene, resident: VirtualResident) -> None:
    """Receipts of consent, as a resident takes them away: the file, and what is signed in it."""
    for name in ("receipt", "services/canary/receipt", "services/finch/receipt"):
        page = resident.browser.get(f"{scene.issuer}/account/{name}")
        assert page.status == 200, page.text
        scene.receipts[name] = page.body
        (jws,) = re.findall(rb"[\w-]+\.([\w-]+)\.[\w-]+", page.body)
        scene.receipts[f"{name}, signed part"] = urlsafe_b64decode(jws + b"==")


def keep_on_record(scene: Scene, resident: VirtualResident, service: Service) -> None:
    """What a bank keeps in its customer's file: verified claims, signed, with the keys of that day."""
    policy = VerificationPolicy()
    asked = {"userinfo": {"verified_claims": policy.request(list(TAKEN_ON_RECORD))}}
    address = service.request(client_id="finch", claims=json.dumps(asked), prompt=None)
    page = resident.go_through(resident.browser.get(address))
    code = service.answer(page)["code"]
    redeemed = service.redeem(code, client_assertion=service.assertion(client="finch"))
    assert redeemed.status == 200, redeemed.text
    tokens = redeemed.json()
    answer = service.userinfo(tokens["access_token"])
    claims = urlsafe_b64decode(answer.text.split(".")[1] + "==")
    record = KnowYourCustomerRecord(
        issuer=scene.issuer,
        client_id="finch",
        sub=json.loads(claims)["sub"],
        userinfo=answer.text,
        keys=tuple(service.machine.get(f"{scene.issuer}/jwks").json()["keys"]),
        obtained_at=SystemClock().now(),
    )
    verify_record(record, SystemClock().now(), policy=policy)
    scene.records["customer record"] = record.as_json().encode()
    scene.records["customer record, signed part"] = claims


def ask_about_own_data(scene: Scene, resident: VirtualResident) -> None:
    """Take the copy of everything in both forms, and ask for a correction in words of one's own."""
    browser, place = resident.browser, f"{scene.issuer}/account/data"
    typed = {"field": "birth_date", "wish": a_word(), "words": f"{a_word()} 出世紙 {a_word()}"}
    scene.note("data request", typed["wish"], typed["words"])
    page = browser.submit(browser.get(f"{place}/correction").form("ask-form"), typed)
    assert typed["words"] in page.text, page.unexpected("not asked")
    wrong = {**typed, "wish": "", "words": scene.junk() * 200}
    scene.probes["request too long"] = browser.submit(
        browser.get(f"{place}/correction").form("ask-form"), wrong
    )
    copy = browser.get(f"{place}/copy.json")
    assert typed["words"] in copy.text, copy.unexpected("no copy")
    assert browser.get(f"{place}/copy.pdf").status == 200


def use_service(scene: Scene, resident: VirtualResident, service: Service) -> dict[str, str]:
    """Refuse, agree, and everything a relying party can do wrong; gives the tokens that live."""
    browser, probes = resident.browser, scene.probes
    page = resident.go_through(browser.get(service.request()), share=False)
    assert service.answer(page)["error"] == "access_denied"

    def code(**changes: str) -> str:
        page = resident.go_through(browser.get(service.request(**changes)))
        return service.answer(page)["code"]

    probes["wrong verifier"] = service.redeem(code(), code_verifier=secrets.token_urlsafe(32))
    good = code()
    tokens = service.redeem(good).json()
    assert service.userinfo(tokens["access_token"]).status == 200
    rotated = service.refresh(tokens["refresh_token"]).json()
    probes["replayed refresh token"] = service.refresh(tokens["refresh_token"])
    probes["token after its family"] = service.userinfo(rotated["access_token"])
    probes["replayed code"] = service.redeem(good)
    probes["unknown code"] = service.redeem(scene.junk())
    probes["false client"] = service.redeem(
        code(), client_assertion=service.assertion(RelyingPartyKey())
    )
    probes["malformed assertion"] = service.redeem(code(), client_assertion=scene.junk())
    basic = urlsafe_b64encode(f"mynah:{scene.junk()}".encode()).decode()
    probes["wrong secret"] = service.machine.post(
        f"{scene.issuer}/token", b"grant_type=refresh_token&refresh_token=" + scene.junk().encode(),
        FORM, headers={"Authorization": f"Basic {basic}"},
    )  # fmt: skip
    probes["unknown token"] = service.userinfo(scene.junk())
    query = urlencode({"access_token": scene.junk()})
    probes["token in a query"] = service.machine.get(f"{scene.issuer}/userinfo?{query}")
    gone = service.redeem(code()).json()
    assert service.post("/revoke", token=gone["refresh_token"]).status == 200
    return service.redeem(code()).json()


def use_secret(scene: Scene, resident: VirtualResident, service: Service) -> None:
    """The client with a secret, and the answer by a form."""
    asked = service.request(client_id="mynah", response_mode="form_post", prompt=None)
    page = resident.browser.get(asked)
    if "consent-form" in page.attributes:
        page = resident.decide(page, share=True)
    values = dict(page.form("form-post").fields)
    code = scene.note("code", values["code"])
    basic = urlsafe_b64encode(f"mynah:{service.secret}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": service.verifiers[values["state"]],
    }
    page = service.machine.post(
        f"{scene.issuer}/token",
        urlencode(form).encode(),
        FORM,
        headers={"Authorization": f"Basic {basic}"},
    )
    assert page.status == 200, page.text
    for kind in ("access_token", "refresh_token", "id_token"):
        scene.note(kind.replace("_", " "), page.json().get(kind, ""))


def be_a_stranger(scene: Scene, service: Service) -> None:
    """Send canaries to every place that takes something."""
    junk, probes = scene.junk, scene.probes
    browser, issuer = scene.browser(), scene.issuer
    for name in ("client_id", "redirect_uri", "scope", "claims", "response_type", "prompt", "acr_values",
                 "response_mode", "code_challenge", "code_challenge_method", "max_age", "ui_locales",
                 "id_token_hint", "request", "request_uri", "registration", "display"):  # fmt: skip
        probes[f"authorize: {name}"] = browser.get(service.request(**{name: junk()}))
    spoilt = json.dumps(
        {"userinfo": {"birthdate": {"value": junk(), "values": [junk()]}, junk(): 7}}
    )
    probes["authorize: claims of a stranger"] = browser.get(service.request(claims=spoilt))
    probes["authorize: twice"] = browser.get(f"{service.request()}&state={junk()}&{junk()}=1")
    probes["authorize: not UTF-8"] = browser.get(f"{issuer}/authorize?state={junk()}%ff%fe")
    for name in (
        "grant_type",
        "refresh_token",
        "scope",
        "client_id",
        "code_verifier",
        "redirect_uri",
    ):
        probes[f"token: {name}"] = service.redeem(junk(), **{name: junk()})
    for path in ("/token", "/revoke", "/userinfo", "/activate", "/login", "/logout", f"/{junk()}"):
        for kind in ("application/json", FORM):
            body = json.dumps({junk(): junk()}).encode() * (1 if kind == FORM else 3000)
            probes[f"{kind} to {path}"] = service.machine.post(f"{issuer}{path}", body, kind)
    for path in (f"/{junk()}?name={junk()}", f"/interaction/oidc/{junk()}", f"/interaction/{junk()}/x",
                 f"/problem/{junk()}/{junk()}", f"/farewell/{junk()}", f"/static/{junk()}.css",
                 f"/logout?id_token_hint={junk()}&state={junk()}", f"/logout?client_id={junk()}",
                 f"/account?done={junk()}&lang={junk()}", f"/help?lang={junk()}"):  # fmt: skip
        probes[path] = browser.get(issuer + path)
    names = ("User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Cookie", "X-Request-Id",
             "Authorization", "Content-Type", "Accept", "Forwarded", "Sec-Fetch-Site")  # fmt: skip
    odd = {name: f"hkeid_session={junk()}; hkeid_browser={junk()}" for name in names}
    for path in ("/account", "/authorize", "/userinfo", "/token"):
        probes[f"headers to {path}"] = scene.browser().get(issuer + path, headers=odd)
    for path in ("/", "/token"):
        probes[f"method to {path}"] = browser._open(junk().upper(), issuer + path, None, {})


def log_in_as_nobody(scene: Scene, service: Service) -> None:
    """A passkey that nobody registered."""
    stranger = VirtualResident(scene.issuer, browser=scene.browser())
    _, code = enter(scene)
    page = stranger.browser.get(f"{scene.issuer}/activate")
    page = stranger.browser.submit(page.form("code-form"), {"code": code})
    options = json.loads(page.attributes["passkey-form"]["data-options"])
    stranger.authenticator.create(options.get("publicKey", options), scene.issuer)
    for name, address in (("", f"{scene.issuer}/login"), (" at a service", service.request())):
        page = stranger.browser.get(address)
        scene.probes[f"unknown passkey{name}"] = stranger.ceremony(page)


def come_by_post(scene: Scene, resident: VirtualResident, service: Service, id_token: str) -> None:
    """Relying parties' forms, with which a browser sends no cookies at first."""
    crossing = {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:9"}
    address, _, query = service.request().partition("?")
    fresh = scene.browser()
    page = fresh.post(address, query.encode(), FORM, headers=crossing)
    page = scene.probes["authorize by POST"] = fresh.submit(page.form("form-post"))
    assert "passkey-form" in page.attributes, page.unexpected("no login page")
    form = urlencode(
        {"id_token_hint": id_token, "state": scene.note("state", secrets.token_hex(12))}
    )
    fresh = scene.browser()
    page = fresh.post(f"{scene.issuer}/logout", form.encode(), FORM, headers=crossing)
    scene.probes["logout by POST"] = fresh.submit(page.form("form-post"))


def break_the_store(
    scene: Scene, resident: VirtualResident, service: Service, resident_id: str, token: str
) -> None:
    """Two records that nobody could have written: the pages and the endpoints crash over them."""
    word = scene.junk("word in the exception")
    scene.sql("UPDATE residents SET state = :word WHERE id = :id", word=word, id=resident_id)
    scene.probes["crashed page"] = resident.browser.get(f"{scene.issuer}/account")
    scene.probes["crashed authorize"] = resident.browser.get(service.request())
    scene.sql("UPDATE residents SET state = 'active' WHERE id = :id", id=resident_id)
    scene.sql("UPDATE grants SET acr = :word", word=word)
    scene.probes["crashed userinfo"] = service.userinfo(token)
    scene.sql("UPDATE grants SET acr = 'urn:hkeid:acr:eid'")
    forget_what_was_overwritten(scene.store)


def forget_what_was_overwritten(store: URL) -> None:
    """Empty SQLite's write-ahead log: what this test itself wrote there is no leak."""
    if store.get_backend_name() != "sqlite":
        return
    with closing(sqlite3.connect(store.database, isolation_level=None, timeout=10)) as connection:
        for _ in range(100):  # a reader of the moment keeps it from being emptied
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            time.sleep(0.1)
    raise AssertionError("the write-ahead log is never idle")


def note_keys(scene: Scene, resident_ids: list[str]) -> None:
    """The server's own keys, and the residents' data keys."""
    with scene.house() as house:
        for key in house.keys._ring.keys:
            if isinstance(key.private, bytes):
                scene.note("server key", key.private)
                continue
            form = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            der = key.private.private_bytes(*form)
            # The whole, and a piece of the private part: RSA's comes after the modulus.
            scene.note("server key", der, der[36:68] if len(der) < 200 else der[300:364])
        for resident_id in resident_ids:
            context = b"hkeid-resident-data-key-1:" + resident_id.encode()
            wrapped = house.fields._vault.get(resident_id)
            purpose = KeyPurpose.RESIDENT_DATA
            scene.note("data key", house.keys.unwrap(purpose, wrapped, context=context))


def note_wire(scene: Scene) -> None:
    """What the browsers were given."""
    for exchange in scene.exchanges:
        for name, value in exchange.headers:
            pair = value.partition(";")[0].partition("=")
            if name.lower() == "set-cookie" and len(pair[2]) > 8:
                kind = pair[0].removeprefix("hkeid_")
                scene.note(f"{kind} cookie", pair[2])
                if kind == "browser":
                    scene.note("form token", form_token(pair[2]))
        parts = urlsplit(exchange.url).path.split("/")
        if parts[1] == "interaction" and exchange.status < 400:
            scene.note("interaction id", parts[3])


def travel(scene: Scene, service: Service) -> None:
    """The whole journey; the server runs when it is over."""
    scene.start()
    resident = VirtualResident(scene.issuer, browser=scene.browser())
    resident_id, code = enter(scene)
    activate(scene, resident, code)
    name_device(scene, resident)
    keep_a_profile(scene, resident, resident_id)
    ask_about_own_data(scene, resident)
    page = resident.browser.get(f"{scene.issuer}/account")
    resident.browser.submit(page.form("sign-out"))
    tokens = use_service(scene, resident, service)
    use_secret(scene, resident, service)
    keep_on_record(scene, resident, service)
    take_receipts(scene, resident)
    resident.authenticator, phone = SoftwareAuthenticator(synced=True), resident.authenticator
    page = resident.browser.get(f"{scene.issuer}/account/devices/add")
    if page.attributes["passkey-form"]["data-passkey"] == "get":
        page = resident.ceremony(page, phone)
    resident.ceremony(page)
    be_a_stranger(scene, service)
    log_in_as_nobody(scene, service)
    break_the_store(scene, resident, service, resident_id, tokens["access_token"])
    come_by_post(scene, resident, service, tokens["id_token"])
    for path in ("metrics", "health/ready"):
        address = f"http://127.0.0.1:{scene.admin_port}/{path}"
        scene.printed[f"{path} before the restart"] = RecordingBrowser().get(address).text
    scene.server.kill()
    scene.start()
    resident = VirtualResident(scene.issuer, browser=scene.browser(), authenticator=phone)
    page = resident.go_through(resident.browser.get(service.request()))
    tokens = service.redeem(service.answer(page)["code"]).json()
    members = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": FAREWELL}
    page = resident.browser.get(f"{scene.issuer}/logout?{urlencode(members)}")
    assert page.url.startswith(FAREWELL), page.unexpected("not logged out")
    note_keys(scene, sorted(scene.canaries["internal id"]))
    note_wire(scene)


def operate(scene: Scene) -> None:
    """What an operator does, while the server runs."""
    for words in (
        ("audit", "checkpoint"),
        ("audit", "export"),
        ("audit", "verify"),
        ("clients", "list"),
        ("clients", "test", "canary"),
        ("keys", "list"),
        ("retention", "--json"),
        ("check",),
    ):
        scene.run(*words)
    scene.back_up()


# --- fixtures ------------------------------------------------------------------------------------


@contextmanager
def a_database(server: URL) -> Iterator[URL]:
    name = f"hkeid_leaks_{secrets.token_hex(8)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def an_installation(
    folder: Path, engine: str, **sections: Mapping[str, Any]
) -> Iterator[tuple[Scene, Service]]:
    """A fresh one, not started; it is stopped in the end.

    :param sections: tables of the configuration that are added.
    """
    data = folder / "data"
    (data / "clients").mkdir(parents=True)
    (temporary := folder / "tmp").mkdir()
    with ExitStack() as stack:
        if engine == "sqlite":
            urls = [make_url(f"sqlite:///{data}/{name}.sqlite") for name in ("hkeid", "vault")]
        else:
            server = make_url(os.environ["HKEID_TEST_POSTGRESQL"])
            urls = [stack.enter_context(a_database(server)) for _ in range(2)]
        admin_port = free_port()
        scene = Scene(None, *urls, temporary, folder / "backups", admin_port)
        service = Service(scene)
        passphrase = scene.note("passphrase", secrets.token_urlsafe(24))
        password = scene.note("database password", secrets.token_urlsafe(24))
        (data / "passphrase").write_text(passphrase)
        (data / "password").write_text(password)
        (data / "clients" / "mynah.secret").write_text(service.secret)
        store, vault = (
            {"url": url.render_as_string(hide_password=False), **(
                {} if engine == "sqlite" else {"password_file": "password"}
            )}
            for url in urls
        )  # fmt: skip
        scene.installation = Installation.make(
            data,
            clients=service.descriptions(),
            admin={"enabled": True, "port": admin_port},
            log={"level": "debug", "access": True, "file": "hkeid.log"},
            keys={"passphrase_file": "passphrase"},
            store=store,
            vault=vault,
            tokens={"refresh_grace_seconds": 0},
            **sections,
        )
        try:
            yield scene, service
        finally:
            if scene.server is not None:
                scene.server.stop()


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def scene(request, tmp_path_factory):
    """The journey is over, the server still runs."""
    with an_installation(tmp_path_factory.mktemp("leaks"), request.param) as (scene, service):
        travel(scene, service)
        operate(scene)
        yield scene


@pytest.fixture(scope="session")
def installation_of_canaries():
    return an_installation


@pytest.fixture(scope="session")
def enter_a_person():
    return enter


@pytest.fixture(scope="session")
def fill_in_a_profile():
    return keep_a_profile
