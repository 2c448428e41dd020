"""People full of canaries who get an eID, are refused one, upgrade it, lose it and get it back.

Over the real server with its console and a station. The first applicant meets the real parts: text
recognition, head turn, face comparison, in their workers. All others meet the substitutes that ship
(``[documents] reader = "fake"`` and so on), which take seconds off each of them; on PostgreSQL the first one
does too. What happens to pictures and readings is the same code. The card reader is the one in this
process; ``pcscd`` keeps nothing.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from struct import pack
from threading import Thread
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import hkic_specimen
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person
from hkeid.officers import Role
from hkeid.ports.faces import CapturedFrame
from hkeid.ports.notices import Channel
from hkeid.ports.surroundings import HttpAnswer
from hkeid.testing import fakes_proofing, left_behind
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.canaries import CanarySearch
from hkeid.testing.card_issuer import HKIC, CardIssuer, issue_card
from hkeid.testing.card_issuer.groups import check_digit, zone_name
from hkeid.testing.demo_station import trust_country
from hkeid.testing.fakes_proofing import fake_card, fake_face
from hkeid.testing.left_behind import Pieces
from hkeid.testing.mailbox import MailBox
from hkeid.testing.personas import PERSONAS, Persona
from hkeid.testing.portraits import portrait
from hkeid.testing.processes import _tree
from hkeid.testing.recording import RecordingBrowser
from hkeid.testing.registry_simulator import RegistrySimulator
from hkeid.testing.specimen_card import Condition, draw_card, face_of, photograph
from hkeid.testing.station_door import StationDoor
from hkeid.testing.station_tls import server_certificate
from hkeid.testing.uploads import upload
from hkeid.testing.virtual_applicant import VirtualApplicant
from hkeid.testing.virtual_card.reader import ReaderInProcess
from hkeid.testing.virtual_officer import VirtualOfficer
from hkeid.testing.virtual_resident import VirtualResident
from hkeid.testing.virtual_station import VirtualStation
from hkeid_server.station_agent import StationAgent, StationChannel, StationFolder
from hkeid_server.wiring import build_officers, end_registrations
from hkeid_server.wiring.notices import make_dispatcher

FACE = "ho-sau-lan"
VISITOR = "kwok-lai-king"
MINOR = "chan-siu-fung"
SUBSTITUTES = {
    "documents": {"reader": "fake"},
    "faces": {"matcher": "fake"},
    "liveness": {"check": "fake"},
}
IMAGE_BEGINNINGS = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"\x89PNG\r\n\x1a\n",
    b"\x00\x00\x00\x0cjP  \r\n",
    b"HKEID-FAKE-CARD",
    b"HKEID-FAKE-FACE",
)
"""However a picture was changed on its way, it begins like this."""

FACE_VECTORS = """
import json, pathlib, sys
from hkeid.adapters.faces.comparer import _decoded, build
from hkeid.adapters.faces.weights import face_model
from hkeid.ports.faces import FaceRefused
comparer, found = build("Dlib", face_model("Dlib").detector, None, None), {}
for path in pathlib.Path(sys.argv[1]).iterdir():
    try:
        found[path.stem] = comparer._vector(_decoded(path.read_bytes()), "probe")
    except FaceRefused:
        pass  # turned away
print(json.dumps(found))
"""

_CHARACTERS = {
    sign: code
    for one in PERSONAS.values()
    if one.name.chinese and len(one.name.commercial_code) == len(one.name.chinese)
    for sign, code in zip(one.name.chinese, one.name.commercial_code, strict=True)
}


# --- people ----------------------------------------------------------------------------------------


def a_word() -> str:
    """Letters that nobody would write, and that text recognition reads."""
    syllables = (
        secrets.choice("BDFGKMNPRTVZ") + secrets.choice("AEOU") + secrets.choice("KMNRTX")
        for _ in range(3)
    )
    return "".join(syllables)


def somebody(base: str) -> Persona:
    """A persona's age and card, with particulars that occur nowhere else."""
    known = PERSONAS[base]
    digits = f"QX{secrets.randbelow(900_000) + 100_000}"
    number = HkicNumber.parse(f"{digits}({check_character_of(digits)})")
    day = f"{secrets.randbelow(12) + 1:02}-{secrets.randbelow(28) + 1:02}"
    born = BirthDate.parse(f"{known.born.year}-{day}")
    chinese = "".join(secrets.choice(sorted(_CHARACTERS)) for _ in range(4))
    name = PersonName(
        english=f"{a_word()}, {a_word().title()} {a_word().title()}",
        chinese=chinese,
        commercial_code=tuple(_CHARACTERS[sign] for sign in chinese),
    )
    return replace(
        known,
        key=f"canary-{secrets.token_hex(4)}",
        person=Person(name=name, hkic_number=number, birth_date=born, sex=known.sex),
        hkic_number=number,
        born=born,
        card=replace(known.card, access_number=f"{secrets.randbelow(10**6):06}"),
        differing={},
    )


