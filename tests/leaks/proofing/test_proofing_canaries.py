"""Of what proves who somebody is, nothing stays beyond what policy keeps (laws 3 and 4; part 2, bar 7).

Everywhere nothing may stand in the clear, ever; in places that the server's keys open (``evidence``,
``particulars``), and on the ways out (pages, letters), only what ``POLICY`` says, and only at its moments:
while a case waits, its evidence opens; once it is decided, nothing does but the particulars of those who
have an eID. A permission that nothing needs fails too. That the search can find is shown by planting.
"""

from __future__ import annotations

import json
import math
import pickle
import re
import secrets
from array import array
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from hkeid.adapters.faces.weights import face_model
from hkeid.kernel import canonical_json
from hkeid.ports.notices import Channel, Notice
from hkeid.testing.canaries import Canary, CanarySearch

WAITING = ("reading", "waiting", "guardian", "chip")
"""Cases are not decided, or not all."""
AFTER = ("after",)
EVER = (*WAITING, *AFTER)

WHO = r"(resident|accepted|minor|visitor)"
"""Fates that end with an eID; the others are ``refused``, ``abandoned`` and ``stopped``."""
PARTICULARS = r"(name|number|birth date)"

CASE = "evidence of a case that is not decided, under its own key"
GUARDIAN = "particulars of an accepted minor, until the guardian's word, under the case's key"
CHIP = "read off the chip, until officer and passkey have confirmed, under the case's key"
SEALED = "sealed under the resident's own key, as long as there is an eID"
OWN_FORM = "the applicant's own form, shown again"
OWN_PAGE = "the resident's own page"
OFFICER = "the officer who has the case, or gave a reason for opening the record"
OPERATOR = "the file that the operator keeps it in"
DELIVERED = "this is how it is given to the one who may have it"


@dataclass(frozen=True)
class Rule:
    """What may be found: which canaries in which place, where there, at which moments, and why."""

    place: str
    kind: str
    where: str
    moments: tuple[str, ...]
    why: str


