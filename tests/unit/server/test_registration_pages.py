"""Registration through the pages: the whole server in this process, with the fakes that ship."""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hkeid.enrolment import RegistrationStep
from hkeid.enrolment.review import Decision, DecisionReason
from hkeid.enrolment.standing import Actor
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Unavailable
from hkeid.ports.documents import CardField, RetakeAdvice
from hkeid.ports.registry import RegistryFinding, RegistryStatus
from hkeid.residents import find_by_hkic
from hkeid.testing.fakes_proofing import fake_card, fake_face
from hkeid.testing.personas import PERSONAS
from hkeid_server.house import House
from hkeid_server.intake import CARD_LIMIT
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.wsgi import serve_house

HO = "ho-sau-lan"
FAKES = {
    "registry": {"url": "personas"},
    "documents": {"reader": "fake"},
    "faces": {"matcher": "fake"},
    "liveness": {"check": "fake"},
}


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    house = make_house(**FAKES)
    seed_sandbox(house)
    return house


def part(content: bytes, name: str = "picture.jpg") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def begin(person: Any) -> None:
    person.get("/register")
    person.post("/register", {"consent": "2026-11"})
    assert person.page.status_code == 303, person.page.text
    person.follow()


def give_card(person: Any, key: str = HO, **about: Any) -> Any:
    person.get("/register/step")
    return person.post("/register/card", {"image": part(fake_card(key, **about))})


def confirm(person: Any, **edits: str) -> Any:
    text = person.get("/register/step").text
    fields = dict(re.findall(r'<input class="input" id="(\w+)" name="\w+" value="([^"]*)"', text))
    sex = re.search(r'<option value="(\w)" selected>', text)
    return person.post("/register/details", {**fields, "sex": sex[1] if sex else "", **edits})


def give_selfie(person: Any, key: str = HO, *, verdict: str = "live", **about: Any) -> Any:
    person.get("/register/step")
    page = person.page
    challenge = person.post("/register/selfie/challenge").json
    person.page = page
    return person.post(
        "/register/selfie",
        {
            "nonce": challenge["nonce"],
            "times": "[500]",
            "frames": part(fake_face(key, **about)),
            "verdict": verdict,
        },
    )


