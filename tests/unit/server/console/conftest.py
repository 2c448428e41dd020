"""The console in this process beside the residents' pages, on one house and one store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from html import unescape
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence
from hkeid.enrolment.proofing_policy import shipped_policy
from hkeid.enrolment.registration import Registration, RegistrationParts, RegistrationStep
from hkeid.enrolment.registration.cases import Cases
from hkeid.officers import Role
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import (
    FakeDocumentReader,
    FakeFaceMatcher,
    FakeLiveness,
    FakePersonRegistry,
    fake_card,
    fake_selfie,
)
from hkeid_server.console import Console, create_console
from hkeid_server.wiring.console import build_console

CONSOLE = "http://localhost:8001"
JPEG = b"\xff\xd8\xff\xe0SPECIMEN"


class Officer:
    """A browser at the console, with a passkey."""

    def __init__(self, app: Any, language: str = "en") -> None:
        self.client = Client(app, response_wrapper=TestResponse)
        self.phone = SoftwareAuthenticator()
        self.headers = {"Accept-Language": language}
        self.page: TestResponse

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path, base_url=CONSOLE, headers=self.headers)
        self.page.get_data()
        return self.page

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> TestResponse:
        found = re.search(r'name="csrf" value="([^"]+)"', self.page.text)
        sent = self.sent = {"csrf": found[1] if found else "", **(fields or {})}
        origin = {"Origin": CONSOLE, "Sec-Fetch-Site": "same-origin", **headers}
        self.page = self.client.post(
            path, base_url=CONSOLE, data=sent, headers={**self.headers, **origin}
        )
        self.page.get_data()
        return self.page

    def repeat(self) -> TestResponse:
        """What a browser does with status 307: the same form, to another path."""
        assert self.page.status_code == 307
        origin = {"Origin": CONSOLE, "Sec-Fetch-Site": "same-origin", **self.headers}
        path = self.page.headers["Location"]
        self.page = self.client.post(path, base_url=CONSOLE, data=self.sent, headers=origin)
        self.page.get_data()
        return self.page

    def follow(self) -> TestResponse:
        return self.get(self.page.headers["Location"])

    def ceremony(self, phone: SoftwareAuthenticator | None = None) -> TestResponse:
        text = self.page.text
        form = re.search(r'<form [^>]*id="passkey-form"[^>]*>', text)
        assert form, text
        action, kind, options = (
            unescape(re.search(rf'{name}="([^"]*)"', form[0])[1])
            for name in ("action", "data-passkey", "data-options")
        )
        device = phone or self.phone
        do = device.create if kind == "create" else device.get
        answer = json.dumps(do(json.loads(options), CONSOLE))
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        return self.post(action, {**hidden, "response": answer})

    def enrol(self, code: str) -> TestResponse:
        self.get("/console/enrol")
        self.post("/console/enrol", {"code": code})
        return self.ceremony()

    def log_in(self) -> TestResponse:
        self.get("/console/login")
        return self.ceremony()

    def take(self, case_id: str) -> TestResponse:
        self.get(f"/console/cases/{case_id}")
        self.post(f"/console/cases/{case_id}/take", {"reason": "review_of_registration"})
        return self.follow()

    def vote(self, case_id: str, decision: str, why: str, **more: str) -> TestResponse:
        lease = re.search(r'name="lease" value="([^"]+)"', self.page.text)
        fields = {"decision": decision, "why": why, "reason": "review_of_registration"}
        if lease:
            fields["lease"] = lease[1]
        return self.post(f"/console/cases/{case_id}/vote", {**fields, **more})

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, domain="localhost")
        return None if found is None else found.value


@pytest.fixture
def evidence(house: Any) -> Any:
    return SealedEvidence(house.store, MemoryEvidenceKeys(), house.keys, house.clock, house.random)


@pytest.fixture
def registration(house: Any, evidence: Any) -> Registration:
    """The real journey, with fakes for its outside parts."""
    return Registration(
        RegistrationParts(
            store=house.store,
            evidence=evidence,
            policy=shipped_policy("sandbox"),
            passkeys=house.policy,
            fields=house.fields,
            broker=house.broker,
            keys=house.keys,
            clock=house.clock,
            random=house.random,
            registry=FakePersonRegistry(compare=FakeFaceMatcher().compare),
            reader=FakeDocumentReader(),
            matcher=FakeFaceMatcher(),
            liveness=FakeLiveness(),
        )
    )


@pytest.fixture
def parts(house: Any, registration: Registration, evidence: Any) -> Console:
    return build_console(house, registrations=registration, evidence=evidence)


@pytest.fixture
def app(parts: Console) -> Any:
    return create_console(parts)


@pytest.fixture
def hire(app: Any, parts: Console) -> Callable[..., Officer]:
    """An officer who has just enrolled, and is logged in."""

    def make(*roles: Role, name: str = "KO, Kap", language: str = "en", **more: Any) -> Officer:
        entry = parts.officers.staff.add(name, roles or (Role.REGISTRATION_OFFICER,), **more)
        officer = Officer(app, language)
        assert officer.enrol(parts.officers.staff.issue_code(entry.id).reveal()).status_code == 303
        return officer

    return make


@pytest.fixture
def referred(
    registration: Registration, evidence: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """A case that an officer must look at: the faces are close, no more.

    The fakes' pictures are no pictures: real ones take their place, which only evidence that was swapped
    would do otherwise.
    """
    monkeypatch.setattr(Cases, "evidence_is_whose", lambda *_: True)

    def make(key: str = "ho-sau-lan", *, browser: str = "phone", before: Sequence[str] = ()) -> str:
        """``before``: verdicts on earlier selfies."""
        view = registration.begin(
            browser=browser, network="n", language="en", statement=registration.statement
        )
        view = registration.give_card(view.id, fake_card(key), browser=browser)
        view = registration.confirm_details(view.id, {}, browser=browser)
        for verdict in (*before, "live"):
            challenge = registration.start_liveness(view.id, browser=browser)
            selfie = fake_selfie(challenge, key, similarity="review", verdict=verdict)
            view = registration.give_selfie(view.id, selfie, browser=browser)
        assert view.step is RegistrationStep.REFERRED, view
        for name in ("card", "portrait"):
            evidence.put(view.id, name, JPEG)
        return view.id

    return make


@pytest.fixture
def jpeg() -> bytes:
    return JPEG


@pytest.fixture
def visitor(app: Any) -> Officer:
    return Officer(app)