POLICY = (
    # --- what the server's keys open -----------------------------------------------------------
    Rule("evidence", r"picture", r"^(details|selfie|referred): evidence: (card|portrait|selfie)$",
         WAITING, CASE),
    Rule("evidence", rf"\w+: {PARTICULARS}",
         r"^(details|selfie|referred): evidence: (card|reading|details)$", WAITING, CASE),
    Rule("evidence", r"applicant's address", r"^referred: evidence: contact$", WAITING, CASE),
    Rule("evidence", r"machine-readable zone|picture|resident: (name|number)",
         r"^upgrade: evidence: (document|portrait)$", ("chip",), CHIP),
    Rule("evidence", rf"minor: {PARTICULARS}", r"^guardian: particulars: details$", WAITING, GUARDIAN),
    Rule("particulars", rf"{WHO}: name", r"^name_(english|chinese)$", EVER, SEALED),
    Rule("particulars", rf"{WHO}: number", r"^hkic_number$", EVER, SEALED),
    Rule("particulars", rf"{WHO}: birth date", r"^birth_date$", EVER, SEALED),
    Rule("particulars", r"mail address", r"^contact_email$", EVER, SEALED),
    Rule("particulars", r"telephone", r"^contact_phone$", EVER, SEALED),
    Rule("particulars", r"push (address|secret)", r"^contact_push$", EVER, SEALED),
    # --- what operators keep ---------------------------------------------------------------------
    Rule("files", r"passphrase", r"^passphrase$", EVER, OPERATOR),
    Rule("files", r"database password", r"^password$", EVER, OPERATOR),
    Rule("files", r"client's secret", r"^clients/mynah.secret$", EVER, OPERATOR),
    Rule("files", r"gateway's token|proxy secret|push key", r"^hkeid.toml$", EVER, OPERATOR),
    # --- ways out --------------------------------------------------------------------------------
    Rule("letters", r"mail address|applicant's address", r"^mail(: To)?$", AFTER, DELIVERED),
    Rule("letters", r"link that stops", r"^mail(: body)?$", AFTER, DELIVERED),
    Rule("letters", r"telephone", r"^message$", AFTER, DELIVERED),
    Rule("letters", r"gateway's token", r"^message: headers$", AFTER, "by it the gateway knows us"),
    Rule("headers", r"cookie hkeid_\w+", r" set-cookie$", AFTER, DELIVERED),
    Rule("stations", rf"machine-readable zone|picture|{WHO}: (name|number)", r"^/station/evidence$", AFTER,
         "the channel between station and server: mutual TLS"),
    Rule("stations", r"station's code", r"^/station/enrol$", AFTER, "good once, inside TLS"),
    Rule("pages", rf"\w+: {PARTICULARS}|typed", r"^/register/(step|details)$", AFTER, OWN_FORM),
    Rule("pages", rf"\w+: {PARTICULARS}", r"^/console/cases/", AFTER, OFFICER),
    Rule("pages", r"resident: name", r"^/console/records/", AFTER, OFFICER),
    Rule("pages", r"officer's name", r"^/console/(enrol|officers)$", AFTER, "officers among themselves"),
    Rule("pages", rf"{WHO}: name", r"^(/account|/new-phone|/kiosk/u/[^/]+/key)$", AFTER, OWN_PAGE),
    Rule("pages", r"minor: name|guardian's code", r"^/account/minor$", AFTER, "the guardian's page"),
    Rule("pages", r"guardian's code", r"^/register/guardian-code$", AFTER, DELIVERED),
    Rule("pages", r"new phone's code", r"^(/account)?/new-phone$", AFTER, DELIVERED),
    Rule("pages", r"picture", r"^/kiosk/u/[^/]+/portrait$", AFTER,
         "the officer at the counter, who compares the face with the chip's portrait"),
    Rule("pages", r"kiosk number", r"^/account/upgrade$", AFTER, DELIVERED),
    Rule("pages", r"mail address|telephone", r"^/account/notices(/email)?$", AFTER, OWN_PAGE),
    Rule("errors", r"stopped: (name|birth date)|typed", r"^/register/details html$", AFTER, OWN_FORM),
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Leak:
    moment: str
    where: str
    kind: str
    spelling: str


def look(scene: Any, place: str, search: CanarySearch) -> set[Leak]:
    return {
        Leak(moment, where, sighting.kind, sighting.spelling)
        for (moment, name), pieces in scene.seen.items()
        if name == place
        for where, content in pieces
        for sighting in search.find(content)
    }


def allows(rule: Rule, leak: Leak) -> bool:
    return (
        leak.moment in rule.moments
        and re.fullmatch(rule.kind, leak.kind) is not None
        and re.search(rule.where, leak.where) is not None
    )


NAMES = (
    "database", "vault", "temporary", "files", "metrics", "processes", "evidence", "particulars", "log",
    "inbox", "audit", "letters", "stations", "errors", "headers", "addresses", "pages",
)  # fmt: skip


def test_every_place_was_looked_at(scene: Any) -> None:
    assert {place for moment, place in scene.seen if moment == "after"} == set(NAMES)


@pytest.mark.parametrize("place", NAMES)
def test_nothing_is_there_beyond_policy(place: str, scene: Any) -> None:
    rules = [one for one in POLICY if one.place == place]
    found = look(scene, place, scene.search())
    assert not sorted(leak for leak in found if not any(allows(one, leak) for one in rules))
    idle = [one for one in rules if not any(allows(one, leak) for leak in found)]
    assert not idle, "nothing needs these permissions any more"


def test_evidence_of_decided_cases_is_gone_with_its_keys(scene: Any) -> None:
    """Not only unreadable: no ciphertext is left, and no wrapped key."""
    assert scene.base.sql("SELECT count(*) FROM evidence_items") == [(0,)]
    url = scene.base.vault
    made = scene.base.sql("SELECT count(*) FROM evidence_keys", url=url)[0][0]
    left = scene.base.sql("SELECT count(*) FROM evidence_keys WHERE wrapped IS NOT NULL", url=url)
    assert made > 6
    assert left == [(0,)]


def test_everybody_was_there(scene: Any) -> None:
    """A kind that is missing would be searched for in vain."""
    fates = ("resident", "accepted", "refused", "abandoned", "stopped", "minor", "visitor")
    kinds = {f"{fate}: {what}" for fate in fates for what in ("name", "number", "birth date")}
    kinds |= {
        "picture", "machine-readable zone", "card's digits", "typed", "mail address", "telephone",
        "push address", "push secret", "applicant's address", "officer's name", "officer's note",
        "officer's code", "station's code", "guardian's code", "new phone's code", "kiosk number",
        "link that stops", "cookie hkeid_session", "cookie hkeid_seat", "cookie hkeid_officer_session",
    }  # fmt: skip
    assert kinds <= set(scene.base.canaries)


# --- faces -------------------------------------------------------------------------------------------


# The real matcher works on the scene with SQLite alone.
where_faces_are_real = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)