def refer(person: Any, house: House) -> None:
    """As far as a case that an officer looks at."""
    begin(person)
    give_card(person)
    confirm(person)
    house.proofing.registry.break_down()
    for _ in range(2):
        page = give_selfie(person)
        assert page.status_code == 503
        assert 'data-problem="registry"' in page.text
    assert give_selfie(person).status_code == 303


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake check wants to be told its verdict; a page does not send one."""
    from hkeid_server.pages import registration

    real = registration.selfie_frames

    def evidence(**limits: int) -> Any:
        from dataclasses import replace

        from flask import request

        return replace(real(**limits), capture={"verdict": request.form.get("verdict", "live")})

    monkeypatch.setattr(registration, "selfie_frames", evidence)


pytestmark = pytest.mark.usefixtures("believed")


def test_from_nothing_to_an_eid_in_seven_screens(stranger: Any) -> None:
    """Every step is left and resumed: each begins with a fresh look at ``/register/step``."""
    assert 'id="begin"' in stranger.get("/register").text
    begin(stranger)
    assert 'id="card-form"' in stranger.page.text
    assert give_card(stranger).status_code == 303
    assert 'id="details-form"' in stranger.follow().text
    assert confirm(stranger).status_code == 303
    assert 'id="selfie-form"' in stranger.follow().text
    assert give_selfie(stranger).status_code == 303
    assert "Step 5 of 7" in stranger.follow().text
    assert stranger.ceremony().status_code == 303
    assert "Step 6 of 7" in stranger.follow().text
    assert stranger.ceremony().status_code == 303
    text = stranger.follow().text
    assert "Step 7 of 7" in text
    assert "HO, Sau Lan" in text
    assert "The photograph of your card" in text
    assert 'data-eid-state="active"' in text
    assert stranger.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"network_open": 1}, 429), ({"network_open": 1, "most_open": 1, "network_share": 0}, 503)],
)
def test_who_comes_when_too_many_register_is_told_to_come_later(
    make_house: Callable[..., House], stranger: Any, settings: Any, status: int
) -> None:
    house = make_house(**FAKES, registration=settings)
    front = serve_house(house)
    person = type(stranger)
    first, second = person(front), person(front)
    begin(first)
    if status == 503:
        # Another network's place is taken, not this one's, with a picture.
        with house.store.transaction() as tx:
            (record,) = tx.registrations.in_step(RegistrationStep.CARD)
            elsewhere = replace(record, network=b"elsewhere", step=RegistrationStep.DETAILS)
            tx.registrations.change(record, elsewhere)
    second.get("/register")
    page = second.post("/register", {"consent": "2026-11"})
    assert page.status_code == status
    assert "Too many people are registering" in page.text
    first.get("/register/step")
    assert first.page.status_code == 200


def test_an_old_acceptance_ends_on_the_page_that_says_so(stranger: Any, house: House) -> None:
    begin(stranger)
    give_card(stranger)
    confirm(stranger)
    give_selfie(stranger)
    with house.store.transaction() as tx:
        (record,) = tx.registrations.in_step(RegistrationStep.BIND)
        old = {**canonical_json.loads_object(record.findings), "registry_at": 1}
        kept = replace(record, findings=canonical_json.dumps(old))
        assert tx.registrations.change(record, kept)
    answer = RegistryFinding(status=RegistryStatus.DECEASED)
    house.proofing.registry.check = lambda query: answer
    stranger.get("/register/step")
    assert stranger.page.status_code == 303
    stranger.follow()
    assert 'id="ended" data-kind="refused"' in stranger.page.text


def test_receipt_is_a_file_without_personal_data(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    confirm(stranger)
    give_selfie(stranger)
    stranger.get("/register/step")
    assert stranger.get("/register/receipt.json").status_code == 404
    for _ in range(2):
        stranger.get("/register/step")
        stranger.ceremony()
    answer = stranger.get("/register/receipt.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    kept = answer.json
    assert kept["issuer"] == "http://localhost:8000"
    assert kept["reference"] in stranger.get("/register/step").text
    assert "HO" not in json.dumps(kept).replace("ho-", "")
    assert "card_read" in kept["checked"]


@pytest.mark.parametrize(
    ("consent", "words"), [("", "Tick the box"), ("2020-01", "statement has changed")]
)
def test_nothing_begins_without_consent_to_the_statement_in_force(
    stranger: Any, consent: str, words: str
) -> None:
    stranger.get("/register")
    page = stranger.post("/register", {"consent": consent})
    assert page.status_code == 422
    assert words in page.text
    assert stranger.get("/register/step").headers["Location"] == "/register"


def test_statement_says_what_the_ordinance_asks_for(stranger: Any) -> None:
    """Cap. 486 DPP1(3): purpose, whether obligatory, classes of transferees, access, whom to ask."""
    text = stranger.get("/register").text
    for words in (
        "To make sure who you are",
        "It is voluntary",
        "register of persons is asked",
        "latest after 30 days",
        "ask for a copy or a correction",
        "privacy officer",
        "No smartphone?",
    ):
        assert words in text


def test_only_camera_pages_may_use_the_camera(stranger: Any) -> None:
    assert "camera=()" in stranger.get("/register").headers["Permissions-Policy"]
    assert "connect-src" not in stranger.page.headers["Content-Security-Policy"]
    begin(stranger)
    assert "camera=(self)" in stranger.page.headers["Permissions-Policy"]
    assert "connect-src 'self'" in stranger.page.headers["Content-Security-Policy"]
    give_card(stranger)
    assert "camera=()" in stranger.follow().headers["Permissions-Policy"]


@pytest.mark.parametrize("advice", list(RetakeAdvice))
def test_each_bad_photograph_gets_its_advice(stranger: Any, advice: RetakeAdvice) -> None:
    begin(stranger)
    page = give_card(stranger, advice=advice)
    assert page.status_code == 422
    assert f'data-problem="{advice.value}"' in page.text
    assert "Tries left: 2" in page.text


@pytest.mark.parametrize(
    ("content", "status", "problem"),
    [
        (b"", 422, "empty"),
        (b"no picture at all", 422, "kind"),
        (b"x" * (CARD_LIMIT + 1), 413, "large"),
    ],
)
def test_uploads_that_are_no_photograph(
    stranger: Any, content: bytes, status: int, problem: str
) -> None:
    begin(stranger)
    page = upload(stranger, content)
    assert page.status_code == status
    assert f'data-problem="{problem}"' in page.text
    assert "No try was used up" in page.text
    assert page.headers["HKEID-Reference"] in page.text


def test_upload_beyond_every_limit_is_refused_before_it_is_read(stranger: Any) -> None:
    begin(stranger)
    page = upload(stranger, b"x" * (CARD_LIMIT + 70_000))
    assert page.status_code == 413
    assert 'data-problem="too-large"' in page.text


def test_only_upload_routes_take_more(stranger: Any) -> None:
    begin(stranger)
    page = stranger.post("/register/details", {"image": part(b"x" * 70_000)})
    assert page.status_code == 413


def test_a_picture_never_becomes_a_temporary_file(
    stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Werkzeug would put uploads above 500 kB into one."""
    begin(stranger)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    page = upload(stranger, random.Random(7).randbytes(5_000_000))
    assert page.status_code == 422
    assert 'data-problem="kind"' in page.text