class Applicant(VirtualApplicant):
    """One who shows the substitutes what they understand.

    :ivar canary: stands in every picture.
    """

    def __init__(self, issuer: str, persona: str, canary: str, **options: Any) -> None:
        super().__init__(issuer, persona, **options)
        self.canary = canary

    def photograph_card(self) -> Page:
        page = self.here("card-form")
        picture = ("image", "image/jpeg", fake_card(self.persona, canary=self.canary))
        return self._at("details-form", upload(self.browser, page.form("card-form"), [picture]))

    def turn_head(self) -> Page:
        page = self.here("selfie-form")
        csrf = dict(page.form("selfie-form").fields)["csrf"]
        asked = self.browser.post(
            f"{self.issuer}/register/selfie/challenge",
            urlencode({"csrf": csrf}).encode(),
            "application/x-www-form-urlencoded",
        ).json()
        frame = CapturedFrame(at_ms=500, image=fake_face(self.persona, canary=self.canary))
        values = {"nonce": asked["nonce"], "times": json.dumps([frame.at_ms])}
        frames = [("frames", "image/jpeg", frame.image)]
        # The substitute finds nobody alive where the page cannot say so: an officer is asked.
        return self._at(
            "case-number", upload(self.browser, page.form("selfie-form"), frames, values)
        )


class RealApplicant(VirtualApplicant):
    """One whose card is drawn for a persona that is not in the book.

    :ivar who: whose card it is.
    :ivar photographed: the picture that was sent.
    """

    who: Persona
    photographed: bytes = b""

    def photograph_card(self) -> Page:
        card = draw_card(face_of(self.who), portrait=portrait(FACE))
        self.photographed = photograph(card, Condition.CLEAN, seed=1)
        page = self.here("card-form")
        picture = ("image", "image/jpeg", self.photographed)
        return self._at("details-form", upload(self.browser, page.form("card-form"), [picture]))

    def confirm_details(self) -> Page:
        """Say what is on the card, whatever was read: what differs is an edit."""
        page = self.here("details-form")
        values = {
            "name_english": self.who.name.english,
            "name_chinese": self.who.name.chinese or "",
            "name_commercial_code": " ".join(self.who.name.commercial_code),
        }
        return self._at("selfie-form", self.browser.submit(page.form("details-form"), values))


# --- the scene -------------------------------------------------------------------------------------

Moment = str
"""``reading``: a card was read; ``waiting``: cases wait for officers; ``guardian``: for a guardian's word;
``chip``: a chip was read, nobody has compared yet; ``after``: all is decided.
"""