@where_faces_are_real
def test_the_numbers_are_those_of_one_face(scene: Any) -> None:
    """They were computed apart from the server; that they match shows that they mean something."""
    vectors = dict(scene.vectors)
    portrait = vectors.pop("portrait")
    nearest = min(math.dist(portrait, one) for one in vectors.values())
    assert nearest < (face_model("Dlib").match or 0)


@where_faces_are_real
@pytest.mark.parametrize(
    "write",
    [
        lambda vector: array("f", vector).tobytes(),
        lambda vector: array("d", vector).tobytes(),
        lambda vector: b64encode(b"-" + array("f", vector).tobytes()),
        lambda vector: array("d", vector).tobytes().hex().encode(),
        pickle.dumps,
        lambda vector: json.dumps(vector).encode(),
    ],
    ids=["float32", "float64", "base64", "hexadecimal", "pickle", "json"],
)
def test_a_template_would_be_found(write: Callable[[list[float]], bytes], scene: Any) -> None:
    search = scene.search()
    assert scene.vectors
    for vector in scene.vectors.values():
        kinds = {one.kind for one in search.find(b"before" + write(vector) + b"behind")}
        assert kinds == {"face vector"}


# --- that it can find --------------------------------------------------------------------------------


@contextmanager
def in_evidence(scene: Any, value: str) -> Iterator[None]:
    session = secrets.token_hex(8)
    with scene.base.house() as house:
        now = house.clock.now()
        house.evidence.open(session, expires_at=now + timedelta(hours=1))
        house.evidence.put(session, "planted", value.encode())
        yield
        house.evidence.destroy(session)


@contextmanager
def in_inbox(scene: Any, value: str) -> Iterator[None]:
    with scene.base.house() as house:
        house.notices.inbox.send(notice(Channel.INBOX, value))
    yield


@contextmanager
def in_letters(scene: Any, value: str) -> Iterator[None]:
    with scene.base.house() as house:
        house.notices.carrier(Channel.EMAIL).send(notice(Channel.EMAIL, value))
    yield
    scene.mail.letters.pop()


@contextmanager
def at_the_station(scene: Any, value: str) -> Iterator[None]:
    scene.carried.append(("/planted", canonical_json.dumps({"said": value})))
    yield
    scene.carried.pop()


def notice(channel: Channel, text: str) -> Notice:
    return Notice(
        channel=channel, address="nobody@mail.example", about="planted", language="en",
        title="planted", body=text, link=None,
    )  # fmt: skip


CONTROLS = {
    "evidence": in_evidence,
    "inbox": in_inbox,
    "letters": in_letters,
    "stations": at_the_station,
}


@pytest.mark.parametrize("place", CONTROLS)
def test_a_planted_canary_is_found(place: str, scene: Any) -> None:
    """The other places are read as in ``tests/leaks/test_canaries.py``, where one is planted in each."""
    value = f"planted {secrets.token_hex(8)}"
    search = CanarySearch([Canary(kind="planted", value=value)])
    with CONTROLS[place](scene, value):
        pieces = list(scene.read(place))
    assert any(search.find(content) for _, content in pieces), "the search is blind here"