def upload(person: Any, content: bytes) -> Any:
    """As a browser does it; werkzeug's own client makes temporary files of long bodies."""
    answer = person.client.post(
        "/register/card",
        base_url="http://localhost:8000",
        data=_multipart({"csrf": _token(person)}, "image", content),
        content_type="multipart/form-data; boundary=edge",
        headers={**person.headers, "Origin": "http://localhost:8000"},
    )
    answer.get_data()
    answer.close()
    return answer


def _token(person: Any) -> str:
    return str(re.search(r'name="csrf" value="([^"]+)"', person.page.text)[1])


def _multipart(fields: dict[str, str], name: str, content: bytes) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
    return b"".join(parts) + head.encode() + content + b"\r\n--edge--\r\n"


def test_number_is_masked_but_in_its_own_field(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    text = stranger.get("/register/step").text
    (number,) = re.findall(r'id="hkic_number" name="hkic_number" value="([^"]+)"', text)
    assert text.count(number) == 1
    assert f"{number[:4]}***(*)" in text


def test_machine_value_and_change_stand_side_by_side(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    page = confirm(stranger, birth_date="1958-09-28", name_english="HO, Sau Lam")
    assert page.status_code in {303, 422}
    stranger.get("/register/step")


@pytest.mark.parametrize(
    ("edits", "problem", "blamed"),
    [
        ({"birth_date": "1990-01-01"}, "edit_too_far", "birth_date"),
        ({"hkic_number": "A123456(3)"}, "edit_too_far", "hkic_number"),
        ({"issued": "1901-01-01"}, "dates_impossible", "birth_date"),
        ({"birth_date": "1968-09-99"}, "malformed", "birth_date"),
        ({"name_english": ""}, "details_incomplete", "name_english"),
    ],
)
def test_edits_have_limits_and_what_was_typed_stays(
    stranger: Any, edits: dict[str, str], problem: str, blamed: str
) -> None:
    begin(stranger)
    give_card(stranger)
    page = confirm(stranger, **edits)
    assert page.status_code == 422
    assert f'data-problem="{problem}"' in page.text
    assert f'href="#{blamed}"' in page.text
    (name, value) = next(iter(edits.items()))
    assert f'name="{name}" value="{value}"' in page.text


def test_what_could_not_be_read_is_typed(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger, changed={CardField.ISSUED: ""})
    text = stranger.get("/register/step").text
    assert re.search(r'id="change-issued" open', text)
    assert confirm(stranger, issued="2019-05-14").status_code == 303


@pytest.mark.parametrize(
    ("about", "warning"),
    [({"verdict": "inconclusive"}, "told"), ({"faces": 2}, "face_second")],
)
def test_selfie_again_with_its_reason(stranger: Any, about: dict[str, Any], warning: str) -> None:
    begin(stranger)
    give_card(stranger)
    confirm(stranger)
    page = give_selfie(stranger, **about)
    assert page.status_code == 422
    assert 'id="problem"' in page.text
    assert "Tries left: 2" in page.text
    assert warning in page.text or warning == "told"


@pytest.mark.parametrize(
    "times",
    ["", "nonsense", "[]", "[1, 2]", "[-1]", "[true]", '["1"]', "[1e400]", "{}", "[" * 99_999],
)
def test_frames_need_their_times(stranger: Any, times: str) -> None:
    begin(stranger)
    give_card(stranger)
    confirm(stranger)
    stranger.get("/register/step")
    page = stranger.post(
        "/register/selfie", {"nonce": "x", "times": times, "frames": part(fake_face(HO))}
    )
    assert page.status_code == 422
    assert 'data-problem="selfie_malformed"' in page.text


def test_challenge_is_for_the_selfie_step_and_for_forms_of_ours(stranger: Any) -> None:
    begin(stranger)
    assert stranger.post("/register/selfie/challenge").status_code == 409
    stranger.get("/register/step")
    assert stranger.post("/register/selfie/challenge", {"csrf": "x"}).status_code == 403


def test_busy_parts_keep_everything(stranger: Any, house: House, monkeypatch: Any) -> None:
    begin(stranger)

    def busy(_: bytes) -> None:
        raise Unavailable("document_reader_busy")

    with monkeypatch.context() as patch:
        patch.setattr(house.proofing.reader, "read", busy, raising=False)
        page = give_card(stranger)
    assert page.status_code == 503
    assert 'data-problem="busy"' in page.text
    assert give_card(stranger).status_code == 303


def test_referred_case_says_what_happens_next_and_comes_back(stranger: Any, house: House) -> None:
    refer(stranger, house)
    text = stranger.get("/register/step").text
    reference = re.search(r'id="case-number">([^<]+)<', text)[1]
    assert "A person makes sure that everything is right." in text
    assert 'id="standing">An officer will look at your registration.' in text
    assert "half of the cases" not in text, "nobody promises what nobody knows"
    days_taken(house, 3, 5, 5)
    text = stranger.get("/register/step").text
    assert "Lately half of the cases were decided within 5 days." in text
    days_taken(house, *[1] * 9)
    assert "decided within a day" in stranger.get("/register/step").text
    stranger.post("/register/contact", {"email": "not an address"})
    assert stranger.page.status_code == 422
    assert 'aria-invalid="true"' in stranger.page.text
    stranger.post("/register/contact", {"email": "ho@example.hk"})
    assert 'id="contact-kept"' in stranger.page.text
    assert "ho@example.hk" not in stranger.page.text
    home = stranger.get("/").text
    assert 'id="resume"' in home
    view = house.registration.view(_id_of(house, reference))
    house.registration.decide(view.id, accept=False, reason="not_sure", officers=("o1", "o2"))
    ended = stranger.get("/register/step").text
    assert 'data-kind="refused"' in ended
    assert "registration counter" in ended
    assert reference in ended


def days_taken(house: House, *days: int) -> None:
    """Cases that officers decided just now, and how many days each had waited."""
    with house.store.transaction() as tx:
        for number in days:
            decision = Decision(
                case_id=house.random.token(8),
                accept=True,
                reason=DecisionReason.SAME_PERSON,
                officers=("o1", "o2"),
                risks=(),
                attempt_until=house.clock.now(),
                decided_at=house.clock.now(),
                waited=number * 86_400,
            )
            assert tx.reviews.add_decision(decision)


def _id_of(house: House, reference: str) -> str:
    with house.store.transaction() as tx:
        found = tx.registrations.by_reference(reference)
    assert found is not None
    return str(found.id)


def test_home_reminds_of_what_was_left(stranger: Any) -> None:
    assert 'id="go-register"' in stranger.get("/").text
    assert 'id="resume"' not in stranger.page.text
    begin(stranger)
    give_card(stranger)
    for path in ("/", "/register"):
        text = stranger.get(path).text
        assert 'id="resume"' in text
        assert "Check what we read" in text


def test_time_that_is_over(stranger: Any, clock: Any) -> None:
    begin(stranger)
    clock.wait(hours=3)
    text = stranger.get("/register/step").text
    assert 'data-kind="expired"' in text
    assert 'id="resume"' not in stranger.get("/").text


def test_stopping_destroys_and_says_so(stranger: Any, house: House) -> None:
    begin(stranger)
    give_card(stranger)
    stranger.get("/register/step")
    page = stranger.post("/register/cancel")
    assert 'data-kind="stopped"' in page.text
    assert 'data-kind="stopped"' in stranger.get("/register/step").text
    reference = re.search(r'id="case-number">([^<]+)<', page.text)[1]
    with pytest.raises(Exception, match="evidence_destroyed"):
        house.evidence.put(_id_of(house, reference), "card", b"x")


def test_form_of_an_earlier_step_leads_to_the_present_one(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    stranger.get("/register/step")
    page = stranger.post("/register/card", {"image": part(fake_card(HO))})
    assert page.status_code == 303
    assert 'id="details-form"' in stranger.follow().text


def test_another_browser_sees_nothing_of_it(front: Any, stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    other = type(stranger)(front)
    other.get("/")
    assert other.get("/register/step").headers["Location"] == "/register"
    assert "resume" not in other.get("/register").text.replace("resume-", "")


def test_passkey_that_failed_is_told_and_tried_again(stranger: Any) -> None:
    begin(stranger)
    give_card(stranger)
    confirm(stranger)
    give_selfie(stranger)
    stranger.get("/register/step")
    page = stranger.ceremony(response="{}")
    assert page.status_code == 403
    assert 'id="problem"' in page.text
    assert stranger.ceremony().status_code == 303


def test_not_offered_here(make_house: Callable[..., House], stranger: Any) -> None:
    person = type(stranger)(serve_house(make_house(documents={"reader": "none"})))
    assert 'data-kind="not-offered"' in person.get("/register").text
    assert 'id="go-register"' not in person.get("/").text
    person.get("/help")
    person.get("/activate")
    assert 'data-kind="not-offered"' in person.post("/register", {"consent": "2026-11"}).text


def test_every_step_has_a_page() -> None:
    source = Path(__file__).parents[3] / "src/hkeid_server/pages/registration.py"
    for step in RegistrationStep:
        assert f"RegistrationStep.{step.name}" in source.read_text("utf-8")


# --- a stranger with somebody's card ---------------------------------------------------------------

STRANGER = "chan-tai-man"
SITUATIONS = (
    "match",
    "no_match",
    "deceased",
    "reported_lost",
    "unavailable",
    "active",
    "suspended",
)


def shown_to_a_stranger(house: House, situation: str, card_face: str, start: str) -> list[Any]:
    """Status, headers that tell something, and bytes of every page after the selfie, without what is
    new on each page anyway.
    """
    from tests.unit.server.conftest import Person

    seed_sandbox(house)
    front = serve_house(house)
    if situation in ("active", "suspended"):
        owner = Person(front)
        begin(owner)
        give_card(owner)
        confirm(owner)
        give_selfie(owner)
        for _ in range(2):
            owner.get("/register/step")
            owner.ceremony()
        if situation == "suspended":
            with house.store.transaction() as tx:
                session = owner_of(tx, house)
            house.standing.suspend(session, by=Actor.OPERATOR, reason="asked_by_resident")
    else:
        answer_with(house, situation)
    thief = Person(front)
    thief.get(start)
    thief.post(start, {"consent": "2026-11"})
    give_card(thief, face=card_face)
    confirm(thief)
    pages: list[Any] = []
    while '"selfie-form"' in thief.get("/register/step").text:
        page = give_selfie(thief, STRANGER)
        pages.append((page.status_code, page.headers.get("Location"), masked(page.text)))
    for path in ("/register/step", "/register/receipt.json", start):
        page = thief.get(path)
        pages.append((page.status_code, page.headers.get("Location"), masked(page.text)))
    thief.get("/register/step")
    page = thief.post("/register/contact", {"email": "thief@example.org"})
    return [*pages, (page.status_code, masked(page.text))]


def answer_with(house: House, situation: str) -> None:
    """The register says this, whoever is asked about."""
    registry: Any = house.proofing.registry
    real = registry.check

    def check(query: Any) -> RegistryFinding:
        found = real(query)
        if situation == "unavailable":
            raise Unavailable("registry_unavailable")
        return replace(found, status=RegistryStatus(situation), differing=())

    registry.check = check


def owner_of(tx: Any, house: House) -> str:
    found = find_by_hkic(tx, house.keys, PERSONAS[HO].hkic_number)
    assert found is not None
    return str(found)


def masked(text: str) -> str:
    """A page without case number, tokens and moments."""
    rules = (
        r'(name="csrf" value=")[^"]*',
        r'(id="case-number">)[^<]*',
        r"(<time[^>]*>)[^<]*",
        r"(<time)[^>]*",
        r'(nonce[=-]")?[A-Za-z0-9_-]{22,}',
        r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){1,2}\b",
    )
    for rule in rules:
        text = re.sub(rule, r"\1#" if rule.startswith("(") else "#", text)
    return text


@pytest.mark.parametrize("card_face", [HO, STRANGER], ids=["their-card", "forged-card"])
@pytest.mark.parametrize("start", ["/register", "/register/recover"])
@pytest.mark.parametrize("situation", SITUATIONS[1:])
def test_pages_tell_a_stranger_nothing_of_the_register(
    make_house: Callable[..., House], situation: str, start: str, card_face: str
) -> None:
    expected = shown_to_a_stranger(make_house(**FAKES), "match", card_face, start)
    found = shown_to_a_stranger(make_house(**FAKES), situation, card_face, start)
    if situation == "unavailable" and card_face == STRANGER:
        # The register is down for everybody: said before anything is known, and tried again.
        assert [page[0] for page in found[:2]] == [503, 503]
        found = found[2:]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == other
    assert "An officer looks at it" in str(expected[-1])