@dataclass
class ProofingScene:
    """An installation that proves who people are.

    :ivar base: installation, canaries and exchanges, as for the journey of part 1.
    :ivar seen: what lay in each place at each moment.
    :ivar vectors: what the matcher makes of the real applicant's faces.
    """

    base: Any
    mail: MailBox
    gateway: Gateway
    registry: RegistrySimulator
    people: dict[str, Persona] = field(default_factory=dict)
    seen: dict[tuple[Moment, str], list[tuple[str, bytes]]] = field(default_factory=dict)
    vectors: dict[str, list[float]] = field(default_factory=dict)
    pushed: list[bytes] = field(default_factory=list)
    carried: list[tuple[str, bytes]] = field(default_factory=list)

    def note(self, kind: str, *values: str | bytes) -> str:
        return self.base.note(kind, *values)

    def browser(self) -> RecordingBrowser:
        return RecordingBrowser(self.base.exchanges, stop_at="http://127.0.0.1:9/", patience=120.0)

    def person(self, fate: str, base: str) -> Persona:
        """Somebody new, known to the register; their particulars are canaries of that fate."""
        who = self.people[fate] = somebody(base)
        name = who.name
        self.note(f"{fate}: name", name.english, name.chinese, *name.english.split(", "))
        self.note(f"{fate}: number", who.hkic_number.number, who.hkic_number.reveal())
        self.note(f"{fate}: birth date", who.born.isoformat())
        fakes_proofing.PERSONAS = {**fakes_proofing.PERSONAS, who.key: who}
        return who

    def applicant(self, fate: str, base: str = FACE) -> Applicant:
        who = self.person(fate, base)
        canary = self.note("picture", f"canary-{secrets.token_hex(12)}")
        return Applicant(self.base.issuer, who.key, canary, browser=self.browser())

    def search(self) -> CanarySearch:
        return CanarySearch(self.base.all_canaries())

    def read(self, place: str) -> Pieces:
        """What lies in a place now."""
        return next(one for one in PLACES if one.__name__ == place)(self)

    def look(self, moment: Moment) -> None:
        """Take down what lies everywhere; of what only grows, in the end."""
        for place in PLACES if moment == "after" else LIVING:
            self.seen[moment, place.__name__] = list(place(self))


# --- places ------------------------------------------------------------------------------------------


def database(scene: ProofingScene) -> Pieces:
    return left_behind.database(scene.base.store)


def vault(scene: ProofingScene) -> Pieces:
    return left_behind.database(scene.base.vault)


def log(scene: ProofingScene) -> Pieces:
    folder = scene.base.installation.folder
    yield "server.log", scene.base.installation.log.read_bytes()
    yield "hkeid.log", (folder / "hkeid.log").read_bytes()
    yield "parts in the test's process", scene.base.own_log.getvalue().encode()


def temporary(scene: ProofingScene) -> Pieces:
    return left_behind.files(scene.base.temporary)


def files(scene: ProofingScene) -> Pieces:
    folder = scene.base.installation.folder
    return left_behind.files(folder, but=r"(hkeid|vault)\.sqlite|.*\.log|inbox/")


def inbox(scene: ProofingScene) -> Pieces:
    """The sandbox's own: what nobody else carries."""
    return left_behind.files(scene.base.installation.folder / "inbox")


def metrics(scene: ProofingScene) -> Pieces:
    for path in ("metrics", "health/ready"):
        page = RecordingBrowser().get(f"http://127.0.0.1:{scene.base.admin_port}/{path}")
        yield path, page.body


def processes(scene: ProofingScene) -> Pieces:
    return left_behind.processes(_tree(scene.base.server._process.pid))


def audit(scene: ProofingScene) -> Pieces:
    yield "export", scene.base.command("audit", "export").encode()


def evidence(scene: ProofingScene) -> Pieces:
    """What the server's keys can still open of the evidence, in the clear."""
    with scene.base.house() as house:
        sessions = house.evidence.sessions()
        with house.store.transaction() as tx:
            records = [tx.registrations.get(one.removesuffix(".particulars")) for one in sessions]
        for session, record in zip(sessions, records, strict=True):
            step = "upgrade" if record is None else record.step.value
            part = "particulars" if session.endswith(".particulars") else "evidence"
            for name in house.evidence.names(session):
                yield f"{step}: {part}: {name}", house.evidence.get(session, name)


def particulars(scene: ProofingScene) -> Pieces:
    """What the server's keys can open of residents' sealed fields, in the clear."""
    with scene.base.house() as house, house.store.transaction() as tx:
        for resident in list(tx.residents):
            names = list(tx.sealed_fields.all(resident.id))
            for name, text in house.fields.read(tx, resident.id, names).items():
                yield name, text.encode()


def letters(scene: ProofingScene) -> Pieces:
    """Mails with all their headers, as they came and decoded; short messages; what browsers got."""
    for letter in scene.mail.letters:
        read = message_from_bytes(letter, policy=policy.default)
        yield "mail", letter
        yield "mail: body", read.get_body(("plain",)).get_content().encode()
        for name, value in read.items():
            yield f"mail: {name}", value.encode()
    for head, body in scene.gateway.messages:
        yield "message: headers", head
        yield "message", body
    for one in scene.pushed:
        yield "push", one


def stations(scene: ProofingScene) -> Pieces:
    """What a station gave to the server, in the channel between them."""
    yield from scene.carried


def errors(scene: ProofingScene) -> Pieces:
    return left_behind.errors(scene.base.exchanges)


def headers(scene: ProofingScene) -> Pieces:
    return left_behind.headers(scene.base.exchanges)


def addresses(scene: ProofingScene) -> Pieces:
    return left_behind.addresses(scene.base.exchanges)


def pages(scene: ProofingScene) -> Pieces:
    return left_behind.pages(scene.base.exchanges)


Place = Callable[[ProofingScene], Pieces]

LIVING: tuple[Place, ...] = (
    database, vault, temporary, files, metrics, processes, evidence, particulars,
)  # fmt: skip
PLACES: tuple[Place, ...] = (
    *LIVING, log, inbox, audit, letters, stations, errors, headers, addresses, pages,
)  # fmt: skip


class Gateway:
    """An SMS gateway with TLS on localhost; it keeps what it is given.

    :ivar messages: headers and body of each.
    """

    def __init__(self, folder: Path) -> None:
        self.messages: list[tuple[bytes, bytes]] = []
        certificate, self.authority = server_certificate(folder)
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.messages.append((bytes(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://localhost:{self._server.server_address[1]}/send"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


# --- the story ---------------------------------------------------------------------------------------


def register_for_real(scene: ProofingScene) -> VirtualResident:
    """Card, details, head turn and comparison by the real parts; accepted at once."""
    who = scene.person("resident", FACE)
    applicant = RealApplicant(scene.base.issuer, FACE, browser=scene.browser())
    applicant.who = who
    applicant.begin()
    applicant.photograph_card()
    scene.look("reading")
    kept = dict(scene.seen["reading", "evidence"])
    applicant.confirm_details()
    mark = len(scene.base.exchanges)
    applicant.turn_head()
    sent = next(
        one.sent for one in scene.base.exchanges[mark:] if one.url.endswith("/register/selfie")
    )
    frames = re.findall(rb"\r\n\r\n(\xff\xd8.+?\xff\xd9)\r\n--hkeid-", sent, re.DOTALL)
    assert len(frames) > 5
    cut = kept["details: evidence: portrait"]
    for picture in (applicant.photographed, *frames, cut, kept["details: evidence: card"]):
        # From the middle, where no two pictures are the same.
        middle = len(picture) // 2
        scene.note(
            "picture", *(picture[at : at + 24] for at in (middle - 2000, middle, middle + 999))
        )
    pictures = {f"frame {number}": frame for number, frame in enumerate(frames[::6])}
    scene.vectors = face_vectors(scene, {"portrait": cut, **pictures})
    for vector in scene.vectors.values():
        note_vector(scene, vector)
    applicant.make_passkey()
    applicant.use_passkey()
    return applicant.resident


def face_vectors(scene: ProofingScene, pictures: dict[str, bytes]) -> dict[str, list[float]]:
    """What the matcher's model makes of pictures, computed apart from the server by the same code."""
    folder = scene.base.installation.folder.parent / "vectors"
    folder.mkdir()
    for name, picture in pictures.items():
        (folder / f"{name}.jpg").write_bytes(picture)
    said = subprocess.run(
        [sys.executable, "-c", FACE_VECTORS, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    vectors: dict[str, list[float]] = json.loads(said.stdout.splitlines()[-1])
    return vectors


def note_vector(scene: ProofingScene, vector: list[float]) -> None:
    """Numbers of a face, as programs write them down."""
    some = [number for number in vector if abs(number) > 0.001][:16]
    for start in (0, 5, 10):
        part = some[start : start + 4]
        for form in ("<4f", ">4f", "<4d", ">4d"):
            scene.note("face vector", pack(form, *part))
    scene.note("face vector", *(pack(">d", number) for number in some[:4]))  # pickle's way
    scene.note("face vector", *(repr(abs(number))[:10] for number in some[:8]))


def leave_addresses(scene: ProofingScene, resident: VirtualResident) -> None:
    """Mail, telephone and browser, where the resident is told."""
    issuer, browser = scene.base.issuer, resident.browser
    mail = scene.note("mail address", f"{a_word().lower()}@{a_word().lower()}.example")
    page = browser.get(f"{issuer}/account/notices")
    if "passkey-form" in page.attributes:
        page = resident.ceremony(page)
    page = browser.submit(page.form("email-form"), {"email": mail})
    letter = message_from_bytes(scene.mail.letters[-1], policy=policy.default)
    code = re.search(r"\b\d{6}\b", letter.get_body(("plain",)).get_content())[0]
    page = browser.submit(page.form("code-form"), {"code": code})
    phone = scene.note("telephone", f"+8529{secrets.randbelow(10**7):07}")
    page = browser.submit(page.form("phone-form"), {"phone": phone})
    secret = scene.note("push secret", secrets.token_urlsafe(16))
    endpoint = scene.note("push address", f"https://push.{a_word().lower()}.example/{a_word()}")
    key = page.attributes["push-form"]["data-push"]
    subscription = {"endpoint": endpoint, "keys": {"p256dh": key, "auth": secret}}
    page = browser.submit(page.form("push-form"), {"subscription": json.dumps(subscription)})
    for shown in ("email-now", "phone-now", "browsers-now"):
        assert shown in page.texts, page.unexpected(f"no {shown}")


def await_console(scene: ProofingScene) -> None:
    """The admin listener is a process of its own, and comes up when it comes up."""
    for _ in range(120):
        with suppress(URLError):
            RecordingBrowser().get(f"http://127.0.0.1:{scene.base.admin_port}/health/live")
            return
        time.sleep(0.25)
    raise AssertionError("no console")


def hire(scene: ProofingScene) -> list[VirtualOfficer]:
    """Two who review, the first at counters too, and one who reads the trail."""
    codes, officers = [], []
    with scene.base.house() as house:
        staff = build_officers(house).staff
        for roles in (
            ("registration_officer", "station_officer"),
            ("senior_officer",),
            ("auditor",),
        ):
            name = scene.note("officer's name", f"{a_word()}, {a_word().title()}")
            hired = staff.add(name, [Role(role) for role in roles])
            codes.append(staff.issue_code(hired.id).reveal())
    for code in codes:
        scene.note("officer's code", code, code.replace("-", ""))
        console = f"http://localhost:{scene.base.admin_port}"
        officers.append(VirtualOfficer(console, browser=scene.browser()))
        officers[-1].enrol(code)
    return officers


def apply(scene: ProofingScene, fate: str, base: str = FACE) -> Applicant:
    """As far as the officers' queue."""
    applicant = scene.applicant(fate, base)
    applicant.begin()
    applicant.photograph_card()
    applicant.confirm_details()
    page = applicant.turn_head()
    address = scene.note("applicant's address", f"{a_word().lower()}@{a_word().lower()}.example")
    applicant.browser.submit(page.form("contact-form"), {"email": address})
    return applicant


def reference_of(applicant: VirtualApplicant) -> str:
    return applicant.here("case-number").texts["case-number"]


def decide(
    scene: ProofingScene, officers: list[VirtualOfficer], applicant: Applicant, *, accept: bool
) -> None:
    """Both officers look at every picture, leave a note, and vote."""
    reference = reference_of(applicant)
    for officer in officers:
        page = officer.take(reference)
        pictures = officer.pictures(page)
        assert pictures, page.unexpected("nothing to look at")
        note = scene.note("officer's note", f"{a_word()} {a_word()} {a_word()}")
        if officer.vote(page, accept=accept, note=note) == "decided":
            return
    raise AssertionError("not decided by two")


def review(scene: ProofingScene, officers: list[VirtualOfficer]) -> None:
    """One accepted, one refused, one given up, one left lying; all wait at the same time."""
    accepted, refused = apply(scene, "accepted"), apply(scene, "refused")
    abandoned, stopped = scene.applicant("abandoned"), scene.applicant("stopped")
    for one in (abandoned, stopped):
        one.begin()
        one.photograph_card()
    abandoned.confirm_details()
    edit_too_far(scene, stopped)
    scene.look("waiting")
    page = stopped.here("details-form")
    stopped.browser.submit(page.form("cancel-registration"))
    decide(scene, officers, accepted, accept=True)
    decide(scene, officers, refused, accept=False)
    accepted.make_passkey()
    accepted.use_passkey()
    page = refused.browser.get(f"{scene.base.issuer}/register/step")
    assert "passkey-form" not in page.attributes, page.unexpected("refused, and goes on")


def edit_too_far(scene: ProofingScene, applicant: Applicant) -> None:
    """Type other names and another number than the card has."""
    page = applicant.here("details-form")
    digits = f"QX{secrets.randbelow(900_000) + 100_000}"
    number = scene.note("typed", f"{digits}({check_character_of(digits)})")
    name = scene.note("typed", f"{a_word()}, {a_word().title()}")
    values = {"hkic_number": number, "name_english": name}
    page = applicant.browser.submit(page.form("details-form"), values)
    assert page.status == 422, page.unexpected("that was too far")


def grow_up(
    scene: ProofingScene, officers: list[VirtualOfficer], guardian: VirtualResident
) -> None:
    """A minor: officers, then a guardian's word, then the passkey."""
    issuer = scene.base.issuer
    minor = apply(scene, "minor", MINOR)
    decide(scene, officers, minor, accept=True)
    page = minor.here("case-number")
    page = minor.browser.submit(page.form("guardian-code-now"))
    code = page.texts["guardian-code"]
    scene.note("guardian's code", code, code.replace("-", ""))
    page = guardian.browser.get(f"{issuer}/account/minor")
    if "passkey-form" in page.attributes:
        page = guardian.ceremony(page)
    page = guardian.browser.submit(page.form("code-form"), {"code": code})
    scene.look("guardian")
    page = guardian.browser.submit(
        page.form("decide-form"), {"declare": "yes"}, button=("decision", "approve")
    )
    assert page.status == 200, page.unexpected("not approved")
    minor.make_passkey()
    minor.use_passkey()


def put_in(scene: ProofingScene, reader: ReaderInProcess, who: Persona, issuer: CardIssuer) -> str:
    """A card with canaries of its own into the reader; gives its six digits."""
    document = f"SP{secrets.randbelow(10**7):07}"
    zone = (document + check_digit(document), zone_name(who.name.english, 30).rstrip("<"))
    scene.note("machine-readable zone", document, *zone)
    picture = portrait(FACE if who.portrait == PERSONAS[FACE].portrait else VISITOR)
    middle = len(picture) // 2
    scene.note("picture", picture[middle : middle + 24], picture[middle + 999 : middle + 1023])
    digits = who.card.access_number
    scene.note("card's digits", f'"{digits}"', f"'{digits}'")
    reader.card = issue_card(
        who, portrait=picture, issuer=issuer, features=HKIC, document_number=document, can=digits
    )
    return digits


def upgrade(
    scene: ProofingScene,
    station: VirtualStation,
    reader: ReaderInProcess,
    issuer: CardIssuer,
    resident: VirtualResident,
) -> SoftwareAuthenticator:
    """The resident by chip at the counter, then a visitor without a phone."""
    digits = put_in(scene, reader, scene.people["resident"], issuer)
    number = scene.note("kiosk number", station.number_of(resident))
    scene.note("kiosk number", number.replace(" ", ""))
    station.page = station.browser.get(f"{station.origin}/kiosk")
    station.page = station.browser.submit(station.page.form("number-form"), {"number": number})
    station.read_card(digits)
    scene.look("chip")
    station.compare()
    page = resident.ceremony(resident.browser.get(f"{resident.issuer}/account/upgrade"))
    assert page.attributes["upgrade"]["data-step"] == "done", page.unexpected("not an eID+")
    visitor = scene.person("visitor", VISITOR)
    digits = put_in(scene, reader, visitor, issuer)
    key = SoftwareAuthenticator()
    station.register_and_upgrade(key, can=digits)
    reader.card = None
    return key


class OverheardDoor(StationDoor):
    """Keeps what goes through.

    :ivar carried: path and body of each request.
    """

    carried: list[tuple[str, bytes]]

    def forward(self, method: str, path: str, headers: Any, body: bytes, der: Any) -> Any:
        self.carried.append((path, body))
        return super().forward(method, path, headers, body, der)


def open_station(scene: ProofingScene, stack: ExitStack, reader: ReaderInProcess) -> VirtualStation:
    """A counter's station, enrolled over mutual TLS."""
    folder = scene.base.installation.folder
    secret = next(iter(scene.base.canaries["proxy secret"]))
    root, own = folder / "stations" / "station-root.pem", folder.parent / "door"
    door = OverheardDoor(scene.base.issuer, client_ca=root, secret=secret, folder=own)
    door.carried = scene.carried
    stack.enter_context(door)
    kept = StationFolder(folder.parent / "counter")
    kept.trust(door.authority.read_bytes())
    agent = StationAgent(
        StationChannel(door.url, kept),
        kept,
        clock=SystemClock(),
        random=SystemRandom(),
        profile=hkic_specimen(),
    )
    added = scene.base.command("stations", "add", "Counter 1", "--mode", "counter")
    code = added.splitlines()[1].split()[1]
    scene.note("station's code", code, code.replace("-", ""))
    agent.enrol(code, server=door.url)
    station = VirtualStation(agent, reader, browser=scene.browser())
    station.open()
    return station


def look_people_up(scene: ProofingScene, officers: list[VirtualOfficer]) -> None:
    """Records with reasons and notes, the pages of the console, and the trail."""
    who = scene.people["resident"]
    note = scene.note("officer's note", f"{a_word()} {a_word()} {a_word()}")
    page = officers[0].find(who.hkic_number.reveal(), note=note)
    assert who.name.english in page.text
    stranger = scene.note("typed", f"QY{secrets.randbelow(900_000) + 100_000}")
    officers[0].find(f"{stranger}({check_character_of(stranger)})")
    for officer in officers:
        for path in ("today", "queue", "records", "audit", "officers", "stations"):
            officer.open(f"/console/{path}")
    page = officers[-1].open("/console/audit")
    officers[-1].browser.submit(page.form("audit-form"))


def move(scene: ProofingScene, resident: VirtualResident) -> None:
    """A new phone with the old one at hand."""
    resident.move_to(VirtualResident(scene.base.issuer, browser=scene.browser()))
    shown = b"".join(exchange.body for exchange in scene.base.exchanges)
    code = re.search(rb'id="new-phone-code">([^<]+)<', shown)[1].decode()
    scene.note("new phone's code", code, code.replace("-", ""))


def recover(scene: ProofingScene, officers: list[VirtualOfficer]) -> None:
    """Everything is lost; the same person comes back, and sees who looked."""
    who = scene.people["resident"]
    canary = scene.note("picture", f"canary-{secrets.token_hex(12)}")
    lost = Applicant(scene.base.issuer, who.key, canary, recovering=True, browser=scene.browser())
    lost.begin()
    lost.photograph_card()
    lost.confirm_details()
    lost.turn_head()
    decide(scene, officers, lost, accept=True)
    lost.make_passkey()
    lost.use_passkey()
    page = lost.browser.get(f"{scene.base.issuer}/account")
    assert "access-1" in page.attributes, page.unexpected("nobody looked")


class Later:
    """The system's clock, put forward."""

    def __init__(self, by: timedelta) -> None:
        self._clock, self._by = SystemClock(), by

    def now(self) -> Any:
        return self._clock.now() + self._by

    def monotonic(self) -> float:
        return self._clock.monotonic()


def sweep(scene: ProofingScene) -> None:
    """What housekeeping does half an hour later: whoever left is gone."""
    with scene.base.house() as house:
        ended = end_registrations(
            house.config, house.store, house.keys, Later(timedelta(minutes=40)), house.journal
        )
        assert ended, "the one who was left lying"


class PushService:
    """Stands where the server's way out stands, for there is no push service on localhost."""

    def __init__(self, pushed: list[bytes]) -> None:
        self._pushed = pushed

    def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
        del method, url
        head = "\n".join(f"{name}: {value}" for name, value in more["headers"].items())
        self._pushed.extend([head.encode(), more["body"]])
        return HttpAnswer(status=201, headers={}, body=b"")


def tell_browsers(scene: ProofingScene) -> None:
    """What the server could not send to a push service that is not there."""
    with scene.base.house() as house:
        house.notices.carrier(Channel.WEB_PUSH)._http = PushService(scene.pushed)
        later = Later(timedelta(hours=3))
        make_dispatcher(house.config, house.notices, house.store, later, house.journal).round()
    assert scene.pushed, "no browser was told"


def use_substitutes(scene: ProofingScene) -> None:
    """From now on everybody meets the parts that need no models."""
    configuration = scene.base.installation.configuration
    tables = "".join(
        f"\n[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())
        for name, table in SUBSTITUTES.items()
    )
    configuration.write_text(configuration.read_text("utf-8") + tables, "utf-8")


def note_wire(scene: ProofingScene) -> None:
    """What browsers, stations and letters were given to keep to themselves."""
    for exchange in scene.base.exchanges:
        for name, value in exchange.headers:
            label, _, kept = value.partition(";")[0].partition("=")
            if name.lower() == "set-cookie" and len(kept) > 8:
                scene.note(f"cookie {label}", kept)
    for letter in scene.mail.letters:
        text = message_from_bytes(letter, policy=policy.default).get_body(("plain",)).get_content()
        found = re.findall(r"/stop\S*[#?/=]([\w-]{16,})", text)
        for one in found:
            scene.note("link that stops", one)


def register_with_substitutes(
    scene: ProofingScene, officers: list[VirtualOfficer]
) -> VirtualResident:
    """The same person's way without models: through the officers' hands."""
    applicant = apply(scene, "resident")
    decide(scene, officers, applicant, accept=True)
    applicant.make_passkey()
    applicant.use_passkey()
    return applicant.resident


def live(scene: ProofingScene, stack: ExitStack, *, real: bool) -> None:
    """Everything, in order; the server runs when it is over.

    :param real: the first applicant meets the real parts.
    """
    resident = None
    scene.note("picture", *IMAGE_BEGINNINGS)
    if real:
        scene.base.start()
        resident = register_for_real(scene)
        scene.base.server.stop()
    use_substitutes(scene)
    scene.base.start()
    await_console(scene)
    officers = hire(scene)
    resident = resident or register_with_substitutes(scene, officers)
    leave_addresses(scene, resident)
    move(scene, resident)
    reader, issuer = ReaderInProcess(None), CardIssuer()
    trust_country(issuer, scene.base.installation.folder)
    review(scene, officers[:2])
    grow_up(scene, officers[:2], resident)
    station = open_station(scene, stack, reader)
    station.sign_on(officers[0])
    upgrade(scene, station, reader, issuer, resident)
    look_people_up(scene, officers)
    recover(scene, officers[:2])
    sweep(scene)
    tell_browsers(scene)
    note_wire(scene)
    scene.look("after")


# --- fixtures ----------------------------------------------------------------------------------------


def push_key() -> str:
    """A key of Web Push (RFC 8292), PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@contextmanager
def a_scene(
    folder: Path, engine: str, an_installation: Callable[..., Any]
) -> Iterator[ProofingScene]:
    with ExitStack() as stack:
        mail = stack.enter_context(MailBox())
        gateway = stack.enter_context(Gateway(folder / "gateway"))
        registry = stack.enter_context(RegistrySimulator())
        secret, token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        key = push_key()
        base, _ = stack.enter_context(
            an_installation(
                folder,
                engine,
                officers={"enabled": True},
                registration={"tries": 1},
                registry={"url": registry.url},
                stations={
                    "enabled": True,
                    "proxies": ["127.0.0.1"],
                    "proxy_secret": secret,
                    "authority": "stations",
                },
                notices={
                    "mail_host": "127.0.0.1",
                    "mail_port": mail.port,
                    "mail_security": "none",
                    "mail_sender": "eid@id.example.hk",
                    "sms_url": gateway.url,
                    "sms_token": token,
                    "push_key": key,
                    "push_contact": "mailto:help@eid.example.hk",
                    "every_seconds": 1,
                },
            )
        )
        base.environment["SSL_CERT_FILE"] = str(gateway.authority)
        scene = ProofingScene(base, mail, gateway, registry)
        scene.note("proxy secret", secret)
        scene.note("gateway's token", token)
        scene.note("push key", key.splitlines()[1], key.splitlines()[2])
        live(scene, stack, real=engine == "sqlite")
        yield scene


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def scene(request, tmp_path_factory, installation_of_canaries) -> Iterator[ProofingScene]:
    """All is decided, the server still runs."""
    known = fakes_proofing.PERSONAS
    folder = tmp_path_factory.mktemp("proofing")
    try:
        with a_scene(folder, request.param, installation_of_canaries) as made:
            yield made
    finally:
        fakes_proofing.PERSONAS = known
